package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/internal/engine"
	"tocsin/org"
)

// in is POST /in/{source}/{key} and /generic/{key}, with or without a slash behind:
// the key is in the address, the dialect is the source's.
func (a *API) in(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	name, key := "generic", ""
	switch {
	case parts[0] == "generic" && len(parts) == 2:
		key = parts[1]
	case parts[0] == "in" && len(parts) == 3:
		name, key = parts[1], parts[2]
	default:
		problem(w, http.StatusNotFound, "want /in/<source>/<key> or /generic/<key>")
		return
	}
	from, known := source.Named(name)
	integration, err := a.engine.Integration(r.Context(), key)
	switch {
	case err != nil && !errors.Is(err, engine.ErrUnknownKey):
		a.ours(w, r, err)
		return
	case err != nil, !known, integration.Source != name:
		problem(w, http.StatusNotFound, "no integration of this source has this key")
		return
	}
	limit := int64(maxBatch)
	body, done, err := body(w, r, limit)
	defer done()
	switch {
	case errors.Is(err, errTooLarge):
		problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("at most %d bytes, unpacked", limit))
		return
	case errors.Is(err, errLost):
		problem(w, http.StatusRequestTimeout, "the body did not arrive")
		return
	}
	var events []alert.Event
	if err == nil {
		events, err = from.Parse(r.Header, body)
	}
	if err != nil { // kept, with what could be read of it
		events = append(events, alert.UnreadableFrom(integration, err.Error()))
	}
	if err := a.hear(r.Context(), integration.ID, events, body); err != nil {
		a.ours(w, r, err)
		return
	}
	answer(w, http.StatusAccepted, fmt.Appendf(nil, `{"status":"accepted","events":%d}`+"\n", len(events)))
}

// hear hands events over; a sender that goes away does not take them back.
func (a *API) hear(ctx context.Context, integration org.IntegrationID, events []alert.Event, raw []byte) error {
	return a.engine.Hear(context.WithoutCancel(ctx), integration, events, raw, a.engine.Now())
}

var (
	processed    = []byte(`{"status":"success","message":"Event processed","dedup_key":`)
	unrecognized = []byte(`{"status":"Unrecognized object","message":"Event object format is unrecognized","errors":["JSON parse error"]}`)
)

// enqueue is PagerDuty's Events API v2: the key is in the body, and so is everything
// that PagerDuty would refuse; its clients show our answer to a person.
func (a *API) enqueue(w http.ResponseWriter, r *http.Request) {
	if strings.TrimSuffix(r.URL.Path, "/") != "/v2/enqueue" {
		problem(w, http.StatusNotFound, "there is nothing at this address")
		return
	}
	body, done, err := body(w, r, maxEvent)
	defer done()
	switch {
	case errors.Is(err, errTooLarge):
		invalid(w, http.StatusRequestEntityTooLarge, "Event object is too large (maximum is 512 KB)")
		return
	case err != nil:
		answer(w, http.StatusBadRequest, unrecognized)
		return
	}
	events, err := source.PagerDuty{}.Parse(nil, body)
	if _, unreadable := errors.AsType[*source.Unreadable](err); unreadable {
		answer(w, http.StatusBadRequest, unrecognized)
		return
	}
	key := source.RoutingKey(body)
	if fault := source.RoutingKeyFault(key); fault != "" {
		invalid(w, http.StatusBadRequest, fault)
		return
	}
	integration, unknown := a.engine.Integration(r.Context(), key)
	switch {
	case unknown != nil && !errors.Is(unknown, engine.ErrUnknownKey):
		a.ours(w, r, unknown)
		return
	case unknown != nil, integration.Source != "pagerduty":
		invalid(w, http.StatusBadRequest, "'routing_key' is unknown here")
		return
	}
	if refused, ok := errors.AsType[*source.Invalid](err); ok {
		invalid(w, http.StatusBadRequest, refused.Errors...)
		return
	}
	if events[0].Key == "" {
		events[0].Key = strings.ToLower(rand.Text())
	}
	if err := a.hear(r.Context(), integration.ID, events, body); err != nil {
		a.ours(w, r, err)
		return
	}
	dedup, _ := json.Marshal(events[0].Key)
	out := make([]byte, 0, len(processed)+len(dedup)+2)
	out = append(append(append(out, processed...), dedup...), '}', '\n')
	answer(w, http.StatusAccepted, out)
}

// invalid is PagerDuty's refusal.
func invalid(w http.ResponseWriter, status int, faults ...string) {
	var b bytes.Buffer
	json.NewEncoder(&b).Encode(struct {
		Status  string   `json:"status"`
		Message string   `json:"message"`
		Errors  []string `json:"errors"`
	}{"invalid event", "Event object is invalid", faults})
	answer(w, status, b.Bytes())
}
