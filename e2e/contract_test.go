package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// A contract holds what is said to the server, and what it answers, to PagerDuty's own
// OpenAPI documents of its events. They are not part of the repository: TOCSIN_SPECS
// names the folder that has them.
type contract []routers.Router

// readContract reads the documents; without a folder there is none.
func readContract(t *testing.T) contract {
	t.Helper()
	folder := os.Getenv("TOCSIN_SPECS")
	if folder == "" {
		return nil
	}
	var c contract
	for _, file := range []string{"pagerduty-events-v1-openapi3.json", "pagerduty-events-v2-openapi3.json"} {
		document, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range document.Paths.Map() {
			// The documents name these replies in words only; PagerDuty gives all of
			// them the one shape of an error.
			for _, status := range []string{"400", "413"} {
				path.Post.Responses.Set(status, document.Components.Responses["Error"])
			}
		}
		router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation()) // their times lack a colon
		if err != nil {
			t.Fatal(err)
		}
		c = append(c, router)
	}
	return c
}

// check says what the documents have against a request and against its reply, as if
// they had been PagerDuty's.
func (c contract) check(r *http.Request, sent []byte, res *http.Response, said []byte) (request, reply error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "https", "events.pagerduty.com", "events.pagerduty.com"
	r.Body = io.NopCloser(bytes.NewReader(sent))
	err := fmt.Errorf("no document has %s", r.URL.Path)
	for _, router := range c {
		route, params, found := router.FindRoute(r)
		if found != nil {
			continue
		}
		options := &openapi3filter.Options{IncludeResponseStatus: true}
		asked := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
		answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: res.StatusCode, Header: res.Header, Options: options}
		return openapi3filter.ValidateRequest(r.Context(), asked), openapi3filter.ValidateResponse(r.Context(), answered.SetBodyBytes(said))
	}
	return err, err
}

// held is a transport that holds whatever goes through it to the contract, if there is
// one: what the server takes must be as the documents say, and so must all it answers.
type held struct {
	t *testing.T
	contract
}

func (h held) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(sent))
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || h.contract == nil {
		return res, err
	}
	said, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(said))
	request, reply := h.check(r, sent, res, said)
	if request != nil && res.StatusCode < 300 {
		h.t.Errorf("%s takes what is not as documented: %v\n%s", r.URL.Path, request, sent)
	}
	if reply != nil {
		h.t.Errorf("%s does not answer as documented: %v\n%d %s", r.URL.Path, reply, res.StatusCode, said)
	}
	return res, nil
}

// front is a proxy before a server, as an operator has one for TLS, that holds what
// goes through it to the contract.
func front(t *testing.T, s server) *httptest.Server {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.Transport = held{t, readContract(t)}
	p := httptest.NewUnstartedServer(proxy)
	t.Cleanup(p.Close)
	return p
}

// What is answered to events, good and bad, is what PagerDuty's documents say. Where
// they would refuse what we take, the event says what it is about all the same.
func TestPagerDutyContract(t *testing.T) {
	c := readContract(t)
	if c == nil {
		t.Skip("TOCSIN_SPECS names no folder with PagerDuty's documents")
	}
	phone := newPhone(t)
	s := start(t, fmt.Sprintf(onePerson, phone.address)+pagerdutyIntegration, "--allow-network", phone.host)
	const (
		v1     = "/generic/2010-04-15/create_event.json"
		v2     = "/v2/enqueue"
		change = "/v2/change/enqueue"
		key    = `"routing_key":"` + routingKey + `"`
		old    = `"service_key":"` + routingKey + `"`
	)
	for _, x := range []struct {
		name, path, body string
		status           int
		odd              bool // by the documents
	}{
		{"trigger", v2, `{` + key + `,"event_action":"trigger","dedup_key":"a","payload":{"summary":"x","source":"y","severity":"info"}}`, 202, false},
		{"trigger without a key", v2, `{` + key + `,"event_action":"trigger","payload":{"summary":"x","source":"y","severity":"error","timestamp":"2026-11-24T08:00:00Z","component":"c","group":"g","class":"k","custom_details":{"a":{"b":1}}},"client":"c","client_url":"https://example.org","links":[{"href":"https://example.org","text":"t"}],"images":[{"src":"https://example.org/i.png"}]}`, 202, false},
		{"acknowledge", v2, `{` + key + `,"event_action":"acknowledge","dedup_key":"a"}`, 202, false},
		{"resolve", v2, `{` + key + `,"event_action":"resolve","dedup_key":"a","images":[],"links":[]}`, 202, false},
		{"resolve of nothing", v2, `{` + key + `,"event_action":"resolve","dedup_key":"none"}`, 202, false},
		{"time as in the documents' examples", v2, `{` + key + `,"event_action":"trigger","dedup_key":"b","payload":{"summary":"x","source":"y","severity":"info","timestamp":"2015-07-17T08:42:58.315+0000"}}`, 202, true},
		{"numeric source", v2, `{` + key + `,"event_action":"trigger","dedup_key":"b","payload":{"summary":"x","source":1,"severity":"info"}}`, 202, true},
		{"capitals", v2, `{` + key + `,"event_action":"trigger","dedup_key":"b","payload":{"summary":"x","source":"y","severity":"Critical"}}`, 202, true},
		{"no action", v2, `{` + key + `}`, 400, true},
		{"odd action", v2, `{` + key + `,"event_action":"shout"}`, 400, true},
		{"no payload", v2, `{` + key + `,"event_action":"trigger"}`, 400, false},
		{"empty payload", v2, `{` + key + `,"event_action":"trigger","payload":{}}`, 400, true},
		{"odd severity", v2, `{` + key + `,"event_action":"trigger","payload":{"summary":"x","source":"y","severity":"bad"}}`, 400, true},
		{"resolve without a key", v2, `{` + key + `,"event_action":"resolve"}`, 400, false},
		{"no routing key", v2, `{"event_action":"resolve","dedup_key":"a"}`, 400, true},
		{"short routing key", v2, `{"routing_key":"short","event_action":"resolve","dedup_key":"a"}`, 400, false},
		{"routing key of nobody's", v2, `{"routing_key":"` + strings.Repeat("z", 32) + `","event_action":"resolve","dedup_key":"a"}`, 400, false},
		{"not JSON", v2, `{` + key + `,"event_action":`, 400, true},
		{"a list", v2, `[]`, 400, true},
		{"nothing", v2, ``, 400, true},
		{"too large", v2, `{` + key + `,"event_action":"resolve","dedup_key":"` + strings.Repeat("a", 600<<10) + `"}`, 413, false},

		{"change", change, `{` + key + `,"payload":{"summary":"x","source":"y","timestamp":"2026-11-24T08:00:00Z","custom_details":{"a":1}},"links":[{"href":"https://example.org"}]}`, 202, false},
		{"change, only a summary", change, `{` + key + `,"payload":{"summary":"x"}}`, 202, false},
		{"change without a payload", change, `{` + key + `}`, 400, true},
		{"change without a summary", change, `{` + key + `,"payload":{"source":"y"}}`, 400, true},
		{"change without a routing key", change, `{"payload":{"summary":"x"}}`, 400, true},
		{"change, not JSON", change, `{` + key, 400, true},

		{"v1 trigger", v1, `{` + old + `,"event_type":"trigger","incident_key":"a","description":"x","details":{"a":1},"client":"c","client_url":"https://example.org","contexts":[{"type":"link","href":"https://example.org"},{"type":"image","src":"https://example.org/i.png"}]}`, 200, false},
		{"v1 acknowledge", v1, `{` + old + `,"event_type":"acknowledge","incident_key":"a"}`, 200, false},
		{"v1 resolve", v1, `{` + old + `,"event_type":"resolve","incident_key":"a"}`, 200, false},
		{"v1 without a description", v1, `{` + old + `,"event_type":"trigger"}`, 400, false},
		{"v1 resolve without a key", v1, `{` + old + `,"event_type":"resolve"}`, 400, false},
		{"v1 odd type", v1, `{` + old + `,"event_type":"open"}`, 400, true},
		{"v1 without a service key", v1, `{"event_type":"trigger","description":"x"}`, 400, true},
		{"v1, not JSON", v1, `{` + old, 400, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+x.path, strings.NewReader(x.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			said, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			request, reply := c.check(r, []byte(x.body), res, said)
			if res.StatusCode != x.status || reply != nil {
				t.Errorf("want %d as documented: %d %s\n%v", x.status, res.StatusCode, said, reply)
			}
			if (request != nil) != x.odd {
				t.Errorf("the document says of the request: %v", request)
			}
		})
	}
}
