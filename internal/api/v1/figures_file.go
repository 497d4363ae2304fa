package v1

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/store"
	"tocsin/review/figures"
)

// A FigureFile is a report for a spreadsheet.
type FigureFile struct {
	CSV string `json:"csv" doc:"RFC 4180; what a spreadsheet would take for a formula is made harmless"`
}

// figureFile is a report as CSV: the total, the lines, and the parts of the period.
func (a *API) figureFile(ctx context.Context, in *figuresAsked) (*pageless[FigureFile], error) {
	r, q, err := a.figureReport(ctx, in)
	if err != nil {
		return nil, err
	}
	head := []string{"what", "id", "name", "from", "until"}
	for _, d := range figures.Definitions {
		head = append(head, d.Key)
		if d.Kind == figures.Span {
			head = append(head, d.Key+"_median", d.Key+"_p90")
		}
	}
	w := newSheet(head)
	cells := func(of []FigureNumber) (out []string) {
		for i, d := range figures.Definitions {
			out = append(out, cell(of[i].Value))
			if d.Kind == figures.Span {
				out = append(out, cell(of[i].Median), cell(of[i].P90))
			}
		}
		return out
	}
	span := []string{stamp(r.From, q.zone), stamp(r.To, q.zone)}
	w.row(append([]string{"total", "", "", span[0], span[1]}, cells(r.Total)...))
	for _, l := range r.Lines {
		w.row(append([]string{string(in.By), l.ID, l.Name, span[0], span[1]}, cells(l.Figures)...))
	}
	for _, p := range r.Parts {
		row := []string{string(in.Part), "", "", stamp(p.From, q.zone), stamp(p.Until, q.zone)}
		for _, d := range figures.Definitions {
			v, ok := p.Values[d.Key]
			switch {
			case ok:
				row = append(row, cell(&v))
			case d.Kind == figures.Count || d.Kind == figures.Sum:
				row = append(row, "0")
			default:
				row = append(row, "")
			}
			if d.Kind == figures.Span {
				row = append(row, "", "")
			}
		}
		w.row(row)
	}
	return w.file()
}

// loadFile is what people bore, as CSV: one line for each person, team and level.
func (a *API) loadFile(ctx context.Context, in *loadsAsked) (*pageless[FigureFile], error) {
	r, err := a.loads(ctx, in)
	if err != nil {
		return nil, err
	}
	head := []string{"what", "id", "name", "level"}
	for _, b := range figures.Bearings {
		head = append(head, b.Key)
	}
	w := newSheet(append(head, "alarms", "by_hand", "answer_seconds", "on_call_hours"))
	n := strconv.Itoa
	line := func(what string, l LoadLine) {
		w.row([]string{
			what, l.ID, l.Name, "", n(l.Called), n(l.Answered), n(l.Missed), n(l.Past), n(l.Working), n(l.Evening), n(l.Weekend), n(l.Sleep),
			n(l.Alarms), n(l.ByHand), cell(l.Answer), cell(l.Hours),
		})
		for _, x := range l.Levels {
			w.row([]string{what, l.ID, l.Name, n(x.Level), n(x.Called), n(x.Answered), n(x.Missed), n(x.Past), "", "", "", "", "", "", "", ""})
		}
	}
	line("all", r.Body.All)
	for _, l := range r.Body.Teams {
		line("team", l)
	}
	for _, l := range r.Body.People {
		line("person", l)
	}
	return w.file()
}

// A sheet is a table of text.
type sheet struct {
	b bytes.Buffer
	w *csv.Writer
}

func newSheet(head []string) *sheet {
	s := &sheet{}
	s.w = csv.NewWriter(&s.b)
	s.w.UseCRLF = true
	s.w.Write(head)
	return s
}

// row writes one; what a spreadsheet would take for a formula begins with an apostrophe.
func (s *sheet) row(cells []string) {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			cells[i] = "'" + c
		}
	}
	s.w.Write(cells)
}

func (s *sheet) file() (*pageless[FigureFile], error) {
	s.w.Flush()
	return &pageless[FigureFile]{Body: FigureFile{s.b.String()}}, s.w.Error()
}

func cell(v *float64) string {
	if v == nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", *v), "0"), ".")
}

func stamp(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.RFC3339) }

// reportViews are the reports that somebody keeps under names of their own.
func (a *API) reportViews(ctx context.Context, _ *only) (*struct{ Body Views }, error) {
	out := &struct{ Body Views }{Views{Views: []store.SavedView{}}}
	me := asking(ctx).self()
	if me == "" {
		return nil, store.ErrNotFound
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Views(me + reportList)
		out.Body.Views = append(out.Body.Views, all...)
		return err
	})
}

// reportList stands behind a person's id where the views of reports are kept: no person
// can be called so.
const reportList = "/reports"

func (a *API) changeReportViews(ctx context.Context, in *viewsChange) (*struct{ Body Views }, error) {
	me := asking(ctx).self()
	if me == "" {
		return nil, store.ErrNotFound
	}
	if err := in.twice(); err != nil {
		return nil, err
	}
	return &struct{ Body Views }{in.Body}, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		return tx.PutViews(me+reportList, in.Body.Views, a.now())
	})
}
