package v1_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/channel/pushtest"
	"tocsin/internal/egress"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// bothWithPush is a house whose pages go out to devices, over the push service that
// judges what it is sent.
func bothWithPush(t *testing.T, fn func(*testing.T, *home, *pushtest.Service)) {
	for name, at := range map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgres": func(t *testing.T) string { return storetest.Postgres(t) }} {
		t.Run(name, func(t *testing.T) {
			key, err := channel.NewVAPID()
			if err != nil {
				t.Fatal(err)
			}
			service := pushtest.New(t, "")
			u, _ := url.Parse(service.URL)
			allow, err := egress.ParseAllow(u.Host)
			if err != nil {
				t.Fatal(err)
			}
			push, err := channel.NewPush(key, "https://tocsin.example", "https://tocsin.example", []string{service.URL}, (&egress.Dialer{Allow: allow}).Client(channel.SendTimeout))
			if err != nil {
				t.Fatal(err)
			}
			h := open(t, at(t), push)
			if got := h.must(200, "rita", "GET", "/me/push", "").field("key"); got != push.PublicKey() {
				t.Errorf("a browser is to subscribe with %v", got)
			}
			fn(t, h, service)
		})
	}
}

func subscription(d *pushtest.Device, more string) string {
	return fmt.Sprintf(`{"endpoint":%q,"keys":{"p256dh":%q,"auth":%q},"expirationTime":null%s}`, d.Endpoint, d.P256dh, d.Auth, more)
}

// notification is what a device shows, with what it can do.
type notification struct {
	Notification struct{ Title, Navigate, Tag string }
	X            struct{ Page, Incident, Ack, Resolve, Receipt, Read string }
}

func shows(t *testing.T, p pushtest.Push) (n notification) {
	t.Helper()
	if err := json.Unmarshal(p.Text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// act is a notification's own POST: no session, no cookie.
func (h *home) act(status int, link string) string {
	h.t.Helper()
	path, ok := strings.CutPrefix(link, "https://tocsin.example")
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, httptest.NewRequest("POST", "http://tocsin.example"+path, nil))
	if !ok || w.Code != status {
		h.t.Errorf("POST %q: %d, want %d: %s", link, w.Code, status, w.Body)
	}
	return strings.TrimSpace(w.Body.String())
}

func (h *home) step(after time.Duration) {
	h.t.Helper()
	if _, err := h.engine.Step(h.t.Context(), h.engine.Now().Add(after)); err != nil {
		h.t.Fatal(err)
	}
}

// The whole way: a device signs up, a page comes, is shown and seen, comes again until it
// is answered from the notification, and the all-clear.
func TestAPageToADevice(t *testing.T) {
	bothWithPush(t, func(t *testing.T, h *home, service *pushtest.Service) {
		d := service.Device()
		h.refused(422, "no push service we know", "rita", "POST", "/me/devices", strings.Replace(subscription(d, ""), service.URL, "https://evil.example", 1))
		r := h.must(201, "rita", "POST", "/me/devices", subscription(d, `,"name":"Telephone"`))
		if r.field("methods.1.id") != "push" || r.field("methods.1.name") != "Telephone" || r.field("methods.1.address") != nil || strings.Contains(r.body, d.Auth) {
			t.Error(r.body)
		}
		if r.field("rules.0.method") != "log" || r.field("rules.1.method") != "push" || r.field("rules.1.priority") != "high" || r.field("rules.1.every") != "1m" {
			t.Error(r.body)
		}
		if again := h.must(201, "rita", "POST", "/me/devices", subscription(d, "")); again.field("version") != r.field("version") {
			t.Errorf("the same device is another: %s", again.body)
		}
		id := h.opened("db", "Disk full")
		h.step(0)
		got := service.Got(d)
		if len(got) != 1 || got[0].Urgency != "high" || got[0].TTL != time.Minute {
			t.Fatalf("%+v", got)
		}
		first := shows(t, got[0])
		if first.Notification.Title != "Disk full" || first.X.Incident != string(id) || !strings.HasPrefix(first.Notification.Navigate, "https://tocsin.example/a/") {
			t.Errorf("%+v", first)
		}
		state := func() any {
			t.Helper()
			r := h.must(200, "rita", "GET", "/incidents/"+string(id)+"/people", "")
			for i := range 3 {
				if r.field(fmt.Sprintf("items.0.methods.%d.method", i)) == "push" {
					return r.field(fmt.Sprintf("items.0.methods.%d.state", i))
				}
			}
			return nil
		}
		if state() != "sent" {
			t.Error(state())
		}
		h.act(200, first.X.Receipt)
		if state() != "delivered" {
			t.Error(state())
		}
		h.act(404, first.X.Receipt[:len(first.X.Receipt)-2]+"xx")
		h.act(404, strings.Replace(first.X.Receipt, ".shown.", ".ack.", 1))

		// Nobody answers: it comes again, in the place of the one before.
		h.step(61 * time.Second)
		got2 := service.Got(d)
		if len(got2) != 1 || got2[0].Topic != got[0].Topic {
			t.Fatalf("%+v", got2)
		}
		second := shows(t, got2[0])
		if said := h.act(200, second.X.Ack); said != "You have it." {
			t.Error(said)
		}
		one := h.must(200, "rita", "GET", "/incidents/"+string(id), "")
		if one.field("status") != "acknowledged" || one.field("owner") != "rita" {
			t.Error(one.body)
		}
		lines := one.field("lines")
		if said := h.act(200, second.X.Ack); said != "You have it." {
			t.Error(said)
		}
		if again := h.must(200, "rita", "GET", "/incidents/"+string(id), ""); again.field("lines") != lines {
			t.Error("a link that was used changed the log")
		}
		h.step(10 * time.Minute)
		if got := service.Got(d); len(got) != 0 {
			t.Errorf("it comes although it was answered: %s", got[0].Text)
		}
		// Given back, the old link does not answer again; the new one resolves.
		h.must(200, "rita", "POST", "/incidents/"+string(id)+"/unacknowledge", "")
		if said := h.act(200, second.X.Ack); !strings.Contains(said, "triggered again") {
			t.Error(said)
		}
		h.step(0)
		third := shows(t, service.Got(d)[0])
		if said := h.act(200, third.X.Resolve); said != "It is resolved." {
			t.Error(said)
		}
		if one := h.must(200, "rita", "GET", "/incidents/"+string(id), ""); one.field("status") != string(incident.Resolved) {
			t.Error(one.body)
		}
		if said := h.act(200, third.X.Resolve); said != "It is resolved." {
			t.Error(said)
		}
		if err := h.store.Read(t.Context(), verified(id)); err != nil {
			t.Error(err)
		}
	})
}

// A test page goes the same way, and its receipts come back.
func TestATestPageToADevice(t *testing.T) {
	bothWithPush(t, func(t *testing.T, h *home, service *pushtest.Service) {
		d := service.Device()
		h.must(201, "rita", "POST", "/me/devices", subscription(d, ""))
		id := h.must(201, "rita", "POST", "/me/methods/push/test", "").field("id").(string)
		n := shows(t, service.Got(d)[0])
		if n.X.Resolve != "" || n.X.Page != id {
			t.Errorf("%+v", n)
		}
		for _, c := range []struct{ link, state string }{{n.X.Receipt, "delivered"}, {n.X.Read, "read"}, {n.X.Ack, "answered"}, {n.X.Receipt, "answered"}} {
			h.act(200, c.link)
			if r := h.must(200, "rita", "GET", "/me/tests/"+id, ""); r.field("state") != c.state {
				t.Errorf("after %s it is %s", c.link, r.body)
			}
		}
		if r := h.must(200, "rita", "GET", "/me/profile", ""); r.field("methods.1.last_read_at") == nil {
			t.Error(r.body)
		}
	})
}

// A device that is signed up no longer is forgotten, and what its browser changed is the
// same device.
func TestDevicesThatAreGone(t *testing.T) {
	bothWithPush(t, func(t *testing.T, h *home, service *pushtest.Service) {
		d, e := service.Device(), service.Device()
		h.must(201, "rita", "POST", "/me/devices", subscription(d, ""))
		r := h.must(201, "rita", "POST", "/me/devices", subscription(e, fmt.Sprintf(`,"was":%q`, d.Endpoint)))
		if r.field("methods.2") != nil {
			t.Error(r.body)
		}
		other := service.Device()
		other.Status = 410
		h.must(201, "rita", "POST", "/me/devices", subscription(other, ""))
		h.opened("db", "Disk full")
		h.step(0)
		if got := service.Got(e); len(got) != 1 {
			t.Errorf("%d came", len(got))
		}
		r = h.must(200, "rita", "GET", "/me/profile", "")
		if r.field("methods.2") != nil || r.field("rules.2") != nil || r.field("methods.1.id") != "push" {
			t.Errorf("a device that is gone is still there: %s", r.body)
		}
		e.Status = 404
		if r := h.must(201, "rita", "POST", "/me/methods/push/test", ""); r.field("state") != "failed" || !strings.Contains(r.field("error").(string), "signed up no longer") {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "GET", "/me/profile", ""); r.field("methods.1") != nil {
			t.Error(r.body)
		}
		if r := h.must(200, "ada", "GET", "/audit?kind=person&by=engine", ""); r.items() < 2 {
			t.Error(r.body)
		}
	})
}

// verified follows the chain of a log.
func verified(id incident.ID) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.VerifyLog(id) }
}
