package engine

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

// reportKind is the due row of a report that people are told of by themselves.
const reportKind = "report"

// armReports sets when each of them is told next.
func armReports(tx *store.Tx, s *setup, now time.Time) error {
	for _, r := range s.settings.Reports {
		if len(r.Tell) == 0 {
			continue
		}
		if err := tx.ArmBy(store.Due{Kind: reportKind, Subject: r.ID, Lane: store.LaneBackground, At: r.Next(now)}); err != nil {
			return err
		}
	}
	return nil
}

// scheduled is a report of the settings, by its id.
func (s *setup) scheduled(id string) (org.ScheduledReport, bool) {
	for _, r := range s.settings.Reports {
		if r.ID == id {
			return r, true
		}
	}
	return org.ScheduledReport{}, false
}

// reportDue tells what the period that is over came to. It is counted before anything is
// written: others write meanwhile.
func (e *Engine) reportDue(ctx context.Context, d store.Due, now time.Time) error {
	text := ""
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		r, ok := s.scheduled(d.Subject)
		if !ok || r.Next(now.Add(-time.Hour)).After(now) { // it is another day's since
			return nil
		}
		text, err = e.countReport(tx, s, r, now)
		return err
	})
	if err != nil {
		return err
	}
	return e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if err := tx.Disarm(d.Kind, d.Subject); err != nil {
			return err
		}
		if r, ok := s.scheduled(d.Subject); ok && text != "" {
			for _, p := range s.behind(r.Tell, now) {
				if err := e.notice(tx, s, p, "report "+r.ID, 0, d.At, text, now); err != nil {
					return err
				}
			}
		}
		return armReports(tx, s, now)
	})
}

// countReport is what a period came to, in a few lines.
func (e *Engine) countReport(tx *store.Tx, s *setup, r org.ScheduledReport, now time.Time) (string, error) {
	from, to, is, was, err := e.countedReport(tx, s, r, now)
	return e.reportText(s, r, from, to, is, was), err
}

// countedReport counts the period that is over, and the one before.
func (e *Engine) countedReport(tx *store.Tx, s *setup, r org.ScheduledReport, now time.Time) (from, to time.Time, is, was *figures.Report, err error) {
	from, to = r.Period(now)
	before := from.Add(-to.Sub(from))
	hidden := map[org.ServiceID]bool{}
	for _, id := range s.sensitive() {
		hidden[id] = id != r.Service
	}
	keep := func(in *figures.Incident) bool {
		return !hidden[in.Service] && (r.Team == "" || in.Team == r.Team) && (r.Service == "" || in.Service == r.Service) && (r.Severity == "" || in.Severity == r.Severity)
	}
	h := figureHouse(s.settings, s.services, now)
	is = figures.NewReport(&figures.Query{From: from, To: to, Keep: keep}, h)
	was = figures.NewReport(&figures.Query{From: before, To: from, Keep: keep}, h)
	err = EachFigure(tx, before, to, func(in *figures.Incident) {
		is.Add(in)
		was.Add(in)
	})
	return from, to, is, was, err
}

// toldFigures are those of a report that is told, in their order.
var toldFigures = []string{"incidents", "open", "unanswered", "escalated", "acknowledge", "resolve", "acknowledged_in_time", "resolved_in_time", "alarms", "night", "actionable", "late_updates", "late_tasks", "downtime", "cost"}

// reportText is a report in a few lines: each figure that is not nothing, and what it was
// in the period before.
func (e *Engine) reportText(s *setup, r org.ScheduledReport, from, to time.Time, is, was *figures.Report) string {
	zone, err := org.Zone(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	last := to.In(zone).Add(-time.Minute)
	lines := []string{reportHead(r.Name, is.Total, was.Total), fmt.Sprintf("%s to %s", from.In(zone).Format("Mon 2 Jan"), last.Format("Mon 2 Jan 2006"))}
	for _, key := range toldFigures {
		d, _ := figures.Find(key)
		now, before := is.Total.Of(key), was.Total.Of(key)
		if now.N == 0 && before.N == 0 && now.Of == 0 && key != "incidents" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s (%s before)", d.Name, FigureText(d, now, s.settings.Currency), FigureText(d, before, s.settings.Currency)))
	}
	q := url.Values{"from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}}
	for name, v := range map[string]string{"team": string(r.Team), "service": string(r.Service), "severity": string(r.Severity)} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return strings.Join(append(lines, e.publicURL+"/reports?"+q.Encode()), "\n")
}

// reportHead is a report in one line, for a telephone.
func reportHead(name string, is, was figures.Sums) string {
	n := is.Of("incidents").N
	line := fmt.Sprintf("%s: %d incidents (%d before)", name, n, was.Of("incidents").N)
	if n == 1 {
		line = fmt.Sprintf("%s: 1 incident (%d before)", name, was.Of("incidents").N)
	}
	if t := is.Of("acknowledge"); t.N > 0 {
		line += ", acknowledged after " + LengthText(time.Duration(t.Mean())*time.Microsecond)
	}
	if t := is.Of("resolve"); t.N > 0 {
		line += ", over after " + LengthText(time.Duration(t.Mean())*time.Microsecond)
	}
	return line
}

// FigureText is a figure as people read it: of a time its mean and its median.
func FigureText(d figures.Definition, t figures.Tally, currency string) string {
	switch {
	case d.Kind == figures.Share && t.Of == 0, d.Kind == figures.Span && t.N == 0:
		return "-"
	case d.Kind == figures.Share:
		return fmt.Sprintf("%.0f %%, %d of %d", 100*float64(t.N)/float64(t.Of), t.N, t.Of)
	case d.Kind == figures.Span:
		return fmt.Sprintf("%s, half within %s", LengthText(time.Duration(t.Mean())*time.Microsecond), LengthText(time.Duration(t.Quantile(0.5))*time.Microsecond))
	case d.Unit == "s":
		return LengthText(time.Duration(t.Sum) * time.Microsecond)
	case d.Unit == "money":
		return strings.TrimSpace(fmt.Sprintf("%.2f %s", float64(t.Sum)/100, currency))
	}
	return fmt.Sprint(t.Sum)
}

// LengthText is a time by its two largest units.
func LengthText(d time.Duration) string {
	d = d.Round(time.Second)
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 2*day:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}
