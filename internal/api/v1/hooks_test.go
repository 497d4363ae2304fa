package v1_test

import (
	"strings"
	"testing"
	"time"

	"tocsin/internal/store"
)

func TestSecretsOfWebhooksAreShownOnce(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "max", "POST", "/webhooks", `{"id":"bot","url":"https://example.org/hook?token=hidden","team":"dba"}`)
		secret, _ := made.field("secret").(string)
		if len(secret) != 32 {
			t.Fatal(made.body)
		}
		for _, path := range []string{"/webhooks/bot", "/webhooks", "/webhooks/bot/versions", "/audit"} {
			if r := h.must(200, "ada", "GET", path, ""); strings.Contains(r.body, secret) || strings.Contains(r.body, `"secret"`) {
				t.Errorf("%s tells of the secret: %s", path, r.body)
			}
		}
		if r := h.must(200, "olaf", "GET", "/webhooks/bot", ""); strings.Contains(r.body, "hidden") || r.field("url") != "https://example.org" {
			t.Error(r.body)
		}
		read := h.must(200, "max", "GET", "/webhooks/bot", "")
		h.must(200, "max", "PUT", "/webhooks/bot", read.body)
		h.must(200, "max", "PATCH", "/webhooks/bot", `{"kinds":["escalate.*"]}`)
		if kept := h.hookSecret("bot"); kept != secret {
			t.Errorf("a change made the secret %q", kept)
		}
		for _, body := range []string{`{"secret":"mine-all-mine-all-mine"}`} {
			h.refused(422, "body.secret", "max", "PATCH", "/webhooks/bot", body)
		}
		now := h.must(200, "max", "POST", "/webhooks/bot/rotate", "")
		if next, _ := now.field("secret").(string); next == secret || next != h.hookSecret("bot") {
			t.Error(now.body)
		}
		// What hears of everything is an admin's.
		h.refused(403, "for an admin", "max", "POST", "/webhooks", `{"id":"all","url":"https://example.org/hook"}`)
		h.refused(403, "for an admin", "max", "PATCH", "/webhooks/bot", `{"team":null}`)
		h.must(201, "ada", "POST", "/webhooks", `{"id":"all","url":"https://example.org/hook"}`)
		h.refused(403, "for an admin", "max", "DELETE", "/webhooks/all", "")
		h.must(204, "max", "DELETE", "/webhooks/bot", "")
	})
}

// hookSecret is the secret as the senders read it.
func (h *home) hookSecret(id string) (secret string) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		rows, err := tx.ConfigOf("webhook")
		for _, r := range rows {
			if r.ID == id {
				secret = reply{body: string(r.Body)}.field("secret").(string)
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return secret
}

func TestDeliveries(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(201, "max", "POST", "/webhooks", `{"id":"bot","url":"https://example.org/hook","team":"dba"}`)
		h.must(201, "max", "POST", "/webhooks", `{"id":"off","url":"https://example.org/hook","team":"dba","disabled":true}`)
		err := h.store.Write(t.Context(), store.People, func(tx *store.Tx) error {
			for _, id := range []string{"d1", "d2", "d3"} {
				d := store.Delivery{ID: id, Hook: "bot", Subject: "s", Seq: int(id[1] - '0'), Kind: "alert.opened", At: h.engine.Now().Truncate(time.Hour)}
				if err := tx.PutDelivery(d); err != nil {
					return err
				}
				d.State, d.Status, d.Tries, d.Err = store.DeliveryDropped, 404, 1, "answered 404 Not Found"
				if err := tx.SaveDelivery(d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		first := h.must(200, "max", "GET", "/webhooks/bot/deliveries?limit=2", "")
		if first.items() != 2 || first.field("items.0.id") != "d3" || first.field("items.0.error") != "answered 404 Not Found" {
			t.Error(first.body)
		}
		rest := h.must(200, "max", "GET", "/webhooks/bot/deliveries?limit=2&cursor="+first.field("next").(string), "")
		if rest.items() != 1 || rest.field("items.0.id") != "d1" || rest.field("next") != nil {
			t.Error(rest.body)
		}
		h.must(201, "max", "POST", "/webhooks/bot/replay", `{"delivery":"d2"}`)
		if r := h.must(200, "max", "GET", "/webhooks/bot/deliveries?state=waiting", ""); r.items() != 1 || r.field("items.0.id") != "d2" {
			t.Error(r.body)
		}
		h.must(201, "max", "POST", "/webhooks/bot/replay", `{"since":"2026-01-01T00:00:00Z"}`)
		h.refused(422, "body.delivery", "max", "POST", "/webhooks/bot/replay", `{"delivery":"d9"}`)
		h.refused(422, "either", "max", "POST", "/webhooks/bot/replay", `{}`)
		h.refused(409, "switched off", "max", "POST", "/webhooks/off/replay", `{"since":"2026-01-01T00:00:00Z"}`)
	})
}

func TestHeartbeatsOverHTTP(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.must(201, "max", "POST", "/heartbeats", `{"id":"backup","every":"1h","integration":"prom"}`)
		h.refused(422, "body.every", "max", "POST", "/heartbeats", `{"id":"x","every":"0s","integration":"prom"}`)
		h.refused(422, "body.name", "max", "POST", "/heartbeats", `{"id":"x","name":"backup","every":"1h","integration":"prom"}`)
		state := func() any { return h.must(200, "olaf", "GET", "/heartbeats/backup/state", "").field("state") }
		if state() != "new" {
			t.Error(state())
		}
		now := h.engine.Now()
		if err := h.engine.Ping(t.Context(), "prom", "backup", now); err != nil {
			t.Fatal(err)
		}
		all := h.must(200, "olaf", "GET", "/heartbeat-states", "")
		if state() != "waiting" || all.items() != 1 || all.field("items.0.late_at") != now.Add(time.Hour).Format(time.RFC3339Nano) {
			t.Error(all.body)
		}
		h.must(200, "max", "PATCH", "/heartbeats/backup", `{"disabled":true}`)
		if state() != "resting" {
			t.Error(state())
		}
		h.refused(403, "manager of team dba", "otto", "PATCH", "/heartbeats/backup", `{"every":"2h"}`)
		h.refused(409, "heartbeat backup", "ada", "DELETE", "/integrations/prom", "")
		h.must(204, "max", "DELETE", "/heartbeats/backup", "")
		if r := h.must(200, "max", "GET", "/heartbeats/backup/versions", ""); r.items() != 3 {
			t.Error(r.body)
		}
	})
}
