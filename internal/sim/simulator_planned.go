package sim

import (
	"time"

	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// What some houses do by plan: work on the database each night, a program that puts builds
// right, and hours in which mail is looked after.

// plan draws them.
func (s *simulator) plan(in *sift.Sifting, mail *org.Service) {
	day := s.now.AddDate(0, 0, -3).Format("2006-01-02")
	if s.chance(0.5) {
		in.Windows = append(in.Windows, sift.Maintenance{
			ID: "patches", Services: []org.ServiceID{"db"}, Dependents: s.chance(0.5), Start: day + "T02:30", Zone: "Europe/Berlin",
			For: minutes(20 + s.rng.IntN(120)), Repeat: "FREQ=DAILY", Notice: minutes(s.rng.IntN(2) * 15),
		})
	}
	if s.chance(0.5) {
		s.acts = true
		in.Actions = append(in.Actions, sift.Action{
			ID: "mender", Match: []string{`room=~"build|hall"`}, Webhook: "mender", Limit: minutes(1), Clear: minutes(1 + s.rng.IntN(3)), AtMost: 1 + s.rng.IntN(4),
		})
	}
	if s.chance(0.5) {
		mail.Support = &org.SupportHours{Hours: org.Hours{From: minutes(8 * 60), To: minutes(18 * 60)}, Zone: "America/New_York", Raise: s.chance(0.7)}
	}
}

// mend is the program of an action: it works, fails, takes its time, or never answers.
func (s *simulator) mend() {
	var due []store.Action
	err := s.store.Write(s.ctx, store.High, func(tx *store.Tx) (err error) {
		if due, err = tx.DueActions(s.now, 4); err != nil {
			return err
		}
		for i := range due {
			if _, err := tx.ClaimAction(&due[i], due[i].Until.Add(time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return
	}
	for _, run := range due {
		if s.chance(0.3) {
			s.say("the program of %s never answers", run.ID)
			continue
		}
		works := s.chance(0.6)
		s.after(s.within(time.Minute, 2), func() { s.mended(run, works) })
	}
}

func (s *simulator) mended(run store.Action, works bool) {
	done := false
	var counted bool
	var err error
	defer func() {
		s.say("the program of %s works %t, counted %t: %v", run.ID, works, counted, err)
		if !done || err != nil {
			s.after(3*time.Second, func() { s.mended(run, works) })
		}
	}()
	counted, err = s.engine.Finish(s.ctx, run, works, "", time.Second, s.now)
	done = true
}

// planned: nobody waits for a program longer than its time, nor for support hours that
// have begun (I16).
func (o *oracle) planned(in incident.Incident) {
	if !in.Status.Open() || in.At.After(o.s.now) {
		return
	}
	if in.Auto != "" && o.late(in.AutoUntil, o.s.now) > onTime {
		o.s.violation("I16", "%s waits for an action whose time was over at %s", in.ID, in.AutoUntil)
	}
	if in.Priority == org.Low && !in.Support.IsZero() && o.late(in.Support, o.s.now) > onTime {
		o.s.violation("I16", "%s was to be raised at %s", in.ID, in.Support)
	}
}
