package app

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

func TestWebhooksOfASetUp(t *testing.T) {
	onBoth(t, func(p place) {
		const file = "webhooks: [{id: bot, url: 'https://example.org/hook', kinds: ['escalate.*']}]"
		plan, err := Plan(p.Context(), p.st, p.wish(file))
		if err != nil || plan[0].Secret == nil || *plan[0].Secret != "" {
			p.Errorf("%v: %+v", err, plan)
		}
		first := p.apply(p.wish(file))
		p.expect(first, "create webhook bot")
		secret := *first[0].Secret
		var said bytes.Buffer
		if err := Print(&said, first, ""); err != nil || len(secret) != 32 || !strings.Contains(said.String(), "shown once\n  secret  "+secret) {
			p.Errorf("%v: %s", err, said.String())
		}
		again := p.apply(p.wish(file))
		if p.expect(again, "unchanged webhook bot"); again[0].Secret != nil {
			p.Error("the secret is shown again")
		}
		other := p.apply(p.wish(strings.Replace(file, "kinds", "secret: another-secret-of-mine, kinds", 1)))
		if p.expect(other, "update webhook bot secret"); *other[0].Secret != "another-secret-of-mine" {
			p.Error(*other[0].Secret)
		}
	})
}

func TestWebhooksThatCannotBe(t *testing.T) {
	for file, want := range map[string]string{
		"{id: x}":                           "url: is missing",
		"{id: x, url: 'ftp://example.org'}": "only http and https",
		"{id: x, url: 'https://me:word@example.org'}":                 "user name or password",
		"{id: x, url: 'https://example.org', kinds: ['[']}":           "no kind of fact",
		"{id: x, url: 'https://example.org', secret: short}":          "16 to 128",
		"{id: x, url: 'https://example.org', team: nobody}":           `no team "nobody"`,
		"{id: x, url: 'https://example.org', service: nothing}":       `no service "nothing"`,
		"{id: x, url: 'https://a.b'}, {id: x, url: 'https://a.b/c'}":  "twice",
		"{id: x, url: 'https://example.org/hidden\u007f', kinds: []}": "is no URL",
	} {
		s, err := config.Parse("x.yaml", []byte("webhooks: ["+file+"]"))
		if err == nil {
			err = s.Validate(config.Setup{})
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "me:word") {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

func TestDeliveriesByHand(t *testing.T) {
	onBoth(t, func(p place) {
		p.apply(p.wish("webhooks: [{id: bot, url: 'https://example.org/hook'}, {id: off, url: 'https://example.org/hook', disabled: true}]"))
		err := p.st.Write(p.Context(), store.People, func(tx *store.Tx) error {
			d := store.Delivery{ID: "d1", Hook: "bot", Subject: "s", Seq: 1, Kind: "alert.opened", At: now}
			if err := tx.PutDelivery(d); err != nil {
				return err
			}
			d.State, d.Status, d.Tries, d.Err = store.DeliveryDropped, 404, 1, "answered 404 Not Found"
			return tx.SaveDelivery(d)
		})
		if err != nil {
			p.Fatal(err)
		}
		var log bytes.Buffer
		if err := WebhookLog(p.Context(), p.st, "bot", 10, &log); err != nil || !strings.Contains(log.String(), "d1        alert.opened  2026-02-03T04:05:06Z  dropped  1      404     0   answered 404 Not Found") {
			p.Errorf("%v\n%s", err, log.String())
		}
		if err := Replay(p.Context(), p.st, "bot", "d1", time.Time{}, now); err != nil {
			p.Error(err)
		}
		if err := Replay(p.Context(), p.st, "bot", "", now.Add(-time.Hour), now); err != nil {
			p.Error(err)
		}
		for _, c := range []struct {
			hook     org.WebhookID
			delivery string
			want     string
		}{{"bot", "d2", "no delivery"}, {"off", "", "switched off"}, {"other", "", "no webhook"}} {
			err := Replay(p.Context(), p.st, c.hook, c.delivery, now, now)
			if _, refused := err.(incident.Refusal); !refused || !strings.Contains(err.Error(), c.want) {
				p.Errorf("%+v: %v", c, err)
			}
		}
		log.Reset()
		if err := WebhookLog(p.Context(), p.st, "bot", 10, &log); err != nil || !strings.Contains(log.String(), "waiting") {
			p.Errorf("%v\n%s", err, log.String())
		}
	})
}
