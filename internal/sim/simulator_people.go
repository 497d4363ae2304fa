package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"math/rand/v2"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// A menu is what may go wrong in a life. Each seed draws its own, so that every fault
// meets lives that are otherwise in order.
type menu struct {
	crashes, faults, edits, poison float64 // a day
	outages                        float64 // of a provider, a day
	modes                          []channel.Outcome
	jumps, lateReceipts            bool
	midSend                        bool // people answer while the provider is still busy
	trouble                        float64
	silences                       float64 // a day
}

func drawMenu(r *rand.Rand) (m menu) {
	often := func(aDay float64) float64 {
		if r.IntN(3) == 0 {
			return 0
		}
		return aDay * (0.5 + r.Float64())
	}
	m.crashes, m.faults, m.edits, m.poison, m.outages = often(8), often(12), often(6), often(0.3), often(4)
	for _, o := range []channel.Outcome{channel.Permanent, channel.Temporary, channel.Unknown, lost} {
		if r.IntN(3) > 0 {
			m.modes = append(m.modes, o)
		}
	}
	m.jumps, m.lateReceipts, m.midSend = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
	m.trouble = 8 + 8*r.Float64()
	m.silences = often(6)
	return m
}

// lost is an unknown outcome of a page that did not arrive.
const lost channel.Outcome = "lost"

// An outage is how a provider behaves for a while.
type outage struct {
	mode  channel.Outcome
	share float64 // of the pages
}

// invite sets everything going that happens by itself.
func (s *simulator) invite() {
	s.often(s.menu.trouble, s.trouble)
	s.often(s.menu.edits, s.edit)
	s.often(s.menu.crashes, func() { s.crashIn = 1 + s.rng.IntN(12) })
	s.often(s.menu.faults, func() {
		s.faultIn, s.faultAt = 1+s.rng.IntN(10), []string{"begin", "commit", "committed"}[s.rng.IntN(3)]
	})
	s.often(s.menu.poison, s.poison)
	s.often(s.menu.silences, s.silence)
	if len(s.menu.modes) > 0 {
		s.often(s.menu.outages, s.outage)
	}
}

// calm ends everything that goes wrong.
func (s *simulator) calm() {
	s.say("from here on nothing breaks")
	s.crashIn, s.faultIn = 0, 0
	clear(s.troubles)
	s.menu = menu{}
}

func (s *simulator) outage() {
	name := simulatedChannels[s.rng.IntN(len(simulatedChannels))]
	o := &outage{s.menu.modes[s.rng.IntN(len(s.menu.modes))], []float64{0.3, 1}[s.rng.IntN(2)]}
	s.troubles[name] = o
	s.say("%s: %s for %.0f%%", name, o.mode, 100*o.share)
	s.after(s.within(time.Hour, 1.5), func() {
		if s.troubles[name] == o {
			delete(s.troubles, name)
			s.say("%s works again", name)
		}
	})
}

// poison marks what the house cannot digest.
const poison = "poison"

// poison lays a due row that nobody knows how to do, and an alert without a subject.
func (s *simulator) poison() {
	id := fmt.Sprintf("%s-%d", poison, s.count)
	s.after(time.Hour, func() { s.cure(id) })
	err := s.store.Write(s.ctx, store.People, func(tx *store.Tx) error {
		if err := tx.Arm(store.Due{Kind: poison, Subject: id, Lane: store.LaneHigh, At: s.now}); err != nil {
			return err
		}
		return tx.PutAlert(alert.Alert{ID: id, Integration: "prom", Key: id, Subject: incident.ID(id), Open: true, Count: 1, FirstAt: s.now, LastAt: s.now})
	})
	s.say("%s: %v", id, err)
	if err == nil {
		s.hear("prom", alert.Event{Action: alert.Trigger, Key: id, Title: id, Severity: org.SEV2})
	}
}

// cure: somebody looks after a poisoned row.
func (s *simulator) cure(id string) {
	err := s.store.Write(s.ctx, store.People, func(tx *store.Tx) error { return tx.Disarm(poison, id) })
	if err != nil {
		s.after(time.Minute, func() { s.cure(id) })
	}
}

// trouble is one thing that breaks: it fires, repeats itself, and mostly ends; what is
// said of it arrives twice, late, or in the wrong order.
func (s *simulator) trouble() {
	integration := []org.IntegrationID{"prom", "pager", "hook"}[s.rng.IntN(3)]
	ev := alert.Event{
		Action: alert.Trigger, Key: fmt.Sprintf("k%d", s.rng.IntN(60)), Title: fmt.Sprintf("trouble %d", s.count),
		Severity: []org.Severity{"", org.SEV1, org.SEV2, org.SEV3, org.SEV4}[s.rng.IntN(5)],
	}
	if s.chance(0.5) {
		ev.Labels = map[string]string{"room": []string{"mail", "build", "attic", "hall"}[s.rng.IntN(4)]}
	}
	if s.sifts && s.chance(0.3) {
		host := []string{"host-1", "host-2", "room"}[s.rng.IntN(3)]
		ev.Key, ev.Labels = host+"/"+ev.Key, map[string]string{"host": host, "room": "hall"}
	}
	from := s.now
	lasts := s.within(time.Hour, 1.2)
	every := 30*time.Second + s.within(10*time.Minute, 1)
	for at, n := time.Duration(0), 0; at < lasts && n < 20; at, n = at+every, n+1 {
		said := ev
		if n > 0 && s.chance(0.1) {
			said.Severity = org.SEV1
		}
		s.send(integration, said, from, at)
	}
	if s.chance(0.3) {
		verb := ev
		verb.Action = []alert.Action{alert.Acknowledge, alert.Unacknowledge, alert.Note, alert.Update, alert.Change, alert.Heartbeat, alert.Unreadable}[s.rng.IntN(7)]
		verb.By, verb.Text = "ana", "said elsewhere"
		if verb.Action == alert.Unreadable {
			verb.Key = alert.UnreadableKey
		}
		s.send(integration, verb, from, time.Duration(s.rng.Int64N(int64(lasts+1))))
	}
	ev.Action = alert.Resolve
	if s.chance(0.15) { // it goes on without a word
		lasts += s.within(6*time.Hour, 1)
	}
	s.send(integration, ev, from, lasts)
}

// send has an event of a moment arrive: at once, late, or twice.
func (s *simulator) send(integration org.IntegrationID, ev alert.Event, from time.Time, at time.Duration) {
	if s.chance(0.7) {
		ev.At = from.Add(at)
	}
	arrives := func(late time.Duration) {
		s.after(from.Add(at).Sub(s.now)+late, func() { s.hear(integration, ev) })
	}
	arrives(time.Duration(s.rng.IntN(3)) * time.Second)
	if s.chance(0.1) {
		arrives(s.within(time.Minute, 1))
	}
	if s.chance(0.05) {
		arrives(s.within(time.Hour, 4))
	}
}

// hear hands an event to the house, as often as it takes.
func (s *simulator) hear(integration org.IntegrationID, ev alert.Event) {
	done := false
	var err error
	defer func() {
		if !done || err != nil { // a crash, or an answer that says no
			s.oracle.unsure(integration, ev)
			s.after(2*time.Second, func() { s.hear(integration, ev) })
		}
	}()
	s.say("%s says %s %s %q %s", integration, ev.Action, ev.Key, ev.Title, ev.Severity)
	err = s.engine.Hear(s.ctx, integration, []alert.Event{ev}, nil, s.now)
	done = true
	if err == nil {
		s.Events++
		s.oracle.accepted(integration, ev)
		if s.acts && ev.Action == alert.Trigger {
			s.after(time.Duration(1+s.rng.IntN(40))*time.Second, s.mend)
		}
	}
}

// A carrier is a provider of a channel.
type carrier struct {
	s    *simulator
	name string
}

func (c carrier) Name() string { return c.name }

func (c carrier) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	s := c.s
	outcome := channel.Accepted
	if o := s.troubles[c.name]; o != nil && s.chance(o.share) {
		outcome = o.mode
	}
	s.marking = ""
	s.Sends++
	s.say("%s carries %s %s to %s: %q %q: %s", c.name, m.Purpose, m.ID, m.PersonName, m.Title, m.Text, outcome)
	p, ok := s.oracle.sending(m)
	if !ok {
		return channel.Receipt{}, errors.New("a violation")
	}
	if outcome == channel.Accepted || outcome == channel.Unknown {
		s.oracle.arrived(p)
		s.delivered(p)
	}
	if s.menu.midSend && s.chance(0.05) {
		s.answerMidSend(p)
	}
	switch outcome {
	case channel.Accepted:
		s.marking = m.ID
		return channel.Receipt{Provider: "x" + m.ID, State: escalate.Sent}, nil
	case channel.Unknown:
		s.oracle.ambiguous(m.ID)
		fallthrough
	case lost:
		return channel.Receipt{}, &channel.Error{Outcome: channel.Unknown, Err: errors.New("no answer came")}
	}
	e := &channel.Error{Outcome: outcome, Err: errors.New("refused")}
	if s.chance(0.2) {
		e.RetryAfter = time.Duration(s.rng.IntN(300)) * time.Second
	}
	return channel.Receipt{}, e
}

// answerMidSend: while the provider is busy with one page, somebody answers. A crash
// cannot come in here, as the house would be in two places.
func (s *simulator) answerMidSend(p store.PageRow) {
	if !p.Purpose.Alarms() || p.Person == "" || s.sheltered {
		return
	}
	s.sheltered = true
	s.does(p, "acknowledges", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, w, "web", s.now)
	})
	s.sheltered = false
}

// delivered: receipts come back, and the person does something or sleeps on.
func (s *simulator) delivered(p store.PageRow) {
	for _, state := range []escalate.State{escalate.Delivered, escalate.Read} {
		n := 1
		if s.menu.lateReceipts {
			n = s.rng.IntN(3)
		}
		for range n {
			if state == escalate.Delivered || s.chance(0.3) {
				s.after(s.within(time.Minute, 2), func() {
					err := s.engine.Report(s.ctx, p.ID, state, s.now)
					s.say("receipt: %s is %s: %v", p.ID, state, err)
				})
			}
		}
	}
	if p.Person == "" || !p.Purpose.Alarms() || s.chance(0.75) {
		return
	}
	s.after(s.within(time.Minute, 0.3), func() { s.react(p) })
}

// react is what a person does whom a page has reached.
func (s *simulator) react(p store.PageRow) {
	x := s.rng.IntN(100)
	until := s.now.Add(s.within(time.Hour, 1) + time.Second)
	other := simulatedPeople[s.rng.IntN(len(simulatedPeople))]
	target := []org.Target{{Kind: "person", ID: string(other)}, {Kind: "schedule", ID: "first"}, {Kind: "policy", ID: "turns"}, {Kind: "team", ID: "web"}}[s.rng.IntN(4)]
	switch {
	case x < 60:
		s.answer(p)
	case x < 66:
		s.does(p, "snoozes", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Snooze(in, until, s.now)
		})
	case x < 72:
		s.does(p, "gives back", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Unacknowledge(in, "not mine")
		})
	case x < 78:
		s.does(p, "escalates", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.EscalateNow(in, "help")
		})
	case x < 84:
		s.does(p, "reassigns to "+target.String(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Reassign(in, w, target, "theirs", s.now)
		})
	case x < 88 && target.Kind != "policy":
		s.does(p, "adds "+target.String(), func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.AddResponders(in, []org.Target{target}, "two see more")
		})
	case x < 92:
		s.does(p, "resolves", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Ended{Why: "repaired"}}, openOrRefuse(in)
		})
	case x < 95:
		s.does(p, "holds", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) { return alert.Hold(in, "known") })
		s.after(s.within(time.Hour, 2), func() {
			s.does(p, "releases", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
				return alert.Release(in, "enough")
			})
		})
	case x < 98:
		s.does(p, "rates", func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return alert.Raise(in, []org.Severity{org.SEV1, org.SEV3}[s.count%2], []org.Priority{org.High, org.Low}[s.count%2], "as I see it")
		})
	default:
		s.does(p, "pins", pinNewest)
	}
	if s.chance(0.3) {
		s.after(s.within(time.Hour, 2), func() { s.react(p) })
	}
}

func openOrRefuse(in incident.Incident) error {
	if !in.Status.Open() {
		return incident.Refuse("it is %s", in.Status)
	}
	return nil
}

// pinNewest applies the newest version of a policy to an open incident.
func pinNewest(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
	for _, r := range in.Runs {
		if r.Open() && r.Policy != "" {
			from, _ := w.Policy(r.Policy, r.Version)
			to, _ := w.Policy(r.Policy, 0)
			return escalate.Pin(in, r.ID, from, to)
		}
	}
	return nil, incident.Refuse("nothing climbs")
}

// answer is an acknowledgement by the link in a page.
func (s *simulator) answer(p store.PageRow) {
	s.does(p, "answers", nil)
}

// does is one path for all that people do. What fails for a reason of the house's own
// is done again a little later.
func (s *simulator) does(p store.PageRow, what string, decide engine.Decision) {
	done := false
	var err error
	defer func() {
		_, refused := errors.AsType[incident.Refusal](err)
		s.say("%s %s %s: %v", p.Person, what, p.Subject, err)
		switch {
		case done && err == nil:
			s.Acks++
			s.oracle.did(p, what)
		case !done, !refused:
			s.after(3*time.Second, func() { s.does(p, what, decide) })
		}
	}()
	if decide == nil {
		_, err = s.engine.Answer(s.ctx, p, 0, s.now)
	} else {
		_, err = s.engine.Do(s.ctx, p.Subject, incident.ByPerson(p.Person), s.now, decide)
	}
	done = true
}
