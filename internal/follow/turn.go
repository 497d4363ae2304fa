package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	lease     = 20 * time.Second // outlives a turn with its last send
	turnTime  = 10 * time.Second // then others look whether they want to go on
	atOnce    = 8                // sends side by side, each of another incident
	feedBatch = 100              // rows of the feed in one transaction

	// A webhook is switched off after so long with nothing but failures, and so many.
	deadAfter    = 24 * time.Hour
	deadFailures = 10
)

// follower is the name of a webhook's follower, and hookOf the way back.
func follower(id org.WebhookID) string { return "webhook/" + string(id) }

func hookOf(follower string) (org.WebhookID, bool) {
	id, ok := strings.CutPrefix(follower, "webhook/")
	return org.WebhookID(id), ok
}

// A turn is an errand for one webhook.
type turn struct {
	errand
	w    *Webhooks
	hook org.Webhook
	dead atomic.Bool // it is to be switched off
}

// turn does what there is to do for a webhook, unless somebody else does.
func (w *Webhooks) turn(ctx context.Context, hook org.Webhook, now time.Time) error {
	t := &turn{w: w, hook: hook, errand: errand{
		store: w.store, id: follower(hook.ID), hook: hook.ID, lease: lease, most: turnTime, now: now, began: time.Now(), put: (*store.Tx).PutDelivery,
	}}
	t.want, t.do, t.over = t.wanted, t.sendOne, t.dead.Load
	t.then = func(ctx context.Context) error {
		if t.dead.Load() {
			return t.switchOff(ctx)
		}
		return nil
	}
	return t.run(ctx)
}

// wanted is what the webhook is to hear of a row of the feed.
func (t *turn) wanted(tx *store.Tx, r store.FeedRow) (out []store.Delivery, err error) {
	var team org.TeamID
	var service org.ServiceID
	id := incident.ID(r.Subject)
	if t.hook.Team != "" || t.hook.Service != "" {
		in, err := tx.Subject(id)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		team, service = in.Team, in.Service
	}
	lines, err := tx.LogLines(id, r.First, r.Seq)
	for _, l := range lines {
		if t.hook.Wants(l.Kind, team, service) {
			key := fmt.Sprintf("%s/%s/%d", t.hook.ID, id, l.Seq)
			out = append(out, store.Delivery{
				ID: t.w.ring.Hash("delivery", key)[:32], Hook: t.hook.ID, Subject: id, Seq: l.Seq, Kind: l.Kind, At: l.At, WakeAt: t.now,
			})
		}
	}
	return out, err
}

// sendOne sends one and writes down what came of it.
func (t *turn) sendOne(ctx context.Context, d store.Delivery) error {
	var body []byte
	err := t.w.store.Read(ctx, func(tx *store.Tx) (err error) { body, err = t.w.body(tx, d); return err })
	var a answer
	switch {
	case errors.Is(err, errGone):
		a = answer{verdict: never, err: err.Error()}
	case err != nil: // if the line is damaged, it is given up in the end and holds up nobody
		a = answer{verdict: later, err: "the log cannot be read"}
		t.w.log.Error("a webhook cannot be told", "webhook", t.hook.ID, "delivery", d.ID, "subject", d.Subject, "line", d.Seq, "error", err)
	default:
		a = t.w.send(ctx, t.hook, d, body, t.at())
	}
	now := t.at()
	d = after(d, a, body, now)
	err = t.held(ctx, func(tx *store.Tx, f store.Follower) error {
		if err := tx.SaveDelivery(d); err != nil {
			return err
		}
		if a.verdict == taken {
			if f.Failures == 0 {
				return nil
			}
			f.Failing, f.Failures = time.Time{}, 0
			return tx.SaveFollower(f)
		}
		if f.Failures++; f.Failing.IsZero() {
			f.Failing = now
		}
		if until := now.Add(a.wait); a.wait > 0 && until.After(f.Quiet) {
			f.Quiet = until
			t.quiet.Store(true)
		}
		if f.Failures >= deadFailures && now.Sub(f.Failing) >= deadAfter {
			t.dead.Store(true)
		}
		return tx.SaveFollower(f)
	})
	if err == nil {
		t.count(d)
	}
	return err
}

func (t *turn) count(d store.Delivery) {
	switch d.State {
	case store.DeliveryDone:
		t.w.tries.WithLabelValues("delivered").Inc()
	case store.DeliveryDropped:
		t.w.tries.WithLabelValues("dropped").Inc()
		t.w.log.Warn("a delivery to a webhook was dropped", "webhook", t.hook.ID, "delivery", d.ID, "kind", d.Kind, "tries", d.Tries, "error", d.Err)
	default:
		t.w.tries.WithLabelValues("retried").Inc()
	}
}

// switchOff ends a webhook that did nothing but fail. The house says so first: a crash
// in between says it twice, which is counted as one.
func (t *turn) switchOff(ctx context.Context) error {
	now := t.at()
	err := t.w.engine.Hear(ctx, engine.Own, []alert.Event{{
		Action: alert.Trigger, Key: "webhook/" + string(t.hook.ID), Severity: org.SEV3,
		Title: fmt.Sprintf("the webhook %s was switched off", t.hook.ID),
		Text:  "For 24 hours nothing could be delivered to it. Mend it, switch it on again, and replay what it missed.",
	}}, nil, now)
	if err != nil {
		return err
	}
	t.w.log.Error("a webhook is switched off: nothing but failures for a day", "webhook", t.hook.ID)
	return t.held(ctx, func(tx *store.Tx, _ store.Follower) error {
		rows, err := tx.ConfigOf("webhook")
		if err != nil {
			return err
		}
		for _, r := range rows {
			hook, err := read(r)
			if err != nil || r.Retired || hook.ID != t.hook.ID {
				continue
			}
			hook.Disabled = true
			body, err := json.Marshal(hook)
			if err != nil {
				return err
			}
			if _, err := tx.PutConfig(now, store.Change{Kind: r.Kind, ID: r.ID, Body: body, By: incident.Engine}); err != nil {
				return err
			}
		}
		return dismiss(tx, t.hook.ID, now)
	})
}
