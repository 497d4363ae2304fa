package load

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// Month are somebody's hours of a month of their own calendar, for pay. Every hour is in
// one column: a holiday at night is in Holiday, a Saturday night in Weekend, a weekday's
// night in Night.
type Month struct {
	Month                            string // 2026-03
	Person                           org.PersonID
	Schedule                         org.ScheduleID
	Role                             string
	Weekday, Night, Weekend, Holiday time.Duration
}

// Months are the hours of stints, by month, person, schedule and role.
func Months(schedule org.ScheduleID, stints []oncall.Stint, home func(org.PersonID) Home) []Month {
	sums := map[string]*Month{}
	for _, s := range stints {
		h := home(s.Person)
		for at := s.From; at.Before(s.Until); {
			next := sooner(at.Truncate(quarter).Add(quarter), s.Until)
			month := at.In(h.loc).Format("2006-01")
			key := strings.Join([]string{month, string(s.Person), string(schedule), s.Role}, "\x00")
			m := sums[key]
			if m == nil {
				m = &Month{Month: month, Person: s.Person, Schedule: schedule, Role: s.Role}
				sums[key] = m
			}
			d := next.Sub(at)
			switch c := h.class(at); {
			case c.holiday:
				m.Holiday += d
			case c.weekend:
				m.Weekend += d
			case c.night:
				m.Night += d
			default:
				m.Weekday += d
			}
			at = next
		}
	}
	var out []Month
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, *sums[key])
	}
	return out
}

// WriteCSV writes months as RFC 4180 says, with what a spreadsheet would take for a
// formula made harmless.
func WriteCSV(w io.Writer, months []Month, name func(org.PersonID) string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	out.Write([]string{"month", "person", "name", "schedule", "role", "weekday_hours", "night_hours", "weekend_hours", "holiday_hours", "total_hours"})
	hours := func(d time.Duration) string { return fmt.Sprintf("%.2f", d.Hours()) }
	for _, m := range months {
		out.Write([]string{
			m.Month, harmless(string(m.Person)), harmless(name(m.Person)), harmless(string(m.Schedule)), harmless(m.Role),
			hours(m.Weekday), hours(m.Night), hours(m.Weekend), hours(m.Holiday), hours(m.Weekday + m.Night + m.Weekend + m.Holiday),
		})
	}
	out.Flush()
	return out.Error()
}

func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
