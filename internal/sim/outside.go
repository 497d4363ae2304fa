package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/report"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// What those outside are told, and what they report.

// site is the house's status pages and letters; they cost a night nothing that has none.
func (p *player) outside() *status.Site {
	if p.site == nil {
		p.site = status.New(status.Options{Engine: p.engine, Store: p.store, Ring: p.ring, PublicURL: publicURL})
	}
	return p.site
}

// letters sends what is owed to those outside, once all that happened can be seen: other
// nights are played on the same PostgreSQL.
func (p *player) letters(ctx context.Context) error {
	if p.site == nil {
		return nil
	}
	ok, err := p.engine.Until(ctx, 10*time.Second, (*store.Tx).FeedSettled)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("what happened stays hidden for ten seconds")
	}
	return p.site.Step(ctx, p.now)
}

func (p *player) tells(ctx context.Context, w words) error {
	p.outside()
	u := investigate.Update{Phase: incident.Phase(w["PHASE"]), Condition: w["CONDITION"], Actions: w["ACTIONS"], Needs: w["NEEDS"]}
	for one := range strings.SplitSeq(w["CHANNELS"], ",") {
		to, part, ok := strings.Cut(one, "/")
		u.To = append(u.To, to)
		if page, is := org.StatusOf(to); is && ok { // status:public/checkout=major
			name, state, _ := strings.Cut(part, "=")
			u.Affected = append(u.Affected, incident.Affected{Page: page, Component: name, State: org.ComponentState(state)})
		}
	}
	var g org.Guideline
	id, err := p.subject(ctx, w)
	if err == nil {
		err = p.store.Read(ctx, func(tx *store.Tx) error {
			sub, err := tx.Subject(id)
			if err == nil {
				g, _, err = p.engine.Guideline(tx, sub.Incident)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return investigate.Publish(in, g, u, p.now)
	})
}

func (p *player) follows(ctx context.Context, w words) error {
	person := p.people[org.PersonID(w["PERSON"])]
	if len(person.Methods) == 0 {
		return fmt.Errorf("%s has no contact method", person.ID)
	}
	p.outside()
	return p.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.Follow("letters"); err != nil {
			return err
		}
		return tx.PutSubscriber(store.Subscriber{
			ID: p.engine.NewID(p.now), Scope: store.ServiceScope(org.ServiceID(w["SERVICE"])), Person: person.ID,
			Channel: person.Methods[0].Channel, Method: person.Methods[0].ID, Active: true, At: p.now,
		})
	})
}

// form is a form of the set-up.
func (p *player) form(ctx context.Context, id string) (f org.Form, err error) {
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.ConfigOf("form")
		for _, r := range rows {
			if r.ID == id && !r.Retired {
				return json.Unmarshal(r.Body, &f)
			}
		}
		if err == nil {
			err = fmt.Errorf("there is no form %q", id)
		}
		return err
	})
	return f, err
}

func (p *player) reports(ctx context.Context, w words) error {
	f, err := p.form(ctx, w["FORM"])
	if err != nil {
		return err
	}
	c, ok := f.Category(w["CATEGORY"])
	if !ok {
		return fmt.Errorf("the form %s has no category %q", f.ID, w["CATEGORY"])
	}
	said := url.Values{}
	for i, one := range strings.Split(w["ANSWERS"], ",") {
		if i < len(c.Questions) && one != "" {
			q := c.Questions[i]
			n := slices.IndexFunc(q.Choices, func(k org.FormChoice) bool { return k.Text == one })
			if n >= 0 {
				one = strconv.Itoa(n)
			}
			said.Set("q."+q.ID, one)
		}
	}
	read := report.Read(f, c, said, func(name string, _ ...any) string { return name })
	for _, in := range read.Inputs {
		if in.Wrong != "" {
			return incident.Refuse("%s: %s", in.ID, in.Wrong)
		}
	}
	return p.complain(ctx, engine.Complaint{Report: store.Report{Form: f.ID, Category: c.ID, Answers: read.Answers}, Title: read.Title, Leads: read.Leads})
}

func (p *player) cries(ctx context.Context, w words) error {
	f, err := p.form(ctx, w["FORM"])
	if err != nil {
		return err
	}
	if f.Emergency == nil {
		return fmt.Errorf("the form %s has no way past its questions", f.ID)
	}
	return p.complain(ctx, engine.Complaint{
		Report: store.Report{Form: f.ID, Emergency: true}, Title: w["TEXT"], Call: f.Emergency.Call,
		Leads: org.Leads{Service: cmp.Or(f.Emergency.Service, f.Service)}, Worst: cmp.Or(f.Emergency.Severity, org.SEV1),
	})
}

func (p *player) same(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.complain(ctx, engine.Complaint{Report: store.Report{Form: org.FormID(w["FORM"])}, Joins: id})
}

func (p *player) complain(ctx context.Context, c engine.Complaint) error {
	c.ID = p.engine.NewID(p.now)
	r, err := p.engine.Complain(ctx, c, p.now)
	if err == nil {
		p.report = r.ID
	}
	return err
}

func (p *player) reporterWrites(ctx context.Context, w words) error {
	return p.engine.WriteReport(ctx, p.report, "", w["TEXT"], p.now)
}

func (p *player) replies(ctx context.Context, w words) error {
	return p.engine.WriteReport(ctx, p.report, org.PersonID(w["PERSON"]), w["TEXT"], p.now)
}

func (p *player) showPage(ctx context.Context, w words) error {
	m, err := p.outside().Show(ctx, org.StatusPageID(w["PAGE"]), p.now)
	if err != nil {
		return err
	}
	p.say(markShown, "%s: %s", m.Page.Name, m.State)
	for _, part := range m.Parts {
		p.say(markShown, "%s: %s", part.Title(), part.State)
	}
	for _, list := range [][]status.Affair{m.Told, m.Ahead, m.Now, m.Past} {
		for _, a := range list {
			for i := len(a.Updates) - 1; i >= 0; i-- {
				p.say(markShown, "%s, %s: %s", a.Title, a.Updates[i].Phase, a.Updates[i].Condition)
			}
		}
	}
	for _, o := range m.Work {
		p.say(markShown, "planned: %s, on: %t", o.Name, o.On)
	}
	return nil
}
