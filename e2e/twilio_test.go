package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// twilioAPI reads Twilio's own description of its API, if it is there.
func twilioAPI(t *testing.T) routers.Router {
	t.Helper()
	folder := os.Getenv("TOCSIN_SPECS")
	if folder == "" {
		t.Log("TOCSIN_SPECS names no folder: Twilio's own description is not asked")
		return nil
	}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, "twilio_api_v2010.json"))
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// Twilio's description takes what we ask for, and its npm package takes our TwiML and
// signs what we hear.
func TestTwilio(t *testing.T) {
	api := twilioAPI(t)
	const account, token, from = "AC00000000000000000000000000000001", "12345", "+4915112345678"
	asked := make(chan url.Values, 10)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if api != nil {
			q := r.Clone(r.Context())
			q.URL.Scheme, q.URL.Host, q.Host = "https", "api.twilio.com", "api.twilio.com"
			q.Body = io.NopCloser(bytes.NewReader(body))
			route, params, err := api.FindRoute(q)
			if err == nil {
				err = openapi3filter.ValidateRequest(q.Context(), &openapi3filter.RequestValidationInput{
					Request: q, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
				})
			}
			if err != nil {
				t.Errorf("%s: %v", r.URL.Path, err)
			}
		}
		if user, password, ok := r.BasicAuth(); !ok || user != account || password != token {
			t.Error("no credentials")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
		asked <- form
	}))
	defer vendor.Close()
	provider := func(id, kind string) string {
		return fmt.Sprintf("  - {id: %s, kind: %s, settings: {account: %s, token: %q, from: \"+15005550006\", server: %q}}\n", id, kind, account, token, vendor.URL)
	}
	s := start(t, `
people:
  - id: jane
    methods:
      - {id: sms, channel: sms, address: "`+from+`"}
      - {id: call, channel: voice, address: "`+from+`"}
    rules: [{method: sms}, {method: call}]
policies: [{id: p, levels: [{targets: ["person:jane"], wait: 5m}]}]
services: [{id: db, policy: p}]
integrations: [{id: in, source: generic, service: db, key: sixteen-or-more-letters}]
settings: {catch_all: db}
channels:
`+provider("sms", "twilio")+provider("calls", "twilio-voice"), "--allow-network", strings.TrimPrefix(vendor.URL, "http://"))
	res, err := http.Post(s.URL+"/in/generic/sixteen-or-more-letters", "application/json", strings.NewReader(`{"title":"db's \"main\" <node> & more is down","key":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	var sms, call url.Values
	for range 2 {
		select {
		case form := <-asked:
			if form.Get("Body") != "" {
				sms = form
			} else {
				call = form
			}
		case <-time.After(20 * time.Second):
			t.Fatal("Twilio is never asked")
		}
	}
	if sms == nil || call == nil || sms.Get("To") != from || call.Get("To") != from {
		t.Fatal(sms, call)
	}
	page := sms.Get("StatusCallback")[strings.LastIndex(sms.Get("StatusCallback"), "/")+1:]
	other := call.Get("StatusCallback")[strings.LastIndex(call.Get("StatusCallback"), "/")+1:]
	runJS(t, installJS(t), []string{
		"DOOR=" + s.URL + "/hook/sms", "TOKEN=" + token, "TWIML=" + call.Get("Twiml"), "ACTION=" + s.URL + "/hook/calls/key/" + other, "PAGE=" + page, "FROM=" + from,
	}, "twilio.mjs")
}
