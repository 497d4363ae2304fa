package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/org"
)

// The short form of a layer is how people write a rotation:
//
//	people: [jane, omar]
//	every: 1 week                    # hour(s), day(s), week(s), month(s)
//	from: "2026-01-05T09:00"         # local: the first handoff
//	hours: Mon-Fri 09:00-17:00       # or a list; without days every day; 18:00-09:00 ends the next morning
//
// long writes it out as slots, turn and cover.
func (l Layer) long() (Layer, error) {
	if l.People != nil {
		if l.Slots != nil {
			return l, errors.New("write either people or slots")
		}
		for _, p := range l.People {
			l.Slots = append(l.Slots, []org.PersonID{p})
		}
		if l.Every == "" && l.Turn.Kind == "" && len(l.People) > 1 {
			return l, errors.New("several people take turns: say every how long (every: 1 week)")
		}
	}
	if l.Every != "" {
		if l.Turn.Kind != "" {
			return l, errors.New("write either every or turn")
		}
		unit, n, err := parseEvery(l.Every)
		if err != nil {
			return l, err
		}
		if _, err := parseCivil(string(l.From)); err != nil {
			return l, fmt.Errorf("every: the first handoff is missing: write from as a local date and time (from: 2026-01-05T09:00)")
		}
		l.Turn = Turn{Kind: "clock", Unit: unit, N: n, Anchor: string(l.From), TZ: l.Turn.TZ}
	}
	if len(l.Hours) > 0 {
		if l.Cover.Kind != "" {
			return l, errors.New("write either hours or cover")
		}
		spans, err := parseHours(l.Hours)
		if err != nil {
			return l, err
		}
		l.Cover = Cover{Kind: "cycle", Anchor: "2018-01-01", PeriodDays: 7, Spans: spans} // a Monday
	}
	return l, nil
}

// parseEvery reads "week", "1 week", "2 weeks", "12 hours".
func parseEvery(s string) (unit string, n int64, err error) {
	fields := strings.Fields(s)
	n = 1
	if len(fields) == 2 {
		n, err = strconv.ParseInt(fields[0], 10, 64)
		fields = fields[1:]
	}
	if len(fields) == 1 && err == nil && n > 0 {
		unit = strings.TrimSuffix(strings.ToLower(fields[0]), "s")
		if slices.Contains([]string{"hour", "day", "week", "month"}, unit) {
			return unit, n, nil
		}
	}
	return "", 0, fmt.Errorf("every: %q is not a length such as 12 hours, 1 day, 2 weeks or 1 month", s)
}

// parseHours reads lines such as "Mon-Fri 09:00-17:00" or "18:00-09:00" as spans of a
// week from Monday.
func parseHours(lines []string) ([]Span, error) {
	var spans []Span
	for _, line := range lines {
		days, hours := "Mon-Sun", strings.TrimSpace(line)
		if i := strings.LastIndexByte(hours, ' '); i >= 0 {
			days, hours = hours[:i], hours[i+1:]
		}
		wrong := fmt.Errorf("hours: %q is not days and hours such as Mon-Fri 09:00-17:00", line)
		on, ok := parseDays(days)
		a, b, found := strings.Cut(hours, "-")
		start, err1 := parseHour(a)
		end, err2 := parseHour(b)
		if !ok || !found || err1 != nil || err2 != nil || start == day {
			return nil, wrong
		}
		if end <= start {
			end += day
		}
		for d, is := range on {
			if is {
				spans = append(spans, Span{Offset: int64(d)*day + start, Seconds: end - start})
			}
		}
	}
	return spans, nil
}

// parseDays reads "Mon-Fri", "Sat,Sun" or "Fri-Mon".
func parseDays(s string) (on [7]bool, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, span := strings.Cut(strings.TrimSpace(part), "-")
		a, ok := parseWeekday(from)
		b := a
		if span && ok {
			b, ok = parseWeekday(to)
		}
		if !ok {
			return on, false
		}
		for d := a; ; d = (d + 1) % 7 {
			on[d] = true
			if d == b {
				break
			}
		}
	}
	return on, true
}

func parseHour(s string) (int64, error) {
	if s == "24:00" {
		return day, nil
	}
	t, err := time.Parse("15:04", s)
	return int64(t.Hour())*3600 + int64(t.Minute())*60, err
}
