package v1

import (
	"context"
	"fmt"
	"mime"
	"slices"
	"strings"
	"time"

	"tocsin/internal/engine"
	"tocsin/internal/paper"
	"tocsin/review/figures"
)

const mostPaperLines = 60 // of a report on paper

// figurePaper is a report as a PDF: the figures beside the period before, the lines, and
// what each figure is.
func (a *API) figurePaper(ctx context.Context, in *figuresAsked) (*fileOut, error) {
	r, q, err := a.figureReport(ctx, in)
	if err != nil {
		return nil, err
	}
	sheet := engine.Sheet{Title: "Report: " + dates(r.From, r.To, q.zone), By: string(in.By), Notes: []string{
		fmt.Sprintf("Incidents that were opened from %s to %s, beside %s. Version %d of the definitions.",
			r.From.In(q.zone).Format("2 Jan 2006 15:04 MST"), r.To.In(q.zone).Format("2 Jan 2006 15:04 MST"), dates(r.Before, r.From, q.zone), r.Version),
	}}
	if about := q.words(asking(ctx).setup); about != "" {
		sheet.Notes = append(sheet.Notes, "Only "+about+".")
	}
	if !r.Counted.Whole {
		sheet.Notes = append(sheet.Notes, "Not all incidents were counted yet.")
	}
	for i, d := range figures.Definitions {
		n := r.Total[i]
		sheet.Total = append(sheet.Total, []string{onPaper(d, n.Value, r.Currency), onPaper(d, n.Before, r.Currency), onPaper(d, n.Median, ""), onPaper(d, n.P90, "")})
	}
	if len(r.Lines) > 0 {
		sheet.Lines, sheet.Beyond = linesOnPaper(in.By, r), len(r.Lines)-mostPaperLines
	}
	out := &fileOut{ContentType: "application/pdf", Cache: "no-store"}
	out.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": "report-" + r.To.In(q.zone).Format(time.DateOnly) + ".pdf"})
	out.Body, err = sheet.Bytes(a.now())
	return out, err
}

// dates are the days of a period, the last one with it.
func dates(from, to time.Time, zone *time.Location) string {
	return from.In(zone).Format("2 Jan 2006") + " to " + to.In(zone).Add(-time.Second).Format("2 Jan 2006")
}

// words say what a report is narrowed to.
func (q *figureAsk) words(s *setup) string {
	var all []string
	for _, one := range [][2]string{
		{"team", s.name("team", string(q.Team))}, {"service", s.name("service", string(q.Service))}, {"severity", string(q.Severity)},
		{"source", s.name("integration", string(q.Source))}, {"category", q.Category}, {"cause", q.Cause},
	} {
		if one[1] != "" {
			all = append(all, one[0]+" "+one[1])
		}
	}
	return strings.Join(all, ", ")
}

var paperFigures = []string{"incidents", "unanswered", "escalated", "acknowledge", "resolve", "resolved_in_time", "night", "downtime"}

func linesOnPaper(by FigureBy, r FigureReport) paper.Table {
	t := paper.Table{Head: []string{strings.ToUpper(string(by[:1])) + string(by[1:])}}
	for i, key := range paperFigures {
		d, _ := figures.Find(key)
		t.Head, t.Right = append(t.Head, d.Name), append(t.Right, i+1)
	}
	for _, l := range r.Lines[:min(len(r.Lines), mostPaperLines)] {
		row := []string{l.Name}
		if l.Name == "" {
			row[0] = "nothing is known"
		}
		for _, key := range paperFigures {
			i := slices.IndexFunc(figures.Definitions, func(d figures.Definition) bool { return d.Key == key })
			row = append(row, onPaper(figures.Definitions[i], l.Figures[i].Value, r.Currency))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// onPaper is a number as people read it.
func onPaper(d figures.Definition, v *float64, currency string) string {
	switch {
	case v == nil:
		return ""
	case d.Kind == figures.Share:
		return fmt.Sprintf("%.0f %%", *v*100)
	case d.Unit == "s":
		return engine.LengthText(time.Duration(*v * float64(time.Second)))
	case d.Unit == "money":
		return strings.TrimSpace(fmt.Sprintf("%.2f %s", *v, currency))
	}
	return fmt.Sprintf("%.0f", *v)
}
