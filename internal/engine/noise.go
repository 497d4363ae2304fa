package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/alert/noise"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// noiseMost is how many alerts and incidents a report counts.
const noiseMost = 50_000

// A Noisy is what a while came to.
type Noisy struct {
	From, To time.Time
	Whole    bool
	Alerts   []noise.Origin
	Troubles []noise.Trouble
}

// Noise gathers what alerts cost people in a while. Rules are those of now: what would
// decide today about an alert of then. Incidents of services that are left out are not
// counted.
func Noise(tx *store.Tx, e *Engine, from, to time.Time, without []org.ServiceID) (n Noisy, err error) {
	n = Noisy{From: from, To: to, Whole: true}
	s, err := e.current(tx)
	if err != nil {
		return n, err
	}
	alerts, err := tx.AlertsBegun(from, to, noiseMost+1)
	if err != nil {
		return n, err
	}
	ids, err := tx.SubjectsBetween(from, to, noiseMost+1)
	if err != nil || len(ids) == 0 {
		return n, err
	}
	if len(alerts) > noiseMost || len(ids) > noiseMost {
		alerts, ids, n.Whole = alerts[:min(len(alerts), noiseMost)], ids[:min(len(ids), noiseMost)], false
	}
	leads, first, letGo := map[incident.ID]noise.Origin{}, map[incident.ID]store.AlertKey{}, map[store.AlertKey][]time.Time{}
	for _, a := range alerts {
		if slices.Contains(without, a.Service) || a.Integration == Own {
			continue
		}
		o, key := s.originOf(a), store.AlertKey{Integration: a.Integration, Key: a.Key}
		n.Alerts = append(n.Alerts, o)
		switch _, known := leads[a.Subject]; {
		case a.Subject != "" && (!known || a.Sifted.Place == alert.Lead):
			leads[a.Subject], first[a.Subject] = o, key
		case a.Subject == "" && !a.Open && (a.Sifted.Stage == alert.Transient || a.Sifted.Stage == alert.Threshold):
			letGo[key] = append(letGo[key], a.FirstAt)
		}
	}
	n.Troubles, err = troubles(tx, ids, leads, without)
	for i, t := range n.Troubles {
		for _, at := range letGo[first[t.ID]] {
			if at.Before(t.Opened) {
				n.Troubles[i].LetGo++
			}
		}
	}
	return n, err
}

func (s *setup) originOf(a alert.Alert) noise.Origin {
	in, ok := s.integrations[a.Integration]
	if !ok {
		in = org.Integration{ID: a.Integration}
	}
	c := alert.Categorize(a.Last, in, s.rules, s.services, s.settings)
	return noise.Origin{Rule: c.Rule, Integration: a.Integration, Service: a.Service}
}

// troubles are incidents with what people did about them.
func troubles(tx *store.Tx, ids []incident.ID, leads map[incident.ID]noise.Origin, without []org.ServiceID) ([]noise.Trouble, error) {
	found := map[incident.ID]*noise.Trouble{}
	for some := range slices.Chunk(ids, readAtATime) {
		if err := tx.Preload(some); err != nil {
			return nil, err
		}
		for _, id := range some {
			sub, err := tx.Subject(id)
			if err != nil {
				return nil, err
			}
			in := sub.Incident
			if in.Sort != "" || in.Integration == Own || slices.Contains(without, in.Service) {
				continue
			}
			o, ok := leads[id]
			if !ok {
				o = noise.Origin{Integration: in.Integration, Service: in.Service}
			}
			found[id] = &noise.Trouble{ID: id, Title: in.Title, Origin: o, Opened: in.OpenedAt, Ended: in.ResolvedAt, Was: in.Was, Opinions: in.Opinions}
		}
	}
	first, last := ids[0], ids[len(ids)-1]
	err := tx.DeedsBetween(first, last, func(d store.Deed) {
		if t := found[d.Subject]; t != nil {
			deed(t, d)
		}
	})
	if err != nil {
		return nil, err
	}
	err = tx.AlarmsBetween(first, last, func(p store.PageHour) {
		if t := found[p.Subject]; t != nil {
			t.Pages++
			if p.Hour >= nightFrom || p.Hour < nightTo {
				t.Night++
			}
		}
	})
	var out []noise.Trouble
	for _, id := range ids {
		if t := found[id]; t != nil {
			out = append(out, *t)
		}
	}
	return out, err
}

// deed counts one line of an incident's log.
func deed(t *noise.Trouble, d store.Deed) {
	person := d.By.Person() != "" || strings.HasPrefix(string(d.By), "key:")
	switch {
	case d.Kind == "resolve.resolved":
		t.BySource = d.By.Source()
		t.Acted = t.Acted || person
	case d.Kind == "escalate.acknowledged":
		t.Answered = true
	case d.Kind == "resolve.judged" || !person:
	case d.Kind == "alert.released" || d.Kind == "alert.left":
		t.Promoted, t.Acted = true, true
	default:
		t.Acted = true
	}
}

// An Unmatched is a part of the set-up that nothing matched in a while.
type Unmatched struct {
	Kind string // rule, node rule, action, silence
	Name string
}

// Unmatched looks for rules that no event of a while matched, over the events that were
// kept; whole says whether that was all of them.
func (e *Engine) Unmatched(ctx context.Context, from, to time.Time) (list []Unmatched, events int, whole bool, err error) {
	whole = true
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		silences, err := tx.SilencesAt(to)
		if err != nil {
			return err
		}
		u := newUnmatched(s, silences)
		for day := from.UTC().Truncate(24 * time.Hour); !day.After(to); day = day.AddDate(0, 0, 1) {
			kept, err := tx.Events(day)
			if err != nil {
				return err
			}
			for _, k := range kept {
				if k.At.Before(from) || k.At.After(to) || k.Event.Action != alert.Trigger {
					continue
				}
				if events++; events > previewMost || ctx.Err() != nil {
					whole = false
					break
				}
				u.look(k)
			}
		}
		list = u.left()
		return ctx.Err()
	})
	return list, events, whole, err
}

// unmatched are the parts of a set-up that nothing has matched yet.
type unmatched struct {
	s        *setup
	rules    []bool
	abouts   []bool
	actions  []bool
	silences []alert.Silence
	silent   []bool
}

func newUnmatched(s *setup, silences []alert.Silence) *unmatched {
	return &unmatched{
		s: s, rules: make([]bool, len(s.rules.Names())), abouts: make([]bool, len(s.sifting.About)), actions: make([]bool, len(s.sifting.Actions)),
		silences: silences, silent: make([]bool, len(silences)),
	}
}

func (u *unmatched) look(k store.KeptEvent) {
	in := u.s.integrations[k.Integration]
	in.ID = k.Integration
	ev := u.s.sieve.Enrich(k.Event, in)
	u.s.rules.Matching(&ev, &in, u.rules)
	u.s.sieve.Matching(&ev, &in, u.abouts, u.actions)
	if len(u.silences) > 0 {
		a := u.s.alertOf(k)
		for i, s := range u.silences {
			s.Start, s.End = k.At, k.At.Add(time.Second)
			u.silent[i] = u.silent[i] || len(alert.CompileSilences([]alert.Silence{s}).Over(a, k.At)) > 0
		}
	}
}

func (u *unmatched) left() (list []Unmatched) {
	add := func(kind string, hit []bool, name func(int) string) {
		for i, h := range hit {
			if !h {
				list = append(list, Unmatched{kind, name(i)})
			}
		}
	}
	names := u.s.rules.Names()
	add("rule", u.rules, func(i int) string { return names[i] })
	add("node rule", u.abouts, func(i int) string {
		a := u.s.sifting.About[i]
		return strings.Join(a.Match, ", ") + " -> " + a.Node + a.Class
	})
	add("action", u.actions, func(i int) string { return u.s.sifting.Actions[i].ID })
	add("silence", u.silent, func(i int) string { return u.silences[i].ID + " " + u.silences[i].Comment })
	return list
}
