package e2e

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PagerDuty/go-pagerduty"
)

const routingKey = "0123456789abcdefghijABCDEFGHIJ32"

// onePerson is paged over ntfy about whatever an integration says. %s is the address.
const onePerson = `
people: [{id: jane, methods: [{id: phone, channel: ntfy, address: "%s"}], rules: [{method: phone}]}]
policies: [{id: p, levels: [{targets: [jane], wait: 1h}]}]
services: [{id: db, name: Database, policy: p}]
settings: {catch_all: db}
`

const pagerdutyIntegration = `
integrations: [{id: pd, source: pagerduty, service: db, key: ` + routingKey + `}]
`

// instead sends what a client sends to PagerDuty's own address to our server.
type instead struct {
	server *url.URL
	next   http.RoundTripper
}

func (i instead) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = i.server.Scheme, i.server.Host, ""
	return i.next.RoundTrip(r)
}

func clientFor(t *testing.T, s server) *http.Client {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: instead{u, held{t, readContract(t)}}}
}

func TestPagerDutyV2(t *testing.T) {
	phone := newPhone(t)
	s := start(t, fmt.Sprintf(onePerson, phone.address)+pagerdutyIntegration, "--allow-network", phone.host)
	c := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(s.URL))
	c.HTTPClient = clientFor(t, s)
	send := func(e pagerduty.V2Event) *pagerduty.V2EventResponse {
		t.Helper()
		e.RoutingKey = routingKey
		res, err := c.ManageEventWithContext(t.Context(), &e)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	trigger := pagerduty.V2Event{Action: "trigger", DedupKey: "db-1", Payload: &pagerduty.V2Payload{Summary: "db-1 is down", Source: "db-1", Severity: "critical"}}
	if got := send(trigger); got.Status != "success" || got.Message != "Event processed" || got.DedupKey != "db-1" {
		t.Errorf("trigger: %+v", got)
	}
	phone.hears(t, "db-1 is down")
	send(pagerduty.V2Event{Action: "resolve", DedupKey: "db-1"})
	phone.hears(t, "resolved: db-1 is down")

	trigger.DedupKey = ""
	if got := send(trigger); len(got.DedupKey) < 32 {
		t.Errorf("a key of our own: %+v", got)
	}
}

// The fixed addresses of version 1, and changes, which nobody hears of.
func TestPagerDutyV1AndChanges(t *testing.T) {
	phone := newPhone(t)
	s := start(t, fmt.Sprintf(onePerson, phone.address)+pagerdutyIntegration, "--allow-network", phone.host)
	c := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(s.URL))
	c.HTTPClient = clientFor(t, s)
	change := pagerduty.ChangeEvent{RoutingKey: routingKey, Payload: pagerduty.ChangeEventPayload{Summary: "shop 1.2 is out", Source: "ci"}}
	if got, err := c.CreateChangeEventWithContext(t.Context(), change); err != nil || got.Status != "success" || got.Message != "Change event processed" {
		t.Errorf("change: %+v, %v", got, err)
	}
	event := pagerduty.Event{ServiceKey: routingKey, Type: "trigger", IncidentKey: "db-1", Description: "db-1 is down"}
	got, err := pagerduty.CreateEventWithHTTPClient(event, clientFor(t, s))
	if err != nil || got.Status != "success" || got.IncidentKey != "db-1" {
		t.Errorf("v1: %+v, %v", got, err)
	}
	phone.hears(t, "db-1 is down")
	event.Type = "open"
	if got, err := pagerduty.CreateEventWithHTTPClient(event, clientFor(t, s)); err == nil || got.HTTPStatus != http.StatusBadRequest {
		t.Errorf("v1, invalid: %+v, %v", got, err)
	}
}

// PagerDuty's own JavaScript client. It speaks nothing but TLS, so there is a proxy.
func TestPagerDutyJS(t *testing.T) {
	dir := installJS(t)
	phone := newPhone(t)
	s := start(t, fmt.Sprintf(onePerson, phone.address)+pagerdutyIntegration, "--allow-network", phone.host)
	proxy := front(t, s)
	proxy.StartTLS()
	trusted := filepath.Join(t.TempDir(), "proxy.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(part, db string) {
		t.Helper()
		runJS(t, dir, []string{"NODE_EXTRA_CA_CERTS=" + trusted}, "pagerduty.js", strings.TrimPrefix(proxy.URL, "https://"), routingKey, part, db)
	}
	run("trigger", "db-1")
	phone.hears(t, "db-1 is down")
	run("resolve", "db-1")
	phone.hears(t, "resolved: db-1 is down")
	run("trigger", "db-2")
	phone.hears(t, "db-2 is down")
	run("acknowledge", "db-2")
	phone.hears(t, "pd has it: db-2 is down")
	run("nameless", "db-3")
	phone.hears(t, "db-3 is down")
	run("change", "db-4")
	phone.isQuiet(t)
}
