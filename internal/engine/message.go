package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// errMoot says that a page has nothing to say any longer.
var errMoot = errors.New("no longer needed")

// A parcel is a claimed page with what is to be sent, or why nothing is.
type parcel struct {
	page    store.PageRow
	setup   *setup
	message channel.Message
	err     error
	riders  []store.PageRow // that it speaks for, beside those that waited for it
}

// pack makes claimed pages ready at the moment of sending: still ours, the method
// verified and enabled, the person active, the question not yet answered, the text of
// now. What cannot be read spoils its own page only.
func (e *Engine) pack(ctx context.Context, pages []store.PageRow, now time.Time) []parcel {
	var parcels []parcel
	err := e.store.Read(ctx, func(tx *store.Tx) (err error) {
		parcels, err = e.packThese(tx, pages, now)
		return err
	})
	switch {
	case err == nil:
		return parcels
	case len(pages) == 1:
		return []parcel{{page: pages[0], err: err}}
	}
	parcels = nil
	for i := range pages {
		parcels = append(parcels, e.pack(ctx, pages[i:i+1], now)...)
	}
	return parcels
}

func (e *Engine) packThese(tx *store.Tx, pages []store.PageRow, now time.Time) ([]parcel, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	ours, err := tx.StillOurs(pages)
	if err != nil {
		return nil, err
	}
	subjects, alarms := make([]incident.ID, len(pages)), []incident.ID(nil)
	for i, p := range pages {
		if p.Purpose.Apart() {
			continue
		}
		if subjects[i] = p.Subject; p.Purpose.Alarms() {
			alarms = append(alarms, p.Subject)
		}
	}
	if err := tx.Preload(subjects); err != nil {
		return nil, err
	}
	alerts, err := tx.AlertsOfMany(alarms)
	if err != nil {
		return nil, err
	}
	parcels := make([]parcel, len(pages))
	papers := map[string][]byte{}
	limits := limits{going: map[line]*parcel{}, waits: map[line]string{}}
	for i, p := range pages {
		parcels[i].page, parcels[i].setup = p, s
		if p.Purpose == escalate.Shift {
			if parcels[i].err = errMoot; ours[p.ID] {
				parcels[i].message, parcels[i].err = e.composeShift(s, p)
				parcels[i].message.Files = e.attached(tx, s, p, papers)
			}
			continue
		}
		if p.Purpose == escalate.Mention {
			if parcels[i].err = errMoot; ours[p.ID] {
				parcels[i].message, parcels[i].err = e.composeMention(tx, s, p)
			}
			continue
		}
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return nil, err
		}
		if !ours[p.ID] || p.Purpose.Alarms() && !sub.Status.Open() {
			parcels[i].err = errMoot
			continue
		}
		if parcels[i].message, parcels[i].err = e.compose(s, sub.Incident, alerts[p.Subject], p); parcels[i].err == nil {
			if sub.IsDrill() { // it neither waits for a real one nor keeps one waiting
				continue
			}
			if s.threaded(p.Channel) {
				if parcels[i].message.Before, err = before(tx, p); err != nil {
					return nil, err
				}
			}
			parcels[i].err = e.limit(tx, s, &parcels[i], &limits, now)
		}
	}
	for _, lead := range limits.going {
		if err := e.speakFor(tx, s, lead); err != nil {
			return nil, err
		}
	}
	return parcels, nil
}

func (e *Engine) compose(s *setup, in incident.Incident, alerts []alert.Alert, p store.PageRow) (channel.Message, error) {
	m := channel.Message{
		ID: p.ID, To: p.Address, Subject: string(in.ID), Title: in.Title, Thread: string(in.ID),
		Service: s.serviceName(in.Service), Severity: in.Severity, Priority: p.Priority, Purpose: p.Purpose, Text: p.Text, At: in.OpenedAt, Drill: in.IsDrill(),
	}
	if m.Drill {
		m.Title = strings.TrimPrefix(in.Title, incident.DrillMark)
	}
	if v, ok := s.teams[in.Team]; ok {
		m.Team = v.Name
	}
	if zone, err := org.Zone(p.Zone); err == nil {
		m.Zone = zone
	}
	if p.Person != "" {
		person, ok := s.people[p.Person]
		method, has := person.Method(p.Method)
		switch {
		case !ok || person.Retired:
			return m, refusePage("%s is not here any longer", p.Person)
		case !has || !method.Usable():
			return m, refusePage("the contact method %s of %s is gone or switched off", p.Method, p.Person)
		}
		m.To, m.PersonName = method.Address, person.Name
	}
	e.acts(&m)
	if p.Purpose != escalate.Shift {
		m.URL = e.RoomURL(in)
	}
	if s.services[in.Service].Secure {
		m.Title, m.Service, m.Team = Secure, "", ""
		m.Text = strings.ReplaceAll(m.Text, in.Title, Secure)
		if p.Purpose == escalate.AllClear {
			m.Text = ""
			return m, nil
		}
	} else if p.Purpose == escalate.AllClear && p.Text != "" && in.Call == nil { // the headline says that it is over; why comes below
		m.Text, m.Body = "", []string{p.Text}
	}
	if !p.Purpose.Alarms() && p.Purpose != escalate.Update {
		return m, nil
	}
	m.AckURL, m.Again = e.AckURL(p.ID), p.Every
	if p.Person != "" {
		m.Code = e.Code(p.Person, in.ID)
	}
	if p.Channel == "email" && p.Purpose.Alarms() {
		m.ReplyTo = e.replyAddress(p.ID)
	}
	if m.Title == Secure {
		return m, nil
	}
	if in.Was != "" {
		m.Title += " (was a symptom of " + in.Was + ")"
	}
	if in.Change != nil {
		m.Title = "approve or deny: " + m.Title
	}
	if in.Drill != nil {
		for _, text := range append([]string{in.Drill.Text}, in.Drill.Said...) {
			if text != "" {
				m.Body = append(m.Body, text)
			}
		}
	}
	if r, step, ok := in.Climbing(p.Run); ok {
		if r.Steps[step-1].State != incident.StepWaits {
			return m, errMoot
		}
		m.Title = "approve or decline: " + r.Steps[step-1].Title + ": " + m.Title
		m.Body = append(m.Body, fmt.Sprintf("Step %d of the runbook %s waits for a second person's word, in the room of the incident.", step, r.Name))
		m.Choices = []string{"Approve", "Decline"}
		m.ResolveURL, m.PushAckURL = "", "" // which one?
	}
	if in.Call != nil {
		for _, c := range in.Call.Choices {
			m.Choices = append(m.Choices, c.Text)
		}
		m.ResolveURL = "" // it ends by itself
		if len(m.Choices) > 1 {
			m.PushAckURL = "" // which one?
		}
		if in.Call.Text != "" {
			m.Body = append(m.Body, in.Call.Text)
		}
	}
	for _, r := range in.Runs {
		for _, c := range r.Calls {
			if r.ID == p.Run && c.Person == p.Person && c.Via.Kind != "" && c.Via.Kind != "person" {
				m.Body = append(m.Body, strings.TrimSpace(fmt.Sprintf("You are called as %s. %s", c.Via, c.Why)))
			}
		}
	}
	for i, a := range alerts {
		if i == 3 {
			m.Body = append(m.Body, fmt.Sprintf("and %d more alerts", len(alerts)-i))
			break
		}
		if a.Last.Text != "" {
			m.Body = append(m.Body, a.Last.Text)
		}
		m.Links = append(m.Links, a.Last.Links...)
	}
	return m, nil
}

// composeShift makes a message about a shift: its first line is the headline.
func (e *Engine) composeShift(s *setup, p store.PageRow) (channel.Message, error) {
	m, err := e.compose(s, incident.Incident{}, nil, p)
	line, rest, _ := strings.Cut(p.Text, "\n")
	m.Subject, m.Thread, m.Title, m.Text = string(p.Subject), string(p.Subject), line, line
	if id, ok := strings.CutPrefix(m.Subject, "schedule:"); ok {
		m.URL = e.publicURL + "/on-call/" + url.PathEscape(id)
	}
	if rest != "" {
		m.Body = strings.Split(rest, "\n")
	}
	return m, err
}

// Secure is what messages say of services that must not be spoken of.
const Secure = "a secure message waits"

func refusePage(format string, args ...any) error {
	return &channel.Error{Outcome: channel.Permanent, Err: fmt.Errorf(format, args...)}
}

// RoomURL is where a subject is seen in the app, by whoever signs in and may. It says
// nothing of the subject.
func (e *Engine) RoomURL(in incident.Incident) string {
	switch {
	case in.Change != nil:
		return e.publicURL + "/changes/" + string(in.ID)
	case in.Call != nil:
		return e.publicURL + "/calls/" + string(in.ID)
	}
	return e.publicURL + "/incidents/" + string(in.ID)
}

// AckURL is the link of a page by which its person answers. It is good for this page's
// subject and person, for acknowledging and for nothing else.
func (e *Engine) AckURL(page string) string {
	return e.publicURL + "/a/" + page + "." + e.ring.Token("acknowledge", page)
}

// AckPage is the page of an acknowledge link, if the link is ours.
func (e *Engine) AckPage(ctx context.Context, token string) (p store.PageRow, in incident.Incident, err error) {
	id, mac, ok := strings.Cut(token, ".")
	if !ok || !e.ring.TokenOK("acknowledge", id, mac) {
		return p, in, store.ErrNotFound
	}
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		if p, err = tx.Page(id); err != nil {
			return err
		}
		sub, err := tx.Subject(p.Subject)
		if err == nil {
			in = sub.Incident
		}
		return err
	})
	return p, in, err
}
