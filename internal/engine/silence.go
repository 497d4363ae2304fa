package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
)

// maxSilences is how many silences an integration may have that are not over: each is
// asked about each alert.
const maxSilences = 1000

// Silence makes a silence, or changes the one whose ID the wish has, and returns what
// came of it, which may be a new one. When it returns, the silence is on disk. A
// refusal says why there is none; store.ErrNotFound that none has the ID. may, if any, is
// asked about the one that is changed, and its error is the answer.
func (e *Engine) Silence(ctx context.Context, wish alert.Silence, may func(alert.Silence) error, now time.Time) (made alert.Silence, err error) {
	id := e.newUUID()
	wish.Start, wish.End = wish.Start.Truncate(time.Microsecond), wish.End.Truncate(time.Microsecond)
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		var old *alert.Silence
		if wish.ID != "" {
			was, err := tx.Silence(wish.ID)
			if err != nil {
				return err
			}
			if may != nil {
				if err := may(was); err != nil {
					return err
				}
			}
			old = &was
		}
		next, ended, err := alert.Revise(old, wish, now)
		if err != nil {
			return err
		}
		if next.ID == "" {
			next.ID = id
			if n, err := tx.SilenceCount(next.Integration); err != nil {
				return err
			} else if n >= maxSilences {
				return incident.Refuse("there are %d silences already; end some of them first", n)
			}
		}
		made = next
		all := []alert.Silence{next}
		if ended != nil {
			all = append(all, *ended)
		}
		return putSilences(tx, now, all...)
	})
	if err == nil {
		e.Poke()
	}
	return made, err
}

// EndSilence ends a silence now, by somebody; one that is over stays as it is. may is
// asked as Silence asks it.
func (e *Engine) EndSilence(ctx context.Context, id, by string, may func(alert.Silence) error, now time.Time) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		s, err := tx.Silence(id)
		if err != nil {
			return err
		}
		if may != nil {
			if err := may(s); err != nil {
				return err
			}
		}
		if s.State(now) == alert.SilenceExpired {
			return nil
		}
		return putSilences(tx, now, s.Expire(now, by))
	})
	if err == nil {
		e.Poke()
	}
	return err
}

// putSilences writes silences and has each looked at: now, for what it finds or leaves
// behind, and then at its next change.
func putSilences(tx *store.Tx, now time.Time, all ...alert.Silence) error {
	for _, s := range all {
		if err := tx.PutSilence(s); err != nil {
			return err
		}
		at := now
		if s.Start.After(now) {
			at = s.Start
		}
		if err := tx.Arm(store.Due{Kind: store.SilenceKind, Subject: s.ID, Lane: store.LaneHigh, At: at}); err != nil {
			return err
		}
	}
	return nil
}

// newUUID makes an identifier for dialects that want it to be a UUID.
func (e *Engine) newUUID() string {
	var b [16]byte
	if _, err := io.ReadFull(drawing{e}, b[:]); err != nil {
		panic("engine: the source of randomness failed: " + err.Error())
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// How many alerts are read, or subjects tended, at a time.
const (
	readAtATime = 1000
	tendAtATime = 50
)

// silenceDue does what is due of a silence: at its start it holds what already fires, at
// its end it lets go. Nobody waits for it while it works: subjects are tended a few at a
// time, and its own row is only locked at last. Who holds an incident by it meanwhile
// arms the row anew, and so fences this off.
func (e *Engine) silenceDue(ctx context.Context, d store.Due, now time.Time) error {
	var s alert.Silence
	var subjects []incident.ID
	err := e.store.Read(ctx, func(tx *store.Tx) (err error) {
		if s, err = tx.Silence(d.Subject); err != nil {
			return err
		}
		switch s.State(now) {
		case alert.SilenceActive:
			subjects, err = silenced(tx, s, now)
		case alert.SilenceExpired:
			subjects, err = tx.HeldSubjects()
		}
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	for some := range slices.Chunk(subjects, tendAtATime) {
		if err := e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
			defer guard(&err)
			return e.hushThese(tx, some, now)
		}); err != nil {
			return err
		}
	}
	return e.store.Write(ctx, store.High, func(tx *store.Tx) error {
		// The silence is locked before its due row, as by everybody.
		if _, err := tx.Silence(d.Subject); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		d.Failures = 0
		switch s.State(now) {
		case alert.SilencePending:
			d.At = s.Start
		case alert.SilenceActive:
			d.At = nextLook(s, now)
		default:
			return errors.Join(tx.SilenceOver(d.Subject), tx.Disarm(d.Kind, d.Subject))
		}
		return tx.Arm(d)
	})
}

// lookAgain is how long after its beginning a silence looks again at what fires: an alert
// that was being triaged meanwhile may have seen nothing of it, nor it of the alert. The
// second time is for a database that was slow.
var lookAgain = []time.Duration{2 * time.Second, 30 * time.Second}

// nextLook is when an active silence has something to do next: in the end, to end.
func nextLook(s alert.Silence, now time.Time) time.Time {
	began := s.Start
	if s.Updated.After(began) {
		began = s.Updated
	}
	for _, later := range lookAgain {
		if at := began.Add(later); at.After(now) && at.Before(s.End) {
			return at
		}
	}
	return s.End
}

// silenced are the subjects of the open alerts that a silence matches.
func silenced(tx *store.Tx, s alert.Silence, now time.Time) (ids []incident.ID, err error) {
	one := alert.CompileSilences([]alert.Silence{s})
	known := map[incident.ID]bool{}
	var after store.AlertKey
	for {
		some, err := tx.FiringAlerts(s.Integration, after, readAtATime)
		if err != nil {
			return nil, err
		}
		for _, a := range some {
			after = store.AlertKey{Integration: a.Integration, Key: a.Key}
			if a.Subject != "" && !known[a.Subject] && len(one.Over(a.Alert, now)) > 0 {
				known[a.Subject] = true
				ids = append(ids, a.Subject)
			}
		}
		if len(some) < readAtATime {
			return ids, nil
		}
	}
}

// hushThese brings subjects in line with the silences of now.
func (e *Engine) hushThese(tx *store.Tx, ids []incident.ID, now time.Time) error {
	s, err := e.current(tx)
	if err != nil {
		return err
	}
	list, err := s.quietAt(tx, now)
	if err != nil {
		return err
	}
	silences := alert.CompileSilences(list)
	ids = slices.Sorted(slices.Values(ids)) // as everybody locks them
	for _, id := range ids {
		sub, err := tx.Lock(id)
		if err != nil {
			return err
		}
		all, err := tx.AlertsOf(id)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		if err := t.hush(firing(all), silences); err != nil {
			return err
		}
		if len(t.log) == 0 {
			continue
		}
		if err := t.settle(); err != nil {
			return err
		}
	}
	return nil
}

func firing(all []alert.Alert) (open []alert.Alert) {
	for _, a := range all {
		if a.Open {
			open = append(open, a)
		}
	}
	return open
}

// hush states what the silences mean for a subject. Whoever is held has the silence look
// again at its end, even if it is ending just now.
func (t *tending) hush(firing []alert.Alert, silences alert.Silences) error {
	for _, f := range alert.Hush(t.in, firing, silences, t.now) {
		t.add(incident.Engine, f)
		held, ok := f.(incident.Held)
		if !ok {
			continue
		}
		if strings.HasPrefix(held.Silence, alert.WindowPrefix) {
			if err := t.armWindows(); err != nil {
				return err
			}
			continue
		}
		s, err := t.tx.Silence(held.Silence)
		if err != nil {
			return err
		}
		if err := t.tx.ArmBy(store.Due{Kind: store.SilenceKind, Subject: s.ID, Lane: store.LaneHigh, At: s.End}); err != nil {
			return err
		}
	}
	return nil
}

// askSilences is for a subject that something else has held until now.
func (t *tending) askSilences() error {
	list, err := t.s.quietAt(t.tx, t.now)
	if err != nil || len(list) == 0 {
		return err
	}
	all, err := t.tx.AlertsOf(t.in.ID)
	if err != nil {
		return err
	}
	return t.hush(firing(all), alert.CompileSilences(list))
}

// stir has a subject compared with the silences before the batch ends.
func (t *triaging) stir(id incident.ID, opened bool) { t.stirred[id] = t.stirred[id] || opened }

// quiet holds what is silenced of a batch, before anybody is called for it.
func (t *triaging) quiet() error {
	if len(t.stirred) == 0 {
		return nil
	}
	if t.silent == nil {
		list, err := t.s.quietAt(t.tx, t.now)
		if err != nil {
			return err
		}
		compiled := alert.CompileSilences(list)
		t.silent = &compiled
	}
	silences := *t.silent
	fresh := sync.OnceValue(func() map[incident.ID][]alert.Alert {
		of := map[incident.ID][]alert.Alert{}
		for _, id := range t.altered {
			if a := t.changed[id]; a.Open {
				of[a.Subject] = append(of[a.Subject], *a)
			}
		}
		return of
	})
	for _, w := range t.order {
		opened, stirred := t.stirred[w.in.ID]
		if !stirred || silences.None() && w.in.Silence == "" {
			continue
		}
		fires := fresh()[w.in.ID]
		if !opened {
			all, err := t.tx.AlertsOf(w.in.ID)
			if err != nil {
				return err
			}
			fires = firing(all)
		}
		if err := w.hush(fires, silences); err != nil {
			return err
		}
	}
	return nil
}
