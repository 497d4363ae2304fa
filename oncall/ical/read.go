package ical

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What a calendar may hold at most.
const (
	MaxBytes  = 1 << 20
	maxEvents = 2000
	maxDates  = 500 // exceptions and additions of one event
)

// A Civil is a reading of a wall clock.
type Civil struct {
	Time time.Time // its digits, as if they were UTC's
	Zone string    // IANA; "" is that of the calendar
	Day  bool      // a whole day
}

func (c Civil) text() string { return c.Time.Format("2006-01-02T15:04:05") }

// A Rule is as much of a recurrence rule as a schedule can hold.
type Rule struct {
	Freq                string // hourly, daily, weekly, monthly, yearly
	Interval, Count     int
	ByDay               []string // MO..SU
	ByMonth, ByMonthday []int
	Wkst                string
	Until               Civil // zero: it does not end
}

// A Read is one event of a calendar that comes in.
type Read struct {
	UID, Summary string
	Attendees    []string // mail addresses, but of who declined
	Start        Civil
	Seconds      int64 // civil
	Rule         *Rule
	Except, More []Civil
	Moved        Civil // which occurrence of its series this is; zero: it is the series
	Cancelled    bool
	Sequence     int
}

// Parse reads a calendar: its events, the zone that it names for all, and what could not
// be read, event by event. Of two of one name the higher SEQUENCE counts, and of two
// alike the later. The error is for what is no calendar at all.
func Parse(data []byte) (events []Read, zone string, troubles []string, err error) {
	if len(data) > MaxBytes {
		return nil, "", nil, fmt.Errorf("the calendar has more than %d bytes", MaxBytes)
	}
	lines := unfold(data)
	if len(lines) == 0 || !strings.EqualFold(strings.TrimSpace(lines[0]), "BEGIN:VCALENDAR") {
		return nil, "", nil, fmt.Errorf("this is no calendar: it does not begin with BEGIN:VCALENDAR")
	}
	p := parser{seen: map[string]int{}}
	for _, line := range lines {
		if err := p.line(line); err != nil {
			return nil, "", nil, err
		}
	}
	if p.open {
		p.tell("ends in the middle")
	}
	return p.events, p.zone, p.troubles, nil
}

// unfold joins lines that were folded.
func unfold(data []byte) (lines []string) {
	text := strings.ToValidUTF8(strings.TrimPrefix(string(data), "\ufeff"), "\ufffd")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if n := len(lines); n > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			lines[n-1] += line[1:]
		} else if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

type parser struct {
	zone     string
	events   []Read
	troubles []string
	seen     map[string]int // place in events, by name and occurrence

	open  bool // within an event
	inner int  // components within it
	at    Read
	end   Civil
	bad   bool // it cannot be used
}

func (p *parser) tell(format string, args ...any) {
	if len(p.troubles) < 100 {
		p.troubles = append(p.troubles, fmt.Sprintf("event %q: ", p.at.UID)+fmt.Sprintf(format, args...))
	}
}

// A property is a content line taken apart.
type property struct {
	name, value string
	params      map[string]string
}

func split(line string) (p property, ok bool) {
	quoted, colon := false, -1
	for i := 0; i < len(line) && colon < 0; i++ {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			colon = i
		}
	}
	if colon < 0 {
		return p, false
	}
	p = property{value: line[colon+1:], params: map[string]string{}}
	head, params, _ := strings.Cut(line[:colon], ";")
	p.name = strings.ToUpper(strings.TrimSpace(head))
	for part := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(part, "=")
		p.params[strings.ToUpper(strings.TrimSpace(name))] = strings.Trim(value, `"`)
	}
	return p, true
}

func (p *parser) line(line string) error {
	x, ok := split(line)
	if !ok {
		return nil // a line that says nothing
	}
	kind := strings.ToUpper(strings.TrimSpace(x.value))
	switch {
	case x.name == "BEGIN" && kind == "VEVENT" && !p.open:
		p.open, p.inner, p.at, p.end, p.bad = true, 0, Read{}, Civil{}, false
	case x.name == "BEGIN" && p.open:
		p.inner++
	case x.name == "END" && p.open && p.inner > 0:
		p.inner--
	case x.name == "END" && kind == "VEVENT" && p.open:
		p.open = false
		return p.done()
	case p.open && p.inner == 0:
		if err := p.property(x); err != nil {
			p.tell("%s: %v", x.name, err)
			p.bad = true
		}
	case x.name == "X-WR-TIMEZONE" && p.zone == "":
		if p.zone, ok = zoneNamed(x.value); !ok {
			p.tell("X-WR-TIMEZONE: nobody knows the zone %q", x.value)
		}
	}
	return nil
}

// property reads one property of an event. What it cannot read spoils the event.
func (p *parser) property(x property) (err error) {
	switch e := &p.at; x.name {
	case "UID":
		e.UID = strings.TrimSpace(x.value)
	case "SUMMARY":
		e.Summary = strings.TrimSpace(strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(x.value))
	case "ATTENDEE":
		_, address, ok := strings.Cut(strings.ToLower(x.value), "mailto:")
		if ok && len(e.Attendees) < 50 && !strings.EqualFold(x.params["PARTSTAT"], "DECLINED") {
			e.Attendees = append(e.Attendees, strings.TrimSpace(address))
		}
	case "DTSTART":
		e.Start, err = civil(x)
	case "DTEND":
		p.end, err = civil(x)
	case "DURATION":
		e.Seconds, err = duration(x.value)
	case "RRULE":
		if e.Rule != nil {
			return fmt.Errorf("there is a second one")
		}
		e.Rule, err = rule(x.value)
	case "EXRULE":
		return fmt.Errorf("is not understood")
	case "EXDATE":
		e.Except, err = dates(e.Except, x)
	case "RDATE":
		e.More, err = dates(e.More, x)
	case "RECURRENCE-ID":
		if x.params["RANGE"] != "" {
			return fmt.Errorf("RANGE is not understood")
		}
		e.Moved, err = civil(x)
	case "STATUS":
		e.Cancelled = strings.EqualFold(strings.TrimSpace(x.value), "CANCELLED")
	case "SEQUENCE":
		e.Sequence, _ = strconv.Atoi(strings.TrimSpace(x.value))
	}
	return err
}

func (p *parser) done() error {
	e := &p.at
	switch {
	case p.bad:
		return nil
	case e.Start.Time.IsZero():
		p.tell("has no start")
		return nil
	case e.Seconds == 0 && !p.end.Time.IsZero():
		if p.end.Zone != e.Start.Zone {
			p.tell("begins and ends in two zones")
			return nil
		}
		e.Seconds = int64(p.end.Time.Sub(e.Start.Time) / time.Second)
	case e.Seconds == 0 && e.Start.Day:
		e.Seconds = 86_400
	}
	if e.Seconds <= 0 {
		p.tell("does not end after it starts")
		return nil
	}
	key := e.UID + "\x00" + e.Moved.text()
	if n, twice := p.seen[key]; twice && e.UID != "" {
		if e.Sequence >= p.events[n].Sequence {
			p.events[n] = *e
		}
		return nil
	}
	if len(p.events) >= maxEvents {
		return fmt.Errorf("the calendar has more than %d events", maxEvents)
	}
	p.seen[key] = len(p.events)
	p.events = append(p.events, *e)
	return nil
}

// civil reads a date, a date and time, or an instant, which is a reading in UTC.
func civil(x property) (c Civil, err error) {
	s := strings.ToUpper(strings.TrimSpace(x.value))
	if tzid := x.params["TZID"]; tzid != "" {
		name, ok := zoneNamed(tzid)
		if !ok {
			return c, fmt.Errorf("nobody knows the zone %q", tzid)
		}
		c.Zone = name
	}
	if t, utc := strings.CutSuffix(s, "Z"); utc {
		c.Zone, s = "UTC", t
	}
	if c.Time, err = time.Parse("20060102T150405", s); err == nil && c.Time.Year() > 0 {
		return c, nil
	}
	if c.Time, err = time.Parse("20060102", s); err == nil && c.Time.Year() > 0 {
		c.Day = true
		return c, nil
	}
	return c, fmt.Errorf("%q is no date", x.value)
}

func dates(all []Civil, x property) ([]Civil, error) {
	for s := range strings.SplitSeq(x.value, ",") {
		one := x
		one.value, _, _ = strings.Cut(s, "/") // of a period, its start
		c, err := civil(one)
		if err != nil {
			return nil, err
		}
		if len(all) == maxDates {
			return nil, fmt.Errorf("more than %d dates", maxDates)
		}
		all = append(all, c)
	}
	return all, nil
}

var durationForm = regexp.MustCompile(`^\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

func duration(s string) (seconds int64, err error) {
	m := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(s)))
	if m == nil {
		return 0, fmt.Errorf("%q is no length", s)
	}
	for i, unit := range []int64{7 * 86_400, 86_400, 3600, 60, 1} {
		n, _ := strconv.ParseInt(m[i+1], 10, 64) // "" is 0
		seconds += n * unit
	}
	return seconds, nil
}

func rule(s string) (*Rule, error) {
	r := &Rule{Interval: 1}
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(s)), ";") {
		name, value, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "":
		case "FREQ":
			r.Freq = strings.ToLower(value)
		case "INTERVAL":
			r.Interval, err = strconv.Atoi(value)
		case "COUNT":
			r.Count, err = strconv.Atoi(value)
		case "UNTIL":
			r.Until, err = civil(property{value: value})
		case "WKST":
			r.Wkst = value
		case "BYDAY":
			r.ByDay = strings.Split(value, ",")
			for _, d := range r.ByDay {
				if len(d) != 2 {
					err = fmt.Errorf("the n-th weekday is not understood")
				}
			}
		case "BYMONTH":
			r.ByMonth, err = numbers(value)
		case "BYMONTHDAY":
			r.ByMonthday, err = numbers(value)
		default:
			err = fmt.Errorf("%s is not understood", name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	switch {
	case r.Freq != "hourly" && r.Freq != "daily" && r.Freq != "weekly" && r.Freq != "monthly" && r.Freq != "yearly":
		return nil, fmt.Errorf("%s: the frequency is not understood", s)
	case r.Interval < 1 || r.Interval > 1000 || r.Count < 0 || r.Count > 10_000:
		return nil, fmt.Errorf("%s: INTERVAL or COUNT is out of range", s)
	}
	return r, nil
}

func numbers(s string) (all []int, err error) {
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q is no number", part)
		}
		all = append(all, n)
	}
	return all, nil
}
