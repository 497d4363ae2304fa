package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
)

// What monitoring does.

func (p *player) down(ctx context.Context, w words) error {
	a := alarm{org.IntegrationID(cmp.Or(w["INTEGRATION"], "monitoring")), w["KEY"]}
	ev := alert.Event{Action: alert.Trigger, Key: a.key, Title: cmp.Or(w["TEXT"], a.key+" is down"), Severity: org.Severity(w["SEVERITY"])}
	if w["SEVERITY"] == "low" {
		ev.Severity = org.SEV4
	}
	ev.Labels = w.labels()
	p.events[a], p.from[a.key], p.lasting[a] = ev, a.from, w.duration()
	return p.hear(ctx, a, ev)
}

func (p *player) again(ctx context.Context, w words) error {
	a := p.alarm(w)
	ev, ok := p.events[a]
	if !ok {
		return fmt.Errorf("%s never said anything of %q", a.from, a.key)
	}
	return p.hear(ctx, a, ev)
}

func (p *player) up(ctx context.Context, w words) error {
	a := p.alarm(w)
	return p.hear(ctx, a, alert.Event{Action: alert.Resolve, Key: a.key})
}

func (p *player) ping(ctx context.Context, w words) error {
	return p.engine.Ping(ctx, org.IntegrationID(cmp.Or(w["INTEGRATION"], "monitoring")), w["HEARTBEAT"], p.now)
}

// alarm is the alarm that a line names, by default of who spoke of the key last.
func (p *player) alarm(w words) alarm {
	from := cmp.Or(org.IntegrationID(w["INTEGRATION"]), p.from[w["KEY"]], "monitoring")
	return alarm{from, w["KEY"]}
}

func (p *player) hear(ctx context.Context, a alarm, ev alert.Event) error {
	if lasts := p.lasting[a]; lasts > 0 && ev.Action == alert.Trigger {
		ev.Until = p.now.Add(lasts)
	}
	return p.engine.Hear(ctx, a.from, []alert.Event{ev}, nil, p.now)
}

// subject is the incident that a line names, or the one that was opened last.
func (p *player) subject(ctx context.Context, w words) (id incident.ID, err error) {
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		if w["KEY"] == drillKey {
			id, err = p.lastDrill(tx)
			return err
		}
		if w["KEY"] == "" {
			rows, err := tx.Subjects(store.Filter{Limit: 1})
			if err == nil && len(rows) == 0 {
				err = fmt.Errorf("no incident was opened yet")
			}
			if err == nil {
				id = rows[0].ID
			}
			return err
		}
		a := p.alarm(w)
		key := []store.AlertKey{{Integration: a.from, Key: a.key}}
		for _, find := range []func([]store.AlertKey) (map[store.AlertKey]alert.Alert, error){tx.OpenAlerts, tx.LastResolved} {
			found, err := find(key)
			if err != nil {
				return err
			}
			if one, ok := found[key[0]]; ok {
				id = one.Subject
				return nil
			}
		}
		return fmt.Errorf("no incident was opened for %q", a.key)
	})
	return id, err
}

// What people do.

// does is a person's verb on an incident.
func (p *player) does(ctx context.Context, w words, decide func(incident.Incident, escalate.World) ([]incident.Fact, error)) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	by := incident.Engine
	if w["PERSON"] != "" {
		by = incident.ByPerson(org.PersonID(w["PERSON"]))
	}
	_, err = p.engine.Do(ctx, id, by, p.now, decide)
	return err
}

func (p *player) acknowledges(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, world escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, world, "", p.now)
	})
}

func (p *player) answers(ctx context.Context, w words) error {
	page, err := p.page(ctx, w, "")
	if err != nil {
		return err
	}
	said, err := p.engine.Answer(ctx, page, 0, p.now)
	if err == nil {
		p.say(markReply, "%s", said)
	}
	return err
}

func (p *player) givesBack(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.Unacknowledge(in, "")
	})
}

func (p *player) snoozes(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.Snooze(in, p.now.Add(w.duration()), p.now)
	})
}

func (p *player) resolves(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Resolve(in, "")
	})
}

func (p *player) reopens(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return resolve.Reopen(in, w["PERSON"]+" says so")
	})
}

func (p *player) escalates(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.EscalateNow(in, "")
	})
}

func (p *player) reassigns(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, world escalate.World) ([]incident.Fact, error) {
		return escalate.Reassign(in, world, w.target(), "", p.now)
	})
}

func (p *player) adds(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.AddResponders(in, []org.Target{w.target()}, w["PERSON"]+" wants help")
	})
}

func (p *player) raises(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		if level := w["LEVEL"]; level == "high" || level == "low" {
			return alert.Raise(in, "", org.Priority(level), "says "+w["PERSON"])
		}
		return alert.Raise(in, org.Severity(w["LEVEL"]), "", "says "+w["PERSON"])
	})
}

func (p *player) notes(ctx context.Context, w words) error {
	return p.does(ctx, w, func(incident.Incident, escalate.World) ([]incident.Fact, error) {
		return []incident.Fact{incident.Noted{Text: w["TEXT"]}}, nil
	})
}

func (p *player) held(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return alert.Hold(in, w["TEXT"])
	})
}

func (p *player) released(ctx context.Context, w words) error {
	return p.does(ctx, w, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return alert.Release(in, "")
	})
}

func (p *player) handed(ctx context.Context, w words) error {
	f := incident.Handed{
		Schedule: org.ScheduleID(w["SCHEDULE"]),
		From:     []org.PersonID{org.PersonID(w["PERSON"])}, To: []org.PersonID{org.PersonID(w["OTHER"])},
	}
	return p.does(ctx, words{"KEY": w["KEY"]}, func(incident.Incident, escalate.World) ([]incident.Fact, error) {
		return []incident.Fact{f}, nil
	})
}

// What providers do.

func (p *player) mood(_ context.Context, w words) error {
	p.moodOf(w, mood{outcome: map[string]channel.Outcome{
		"fails": channel.Temporary, "refuses": channel.Permanent, "hangs": channel.Unknown,
	}[w[""]]})
	return nil
}

func (p *player) asks(_ context.Context, w words) error {
	p.moodOf(w, mood{channel.Temporary, w.duration()})
	return nil
}

// moodOf sets how a provider behaves: to one person, or to all.
func (p *player) moodOf(w words, m mood) {
	for _, c := range p.phones {
		if c.name != w["CHANNEL"] {
			continue
		}
		if w["PERSON"] == "" {
			clear(c.moods)
		}
		c.moods[w["PERSON"]] = m
	}
}

func (p *player) receipt(ctx context.Context, w words) error {
	w["PERSON"] = strings.TrimSuffix(w["POSSESSIVE"], "'s")
	page, err := p.page(ctx, w, w["CHANNEL"])
	if err != nil {
		return err
	}
	return p.engine.Report(ctx, page.ID, escalate.State(w[""]), p.now)
}

// page is the last page that reached a person, over a channel or any.
func (p *player) page(ctx context.Context, w words, channel string) (page store.PageRow, err error) {
	id, err := p.subject(ctx, w)
	if err != nil {
		return page, err
	}
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		pages, err := tx.PagesOf(id)
		for _, one := range pages {
			if string(one.Person) == w["PERSON"] && (one.Purpose.Alarms() || one.Purpose == escalate.Update) && !one.SentAt.IsZero() && (channel == "" || one.Channel == channel) {
				page = one
			}
		}
		if err == nil && page.Bundle != "" { // the message was that one's
			page, err = tx.Page(page.Bundle)
		}
		return err
	})
	if err == nil && page.ID == "" {
		err = fmt.Errorf("no page reached %s", w["PERSON"])
	}
	return page, err
}

// What happens to the house.

func (p *player) crashNow(ctx context.Context, _ words) error { return p.crash(ctx) }

func (p *player) crashAtPoint(_ context.Context, w words) error {
	p.crashAt = w["POINT"]
	return nil
}

func (p *player) off(ctx context.Context, w words) error {
	if err := p.close(); err != nil {
		return err
	}
	p.now = p.now.Add(w.duration())
	return p.open(ctx)
}

func (p *player) lose(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.Disarm("tend", string(id)) })
}

func (p *player) apply(ctx context.Context, w words) error { return p.setUp(ctx, w["BLOCK"]) }

func (p *player) retire(ctx context.Context, w words) error {
	return p.store.Write(ctx, store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(p.now, store.Change{Kind: w["KIND"], ID: w["NAME"], By: "night"})
		return err
	})
}

func (p *player) pin(ctx context.Context, w words) error {
	id := org.PolicyID(w["POLICY"])
	var rows []store.Row
	err := p.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Subjects(store.Filter{Open: true, Limit: 10_000})
		return err
	})
	slices.Reverse(rows) // oldest first
	for _, r := range rows {
		if err != nil {
			break
		}
		_, err = p.engine.Do(ctx, r.ID, "night", p.now, func(in incident.Incident, world escalate.World) (facts []incident.Fact, err error) {
			for _, run := range in.Runs {
				if run.Policy != id || !run.Open() {
					continue
				}
				from, _ := world.Policy(id, run.Version)
				to, _ := world.Policy(id, 0)
				more, err := escalate.Pin(in, run.ID, from, to)
				if err != nil {
					return nil, err
				}
				facts = append(facts, more...)
			}
			return facts, nil
		})
	}
	return err
}

func (p *player) morning(context.Context, words) error {
	p.over = true
	return nil
}

// What the script asks to see.

func (p *player) showLog(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.showLogOf(ctx, id)
}

func (p *player) showLogOf(ctx context.Context, id incident.ID) error {
	return p.store.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(id)
		for _, e := range log {
			p.sayAt(e.At, markShown, "%s: %s", e.By.Name(), e.Fact)
		}
		return err
	})
}

func (p *player) showStatus(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		in, err := tx.Subject(id)
		if err == nil {
			p.say(markShown, "%s", p.standing(in.Incident))
		}
		return err
	})
}

// standing is where an incident stands, in a few words.
func (p *player) standing(in incident.Incident) string {
	said := string(in.Status)
	if in.Owner != "" && in.Status.Open() {
		said += " by " + string(in.Owner)
	}
	if until := later(in.AckUntil, in.SnoozeUntil); !until.IsZero() {
		said += " until " + p.script.stamp(until.UTC())
	}
	if in.Held != "" {
		said += ", held: " + in.Held
	}
	return said + fmt.Sprintf(", %s, %s", in.Severity, in.Priority)
}
