package sim

import (
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// silence is somebody who wants to hear nothing of a room for a while, now or soon, and
// may think better of it.
func (s *simulator) silence() {
	wish := alert.Silence{By: "dee", Comment: "known", Matchers: [][]alert.Matcher{
		{{Name: "room", Value: "hall"}},
		{{Name: "room", Value: "mail|build", Regex: true}},
		{{Name: "room", Not: true}},
	}[s.rng.IntN(3)]}
	if s.chance(0.3) {
		wish.Integration = []org.IntegrationID{"prom", "pager"}[s.rng.IntN(2)]
	}
	wish.Start = s.now
	if s.chance(0.4) {
		wish.Start = s.now.Add(s.within(time.Hour, 2))
	}
	wish.End = wish.Start.Add(time.Minute + s.within(2*time.Hour, 1))
	made, err := s.engine.Silence(s.ctx, wish, nil, s.now)
	s.say("a silence from %s until %s over %v: %v", wish.Start.Format(time.TimeOnly), wish.End.Format(time.TimeOnly), wish.Matchers, err)
	if err != nil {
		return
	}
	switch s.rng.IntN(4) {
	case 0:
		s.after(s.within(time.Hour, 1), func() {
			err := s.engine.EndSilence(s.ctx, made.ID, "somebody", nil, s.now)
			s.say("a silence is ended: %v", err)
		})
	case 1:
		s.after(s.within(time.Hour, 1), func() {
			made.End = s.now.Add(time.Minute + s.within(time.Hour, 1))
			made.Matchers[0].Not = s.chance(0.2) && made.Matchers[0].Value != ""
			_, err := s.engine.Silence(s.ctx, made, nil, s.now)
			s.say("a silence is changed, until %s: %v", made.End.Format(time.TimeOnly), err)
		})
	}
}

// silenced: what is held by a silence is held by one that is active and covers all that
// fires, and what such silences cover is held (I10).
func (o *oracle) silenced(open []incident.ID) {
	now := o.s.now
	if o.excused(now) {
		return
	}
	o.read(func(tx *store.Tx) error {
		list, err := tx.SilencesAt(now)
		if err != nil {
			return err
		}
		on, _ := o.s.sieve.Windows(now)
		silences := alert.CompileSilences(append(list, on...))
		for _, id := range open {
			sub, err := tx.Subject(id)
			if err != nil {
				return err
			}
			alerts, err := tx.AlertsOf(id)
			if err != nil {
				return err
			}
			if sub.At.After(now) {
				continue // the clock went back
			}
			var firing []alert.Alert
			for _, a := range alerts {
				if a.Open {
					firing = append(firing, a)
				}
			}
			for _, f := range alert.Hush(sub.Incident, firing, silences, now) {
				o.s.violation("I10", "%s, held %q: the silences of now want %s: %s", id, sub.Held, f.Kind(), f)
			}
			if sub.Silence != "" && len(firing) == 0 {
				o.s.violation("I10", "%s is held by a silence and nothing of it fires", id)
			}
		}
		return nil
	})
}
