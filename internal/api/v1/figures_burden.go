package v1

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

type burdenAsked struct {
	From    time.Time  `query:"from" doc:"28 days before to, when it is left out; at most 366 days"`
	To      time.Time  `query:"to" doc:"Now, when it is left out"`
	Members org.TeamID `query:"members" maxLength:"64" doc:"Only the members of this team"`
}

// A BurdenReport is what people bear, and what they owe.
type BurdenReport struct {
	From   time.Time    `json:"from"`
	To     time.Time    `json:"to"`
	People []BurdenLine `json:"people" nullable:"false" doc:"Who bears most first: yourself, and the members of teams that you manage"`
	Kept   int          `json:"kept" doc:"How many people's own are not yours to see"`
}

// A BurdenLine is what somebody bears by the ledgers of all schedules, and what they owe now.
type BurdenLine struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	Pain          float64 `json:"pain" doc:"What hours and interruptions of the period weigh, without what was struck"`
	Interruptions int     `json:"interruptions" doc:"While on call; several channels within a minute are one"`
	Nights        int     `json:"nights" doc:"Of them, those at night"`
	Stale         int     `json:"stale" doc:"Runbooks that they own and that are not to be trusted blindly"`
	Overdue       int     `json:"overdue" doc:"Actions of theirs whose time has passed"`
}

const mostOverdue = 5000 // actions that are counted

// burdens is what people bear in a period by the ledgers of all schedules, and what they owe
// now. It is read apart from the figures: a ledger is reckoned, not kept.
func (a *API) burdens(ctx context.Context, in *burdenAsked) (*struct{ Body BurdenReport }, error) {
	c, now := asking(ctx), a.now()
	to := in.To.UTC()
	if in.To.IsZero() {
		to = now
	}
	from := in.From.UTC()
	if in.From.IsZero() {
		from = to.Add(-figuresUsual)
	}
	for at, t := range map[string]time.Time{"query.from": from, "query.to": to} {
		if err := within(at, t); err != nil {
			return nil, err
		}
	}
	if !from.Before(to) || to.Sub(from) > engine.LedgerBack+24*time.Hour {
		return nil, wrong("query.from", "must be before to, by at most 366 days")
	}
	members := c.setup.teams()[in.Members].Members
	all := map[org.PersonID]*BurdenLine{}
	of := func(p org.PersonID) *BurdenLine {
		if p == "" || in.Members != "" && !slices.Contains(members, p) {
			return &BurdenLine{}
		}
		if all[p] == nil {
			all[p] = &BurdenLine{ID: string(p), Name: c.setup.person(p)}
		}
		return all[p]
	}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		if err := a.bears(tx, c.setup, from, sooner(to, now), now, of); err != nil {
			return err
		}
		return a.owes(tx, c, now, of)
	})
	if err != nil {
		return nil, err
	}
	out := &struct{ Body BurdenReport }{BurdenReport{From: from, To: to, People: []BurdenLine{}}}
	for p, line := range all {
		if c.mayCount(p) {
			out.Body.People = append(out.Body.People, *line)
		} else {
			out.Body.Kept++
		}
	}
	slices.SortFunc(out.Body.People, func(a, b BurdenLine) int {
		return cmp.Or(cmp.Compare(b.Pain, a.Pain), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

// bears adds what people bear by the ledgers.
func (a *API) bears(tx *store.Tx, s *setup, from, to, now time.Time, of func(org.PersonID) *BurdenLine) error {
	if !from.Before(to) {
		return nil
	}
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired {
			continue
		}
		schedule, err := s.schedule(r.ID)
		if err != nil {
			continue // one that cannot be read hides no other
		}
		l, err := s.books(schedule, r.ID).Ledger(tx, from, to, now)
		if err != nil {
			return err
		}
		for _, st := range l.Stints {
			if st.Role != oncall.Shadow {
				of(st.Person)
			}
		}
		for _, x := range l.Lines {
			line := of(x.Person)
			line.Pain += x.Weighs()
			if x.Page {
				line.Interruptions++
			}
			if x.Page && x.Night {
				line.Nights++
			}
		}
	}
	return nil
}

// owes adds what people owe now: runbooks that are stale, actions that are overdue.
func (a *API) owes(tx *store.Tx, c *caller, now time.Time, of func(org.PersonID) *BurdenLine) error {
	f, err := a.shelf(tx, c.setup, "")
	if err != nil {
		return err
	}
	for _, r := range c.setup.all {
		if r.Kind != config.Runbook || r.Retired {
			continue
		}
		if book, row, err := c.setup.runbook(r.ID); err == nil && len(f.standing(book, row).Stale) > 0 {
			of(book.Owner).Stale++
		}
	}
	late, err := tx.ReviewActions(store.ActionFilter{State: incident.ToDo, Over: now, Hidden: c.setup.hidden(c.Identity), Limit: mostOverdue})
	for _, r := range late {
		of(r.Owner).Overdue++
	}
	return err
}
