package sim

import (
	"context"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

// What people say on status pages without an incident, what they take back, and what feed
// readers see.

// states reads "shop=major,mail=degraded".
func states(page org.StatusPageID, text string) (all []incident.Affected) {
	for one := range strings.SplitSeq(text, ",") {
		if name, state, ok := strings.Cut(one, "="); ok {
			all = append(all, incident.Affected{Page: page, Component: name, State: org.ComponentState(state)})
		}
	}
	return all
}

func (p *player) posts(ctx context.Context, w words) error {
	p.outside()
	n := investigate.Posting{
		Page: org.StatusPageID(w["PAGE"]), Form: incident.NoticeForm(w[""]), Title: w["TITLE"], Text: w["CONDITION"], Parts: states(org.StatusPageID(w["PAGE"]), w["STATES"]),
	}
	if w["DURATION"] != "" {
		n.Begins = p.now.Add(w.duration())
	}
	if w["WAIT"] != "" {
		d, err := time.ParseDuration(w["WAIT"])
		if err != nil {
			return err
		}
		n.Ends = p.now.Add(w.duration() + d)
	}
	id, err := p.engine.Post(ctx, incident.ByPerson(org.PersonID(w["PERSON"])), n, p.now)
	if err == nil {
		p.notice = id
	}
	return err
}

var errNoNotice = errors.New("nobody has posted anything yet")

func (p *player) doesNotice(ctx context.Context, w words, decide func(incident.Incident) ([]incident.Fact, error)) error {
	if p.notice == "" {
		return errNoNotice
	}
	_, err := p.engine.Do(ctx, p.notice, incident.ByPerson(org.PersonID(w["PERSON"])), p.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return decide(in)
	})
	return err
}

func (p *player) followsUp(ctx context.Context, w words) error {
	return p.doesNotice(ctx, w, func(in incident.Incident) ([]incident.Fact, error) {
		if in.Notice == nil {
			return nil, errNoNotice
		}
		return investigate.FollowUp(in, investigate.Word{Phase: incident.Phase(w["PHASE"]), Text: w["CONDITION"], Parts: states(in.Notice.Page, w["STATES"])})
	})
}

func (p *player) endsNotice(ctx context.Context, w words) error {
	return p.doesNotice(ctx, w, func(in incident.Incident) ([]incident.Fact, error) { return investigate.EndNotice(in, "") })
}

func (p *player) takesBack(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.withdraws(ctx, w, id)
}

func (p *player) takesBackNotice(ctx context.Context, w words) error {
	if p.notice == "" {
		return errNoNotice
	}
	return p.withdraws(ctx, w, p.notice)
}

func (p *player) withdraws(ctx context.Context, w words, id incident.ID) error {
	p.outside()
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	return p.engine.WithdrawUpdate(ctx, id, incident.ByPerson(org.PersonID(w["PERSON"])), n, w["TEXT"], p.now)
}

func (p *player) subscribes(ctx context.Context, w words) error {
	p.outside()
	return p.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.Follow("letters"); err != nil {
			return err
		}
		return tx.PutSubscriber(store.Subscriber{
			ID: p.engine.NewID(p.now), Scope: store.StatusScope(org.StatusPageID(w["PAGE"])), Channel: "email", Address: w["ADDRESS"], Active: true, At: p.now,
		})
	})
}

func (p *player) showNotice(ctx context.Context, w words) error {
	if p.notice == "" {
		return errNoNotice
	}
	return p.showLogOf(ctx, p.notice)
}

// showFeed shows what a feed reader of somebody's sees.
func (p *player) showFeed(ctx context.Context, w words) error {
	body, err := p.outside().Feed(ctx, store.UpdateFeed{ID: "1", Owner: org.PersonID(w["PERSON"]), MadeAt: p.now}, p.now)
	if err != nil {
		return err
	}
	var f struct {
		Entries []struct {
			Title   string `xml:"title"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(body, &f); err != nil {
		return err
	}
	if len(f.Entries) == 0 {
		p.say(markShown, "nothing")
	}
	for _, e := range f.Entries {
		text, _, _ := strings.Cut(e.Content, "\n")
		p.say(markShown, "%s: %s", e.Title, text)
	}
	return nil
}
