package v1

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

const (
	figuresUsual   = 28 * 24 * time.Hour
	figuresLongest = 3 * 366 * 24 * time.Hour
	mostParts      = 400 // of a period
	mostFigureRows = 500 // of a report, the largest first
)

// A FigureChoice says what a report is about: when incidents were opened, and which.
type FigureChoice struct {
	From     time.Time         `query:"from" doc:"When incidents were opened; 28 days before to, when it is left out. At most three years"`
	To       time.Time         `query:"to" doc:"Now, when it is left out"`
	Zone     string            `query:"zone" maxLength:"64" doc:"An IANA name: whose midnights the parts begin at. Your own, when it is left out"`
	Team     org.TeamID        `query:"team" maxLength:"64"`
	Service  org.ServiceID     `query:"service" maxLength:"64"`
	Severity org.Severity      `query:"severity" enum:"SEV1,SEV2,SEV3,SEV4,SEV5"`
	Source   org.IntegrationID `query:"source" maxLength:"64" doc:"The integration that it came by"`
	Category string            `query:"category" maxLength:"100" doc:"As rules and forms say it"`
	Cause    string            `query:"cause" maxLength:"100" doc:"The category of the cause, as people said it"`
}

// A FigureBy is what the lines of a report stand for.
type FigureBy string

// by is the line that an incident belongs to; nil is that there are none.
func (b FigureBy) by() func(*figures.Incident) string {
	switch b {
	case "severity":
		return func(in *figures.Incident) string { return string(in.Severity) }
	case "service":
		return func(in *figures.Incident) string { return string(in.Service) }
	case "team":
		return func(in *figures.Incident) string { return string(in.Team) }
	case "source":
		return func(in *figures.Incident) string { return string(in.Source) }
	case "category":
		return func(in *figures.Incident) string { return in.Category }
	case "cause":
		return func(in *figures.Incident) string { return in.Cause }
	}
	return nil
}

type figuresAsked struct {
	FigureChoice
	By   FigureBy     `query:"by" enum:"severity,service,team,source,category,cause" doc:"One line for each; no lines, when it is left out"`
	Part figures.Part `query:"part" enum:"hour,day,week,month" doc:"How the period is cut, at most 400 times; not at all, when it is left out"`
}

type figuresOut struct{ Body FigureReport }

// A FigureReport is what the incidents of a period came to.
type FigureReport struct {
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Before   time.Time      `json:"before" doc:"Since when the period before is, which is as long"`
	Zone     string         `json:"zone"`
	Version  int            `json:"version" doc:"Of the definitions"`
	Counted  Counted        `json:"counted"`
	Currency string         `json:"currency,omitempty" doc:"Of costs"`
	Total    []FigureNumber `json:"total" nullable:"false" doc:"In the order of the definitions"`
	Lines    []FigureLine   `json:"lines" nullable:"false" doc:"Those with most incidents first, at most 500"`
	Parts    []FigurePart   `json:"parts" nullable:"false" doc:"Of the period, oldest first"`
	Heat     [][]int        `json:"heat" nullable:"false" doc:"Incidents by the day of the week, from Monday, and the hour at which they were opened"`
}

// Counted is how far the house has counted.
type Counted struct {
	Whole bool       `json:"whole" doc:"All incidents are in it; else they are still being counted, after an upgrade"`
	At    *time.Time `json:"at,omitempty" doc:"When something changed last"`
}

// A FigureNumber is one figure. What it is says its definition.
type FigureNumber struct {
	Key    string   `json:"key"`
	N      int      `json:"n" doc:"Incidents that it is made of; of a share, those that have what it asks for"`
	Of     int      `json:"of,omitempty" doc:"Of a share: those that it is about"`
	Value  *float64 `json:"value,omitempty" doc:"A count, a sum, seconds (of a time its mean), or a share from 0 to 1; absent where there is nothing to make it of"`
	Median *float64 `json:"median,omitempty" doc:"Of a time"`
	P90    *float64 `json:"p90,omitempty" doc:"What nine of ten do not exceed"`
	Before *float64 `json:"before,omitempty" doc:"The value in the period before"`
}

// A FigureLine is what one team, service or so came to.
type FigureLine struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Figures []FigureNumber `json:"figures" nullable:"false"`
}

// A FigurePart is what a part of the period came to.
type FigurePart struct {
	From   time.Time          `json:"from"`
	Until  time.Time          `json:"until"`
	Values map[string]float64 `json:"values" doc:"By the keys of figures; one that is left out is nothing"`
}

// A FigureDefinition is what a figure is.
type FigureDefinition struct {
	Key      string `json:"key"`
	Of       string `json:"of" enum:"incidents,people" doc:"What it is reckoned of: incidents, or calls of people"`
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	Kind     string `json:"kind" enum:"count,sum,span,share"`
	Sentence string `json:"sentence"`
	Since    int    `json:"since" doc:"The version of the definitions with which it came, or changed"`
}

func (a *API) figureDefinitions(context.Context, *only) (*pageOf[FigureDefinition], error) {
	out := &pageOf[FigureDefinition]{}
	for _, d := range figures.Definitions {
		out.Body.Items = append(out.Body.Items, FigureDefinition{d.Key, "incidents", d.Name, d.Unit, string(d.Kind), d.Sentence, d.Since})
	}
	for _, b := range figures.Bearings {
		out.Body.Items = append(out.Body.Items, FigureDefinition{b.Key, "people", b.Name, b.Unit, string(figures.Sum), b.Sentence, b.Since})
	}
	return out, nil
}

// A figureAsk is a choice that was looked at.
type figureAsk struct {
	FigureChoice
	from, to time.Time
	zone     *time.Location
	hidden   map[org.ServiceID]bool
}

func (a *API) figureAsk(c *caller, in FigureChoice) (q figureAsk, err error) {
	q = figureAsk{FigureChoice: in, from: when(in.From), to: when(in.To), hidden: map[org.ServiceID]bool{}}
	if in.To.IsZero() {
		q.to = a.now()
	}
	if in.From.IsZero() {
		q.from = q.to.Add(-figuresUsual)
	}
	for at, t := range map[string]time.Time{"query.from": q.from, "query.to": q.to} {
		if err := within(at, t); err != nil {
			return q, err
		}
	}
	if !q.from.Before(q.to) || q.to.Sub(q.from) > figuresLongest {
		return q, wrong("query.from", "must be before to, by at most three years")
	}
	name := in.Zone
	if name == "" {
		me, _ := c.setup.personOf(c.self())
		name = me.Zone
	}
	if q.zone, err = org.Zone(name); err != nil {
		return q, wrong("query.zone", err.Error())
	}
	for _, id := range c.setup.hidden(c.Identity) {
		q.hidden[id] = true
	}
	return q, nil
}

// keeps says whether the choice is about an incident.
func (q *figureAsk) keeps(in *figures.Incident) bool {
	return (q.Severity == "" || in.Severity == q.Severity) && (q.Service == "" || in.Service == q.Service) && (q.Team == "" || in.Team == q.Team) &&
		(q.Source == "" || in.Source == q.Source) && (q.Category == "" || in.Category == q.Category) && (q.Cause == "" || in.Cause == q.Cause) && !q.hidden[in.Service]
}

// A counting is what was counted of a period and of the one before it.
type counting struct {
	is, was *figures.Report
	house   *figures.House
	state   engine.FigureState
}

func (a *API) counting(ctx context.Context, q *figureAsk, by func(*figures.Incident) string, cuts []time.Time) (n counting, err error) {
	before := q.from.Add(-q.to.Sub(q.from))
	return n, a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if n.state, err = engine.FigureStateOf(tx); err != nil {
			return err
		}
		if n.house, err = a.engine.FigureHouse(tx, a.now()); err != nil {
			return err
		}
		n.is = figures.NewReport(&figures.Query{From: q.from, To: q.to, Keep: q.keeps, By: by, Cuts: cuts, Zone: q.zone}, n.house)
		n.was = figures.NewReport(&figures.Query{From: before, To: q.from, Keep: q.keeps, By: by}, n.house)
		return engine.EachFigure(tx, before, q.to, func(in *figures.Incident) {
			n.is.Add(in)
			n.was.Add(in)
		})
	})
}

func (a *API) figures(ctx context.Context, in *figuresAsked) (*figuresOut, error) {
	r, _, err := a.figureReport(ctx, in)
	return &figuresOut{r}, err
}

func (a *API) figureReport(ctx context.Context, in *figuresAsked) (r FigureReport, q figureAsk, err error) {
	c := asking(ctx)
	if q, err = a.figureAsk(c, in.FigureChoice); err != nil {
		return r, q, err
	}
	var cuts []time.Time
	if in.Part != "" {
		if cuts = figures.Cut(q.from, q.to, in.Part, q.zone); len(cuts) > mostParts {
			return r, q, wrong("query.part", "cuts the period into more than 400 parts")
		}
	}
	n, err := a.counting(ctx, &q, in.By.by(), cuts)
	if err != nil {
		return r, q, err
	}
	r = FigureReport{
		From: q.from, To: q.to, Before: q.from.Add(-q.to.Sub(q.from)), Zone: q.zone.String(), Version: figures.Version, Counted: counted(n.state),
		Currency: n.house.Currency, Total: numbers(n.is.Total, n.was.Total), Lines: []FigureLine{}, Parts: []FigurePart{}, Heat: heat(n.is.Heat),
	}
	for key, s := range n.is.Lines {
		r.Lines = append(r.Lines, FigureLine{ID: key, Name: lineName(c.setup, in.By, key), Figures: numbers(s, n.was.Lines[key])})
	}
	slices.SortFunc(r.Lines, func(a, b FigureLine) int {
		return cmp.Or(cmp.Compare(b.Figures[0].N, a.Figures[0].N), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	r.Lines = r.Lines[:min(len(r.Lines), mostFigureRows)]
	for i, at := range cuts {
		until := q.to
		if i+1 < len(cuts) {
			until = cuts[i+1]
		}
		r.Parts = append(r.Parts, FigurePart{at, until, values(n.is.Parts[i])})
	}
	return r, q, nil
}

func counted(s engine.FigureState) Counted { return Counted{s.Whole(), shown(s.At)} }

// heat begins with Monday.
func heat(h [7][24]int) (out [][]int) {
	for day := range 7 {
		out = append(out, slices.Clone(h[(day+1)%7][:]))
	}
	return out
}

func lineName(s *setup, by FigureBy, key string) string {
	switch by {
	case "service", "team":
		return s.name(string(by), key)
	case "source":
		return s.name("integration", key)
	}
	return key
}

// numbers are figures with what they were in the period before.
func numbers(is, was figures.Sums) []FigureNumber {
	out := make([]FigureNumber, len(figures.Definitions))
	for i, d := range figures.Definitions {
		t := is[i]
		n := FigureNumber{Key: d.Key, N: t.N, Of: t.Of, Value: number(d, t)}
		if d.Kind == figures.Span && t.N > 0 {
			median, p90 := seconds(float64(t.Quantile(0.5))), seconds(float64(t.Quantile(0.9)))
			n.Median, n.P90 = &median, &p90
		}
		if was != nil {
			n.Before = number(d, was[i])
		} else if d.Kind == figures.Count || d.Kind == figures.Sum {
			n.Before = new(float64)
		}
		out[i] = n
	}
	return out
}

// number is what a figure says: nil, where it says nothing.
func number(d figures.Definition, t figures.Tally) *float64 {
	var v float64
	switch {
	case d.Kind == figures.Span && t.N == 0, d.Kind == figures.Share && t.Of == 0:
		return nil
	case d.Kind == figures.Span:
		v = seconds(t.Mean())
	case d.Kind == figures.Share:
		v = float64(t.N) / float64(t.Of)
	default:
		v = figureValue(d.Unit, t.Sum)
	}
	return &v
}

// figureValue is a value in the unit of its figure.
func figureValue(unit string, v int64) float64 {
	switch unit {
	case "s":
		return seconds(float64(v))
	case "money":
		return float64(v) / 100
	}
	return float64(v)
}

func seconds(micros float64) float64 { return micros / 1e6 }

func values(s figures.Sums) map[string]float64 {
	out := map[string]float64{}
	for i, d := range figures.Definitions {
		if v := number(d, s[i]); v != nil && (*v != 0 || d.Kind == figures.Share) {
			out[d.Key] = *v
		}
	}
	return out
}

// recountFigures has everything counted anew.
func (a *API) recountFigures(ctx context.Context, _ *only) (*struct{}, error) {
	return &struct{}{}, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		return engine.SetFigureState(tx, engine.FigureState{})
	})
}
