package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// ErrNoHeartbeat says that an integration has no heartbeat of this name.
var ErrNoHeartbeat = errors.New("no heartbeat has this name")

const (
	// beatLate is how late a timer may be before the silence it found may be ours.
	beatLate = 5 * time.Second
	// mostHeartbeats is how many an integration may have.
	mostHeartbeats = 1000
	longestBeat    = 366 * 24 * time.Hour
)

// A Heartbeat is one with what is known of it.
type Heartbeat struct {
	org.Heartbeat
	Missed   bool      // it is silent for too long
	PingedAt time.Time // zero: never
}

// A beatName is how a heartbeat is known to its senders.
type beatName struct {
	in   org.IntegrationID
	name string
}

// heartbeat finds one by its name, or else by its id.
func (s *setup) heartbeat(in org.IntegrationID, name string) (org.Heartbeat, bool) {
	id, ok := s.beats[beatName{in, name}]
	if !ok {
		id = org.HeartbeatID(name)
	}
	b, ok := s.heartbeats[id]
	return b, ok && b.Integration == in && !b.Retired
}

// heartbeatOf is the heartbeat that an event is of.
func (s *setup) heartbeatOf(h store.Heard) (org.Heartbeat, bool) {
	name, ok := alert.HeartbeatNamed(h.Event.Key)
	if !ok {
		return org.Heartbeat{}, false
	}
	return s.heartbeat(h.Integration, name)
}

// rests says whether nobody waits for the heartbeat, whoever once did.
func (s *setup) rests(b org.Heartbeat) bool {
	in, ok := s.integrations[b.Integration]
	return b.Disabled || b.Retired || b.Every <= 0 || !ok || in.Retired
}

// Ping is a sign of life. When it returns nil, it is on disk; one that was waited for
// costs a single row. It ends the silence that was told, and the first one starts the
// watch. A heartbeat that is disabled hears it and does nothing.
func (e *Engine) Ping(ctx context.Context, in org.IntegrationID, name string, now time.Time) error {
	b, err := e.heartbeatNow(ctx, in, name)
	if err != nil || b.Disabled {
		return err
	}
	id, every, began := string(b.ID), b.Every.D(), false
	err = e.store.Write(ctx, store.Accept, func(tx *store.Tx) (err error) {
		began = false
		if waited, err := tx.Ping(id, every, now); waited || err != nil {
			return err
		}
		was, _, err := tx.LockBeat(id)
		if err != nil {
			return err
		}
		if was.State == store.BeatMissed {
			if err := e.say(tx, in, alert.Beats(b), now); err != nil {
				return err
			}
		}
		began = true
		return e.watch(tx, store.Beat{ID: id, State: store.BeatWaiting, Every: every, PingedAt: now}, b)
	})
	if began && err == nil {
		e.Poke()
	}
	return err
}

// heartbeatNow finds a heartbeat in the configuration of the last second, and when it
// is not there, in that of now.
func (e *Engine) heartbeatNow(ctx context.Context, in org.IntegrationID, name string) (b org.Heartbeat, err error) {
	s, err := e.setupNow(ctx)
	if err != nil {
		return b, err
	}
	b, ok := s.heartbeat(in, name)
	if !ok {
		err = e.store.Read(ctx, func(tx *store.Tx) error {
			s, err := e.current(tx)
			if err == nil {
				b, ok = s.heartbeat(in, name)
			}
			return err
		})
	}
	if err == nil && !ok {
		err = ErrNoHeartbeat
	}
	return b, err
}

// watch writes a heartbeat that is waited for, with its timer.
func (e *Engine) watch(tx *store.Tx, w store.Beat, b org.Heartbeat) error {
	if err := tx.PutBeat(w); err != nil {
		return err
	}
	severity := b.Severity
	if !severity.Valid() {
		severity = org.SEV3
	}
	return tx.Arm(store.Due{Kind: "heartbeat", Subject: w.ID, Lane: laneOf(alert.PriorityOf(severity)), At: w.Deadline()})
}

// say puts what the house found out about an integration beside what the integration
// says itself, in the transaction in which it was found.
func (e *Engine) say(tx *store.Tx, in org.IntegrationID, ev alert.Event, now time.Time) error {
	return tx.Accept([]store.Heard{{Integration: in, Event: ev, Digest: alert.Digest(ev), At: now, ID: e.newID(now)}}, new(int))
}

// silence is what the timer of a heartbeat does: most often a ping has come meanwhile,
// and it is set anew. A timer that is late may have found our own silence, and then the
// full wait counts from now.
func (e *Engine) silence(tx *store.Tx, s *setup, d store.Due, now time.Time) error {
	w, found, err := tx.LockBeat(d.Subject)
	if err != nil {
		return err
	}
	b := s.heartbeats[org.HeartbeatID(d.Subject)]
	switch {
	case !found || w.State != store.BeatWaiting:
		return tx.Disarm(d.Kind, d.Subject)
	case s.rests(b):
		w.State = store.BeatResting
		return errors.Join(tx.PutBeat(w), tx.Disarm(d.Kind, d.Subject))
	}
	w.Every = b.Every.D()
	switch late := now.Sub(d.At) > beatLate; {
	case w.Deadline().After(now):
		return e.watch(tx, w, b)
	case late:
		w.Since = now
		return e.watch(tx, w, b)
	}
	w.State = store.BeatMissed
	if err := e.say(tx, b.Integration, alert.Missed(b, w.PingedAt), now); err != nil {
		return err
	}
	return errors.Join(tx.PutBeat(w), tx.Disarm(d.Kind, d.Subject))
}

// listenAgain lets every silence count from now where nobody listened for a while: the
// pings of that time went nowhere. Of several nodes another may have listened all the
// time, and would have audited.
func (e *Engine) listenAgain(tx *store.Tx, now time.Time) error {
	if e.store.Dialect() != "sqlite" {
		text, err := tx.Meta("audit")
		if err != nil {
			return err
		}
		last, err := time.Parse(time.RFC3339, text)
		if err == nil && now.Sub(last) <= e.audits+beatLate {
			return nil
		}
	}
	return tx.ListenedSince(now)
}

// findBeats gives timers back to heartbeats that lost theirs.
func (e *Engine) findBeats(tx *store.Tx) (found []string, err error) {
	lost, err := tx.LostBeats()
	for _, w := range lost {
		found = append(found, fmt.Sprintf("heartbeat %s was waited for and had no timer", w.ID))
		err = errors.Join(err, tx.Arm(store.Due{Kind: "heartbeat", Subject: w.ID, Lane: store.LaneHigh, At: w.Deadline()}))
	}
	return found, err
}

// Heartbeats are those of an integration, by name.
func (e *Engine) Heartbeats(ctx context.Context, in org.IntegrationID) (all []Heartbeat, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		all = nil
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		beats, err := tx.Beats()
		for _, b := range s.heartbeats {
			if b.Integration == in && !b.Retired {
				w := beats[string(b.ID)]
				all = append(all, Heartbeat{b, w.State == store.BeatMissed, w.PingedAt})
			}
		}
		return err
	})
	slices.SortFunc(all, func(a, b Heartbeat) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// Heartbeat is one of an integration.
func (e *Engine) Heartbeat(ctx context.Context, in org.IntegrationID, name string) (Heartbeat, error) {
	all, err := e.Heartbeats(ctx, in)
	for _, b := range all {
		if b.Name == name {
			return b, nil
		}
	}
	if err == nil {
		err = ErrNoHeartbeat
	}
	return Heartbeat{}, err
}

// ChangeHeartbeat makes a heartbeat of an integration, or changes or retires one. change
// is given the one of this name, whose ID is empty when there is none, and may refuse.
// Whatever was disabled or retired is not waited for; a new length counts from the next
// ping.
func (e *Engine) ChangeHeartbeat(ctx context.Context, in org.IntegrationID, name string, by incident.Actor, now time.Time, change func(*org.Heartbeat) error) (b org.Heartbeat, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if _, err := tx.PutConfig(now); err != nil { // changes nothing; from here on nobody else does
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		var found bool
		if b, found = s.heartbeat(in, name); !found {
			b = org.Heartbeat{Name: name, Integration: in}
		}
		if err := change(&b); err != nil {
			return err
		}
		if err := s.sensible(b); err != nil {
			return err
		}
		if b.ID == "" {
			b.ID = org.HeartbeatID(e.newID(now))
		}
		if b.Disabled || b.Retired {
			if err := rest(tx, string(b.ID)); err != nil {
				return err
			}
		}
		c := store.Change{Kind: "heartbeat", ID: string(b.ID), By: by}
		if !b.Retired {
			if c.Body, err = json.Marshal(b); err != nil {
				return err
			}
		}
		_, err = tx.PutConfig(now, c)
		return err
	})
	if err == nil {
		e.setup.Lock()
		e.inbox.checked = time.Time{} // whoever asks next sees it
		e.setup.Unlock()
	}
	return b, err
}

// rest lets nobody wait for a heartbeat.
func rest(tx *store.Tx, id string) error {
	w, found, err := tx.LockBeat(id)
	if err != nil || !found || w.State != store.BeatWaiting {
		return err // one that was missed ends with its next ping, whenever that is
	}
	w.State = store.BeatResting
	return errors.Join(tx.PutBeat(w), tx.Disarm("heartbeat", id))
}

// sensible refuses a heartbeat that could not be watched.
func (s *setup) sensible(b org.Heartbeat) error {
	n := 0
	for _, other := range s.heartbeats {
		if other.Integration == b.Integration && !other.Retired {
			n++
			if other.Name == b.Name && other.ID != b.ID {
				return incident.Refuse("name: there is a heartbeat %q already", b.Name)
			}
		}
	}
	switch {
	case b.Name == "" || len(b.Name) > 200 || strings.ContainsAny(b.Name, "/\x00"):
		return incident.Refuse("name: 1 to 200 characters, and no slash")
	case b.Every <= 0 || b.Every.D() > longestBeat:
		return incident.Refuse("interval: more than nothing, and at most a year")
	case b.ID == "" && n >= mostHeartbeats:
		return incident.Refuse("an integration may have %d heartbeats, and this one has them", mostHeartbeats)
	}
	return nil
}
