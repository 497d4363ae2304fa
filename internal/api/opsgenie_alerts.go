package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// ogVerbs are the calls about one alert, by method and the last part of the path.
var ogVerbs = map[string]func(*ogCall, string) error{
	"GET":                (*ogCall).get,
	"DELETE":             (*ogCall).remove,
	"POST close":         (*ogCall).close,
	"POST acknowledge":   (*ogCall).acknowledge,
	"POST unacknowledge": (*ogCall).unacknowledge,
	"POST snooze":        (*ogCall).snooze,
	"POST assign":        (*ogCall).assign,
	"POST escalate":      (*ogCall).escalate,
	"POST teams":         (*ogCall).addResponder,
	"POST responders":    (*ogCall).addResponder,
	"POST notes":         (*ogCall).addNote,
	"GET notes":          (*ogCall).notes,
	"GET logs":           (*ogCall).logs,
	"POST tags":          (*ogCall).addTags,
	"DELETE tags":        (*ogCall).removeTags,
	"POST details":       (*ogCall).addDetails,
	"DELETE details":     (*ogCall).removeDetails,
	"PUT priority":       (*ogCall).setPriority,
	"POST priority":      (*ogCall).setPriority,
	"PUT message":        (*ogCall).setMessage,
	"POST message":       (*ogCall).setMessage,
	"PUT description":    (*ogCall).setDescription,
	"POST description":   (*ogCall).setDescription,
}

// alertCall serves what stands below /v2/alerts. An alias may have slashes in it that
// nobody escaped.
func (c *ogCall) alertCall() error {
	m := c.r.Method
	switch {
	case len(c.path) == 0 && m == "POST":
		return c.create()
	case len(c.path) == 0 && m == "GET":
		return c.list()
	case len(c.path) == 1 && c.path[0] == "count" && m == "GET":
		return c.count()
	case len(c.path) == 2 && c.path[0] == "requests" && m == "GET":
		return c.request(c.path[1])
	case len(c.path) > 1:
		last := len(c.path) - 1
		if do, ok := ogVerbs[m+" "+c.path[last]]; ok {
			return do(c, strings.Join(c.path[:last], "/"))
		}
		if c.query.Get("identifierType") != "alias" {
			return &ogFault{http.StatusNotFound, "there is nothing here", nil}
		}
	}
	if do, ok := ogVerbs[m]; ok && len(c.path) > 0 {
		return do(c, strings.Join(c.path, "/"))
	}
	return &ogFault{http.StatusMethodNotAllowed, "Method not allowed", nil}
}

// create hears a new alert, or one more of an open one.
func (c *ogCall) create() error {
	body, err := c.body()
	if err != nil {
		return err
	}
	events, err := c.ingest.parse(source.Opsgenie{}, c.r.Header, body)
	if err != nil {
		return err
	}
	key := events[0].Key
	if key == "" {
		key = newKey()
	}
	for i := range events {
		events[i].Key = key
	}
	return c.hear("Create", key, events...)
}

// hear puts events on disk together with the request that brought them, and promises
// that they will be processed.
func (c *ogCall) hear(action, key string, events ...alert.Event) error {
	for i := range events {
		if who := events[i].By; who != "" {
			events[i].By = c.person(who, &events[i].Text)
		}
	}
	kept := make(chan error, 1)
	go func() { // beside the events, so that one commit of the disk carries both
		kept <- c.keep(store.Request{Action: action, Key: key})
	}()
	err := c.engine.Hear(c.r.Context(), c.in.ID, events, nil, c.at)
	if err := errors.Join(err, <-kept); err != nil {
		return err
	}
	return c.promised()
}

// person is whom a client means by a user. Somebody unknown here stands in the text.
func (c *ogCall) person(who string, text *string) string {
	p, found, err := c.engine.PersonCalled(c.r.Context(), who)
	if err == nil && found {
		return string(p.ID)
	}
	if *text != "" {
		*text = who + ": " + *text
	}
	return ""
}

// keep writes the request down, for whoever asks how it went.
func (c *ogCall) keep(r store.Request) error {
	r.ID, r.Integration, r.At = c.id, c.in.ID, c.at
	return c.store.Write(context.WithoutCancel(c.r.Context()), store.Accept, func(tx *store.Tx) error { return tx.PutRequest(r) })
}

func (c *ogCall) promised() error {
	c.ingest.results["opsgenie"][accept].Inc()
	return c.answer(http.StatusAccepted, map[string]any{"result": "Request will be processed"})
}

// decided promises what is done already, or will never be: Opsgenie's clients hear of
// refusals only when they ask how their request went.
func (c *ogCall) decided(action string, a alert.Alert, err error) error {
	r := store.Request{Action: action, Key: a.Key, Alert: a.ID, Decided: true}
	var refusal incident.Refusal
	var fault *ogFault
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		r.Failure = refusal.Text
	case errors.As(err, &fault):
		r.Failure = fault.message
	default:
		return err
	}
	if err := c.keep(r); err != nil {
		return err
	}
	return c.promised()
}

// find is the alert that a call names, once triage has seen what was said of it before.
func (c *ogCall) find(id string) (a alert.Alert, err error) {
	key := ""
	if c.query.Get("identifierType") == "alias" {
		key = source.OpsgenieKey(id)
	}
	missing := false
	_, err = c.engine.Until(c.r.Context(), seesItself, func(tx *store.Tx) (settled bool, err error) {
		switch c.query.Get("identifierType") {
		case "alias":
			a, err = tx.AlertOf(store.AlertKey{Integration: c.in.ID, Key: key}, c.at)
		case "tiny":
			a, err = tinyAlert(tx, c.in.ID, id)
		default:
			a, err = tx.AlertOfID(c.in.ID, id)
		}
		if missing = errors.Is(err, store.ErrNotFound); err != nil && !missing {
			return false, err
		}
		if !missing {
			key = a.Key
		}
		waits, err := tx.Waits(c.in.ID, key, c.at) // without a key: anything of the integration
		return !waits, err
	})
	if err == nil && missing {
		err = errNoAlert
	}
	return a, err
}

// event hears what somebody says of an alert. By alias it follows what was said before,
// whether that was triaged or not.
func (c *ogCall) event(action, id string, of func(source.OpsgenieBody) (alert.Event, error)) error {
	b, err := c.said()
	if err != nil {
		return err
	}
	ev, err := of(b)
	if err != nil {
		return err
	}
	if c.query.Get("identifierType") == "alias" {
		ev.Key = source.OpsgenieKey(id)
	} else {
		a, err := c.find(id)
		if err == nil && !a.Open {
			err = incident.Refuse("Alert is already closed")
		}
		if err != nil {
			return c.decided(action, a, err)
		}
		ev.Key = a.Key
	}
	ev.By = b.User
	if b.Note != "" && ev.Action != alert.Note {
		note := alert.Event{Action: alert.Note, Key: ev.Key, Text: b.Note, By: b.User}
		return c.hear(action, ev.Key, note, ev)
	}
	return c.hear(action, ev.Key, ev)
}

// plainly is an event that only has an action.
func plainly(action alert.Action) func(source.OpsgenieBody) (alert.Event, error) {
	return func(source.OpsgenieBody) (alert.Event, error) { return alert.Event{Action: action}, nil }
}

func (c *ogCall) close(id string) error  { return c.event("Close", id, plainly(alert.Resolve)) }
func (c *ogCall) remove(id string) error { return c.event("Delete", id, plainly(alert.Resolve)) }

func (c *ogCall) acknowledge(id string) error {
	return c.event("Acknowledge", id, plainly(alert.Acknowledge))
}

func (c *ogCall) unacknowledge(id string) error {
	return c.event("UnAcknowledge", id, plainly(alert.Unacknowledge))
}

func (c *ogCall) setMessage(id string) error {
	return c.event("Update Message", id, func(b source.OpsgenieBody) (alert.Event, error) {
		if b.Message == "" {
			return alert.Event{}, unprocessable("message", "Message can not be empty.")
		}
		return alert.Event{Action: alert.Update, Title: b.Message}, nil
	})
}

func (c *ogCall) setDescription(id string) error {
	return c.event("Update Description", id, func(b source.OpsgenieBody) (alert.Event, error) {
		if b.Description == "" {
			return alert.Event{}, unprocessable("description", "Description can not be empty.")
		}
		return alert.Event{Action: alert.Update, Text: b.Description}, nil
	})
}

// deed does what people do, at once.
func (c *ogCall) deed(action, id string, of func(source.OpsgenieBody) (decide func(incident.Incident, escalate.World) ([]incident.Fact, error), err error)) error {
	b, err := c.said()
	if err != nil {
		return err
	}
	decide, err := of(b)
	if err != nil {
		return err
	}
	a, err := c.find(id)
	if err == nil && a.Subject == "" {
		err = incident.Refuse("no incident answers for it yet: %s", a.Sifted.Why)
	}
	if err == nil {
		note := b.Note
		by := c.actor(b.User, &note)
		_, err = c.engine.Do(c.r.Context(), a.Subject, by, c.at, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			facts, err := decide(in, w)
			if note != "" && err == nil {
				facts = append([]incident.Fact{incident.Noted{Text: note}}, facts...)
			}
			return facts, err
		})
	}
	return c.decided(action, a, err)
}

// actor is who does it: a person we know, or else the integration.
func (c *ogCall) actor(user string, note *string) incident.Actor {
	if user != "" {
		if p := c.person(user, note); p != "" {
			return incident.ByPerson(org.PersonID(p))
		}
	}
	return incident.BySource(c.in.ID)
}

// A decision is what a deed comes to.
type decision = func(incident.Incident, escalate.World) ([]incident.Fact, error)

func (c *ogCall) snooze(id string) error {
	return c.deed("Snooze", id, func(b source.OpsgenieBody) (decision, error) {
		until, err := time.Parse(time.RFC3339Nano, b.EndTime)
		if err != nil {
			return nil, unprocessable("endTime", "a time such as 2026-11-23T08:00:00Z")
		}
		return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return escalate.Snooze(in, until.Truncate(time.Microsecond).UTC(), c.at)
		}, nil
	})
}

func (c *ogCall) addNote(id string) error {
	return c.deed("Add Note", id, func(b source.OpsgenieBody) (decision, error) {
		if b.Note == "" {
			return nil, unprocessable("note", "Note can not be empty.")
		}
		return func(incident.Incident, escalate.World) ([]incident.Fact, error) { return nil, nil }, nil
	})
}

func (c *ogCall) assign(id string) error {
	return c.deed("Assign", id, func(b source.OpsgenieBody) (decision, error) {
		p, found, err := c.engine.PersonCalled(c.r.Context(), b.One.Name)
		if err == nil && !found {
			err = unprocessable("owner", "There is no user %q.", b.One.Name)
		}
		return func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			return escalate.Reassign(in, w, org.Target{Kind: "person", ID: string(p.ID)}, "assigned", c.engine.Now())
		}, err
	})
}

// escalate gives it to the policy that a client names, and where that is the one it is
// with, to its next level.
func (c *ogCall) escalate(id string) error {
	return c.deed("Escalate", id, func(b source.OpsgenieBody) (decision, error) {
		to, found, err := c.engine.TargetCalled(c.r.Context(), "policy", b.One.Name)
		if err == nil && !found {
			err = unprocessable("escalation", "There is no escalation %q.", b.One.Name)
		}
		return func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
			if slices.ContainsFunc(in.Runs, func(r incident.Run) bool { return r.Open() && !r.Aside && string(r.Policy) == to.ID }) {
				return escalate.EscalateNow(in, "escalated")
			}
			return escalate.Reassign(in, w, to, "escalated", c.engine.Now())
		}, err
	})
}

// addResponder calls a team or a user beside whoever was called.
func (c *ogCall) addResponder(id string) error {
	return c.deed("Add Responder", id, func(b source.OpsgenieBody) (decision, error) {
		to, found, err := c.target(b.One)
		if err == nil && !found {
			err = unprocessable("responder", "There is no %s %q.", b.One.Type, b.One.Name)
		}
		return func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return escalate.AddResponders(in, []org.Target{to}, "responder added")
		}, err
	})
}

// target is whom a responder means.
func (c *ogCall) target(n source.OpsgenieName) (org.Target, bool, error) {
	switch n.Type {
	case "user":
		p, found, err := c.engine.PersonCalled(c.r.Context(), n.Name)
		return org.Target{Kind: "person", ID: string(p.ID)}, found, err
	case "team", "schedule":
		return c.engine.TargetCalled(c.r.Context(), n.Type, n.Name)
	}
	return org.Target{}, false, nil
}
