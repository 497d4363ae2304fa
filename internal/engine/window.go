package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// windowKind is the due row of all maintenance windows: their next beginning or end.
const windowKind = "window"

var windowRow = store.Due{Kind: windowKind, Subject: "windows", Lane: store.LaneHigh}

// quietAt are the silences and maintenance windows of a moment.
func (s *setup) quietAt(tx *store.Tx, now time.Time) ([]alert.Silence, error) {
	list, err := tx.SilencesAt(now)
	on, _ := s.sieve.Windows(now)
	return append(list, on...), err
}

// armWindows sets when the windows are looked at.
func (t *tending) armWindows() error { return armWindows(t.tx, t.s, t.now) }

func armWindows(tx *store.Tx, s *setup, now time.Time) error {
	_, next := s.sieve.Windows(now)
	if next.IsZero() {
		return nil
	}
	d := windowRow
	d.At = next
	return tx.ArmBy(d)
}

// windowDue holds what fires when a window begins, and lets go of it at its end.
func (e *Engine) windowDue(ctx context.Context, d store.Due, now time.Time) error {
	var subjects []incident.ID
	err := e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if subjects, err = tx.HeldSubjects(); err != nil {
			return err
		}
		on, _ := s.sieve.Windows(now)
		for _, w := range on {
			more, err := silenced(tx, w, now)
			if err != nil {
				return err
			}
			subjects = append(subjects, more...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(subjects)
	for some := range slices.Chunk(slices.Compact(subjects), tendAtATime) {
		if err := e.store.Write(ctx, store.High, func(tx *store.Tx) (err error) {
			defer guard(&err)
			return e.hushThese(tx, some, now)
		}); err != nil {
			return err
		}
	}
	return e.store.Write(ctx, store.High, func(tx *store.Tx) error {
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if err := e.announce(tx, s, now); err != nil {
			return err
		}
		if err := tx.Disarm(d.Kind, d.Subject); err != nil {
			return err
		}
		return armWindows(tx, s, now)
	})
}

// What a notice about a window is for stands in its key.
const (
	noticeWork = iota
	noticeWorkOver
)

// announce tells those concerned of windows that begin soon, or are over with what still
// fires.
func (e *Engine) announce(tx *store.Tx, s *setup, now time.Time) error {
	for _, n := range s.sieve.Notices(now) {
		sort, about := noticeWork, n.Begin
		left := ""
		if n.Over {
			sort, about = noticeWorkOver, n.End
			var err error
			if left, err = stillFires(tx, n, now); err != nil {
				return err
			}
		}
		for _, p := range s.concerned(n) {
			text := fmt.Sprintf("Maintenance %s from %s to %s: %s calls nobody meanwhile", n.Title(), s.clock(p, n.Begin), s.clock(p, n.End), s.covered(n.Covers))
			if n.Over {
				text = fmt.Sprintf("Maintenance %s is over%s", n.Title(), left)
			}
			if err := e.notice(tx, s, p, alert.WindowPrefix+n.ID, sort, about, text, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// covered are services as people read them.
func (s *setup) covered(ids []org.ServiceID) string {
	var names []string
	for i, id := range ids {
		if i == 5 {
			names = append(names, fmt.Sprintf("%d more", len(ids)-i))
			break
		}
		names = append(names, s.serviceName(id))
	}
	return cmp.Or(strings.Join(names, ", "), "what its labels match")
}

// concerned are those who hear of a window.
func (s *setup) concerned(n sift.Notice) []org.PersonID {
	targets := n.Tell
	if len(targets) == 0 {
		for _, id := range n.Covers {
			if p, ok := s.policies[s.services[id].Policy]; ok && len(p.Levels) > 0 {
				targets = append(targets, p.Levels[0].Targets...)
			}
		}
	}
	return s.behind(targets, n.Begin)
}

// stillFires is what a window leaves behind, in words.
func stillFires(tx *store.Tx, n sift.Notice, now time.Time) (string, error) {
	held := alert.Silence{Services: n.Covers, Start: n.Begin, End: now.Add(time.Second)}
	for _, text := range n.Match {
		ms, err := alert.ParseMatchers(text)
		if err != nil {
			return "", nil
		}
		held.Matchers = append(held.Matchers, ms...)
	}
	one := alert.CompileSilences([]alert.Silence{held})
	var titles []string
	for after := (store.AlertKey{}); ; {
		some, err := tx.FiringAfter(after, readAtATime)
		if err != nil {
			return "", err
		}
		for _, a := range some {
			after = store.AlertKey{Integration: a.Integration, Key: a.Key}
			if len(one.Over(a, now)) > 0 {
				titles = append(titles, a.Title)
			}
		}
		if len(some) < readAtATime {
			break
		}
	}
	if len(titles) == 0 {
		return ": nothing fires", nil
	}
	text := fmt.Sprintf(": %d alerts still fire and call now", len(titles))
	if len(titles) == 1 {
		text = ": one alert still fires and calls now"
	}
	return text + "\n" + strings.Join(titles[:min(len(titles), 5)], "\n"), nil
}
