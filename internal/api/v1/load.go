package v1

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/load"
	"tocsin/org"
)

// A Burden is what being on call for a schedule costs somebody.
type Burden struct {
	Person org.PersonID `json:"person"`
	Name   string       `json:"name"`
	Hours  float64      `json:"hours"`
	Pages  int          `json:"pages" doc:"Interruptions; several channels within a minute are one"`
	Nights int          `json:"nights" doc:"Of them, those at night"`
	Pain   float64      `json:"pain" doc:"Of the span"`
	Debt   float64      `json:"debt" doc:"Of the last year, each line halved every 180 days"`
	Lines  []LedgerLine `json:"lines" nullable:"false" doc:"All that make up the pain of the span"`
}

// A LedgerLine is one entry of the ledger.
type LedgerLine struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	What     string    `json:"what"`
	Incident string    `json:"incident,omitempty" doc:"What the page was about"`
	How      string    `json:"how" doc:"How it was reckoned"`
	Pain     float64   `json:"pain"`
	Struck   string    `json:"struck,omitempty" doc:"Why it weighs nothing"`
	Disputed string    `json:"disputed,omitempty" doc:"Why somebody says it is wrong; a manager decides"`
}

func (a *API) load(ctx context.Context, in *Stretch) (*pageOf[Burden], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	now := a.now()
	if in.From.IsZero() {
		in.From = now.Add(-28 * 24 * time.Hour)
	}
	if in.To.IsZero() {
		in.To = sooner(now, in.From.Add(longestShow))
	}
	from, to, err := in.bounds(now)
	if err != nil {
		return nil, err
	}
	l, err := a.ledger(ctx, s, c, in.ID, to.Add(-engine.LedgerBack), to)
	if err != nil {
		return nil, err
	}
	debts := l.Debts(to)
	out := &pageOf[Burden]{Body: page[Burden]{Items: []Burden{}}}
	for _, p := range l.People {
		b := Burden{Person: p, Name: s.person(p), Debt: debts[p], Lines: []LedgerLine{}}
		for _, st := range l.Stints {
			if f, u := later(st.From, from), sooner(st.Until, to); st.Person == p && st.Role != oncall.Shadow && f.Before(u) {
				b.Hours += u.Sub(f).Hours()
			}
		}
		for _, x := range l.Lines {
			if x.Person != p || x.At.Before(from) {
				continue
			}
			b.Pain += x.Weighs()
			if x.Page {
				b.Pages++
			}
			if x.Page && x.Night {
				b.Nights++
			}
			line := LedgerLine{ID: x.ID, At: x.At, What: x.What, Incident: x.Subject, How: x.How, Pain: x.Pain, Struck: x.Struck}
			if d := l.Disputes[x.ID]; d.Decided == "" {
				line.Disputed = d.Why
			}
			b.Lines = append(b.Lines, line)
		}
		out.Body.Items = append(out.Body.Items, b)
	}
	return out, nil
}

type disputing struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Person org.PersonID `json:"person,omitempty" maxLength:"64" doc:"Whose line; your own when it is left out"`
		Line   string       `json:"line" minLength:"1" maxLength:"300"`
		Why    string       `json:"why,omitempty" maxLength:"1000"`
		Decide string       `json:"decide,omitempty" enum:"struck,kept" doc:"What becomes of it: for a manager of the team"`
	}
}

// dispute says that a line of the ledger is wrong, or decides it.
func (a *API) dispute(ctx context.Context, in *disputing) (*struct{}, error) {
	c := asking(ctx)
	schedule, err := c.setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	who, err := c.forOther(in.Body.Person, schedule.Schedule.Team)
	if err != nil {
		return nil, err
	}
	if in.Body.Decide != "" && !c.May(org.Configure, schedule.Schedule.Team) {
		return nil, denial{"to decide about a line is for a manager of the team"}
	}
	now := a.now()
	l, err := a.ledger(ctx, c.setup, schedule, in.ID, now.Add(-engine.LedgerBack), now)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(l.Lines, func(x load.Line) bool { return x.ID == in.Body.Line && x.Person == who }) {
		return nil, store.ErrNotFound
	}
	return &struct{}{}, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		return tx.PutDispute(store.Dispute{Line: in.Body.Line, Person: who, At: now, Why: in.Body.Why, Decided: in.Body.Decide, By: string(c.Actor())})
	})
}

// A Proposal is a change that Tocsin proposes, as the override that it would be: post it
// to accept it.
type Proposal struct {
	Kind     string       `json:"kind" enum:"rest,balance" doc:"rest: after a heavy shift; balance: who bears most gives a shift away"`
	Person   org.PersonID `json:"person" doc:"Who would take it"`
	Instead  org.PersonID `json:"instead" doc:"Of whom"`
	From     time.Time    `json:"from"`
	Until    time.Time    `json:"until"`
	Why      string       `json:"why"`
	Override oncall.Patch `json:"override"`
}

func (a *API) proposals(ctx context.Context, in *Stretch) (*pageOf[Proposal], error) {
	s := asking(ctx).setup
	c, err := s.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	out := &pageOf[Proposal]{Body: page[Proposal]{Items: []Proposal{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		rest, moves, err := s.books(c, in.ID).Propose(tx, a.now().Truncate(time.Second))
		for kind, all := range map[string][]load.Proposal{"rest": rest, "balance": moves} {
			for _, p := range all {
				out.Body.Items = append(out.Body.Items, Proposal{kind, p.Person, p.Instead, p.From, p.Until, p.Why, p.Patch("")})
			}
		}
		slices.SortStableFunc(out.Body.Items, func(a, b Proposal) int { return cmp.Or(-cmp.Compare(a.Kind, b.Kind), a.From.Compare(b.From)) })
		return err
	})
}

// books are what the burden of a schedule is reckoned from.
func (s *setup) books(c *oncall.Compiled, id string) engine.Books {
	return engine.Books{ID: org.ScheduleID(id), Schedule: c, Register: s.register(), Person: s.personOf}
}

// ledger is everybody's lines of a span.
func (a *API) ledger(ctx context.Context, s *setup, c *oncall.Compiled, id string, from, to time.Time) (l *engine.Ledger, err error) {
	return l, a.store.Read(ctx, func(tx *store.Tx) error {
		l, err = s.books(c, id).Ledger(tx, from, to, a.now())
		return err
	})
}

type hoursOf struct {
	From time.Time `query:"from" doc:"The beginning of last month, when it is left out"`
	To   time.Time `query:"to" doc:"Now, when it is left out; at most 366 days"`
}

// HoursFile is what a payroll reads.
type HoursFile struct {
	CSV string `json:"csv" doc:"One line per month, person, schedule and role; every hour in one column"`
}

// hours are everybody's hours by month, for pay.
func (a *API) hours(ctx context.Context, in *hoursOf) (*pageless[HoursFile], error) {
	s := asking(ctx).setup
	now := a.now()
	from, to := in.From.UTC(), in.To.UTC()
	if in.From.IsZero() {
		from = time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	}
	if in.To.IsZero() {
		to = now
	}
	if err := within("query.from", from); err != nil {
		return nil, err
	}
	if !to.After(from) || to.Sub(from) > longestShow {
		return nil, wrong("query.to", "must be after from, by at most 366 days")
	}
	homes := map[org.PersonID]load.Home{}
	home := func(p org.PersonID) load.Home {
		h, ok := homes[p]
		if !ok {
			person, _ := s.personOf(p)
			h = load.HomeOf(person, from, to)
			homes[p] = h
		}
		return h
	}
	var months []load.Month
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired {
			continue
		}
		c, err := s.schedule(r.ID)
		if err != nil {
			continue // one that cannot be read hides no other
		}
		shifts, err := a.was(ctx, s, c, r.ID, from, to)
		if err != nil {
			return nil, err
		}
		months = append(months, load.Months(org.ScheduleID(r.ID), oncall.Stints(shifts), home)...)
	}
	slices.SortStableFunc(months, func(a, b load.Month) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Person, b.Person))
	})
	var b bytes.Buffer
	err := load.WriteCSV(&b, months, s.person)
	return &pageless[HoursFile]{Body: HoursFile{b.String()}}, err
}
