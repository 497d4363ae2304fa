package api

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/internal/engine"
	"tocsin/org"
)

// A pagerDutyDialect is one of PagerDuty's: events of version 2, of version 1, and
// changes. In all of them the key stands in the body, and the integration's source is
// pagerduty.
type pagerDutyDialect struct {
	name     string // in which faults are told
	keyName  string
	key      func(body []byte) string
	keyFault func(key string) string
	reader   source.Source
	odd      string // the status of what is not an event at all
	ok       int
	done     string // the reply to an event
	doneKey  string // the field of the reply that tells the key; "" for none
}

var (
	eventsV2 = pagerDutyDialect{
		name: "pagerduty", keyName: "routing_key", key: source.RoutingKey, keyFault: source.RoutingKeyFault,
		reader: source.PagerDuty{}, odd: "Unrecognized object",
		ok: http.StatusAccepted, done: "Event processed", doneKey: "dedup_key",
	}
	changes = pagerDutyDialect{
		name: "pagerduty", keyName: "routing_key", key: source.RoutingKey, keyFault: source.RoutingKeyFault,
		reader: source.PagerDutyChange{}, odd: "Unrecognized object",
		ok: http.StatusAccepted, done: "Change event processed",
	}
	eventsV1 = pagerDutyDialect{
		name: "pagerduty v1", keyName: "service_key", key: source.ServiceKey, keyFault: source.ServiceKeyFault,
		reader: source.PagerDutyV1{}, odd: "unrecognized object",
		ok: http.StatusOK, done: "Event processed", doneKey: "incident_key",
	}
)

// pagerDutyDoor takes one event whose key stands in it.
func (g *ingest) pagerDutyDoor(d pagerDutyDialect) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, body, err := g.memory.read(w, r, maxEvent)
		defer b.done()
		if err != nil && !isUnreadable(err) {
			g.broken(w, d.name, err)
			return
		}
		key := d.key(body)
		in, found := g.integration(r.Context(), w, d.name, key)
		switch {
		case found == nil && in.Source == d.reader.Name():
			g.pagerDuty(w, r, in, d, body, err)
		case found == nil:
			g.results[d.name][unknown].Inc()
			refuse(w, d.name, http.StatusBadRequest, "'"+d.keyName+"' is the key of an integration that expects "+in.Source+", not this API")
		case errors.Is(found, engine.ErrUnknownKey):
			g.stranger(w, r, d, key, body, err)
		}
	}
}

// stranger answers an event whose key nobody has. PagerDuty would accept it and drop
// it; its sender would rather know.
func (g *ingest) stranger(w http.ResponseWriter, r *http.Request, d pagerDutyDialect, key string, body []byte, err error) {
	g.results[d.name][unknown].Inc()
	if err == nil {
		_, err = g.parse(d.reader, r.Header, body)
	}
	if isUnreadable(err) {
		d.unrecognized(w, err.Error())
		return
	}
	why := []string{d.keyFault(key)}
	if why[0] == "" {
		why[0] = "'" + d.keyName + "' is unknown: no integration has it"
	}
	var faults *source.Invalid
	if errors.As(err, &faults) {
		why = append(why, faults.Errors...)
	}
	refuse(w, d.name, http.StatusBadRequest, why...)
}

// pagerDuty hears one event of PagerDuty's dialects.
func (g *ingest) pagerDuty(w http.ResponseWriter, r *http.Request, in org.Integration, d pagerDutyDialect, body []byte, err error) {
	var events []alert.Event
	if err == nil {
		events, err = g.parse(d.reader, r.Header, body)
	}
	var faults *source.Invalid
	if errors.As(err, &faults) {
		g.results[d.name][invalid].Inc()
		refuse(w, d.name, http.StatusBadRequest, faults.Errors...)
		return
	}
	for i := range events {
		if events[i].Key == "" {
			events[i].Key = newKey()
		}
	}
	if !g.hear(w, r, in, d.name, events, body, err) {
		return
	}
	if err != nil {
		d.unrecognized(w, err.Error())
		return
	}
	d.processed(w, events[0].Key)
}

// newKey is the dedup key of an event whose sender gave none: nothing else joins it.
func newKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// pagerDutyFault tells a fault as PagerDuty's clients know it.
func pagerDutyFault(w http.ResponseWriter, status int, why []string) {
	p := struct {
		Status  string   `json:"status"`
		Message string   `json:"message"`
		Errors  []string `json:"errors,omitempty"`
	}{"invalid event", "Event object is invalid", why}
	switch status {
	case http.StatusBadRequest:
	case http.StatusServiceUnavailable:
		p.Status, p.Message = "unavailable", "The event could not be stored; send it again"
	default:
		p.Status, p.Message = "error", http.StatusText(status)
	}
	body, _ := json.Marshal(p) // texts
	write(w, status, body)
}

// unrecognized is the reply to what is not an event at all.
func (d pagerDutyDialect) unrecognized(w http.ResponseWriter, why string) {
	body := append([]byte(nil), `{"status":`...)
	body = appendText(body, d.odd)
	body = append(body, `,"message":"Event object format is unrecognized","errors":["JSON parse error",`...)
	body = appendText(body, why)
	write(w, http.StatusBadRequest, append(body, "]}"...))
}

// processed is the reply to an event that is on disk.
func (d pagerDutyDialect) processed(w http.ResponseWriter, key string) {
	var room [192]byte
	b := append(room[:0], `{"status":"success","message":`...)
	b = appendText(b, d.done)
	if d.doneKey != "" {
		b = append(append(append(b, `,"`...), d.doneKey...), `":`...)
		b = appendText(b, key)
	}
	write(w, d.ok, append(b, '}'))
}
