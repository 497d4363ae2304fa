package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tocsin/incident"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/org"
)

// WebhookLog prints the last deliveries of a webhook, newest first.
func WebhookLog(ctx context.Context, st *store.Store, hook org.WebhookID, limit int, to io.Writer) error {
	var log []store.Delivery
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err = webhook(tx, hook); err != nil {
			return err
		}
		log, err = tx.Deliveries(hook, time.Time{}, limit)
		return err
	})
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "DELIVERY\tFACT\tAT\tSTATE\tTRIES\tSTATUS\tMS\tERROR")
	for _, d := range log {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n",
			d.ID, d.Kind, d.At.Format(time.RFC3339), d.State, d.Tries, d.Status, d.Took.Milliseconds(), d.Err)
	}
	return table.Flush()
}

// Replay sends deliveries of a webhook again: one by its id, or everything that it wants
// since a time.
func Replay(ctx context.Context, st *store.Store, hook org.WebhookID, delivery string, since, now time.Time) error {
	return st.Write(ctx, store.People, func(tx *store.Tx) error {
		h, err := webhook(tx, hook)
		switch {
		case err != nil:
			return err
		case !h.Usable():
			return incident.Refuse("the webhook %s is switched off: switch it on first", hook)
		case delivery == "":
			return follow.Replay(tx, hook, since)
		}
		d, err := tx.Delivery(delivery)
		if errors.Is(err, store.ErrNotFound) || err == nil && d.Hook != hook {
			return incident.Refuse("the webhook %s has no delivery %s", hook, delivery)
		}
		if err != nil {
			return err
		}
		return tx.Redeliver(delivery, now)
	})
}

func webhook(tx *store.Tx, id org.WebhookID) (h org.Webhook, err error) {
	rows, err := tx.ConfigOf("webhook")
	if err != nil {
		return h, err
	}
	for _, r := range rows {
		if r.ID == string(id) && !r.Retired {
			return h, json.Unmarshal(r.Body, &h)
		}
	}
	return h, incident.Refuse("there is no webhook %q", id)
}
