package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
)

const (
	auditEvery   = time.Minute
	keepEvents   = 30 * 24 * time.Hour
	keepBytes    = 20 << 30
	keepLeast    = 24 * time.Hour // when the disk fills
	diskFull     = 80.0           // per cent
	pruneEvery   = time.Hour
	keepRequests = 24 * time.Hour
	keepSilences = 5 * 24 * time.Hour // after their end

	keepChangeEvents = 90 * 24 * time.Hour
	leaseMost        = time.Minute // what lasts longer is no lease of ours
	auditLatest      = 500         // subjects whose projection one audit folds anew
)

// Begin arms the house's own timers. It may be called again at every start, also when
// the clock was ahead before it.
func (e *Engine) Begin(ctx context.Context, now time.Time) error {
	return e.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		if _, err := tx.FreeLeases(now, leaseMost); err != nil {
			return err
		}
		if err := tx.Respite(now.Add(respite)); err != nil {
			return err
		}
		if err := e.listenAgain(tx, now); err != nil {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		if _, err := e.beginShifts(tx, s, now); err != nil {
			return err
		}
		d, there, err := tx.DueOf("audit", "")
		if err != nil || there && !d.At.After(now.Add(e.audits)) {
			return err
		}
		return tx.Arm(store.Due{Kind: "audit", Lane: store.LaneBackground, At: now.Add(e.audits)})
	})
}

// audit looks over the house each minute, as somebody who trusts nothing: an open
// subject whose climb has no timer, a lease that nobody gave back, a page in limbo, a
// projection that differs from its log. What it finds is repaired and told.
func (e *Engine) audit(ctx context.Context, d store.Due, now time.Time) error {
	var found []string
	err := e.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if ok, err := tx.Hold(d); err != nil || !ok {
			return err
		}
		after, err := tx.Meta("audit/after")
		if err != nil {
			return err
		}
		freed, err := tx.FreeLeases(now, leaseMost)
		if err != nil {
			return err
		}
		if freed > 0 {
			found = append(found, fmt.Sprintf("%d leases were taken by a clock that was ahead", freed))
		}
		stuck, err := tx.Stuck(now, incident.ID(after))
		if err != nil {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		after = ""
		for _, u := range stuck.Untended { // the next audit goes on after them, or begins again
			what, err := e.retime(tx, s, u.Subject, now)
			if err != nil {
				return err
			}
			found, after = append(found, what...), string(u.Subject)
		}
		if err := tx.SetMeta("audit/after", after); err != nil {
			return err
		}
		lost, err := e.findLeft(tx, s, now)
		if err != nil {
			return err
		}
		found = append(found, lost...)
		if lost, err = e.findBeats(tx); err != nil {
			return err
		}
		found = append(found, lost...)
		if lost, err = findTimers(tx); err != nil {
			return err
		}
		found = append(found, lost...)
		if lost, err = e.beginShifts(tx, s, now); err != nil {
			return err
		}
		found = append(found, lost...)
		if err := tx.DropRequests(now.Add(-keepRequests)); err != nil {
			return err
		}
		if err := e.auditSifting(tx, s, now); err != nil {
			return err
		}
		if err := e.forgetTalk(tx, s, now); err != nil {
			return err
		}
		if err := tx.DropChangeEvents(now.Add(-keepChangeEvents)); err != nil {
			return err
		}
		if err := tx.DropPayloads(now); err != nil {
			return err
		}
		if err := tx.DropOwn(now.Add(-keepProofs), now.Add(-keepTrials)); err != nil {
			return err
		}
		for _, p := range stuck.Limbo {
			found = append(found, fmt.Sprintf("page %s was %s with no time to go on", p.ID, p.State))
			p.State, p.WakeAt = escalate.Planned, now
			if _, err := tx.SavePage(p, -1); err != nil {
				return err
			}
		}
		d.At, d.Failures = now.Add(e.audits), 0
		if err := tx.SetMeta("audit", now.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		return tx.Arm(d)
	})
	if err == nil {
		err = e.store.Read(ctx, func(tx *store.Tx) error {
			wrong, err := e.refold(tx, now)
			found = append(found, wrong...)
			return err
		})
	}
	for _, what := range found {
		e.log.Error("self-audit", "found", what)
	}
	e.metrics.audited(len(found), err)
	if err != nil {
		return err
	}
	return e.prune(ctx, now)
}

// prune drops old events: once an hour, and at once when the disk fills.
func (e *Engine) prune(ctx context.Context, now time.Time) error {
	keep := keepEvents
	if used := e.diskUsed(); used > diskFull {
		keep = keepLeast
		e.log.Warn("the disk fills up: events older than a day are dropped", "used_percent", used)
	} else if now.Sub(now.Truncate(pruneEvery)) >= e.audits {
		return nil
	}
	return e.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		if err := tx.DropSilences(now.Add(-keepSilences)); err != nil {
			return err
		}
		dropped, err := tx.Prune(now, keep, keepBytes)
		if len(dropped) > 0 {
			e.log.Info("old events dropped", "days", dropped)
		}
		return err
	})
}

// findLeft looks at what incidents left that are over: an action or the review of an override
// whose timer is gone. As many at once as the store lists; the next audit goes on after them.
func (e *Engine) findLeft(tx *store.Tx, s *setup, now time.Time) (found []string, err error) {
	after, err := tx.Meta("audit/left")
	if err != nil {
		return nil, err
	}
	left, err := tx.Left(incident.ID(after))
	if err != nil {
		return nil, err
	}
	last := ""
	for _, id := range left {
		what, err := e.retime(tx, s, id, now)
		if err != nil {
			return nil, err
		}
		found, last = append(found, what...), string(id)
	}
	if last == after {
		return found, nil
	}
	return found, tx.SetMeta("audit/left", last)
}

// retime gives a subject the timer it should have.
func (e *Engine) retime(tx *store.Tx, s *setup, id incident.ID, now time.Time) (found []string, err error) {
	sub, err := tx.Lock(id)
	if err != nil {
		return nil, err
	}
	t := e.tend(tx, s, sub, now)
	was := t.in
	if err := t.settle(); err != nil {
		return nil, err
	}
	_, armed, err := tx.DueOf(tendKind, string(id))
	switch {
	case err != nil, !armed && t.in.Seq == was.Seq: // it waits for a person, and that is right
		return nil, err
	case was.Status.Open():
		return []string{fmt.Sprintf("%s was open and had no timer", id)}, nil
	}
	return []string{fmt.Sprintf("%s is over, but not all that it left, and had no timer", id)}, nil
}

// refold compares projections with a fold from line one: each open subject once an
// hour.
func (e *Engine) refold(tx *store.Tx, now time.Time) (found []string, err error) {
	ids, err := tx.EveryOpen(60 * auditLatest)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		h := fnv.New32a()
		h.Write([]byte(id))
		if int(h.Sum32()%60) != now.Minute() {
			continue
		}
		sub, err := tx.Subject(id)
		if err != nil {
			return nil, err
		}
		log, err := tx.Log(id)
		if err != nil {
			return nil, err
		}
		again := incident.Fold(log)
		again.ID = id
		if !same(again, sub.Incident) {
			found = append(found, fmt.Sprintf("the projection of %s differs from its log", id))
		}
		if err := tx.VerifyLog(id); err != nil {
			found = append(found, err.Error())
		}
	}
	return found, nil
}

// same compares two states as the store would write them.
func same(a, b incident.Incident) bool {
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && bytes.Equal(x, y)
}
