package v1

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

type countedAsked struct {
	FigureChoice
	Figure  string       `query:"figure" default:"incidents" maxLength:"40" doc:"The key of its definition"`
	Not     bool         `query:"not" doc:"Of a share: those that do not have what it asks for"`
	Person  org.PersonID `query:"person" maxLength:"64" doc:"Of a figure of people: whose calls"`
	Members org.TeamID   `query:"members" maxLength:"64" doc:"Of a figure of people: calls of the members of this team"`
	Level   int          `query:"level" minimum:"-1" maximum:"100" default:"-1" doc:"Of a figure of people: calls of this level; -1 is any"`
	Limit   int          `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Order   string       `query:"order" enum:"newest,largest" default:"newest"`
}

type countedOut struct{ Body CountedReport }

// A CountedReport is what a number is made of.
type CountedReport struct {
	From   time.Time         `json:"from"`
	To     time.Time         `json:"to"`
	Figure FigureDefinition  `json:"figure"`
	N      int               `json:"n" doc:"All of them"`
	Items  []CountedIncident `json:"items" nullable:"false" doc:"The first of them"`
}

// A CountedIncident is one that a number is made of.
type CountedIncident struct {
	ID       incident.ID     `json:"id"`
	Sort     string          `json:"sort,omitempty" enum:"call,change" doc:"It is no incident: a page by hand, or a change that waits for approval"`
	Title    string          `json:"title" doc:"Empty where it is not yours to read"`
	Status   incident.Status `json:"status"`
	Severity org.Severity    `json:"severity,omitempty"`
	Service  org.ServiceID   `json:"service,omitempty"`
	Opened   time.Time       `json:"opened"`
	Value    float64         `json:"value" doc:"What it brings to the number, in the unit of the figure; calls, where it is one of people"`
}

// A weigher says what an incident brings to a number, if anything.
type weigher func(in *figures.Incident, h *figures.House) (float64, bool)

// weigher is that of a figure, for somebody who may ask.
func (in *countedAsked) weigher(c *caller) (FigureDefinition, weigher, error) {
	if b, ok := figures.FindBearing(in.Figure); ok {
		if in.Person != "" && !c.mayCount(in.Person) {
			return FigureDefinition{}, nil, denial{"the figures of " + string(in.Person) + " are theirs, and for a manager of one of their teams"}
		}
		members := c.setup.teams()[in.Members].Members
		is := func(p org.PersonID) bool {
			return (in.Person == "" || p == in.Person) && (in.Members == "" || slices.Contains(members, p))
		}
		d := FigureDefinition{b.Key, "people", b.Name, b.Unit, string(figures.Sum), b.Sentence, b.Since}
		return d, func(i *figures.Incident, _ *figures.House) (float64, bool) {
			n := b.Counted(i, is, in.Level)
			return float64(n), n > 0
		}, nil
	}
	d, ok := figures.Find(in.Figure)
	if !ok {
		return FigureDefinition{}, nil, wrong("query.figure", "there is no such figure: GET /reports/definitions lists them")
	}
	if in.Person != "" || in.Members != "" || in.Level >= 0 {
		return FigureDefinition{}, nil, wrong("query.figure", "is one of incidents, which have no person, members or level")
	}
	if in.Not && d.Kind != figures.Share {
		return FigureDefinition{}, nil, wrong("query.not", "is asked of a share")
	}
	of := FigureDefinition{d.Key, "incidents", d.Name, d.Unit, string(d.Kind), d.Sentence, d.Since}
	return of, func(i *figures.Incident, h *figures.House) (float64, bool) {
		if in.Not {
			return 0, d.Missed(i, h)
		}
		v, ok := d.Counted(i, h)
		return figureValue(d.Unit, v), ok
	}, nil
}

// countedBy lists the incidents that a number is made of.
func (a *API) countedBy(ctx context.Context, in *countedAsked) (*countedOut, error) {
	c := asking(ctx)
	q, err := a.figureAsk(c, in.FigureChoice)
	if err != nil {
		return nil, err
	}
	d, weigh, err := in.weigher(c)
	if err != nil {
		return nil, err
	}
	out := &countedOut{CountedReport{From: q.from, To: q.to, Figure: d, Items: []CountedIncident{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		h, err := a.engine.FigureHouse(tx, a.now())
		if err != nil {
			return err
		}
		var all []CountedIncident
		about := figures.Query{From: q.from, To: q.to, Keep: q.keeps}
		err = engine.EachFigure(tx, q.from, q.to, func(i *figures.Incident) {
			if !about.Keeps(i) {
				return
			}
			if v, ok := weigh(i, h); ok {
				all = append(all, CountedIncident{ID: i.ID, Severity: i.Severity, Service: i.Service, Opened: i.Opened, Value: v})
			}
		})
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(x, y CountedIncident) int {
			if in.Order == "largest" && x.Value != y.Value {
				return cmp.Compare(y.Value, x.Value)
			}
			return strings.Compare(string(y.ID), string(x.ID))
		})
		out.Body.N = len(all)
		out.Body.Items = append(out.Body.Items, all[:min(len(all), in.Limit)]...)
		return titled(tx, c, out.Body.Items)
	})
}

// titled says what incidents are called, and how they stand.
func titled(tx *store.Tx, c *caller, items []CountedIncident) error {
	ids := make([]incident.ID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	if err := tx.Preload(ids); err != nil {
		return err
	}
	for i := range items {
		sub, err := tx.Subject(items[i].ID)
		if err != nil {
			return err
		}
		items[i].Status, items[i].Sort = sub.Status, sub.Sort
		if sub.Sort != incident.KindCall || c.May(org.Respond, "") {
			items[i].Title = sub.Title
		}
	}
	return nil
}
