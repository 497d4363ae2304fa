package sim

import (
	"context"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
	"tocsin/resolve"
)

// A plan is a change of the company, at hours before the end of its history.
type plan struct {
	asked, starts, lasts time.Duration // before the end; after it when starts is negative
	class                org.ChangeClass
	title, what, back    string
	risk                 string
	who, yes, no         org.PersonID // who asks, approves, denies
	why                  string
	how                  incident.Outcome
	text                 string
	services             []org.ServiceID
}

// demoPlans are the changes of the last weeks, and of the days to come.
var demoPlans = []plan{
	{
		asked: 9 * 24 * time.Hour, starts: 8 * 24 * time.Hour, lasts: 2 * time.Hour, class: org.NormalChange, title: "Move the catalogue's index to the new disks", risk: "medium",
		what: "Stop the indexer, copy, point it to the new path, start it.", back: "Point it back; the old disks stay a week.",
		who: "chiara", yes: "ines", how: incident.ChangeWorked, text: "Searches are a third faster.", services: []org.ServiceID{"catalogue"},
	},
	{
		asked: 5 * 24 * time.Hour, starts: 4*24*time.Hour + 6*time.Hour, lasts: time.Hour, class: org.NormalChange, title: "New payment provider for gift cards", risk: "high",
		what: "Switch it on for one shop in ten, watch for an hour.", back: "Switch it off.",
		who: "farid", yes: "ines", how: incident.ChangeBackedOut, text: "Refunds failed with the new provider.", services: []org.ServiceID{"payments", "checkout"},
	},
	{
		asked: 3 * 24 * time.Hour, starts: 2 * 24 * time.Hour, lasts: time.Hour, class: org.NormalChange, title: "Turn on the new search for everybody", risk: "medium",
		what: "Raise the share to all.", back: "Lower it again.", who: "amara", no: "jonas", why: "not before the weekend of the harvest boxes", services: []org.ServiceID{"catalogue"},
	},
	{
		asked: 27 * time.Hour, starts: 26 * time.Hour, lasts: 30 * time.Minute, class: org.StandardChange, title: "Rotate the certificates of the shop",
		who: "chiara", how: incident.ChangeWorked, services: []org.ServiceID{"website"},
	},
	{
		asked: 20 * time.Hour, starts: -46 * time.Hour, lasts: 3 * time.Hour, class: org.NormalChange, title: "Grow the disks of the databases", risk: "medium",
		what: "One replica after the other; the first one last.", back: "Fail over to the replica that was not touched.", who: "grace", yes: "jonas", services: []org.ServiceID{"database"},
	},
	{
		asked: 50 * time.Minute, starts: -30 * time.Hour, lasts: time.Hour, class: org.NormalChange, title: "Raise the limit of connections", risk: "low",
		what: "Set it to 400, restart the replicas, then the first.", back: "Set it back to 200.", who: "grace", services: []org.ServiceID{"database", "accounts"},
	},
}

// changes are those of the company; pipelines deploy, now and then, what the shop runs.
func (l *life) changes(end time.Time) {
	for _, p := range demoPlans {
		if end.Add(-p.asked).Before(l.now) {
			continue
		}
		l.later(end.Add(-p.asked), func(ctx context.Context) error { return l.planned(ctx, p, end) })
	}
	for i, d := range []struct {
		before      time.Duration
		from        org.IntegrationID
		title, by   string
		env, commit string
	}{
		{11 * time.Minute, "checkout", "deployed checkout v8.14.0 to production", "farid", "production", "4f1c2aa"},
		{5 * time.Hour, "payments", "deployed payments v3.2.1 to production", "amara", "production", "b9e0d17"},
		{26 * time.Hour, "catalogue", "deployed catalogue v5.0.3 to production", "chiara", "production", "0c77e12"},
		{49 * time.Hour, "checkout", "deployed checkout v8.13.2 to production", "farid", "production", "a31d9be"},
		{75 * time.Hour, "warehouse", "released v2.4 of warehouse", "elif", "", ""},
	} {
		ev := alert.Event{
			Action: alert.Change, Key: "deployment/" + string(rune('a'+i)), Title: d.title, By: d.by, At: end.Add(-d.before),
			Labels: map[string]string{"change": "deployment", "repository": "fennel/" + string(d.from)}, Details: map[string]string{"state": "success", "commit": d.commit},
		}
		if d.env != "" {
			ev.Labels["environment"] = d.env
		} else {
			ev.Labels["change"] = "release"
		}
		if ev.At.Before(l.now) {
			continue
		}
		l.later(ev.At, func(ctx context.Context) error { return l.engine.Hear(ctx, d.from, []alert.Event{ev}, nil, l.now) })
	}
}

func (l *life) planned(ctx context.Context, p plan, end time.Time) error {
	starts := end.Add(-p.starts).Truncate(15 * time.Minute)
	id, err := l.engine.Propose(ctx, incident.ByPerson(p.who), p.who, resolve.Request{
		Title: p.title, Class: p.class, Risk: p.risk, Plan: p.what, BackOut: p.back, Services: p.services, Starts: starts, Ends: starts.Add(p.lasts),
	}, l.now)
	if err != nil {
		return err
	}
	if p.yes != "" || p.no != "" {
		who := p.yes + p.no
		l.later(l.now.Add(25*time.Minute), func(ctx context.Context) error {
			return l.engine.Decide(ctx, id, who, p.yes != "", 0, p.why, l.now)
		})
	}
	if p.how != "" {
		l.later(starts.Add(2*time.Minute), func(ctx context.Context) error { return l.engine.BeginChange(ctx, id, incident.ByPerson(p.who), l.now) })
		l.later(starts.Add(p.lasts-5*time.Minute), func(ctx context.Context) error {
			return l.do(ctx, id, p.who, plainly(func(in incident.Incident) ([]incident.Fact, error) { return resolve.Finish(in, p.how, p.text) }))
		})
	}
	return nil
}
