package e2e

import (
	"fmt"
	"net/http"
	"net/url"
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
type instead struct{ server *url.URL }

func (i instead) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = i.server.Scheme, i.server.Host, ""
	return http.DefaultTransport.RoundTrip(r)
}

func clientFor(t *testing.T, s server) *http.Client {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: instead{u}}
}

func TestPagerDutyV2(t *testing.T) {
	phone := newPhone(t)
	s := start(t, fmt.Sprintf(onePerson, phone.address)+pagerdutyIntegration, "--allow-network", phone.host)
	c := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(s.URL))
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
