package v1

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

// mostDeliveries is more than the delivery log of a webhook ever holds for long.
const mostDeliveries = 5000

// A Delivery is one fact that a webhook was to hear of. Status, Took and Error are of
// the last try.
type Delivery struct {
	ID       string              `json:"id" doc:"The same at every try"`
	Incident incident.ID         `json:"incident"`
	Action   int                 `json:"action,omitempty" doc:"Of the incident, when it is for the ticket of one"`
	Line     int                 `json:"line" doc:"Of the incident's log"`
	Kind     string              `json:"kind"`
	At       time.Time           `json:"at" doc:"Of the fact"`
	State    store.DeliveryState `json:"state" enum:"waiting,delivered,dropped"`
	Next     *time.Time          `json:"next,omitempty" doc:"When it is tried again"`
	Tries    int                 `json:"tries"`
	TriedAt  *time.Time          `json:"tried_at,omitempty"`
	Status   int                 `json:"status,omitempty" doc:"Of the answer; absent: there was none"`
	TookMS   int64               `json:"took_ms,omitempty"`
	Error    string              `json:"error,omitempty"`
}

func showDelivery(d store.Delivery) Delivery {
	m := ticket.MatterOf(string(d.Subject))
	out := Delivery{
		ID: d.ID, Incident: m.Incident, Action: m.Action, Line: d.Seq, Kind: d.Kind, At: d.At, State: d.State, Tries: d.Tries, TriedAt: shown(d.TriedAt),
		Status: d.Status, TookMS: d.Took.Milliseconds(), Error: d.Err,
	}
	if d.State == store.DeliveryWaiting {
		out.Next = shown(d.WakeAt)
	}
	return out
}

type (
	deliveriesOf struct {
		ThingID
		State store.DeliveryState `query:"state" enum:"waiting,delivered,dropped"`
		Paging
	}
	replaying struct {
		ThingID
		Body struct {
			Delivery string    `json:"delivery,omitempty" maxLength:"200" doc:"One by its id"`
			Since    time.Time `json:"since,omitzero" doc:"Or everything that it wants since then"`
		}
	}
	replayed struct {
		Body struct {
			Said string `json:"said"`
		}
	}
)

func (a *API) deliveries(ctx context.Context, in *deliveriesOf) (*pageOf[Delivery], error) {
	return a.deliveriesOf(ctx, org.WebhookID(in.ID), in)
}

func (a *API) deliveriesOf(ctx context.Context, hook org.WebhookID, in *deliveriesOf) (*pageOf[Delivery], error) {
	cursor, err := in.cursor()
	if err != nil {
		return nil, err
	}
	var all []store.Delivery
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Deliveries(hook, time.Time{}, mostDeliveries)
		return err
	})
	if cursor != "" { // one that is gone was the oldest: nothing follows it
		n := slices.IndexFunc(all, func(d store.Delivery) bool { return d.ID == cursor })
		all = all[min(n+1, len(all)):]
		if n < 0 {
			all = nil
		}
	}
	if in.State != "" {
		all = slices.DeleteFunc(all, func(d store.Delivery) bool { return d.State != in.State })
	}
	return paged(in.Paging, all[:min(len(all), in.Limit+1)], "", showDelivery, func(d store.Delivery) string { return d.ID }), err
}

// replay sends deliveries of a webhook again: one, or all since a moment.
func (a *API) replay(ctx context.Context, in *replaying) (*replayed, error) {
	out := &replayed{}
	if (in.Body.Delivery == "") == in.Body.Since.IsZero() {
		return nil, wrong("body", "name either one delivery, or since when all are to be sent again")
	}
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		s, err := a.setups.in(tx)
		if err != nil {
			return err
		}
		row, ok := s.rows[thing{config.Webhook, in.ID}]
		if !ok {
			return store.ErrNotFound
		}
		var hook org.Webhook
		if err := json.Unmarshal(row.Body, &hook); err != nil {
			return err
		}
		if row.Retired || !hook.Usable() {
			return incident.Refuse("the webhook %s is switched off: switch it on first", in.ID)
		}
		if in.Body.Delivery == "" {
			out.Body.Said = "Everything since then is sent again."
			return follow.Replay(tx, hook.ID, in.Body.Since)
		}
		out.Body.Said = "It is sent again."
		d, err := tx.Delivery(in.Body.Delivery)
		if errors.Is(err, store.ErrNotFound) || err == nil && d.Hook != hook.ID {
			return wrong("body.delivery", "the webhook has no such delivery")
		}
		if err != nil {
			return err
		}
		return tx.Redeliver(d.ID, a.now())
	})
	return out, err
}
