package engine

import (
	"fmt"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/paper"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

// A Sheet is a report as it stands on paper.
type Sheet struct {
	Title  string
	Notes  []string
	Total  [][]string // of each figure in its order: its number, that before, half within, nine of ten within
	By     string     // what the lines stand for
	Lines  paper.Table
	Beyond int // lines that are left out
}

// Bytes is the sheet as a PDF: the figures beside the period before, the lines, and what
// each figure is.
func (s Sheet) Bytes(now time.Time) ([]byte, error) {
	p := paper.New(s.Title, now)
	for _, n := range s.Notes {
		p.Note(n)
	}
	p.Heading(1, "Figures")
	t := paper.Table{Head: []string{"Figure", "Number", "Before", "Half within", "9 of 10 within"}, Right: []int{1, 2, 3, 4}}
	for i, d := range figures.Definitions {
		t.Rows = append(t.Rows, append([]string{d.Name}, s.Total[i]...))
	}
	p.Table(t)
	if len(s.Lines.Rows) > 0 {
		p.Heading(1, "By "+s.By)
		p.Table(s.Lines)
		if s.Beyond > 0 {
			p.Note(fmt.Sprintf("And %d more.", s.Beyond))
		}
	}
	p.Heading(1, "What the figures are")
	for _, d := range figures.Definitions {
		p.Markdown("**" + d.Name + "**: " + d.Sentence)
	}
	return p.Bytes()
}

// sheetOf is a scheduled report on paper.
func (s *setup) sheetOf(r org.ScheduledReport, from, to time.Time, is, was *figures.Report) Sheet {
	zone, err := org.Zone(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	day := func(t time.Time) string { return t.In(zone).Format("2 Jan 2006") }
	before := from.Add(-to.Sub(from))
	sheet := Sheet{Title: r.Name, Notes: []string{fmt.Sprintf("Incidents that were opened from %s to %s, beside %s to %s. Version %d of the definitions.",
		day(from), day(to.Add(-time.Minute)), day(before), day(from.Add(-time.Minute)), figures.Version)}}
	var about []string
	if r.Team != "" {
		about = append(about, "team "+string(r.Team))
	}
	if r.Service != "" {
		about = append(about, "service "+s.serviceName(r.Service))
	}
	if r.Severity != "" {
		about = append(about, "severity "+string(r.Severity))
	}
	if len(about) > 0 {
		sheet.Notes = append(sheet.Notes, "Only "+strings.Join(about, ", ")+".")
	}
	for i, d := range figures.Definitions {
		half, most := "", ""
		if t := is.Total[i]; d.Kind == figures.Span && t.N > 0 {
			half, most = LengthText(time.Duration(t.Quantile(0.5))*time.Microsecond), LengthText(time.Duration(t.Quantile(0.9))*time.Microsecond)
		}
		sheet.Total = append(sheet.Total, []string{cellText(d, is.Total[i], s.settings.Currency), cellText(d, was.Total[i], s.settings.Currency), half, most})
	}
	return sheet
}

// cellText is a figure in a table: of a time its mean.
func cellText(d figures.Definition, t figures.Tally, currency string) string {
	switch {
	case d.Kind == figures.Share && t.Of == 0, d.Kind == figures.Span && t.N == 0:
		return ""
	case d.Kind == figures.Share:
		return fmt.Sprintf("%.0f %%", 100*float64(t.N)/float64(t.Of))
	case d.Kind == figures.Span:
		return LengthText(time.Duration(t.Mean()) * time.Microsecond)
	}
	return FigureText(d, t, currency)
}

// attached is the PDF of a report for whoever hears of it by mail; nothing for others. It is
// counted at the moment of sending, of the period that is told of.
func (e *Engine) attached(tx *store.Tx, s *setup, p store.PageRow, made map[string][]byte) []channel.File {
	id, ok := strings.CutPrefix(string(p.Subject), "report ")
	r, there := s.scheduled(id)
	if !ok || !there || p.Channel != "email" {
		return nil
	}
	at := time.Unix(int64(p.Epoch), 0).UTC()
	key := fmt.Sprint(p.Subject, p.Epoch)
	if made[key] == nil {
		from, to, is, was, err := e.countedReport(tx, s, r, at)
		if err == nil {
			made[key], err = s.sheetOf(r, from, to, is, was).Bytes(p.At)
		}
		if err != nil { // what it came to stands in the mail
			e.log.Error("a report could not be put on paper", "report", id, "error", err)
			return nil
		}
	}
	return []channel.File{{Name: "report-" + id + "-" + at.Format(time.DateOnly) + ".pdf", Type: "application/pdf", Body: made[key]}}
}
