package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/drill"
)

// A Complaint is a report with what it leads to.
type Complaint struct {
	store.Report
	Title string
	Leads org.Leads    // service, category, impact, urgency
	Joins incident.ID  // a known incident that it is about; "" opens one
	Worst org.Severity // of an emergency
	Call  []org.Target // beside those of the policy
	// Drill says that it is practised: nobody is called. Into is the drill that it is a part
	// of, as long as that goes on.
	Drill bool
	Into  incident.ID
}

// Complain takes what somebody reported by a form. It is on disk when it returns, with the
// incident that it opened or joined; the same report twice is one.
func (e *Engine) Complain(ctx context.Context, c Complaint, now time.Time) (r store.Report, err error) {
	err = e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		if r, err = tx.Report(c.ID); err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		r = c.Report
		r.At = now
		by := incident.ByForm(c.Form)
		fact := incident.Complained{Report: c.ID, Form: c.Form, Same: c.Joins != "", Emergency: c.Emergency}
		var t *tending
		if c.Drill {
			if t, err = e.practise(tx, s, c, by, now); err != nil {
				return err
			}
		} else if c.Joins != "" {
			sub, err := tx.Lock(c.Joins)
			if err != nil {
				return err
			}
			if !sub.Status.Open() {
				return incident.Refuse("it is over: report it anew")
			}
			t = e.tend(tx, s, sub, now)
		} else {
			t = e.tend(tx, s, tx.Create(incident.ID(e.newID(now))), now)
			f, policy := s.complaint(c, now)
			t.open(by, f, policy)
		}
		r.Subject, r.Same = t.in.ID, c.Joins != "" && !c.Drill
		if n, err := tx.ReportsOf(t.in.ID); err != nil {
			return err
		} else if worthALine(len(n) + 1) {
			t.add(by, fact)
		}
		if len(c.Call) > 0 && c.Joins == "" && !c.Drill {
			more, err := escalate.AddResponders(t.in, c.Call, "an emergency")
			if err != nil {
				return err
			}
			t.add(incident.Engine, more...)
		}
		if _, err := tx.Attach(by, store.ReportPart(r.Subject, r.ID), r.Photos...); err != nil {
			return err
		}
		if err := tx.AddReport(r); err != nil {
			return err
		}
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return r, err
}

// practise is the drill that a practised report belongs to: the one that it names, or its
// own, which calls nobody.
func (e *Engine) practise(tx *store.Tx, s *setup, c Complaint, by incident.Actor, now time.Time) (*tending, error) {
	if c.Into != "" {
		sub, err := tx.Lock(c.Into)
		if err == nil && sub.IsDrill() && sub.Status.Open() {
			return e.tend(tx, s, sub, now), nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	f, _ := s.complaint(c, now)
	opened, begun := drill.Practice(c.Title, f.Service, f.Team, f.Severity, now)
	opened.Category, opened.Impact, opened.Urgency = f.Category, f.Impact, f.Urgency
	t := e.tend(tx, s, tx.Create(incident.ID(e.newID(now))), now)
	e.unindexed.Store(true)
	t.add(by, opened, begun)
	return t, nil
}

// complaint is the incident that a report opens, by the matrix, and its policy.
func (s *setup) complaint(c Complaint, now time.Time) (incident.Opened, org.PolicyID) {
	ev := alert.Event{Action: alert.Trigger, Title: c.Title, Severity: c.Worst, Labels: map[string]string{}}
	for name, value := range map[string]string{"category": c.Leads.Category, "impact": c.Leads.Impact, "urgency": c.Leads.Urgency} {
		if value != "" {
			ev.Labels[name] = value
		}
	}
	settings := s.settings
	if c.Emergency {
		settings.Matrix = nil // an emergency is as bad as the form says
	}
	k := alert.Categorize(ev, org.Integration{Service: c.Leads.Service}, alert.Rules{}, s.services, settings)
	k.Asks = s.settings.Matrix.Asks(k.Severity)
	service := s.services[k.Service]
	f := incident.Opened{
		Title: c.Title, Service: k.Service, Team: service.Team, Severity: k.Severity, Priority: k.Asks.Priority,
		Why: strings.Trim("reported by a form; "+strings.ReplaceAll(k.Why, "of the integration", "of the form"), "; "),
	}
	f.Category, f.Impact, f.Urgency, f.UpdateEvery, f.Roles = k.Category, k.Impact, k.Urgency, k.Asks.UpdateEvery, k.Asks.Roles
	if c.Emergency {
		f.Priority, f.Why = org.High, "reported as an emergency"
	} else {
		f.Priority, f.Support = alert.InHours(f.Priority, service, now)
	}
	return f, s.policyOf(service, k.Asks)
}

// mostWritten bounds what is written about one report.
const mostWritten = 200

// WriteReport adds what who reported it writes, or (with a person) what they are
// answered.
func (e *Engine) WriteReport(ctx context.Context, id string, by org.PersonID, text string, now time.Time) error {
	if text = strings.TrimSpace(text); text == "" {
		return incident.Refuse("text: says nothing")
	}
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		r, err := tx.Report(id)
		if err != nil {
			return err
		}
		all, err := tx.ReportMessages(id)
		if err != nil {
			return err
		}
		if len(all) >= mostWritten {
			return incident.Refuse("text: enough was written here: report it anew")
		}
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(r.Subject)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		m := store.ReportMessage{ID: e.newID(now), Report: id, At: now, Person: by, Text: text}
		if err := tx.AddReportMessage(m, r.Subject); err != nil {
			return err
		}
		if by == "" {
			t.add(incident.ByForm(r.Form), incident.Wrote{Report: id})
			return t.settle()
		}
		t.add(incident.ByPerson(by), incident.Replied{Report: id})
		if err := e.tellReporter(tx, r, m, now); err != nil {
			return err
		}
		return t.settle()
	})
	if err == nil {
		e.Poke()
	}
	return err
}

// tellReporter owes a letter to who reported it, if they left an address that wants one.
func (e *Engine) tellReporter(tx *store.Tx, r store.Report, m store.ReportMessage, now time.Time) error {
	all, err := tx.Subscribers(store.ReportScope(string(r.Subject)), "", mostWritten)
	for _, one := range all {
		if err == nil && one.Report == r.ID && one.Active {
			err = tx.AddLetter(store.Letter{ID: fmt.Sprintf("%s-%s", one.ID, m.ID), Subscriber: one.ID, Kind: store.LetterReply, Subject: r.Subject, At: now, WakeAt: now})
		}
	}
	return err
}
