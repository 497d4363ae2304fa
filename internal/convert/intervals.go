package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/alert/sift"
	"tocsin/org"
)

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

const day = 24 * 60 // minutes

// mute makes maintenance windows of an interval: while it is on, or while it is not.
func (c *converter) mute(name string, service org.ServiceID, where string, active bool) {
	all := append(slices.Clone(c.file.TimeIntervals), c.file.MuteIntervals...)
	i := slices.IndexFunc(all, func(a amInterval) bool { return a.Name == name })
	if i < 0 {
		c.left(where, "there is no time interval %q", name)
		return
	}
	spans := all[i].Intervals
	if active {
		var ok bool
		if spans, ok = outside(spans); !ok {
			c.left(where, "active_time_intervals: %s: only weekdays and times of one zone can be turned around", name)
			return
		}
	}
	for n, s := range spans {
		if err := c.span(fmt.Sprintf("%s-%s-%d", service, id(name), n+1), name, service, s); err != nil {
			c.left(where, "interval %s, part %d: %v", name, n+1, err)
		}
	}
}

// span makes windows of one part of an interval.
func (c *converter) span(name, why string, service org.ServiceID, s amSpan) error {
	if len(s.Years) > 0 {
		return fmt.Errorf("years: a window repeats every year")
	}
	rule := "FREQ=DAILY"
	days, err := numbers(s.Weekdays, weekdays, 0, 6)
	if err != nil {
		return fmt.Errorf("weekdays: %w", err)
	}
	if len(days) > 0 && len(days) < 7 {
		var by []string
		for _, d := range days {
			by = append(by, []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[d])
		}
		rule += ";BYDAY=" + strings.Join(by, ",")
	}
	for _, part := range []struct {
		name, by   string
		list       []string
		names      []string
		first, end int
	}{{"days_of_month", "BYMONTHDAY", s.Days, nil, -31, 31}, {"months", "BYMONTH", s.Months, months, 1, 12}} {
		found, err := numbers(part.list, part.names, part.first, part.end)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		var by []string
		for _, n := range found {
			by = append(by, strconv.Itoa(n))
		}
		if len(by) > 0 {
			rule += ";" + part.by + "=" + strings.Join(by, ",")
		}
	}
	times := s.Times
	if len(times) == 0 {
		times = []amTimes{{"00:00", "24:00"}}
	}
	for n, t := range times {
		from, err := minutes(t.Start)
		if err != nil {
			return fmt.Errorf("start_time: %w", err)
		}
		to, err := minutes(t.End)
		if err != nil || to <= from {
			return fmt.Errorf("end_time: %q is not after the start", t.End)
		}
		w := sift.Maintenance{
			ID: name, Name: why, Services: []org.ServiceID{service}, Zone: s.Location, Repeat: rule, Why: "from Alertmanager",
			Start: fmt.Sprintf("%sT%02d:%02d", c.from.Format(time.DateOnly), from/60, from%60), For: org.Duration(time.Duration(to-from) * time.Minute),
		}
		if n > 0 {
			w.ID = fmt.Sprint(name, "-", n+1)
		}
		services := map[org.ServiceID]org.Service{service: {ID: service}}
		if _, faults := sift.Compile(sift.Sifting{Windows: []sift.Maintenance{w}}, services, org.Settings{}); len(faults) > 0 {
			return faults[0].Err
		}
		c.sifting.Windows = append(c.sifting.Windows, w)
	}
	return nil
}

// numbers reads what may be single, a range "a:b", or a name, or a range of those. A
// range of days counted from the end stays on its side.
func numbers(list, names []string, least, most int) (out []int, err error) {
	one := func(text string) (int, error) {
		text = strings.ToLower(strings.TrimSpace(text))
		if i := slices.Index(names, text); i >= 0 {
			return i + max(least, 0), nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most || n == 0 && least < 0 {
			return 0, fmt.Errorf("%q is not one", text)
		}
		return n, nil
	}
	for _, text := range list {
		from, to, isRange := strings.Cut(text, ":")
		a, err := one(from)
		if err != nil {
			return nil, err
		}
		b := a
		if isRange {
			if b, err = one(to); err != nil {
				return nil, err
			}
		}
		if b < a || a < 0 && b > 0 {
			return nil, fmt.Errorf("%q runs backwards", text)
		}
		for n := a; n <= b; n++ {
			if !slices.Contains(out, n) && (n != 0 || least >= 0) {
				out = append(out, n)
			}
		}
	}
	return out, nil
}

func minutes(text string) (int, error) {
	h, m, ok := strings.Cut(text, ":")
	hour, err := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err != nil || err2 != nil || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > day {
		return 0, fmt.Errorf("%q is no time of day", text)
	}
	return hour*60 + minute, nil
}

// outside is the time of the week that some spans leave over; ok says whether it can be
// said in spans.
func outside(spans []amSpan) (rest []amSpan, ok bool) {
	var covered [7][day]bool
	zone := ""
	for i, s := range spans {
		if len(s.Days)+len(s.Months)+len(s.Years) > 0 || i > 0 && s.Location != zone {
			return nil, false
		}
		zone = s.Location
		days, err := numbers(s.Weekdays, weekdays, 0, 6)
		if err != nil {
			return nil, false
		}
		if len(s.Weekdays) == 0 {
			days = []int{0, 1, 2, 3, 4, 5, 6}
		}
		times := s.Times
		if len(times) == 0 {
			times = []amTimes{{"00:00", "24:00"}}
		}
		for _, t := range times {
			from, err := minutes(t.Start)
			to, err2 := minutes(t.End)
			if err != nil || err2 != nil {
				return nil, false
			}
			for _, d := range days {
				for m := from; m < to; m++ {
					covered[d][m] = true
				}
			}
		}
	}
	for d := range covered {
		one := amSpan{Weekdays: []string{weekdays[d]}, Location: zone}
		for m := 0; m < day; {
			from := m
			for m < day && !covered[d][m] {
				m++
			}
			if m > from {
				one.Times = append(one.Times, amTimes{fmt.Sprintf("%02d:%02d", from/60, from%60), fmt.Sprintf("%02d:%02d", m/60, m%60)})
			}
			for m < day && covered[d][m] {
				m++
			}
		}
		if len(one.Times) == 0 {
			continue
		}
		same := slices.IndexFunc(rest, func(s amSpan) bool { return slices.Equal(s.Times, one.Times) })
		if same >= 0 {
			rest[same].Weekdays = append(rest[same].Weekdays, one.Weekdays...)
		} else {
			rest = append(rest, one)
		}
	}
	return rest, true
}
