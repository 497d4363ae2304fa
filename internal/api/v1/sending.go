package v1

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	payloadsShown = 20
	eventsShown   = 20 // of one payload
)

// A SendingState says what an integration was sent, and what became of it.
type SendingState struct {
	Heard    bool       `json:"heard" doc:"Something came, within what is kept"`
	LastAt   *time.Time `json:"last_at,omitempty"`
	Payloads []Sent     `json:"payloads" nullable:"false" doc:"The last 20, newest first; in a storm not all are kept"`
}

// Sent is what came at once, and what was read in it.
type Sent struct {
	ID     string      `json:"id"`
	At     time.Time   `json:"at"`
	Type   string      `json:"type,omitempty" doc:"Content-Type"`
	Body   string      `json:"body" doc:"At most 64 KiB"`
	Events []ReadEvent `json:"events" nullable:"false" doc:"The first 20"`
	Count  int         `json:"count" doc:"Of all events in it"`
	Error  string      `json:"error,omitempty" doc:"What could not be read"`
}

// A ReadEvent is one that was read, where it belongs, and what became of it.
type ReadEvent struct {
	Action   alert.Action      `json:"action"`
	Key      string            `json:"key,omitempty"`
	Title    string            `json:"title"`
	Text     string            `json:"text,omitempty"`
	Severity org.Severity      `json:"said_severity,omitempty" doc:"As the source rates it"`
	Labels   map[string]string `json:"labels,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
	Links    []alert.Link      `json:"links,omitempty"`
	Category Categorized       `json:"category" doc:"By the rules of now"`
	Alert    string            `json:"alert,omitempty" doc:"That it belongs to, or would"`
	Incident incident.ID       `json:"incident,omitempty"`
	Became   string            `json:"became" doc:"In words"`
}

// integration is one that the caller may see, ready to read for.
func (a *API) integration(c *caller, id string) (in org.Integration, err error) {
	row, ok := c.setup.rows[thing{config.Integrating, id}]
	if !ok {
		return in, store.ErrNotFound
	}
	if in, err = decoded[org.Integration](row); err == nil && c.setup.hides(c.Identity, in.Service) {
		err = store.ErrNotFound
	}
	return in, err
}

func (a *API) sendingState(ctx context.Context, in *ThingID) (*struct{ Body SendingState }, error) {
	c := asking(ctx)
	of, err := a.integration(c, in.ID)
	if err != nil {
		return nil, err
	}
	by, err := c.setup.categorizer()
	if err != nil {
		return nil, err
	}
	out := &struct{ Body SendingState }{SendingState{Payloads: []Sent{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Payloads(of.ID, payloadsShown)
		if err != nil {
			return err
		}
		for _, p := range all {
			sent, err := a.read(tx, c, by, of, p, false)
			if err != nil {
				return err
			}
			out.Body.Payloads = append(out.Body.Payloads, sent)
		}
		if len(all) > 0 {
			out.Body.Heard, out.Body.LastAt = true, shown(all[0].At)
			return nil
		}
		alerts, err := tx.Alerts(store.AlertFilter{Integration: of.ID, Limit: 1})
		if len(alerts) > 0 {
			out.Body.Heard, out.Body.LastAt = true, shown(alerts[0].LastAt)
		}
		return err
	})
}

type trying struct {
	ThingID
	Body struct {
		Payload string       `json:"payload,omitempty" maxLength:"64" doc:"The id of one that came"`
		Mapping *org.Mapping `json:"mapping,omitempty" doc:"In the place of the integration's, of a generic one"`
		Type    string       `json:"type,omitempty" maxLength:"200" doc:"Content-Type of the body" default:"application/json"`
		Body    string       `json:"body,omitempty" maxLength:"524288" doc:"Or what might come"`
	}
}

// trySending says what would be read in a body, and what would become of it. Nothing is
// kept, and nobody is called.
func (a *API) trySending(ctx context.Context, in *trying) (*struct{ Body Sent }, error) {
	c := asking(ctx)
	of, err := a.integration(c, in.ID)
	if err != nil {
		return nil, err
	}
	if (in.Body.Payload == "") == (in.Body.Body == "") {
		return nil, wrong("body", "name either a payload that came, or give a body")
	}
	if in.Body.Mapping != nil {
		if of.Source != "generic" {
			return nil, wrong("body.mapping", "goes with the source generic")
		}
		of.Mapping = in.Body.Mapping
	}
	by, err := c.setup.categorizer()
	if err != nil {
		return nil, err
	}
	out := &struct{ Body Sent }{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		p := store.Payload{At: a.now(), Type: in.Body.Type, Body: []byte(in.Body.Body)}
		if in.Body.Payload != "" {
			if p, err = tx.Payload(in.Body.Payload); err != nil {
				return err
			}
			if p.Integration != of.ID {
				return store.ErrNotFound
			}
		}
		out.Body, err = a.read(tx, c, by, of, p, true)
		return err
	})
}

// read is what an integration's source finds in a payload. would says that it is only
// tried.
func (a *API) read(tx *store.Tx, c *caller, by *categorizer, of org.Integration, p store.Payload, would bool) (Sent, error) {
	sent := Sent{ID: p.ID, At: p.At, Type: p.Type, Body: string(p.Body), Events: []ReadEvent{}}
	src, ok := source.For(of)
	if !ok {
		sent.Error = fmt.Sprintf("there is no source %q", of.Source)
		return sent, nil
	}
	events, err := src.Parse(http.Header{"Content-Type": {p.Type}}, p.Body)
	if err != nil {
		sent.Error = err.Error()
	}
	sent.Count = len(events)
	events = events[:min(len(events), eventsShown)]
	keys := make([]store.AlertKey, len(events))
	for i, ev := range events {
		keys[i] = store.AlertKey{Integration: of.ID, Key: ev.Key}
	}
	open, err := tx.OpenAlerts(keys)
	if err != nil {
		return sent, err
	}
	last, err := tx.LastResolved(keys)
	if err != nil {
		return sent, err
	}
	for i, ev := range events {
		one := ReadEvent{
			Action: ev.Action, Key: ev.Key, Title: ev.Title, Text: ev.Text, Severity: ev.Severity, Labels: ev.Labels, Details: ev.Details, Links: ev.Links,
			Category: by.of(ev, of.ID, by.rules),
		}
		al, is := open[keys[i]]
		if !is && !would {
			al = last[keys[i]]
		}
		if al.ID != "" && !c.setup.hides(c.Identity, al.Service) {
			one.Alert, one.Incident = al.ID, al.Subject
		}
		one.Became = became(ev, one, al, would)
		sent.Events = append(sent.Events, one)
	}
	return sent, nil
}

// became is what an event did, or would do, in words.
func became(ev alert.Event, one ReadEvent, of alert.Alert, would bool) string {
	where := cmp.Or(string(one.Category.Service), "no service")
	switch {
	case ev.Action == alert.Test, ev.Action == alert.Change, ev.Action == alert.Heartbeat:
		return "is kept, and nobody is called"
	case ev.Action == alert.Trigger && one.Category.Record:
		return "is kept, because a rule says so, and nobody is called"
	case ev.Action == alert.Trigger && would && of.Open:
		return "counts on an open alert"
	case ev.Action == alert.Trigger && would:
		return fmt.Sprintf("opens an incident of %s, %s, priority %s", where, one.Category.Severity, one.Category.Priority)
	case ev.Action == alert.Trigger && of.ID == "":
		return "is not decided yet, or only kept"
	case ev.Action == alert.Trigger && of.Open:
		return fmt.Sprintf("belongs to an open alert of %s, heard %d times", cmp.Or(string(of.Service), where), of.Count)
	case ev.Action == alert.Trigger:
		return "belonged to an alert that is over"
	case ev.Action == alert.Resolve && would && of.Open, ev.Action == alert.Resolve && !would && of.ID != "" && !of.Open:
		return "ends the alert"
	case of.ID == "":
		return "is kept: there is no open alert of this key"
	}
	return string(ev.Action) + " of an alert"
}
