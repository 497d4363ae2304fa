package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// Door is a request that came to a provider's door: a receipt, a reply, a button, a key.
// The provider reads it, each thing that it says is done, and the provider answers. An
// error that is no ErrNotFound and no channel.ErrSignature is ours: whoever asks again
// does no harm.
func (e *Engine) Door(ctx context.Context, id string, r channel.Request, now time.Time) (res channel.Response, err error) {
	p, err := e.Provider(ctx, id)
	if err != nil {
		return res, err
	}
	door, ok := p.(channel.Door)
	if !ok {
		return res, store.ErrNotFound
	}
	call, err := door.Open(r)
	if err != nil {
		return res, err
	}
	texts := make([]string, len(call.Said))
	for i, said := range call.Said {
		if texts[i], err = e.Heard(ctx, id, said, now); err != nil {
			return res, err
		}
	}
	if call.After != nil {
		if err := call.After(ctx, texts); err != nil {
			e.log.Warn("somebody was not told what came of their answer", "channel", id, "error", err)
		}
	}
	return call.Answer(texts), nil
}

// Provider is one by its id; ErrNotFound when there is none such.
func (e *Engine) Provider(ctx context.Context, id string) (c channel.Channel, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		p, ok := s.provider(id)
		if !ok {
			return store.ErrNotFound
		}
		c = p.Channel
		return nil
	})
	return c, err
}

// Heard is one thing that came in through a provider. It returns what whoever said it
// is to be told; an error is ours.
func (e *Engine) Heard(ctx context.Context, id string, said channel.Said, now time.Time) (string, error) {
	c, err := e.Provider(ctx, id)
	if err != nil {
		return "", err
	}
	p, known, err := e.pageSaid(ctx, c.Name(), said)
	if err != nil {
		return "", err
	}
	switch {
	case said.State == escalate.Failed && known:
		return "", e.Undelivered(ctx, p.ID, said.Provider, said.Why, now)
	case said.State != "" && known:
		return "", e.Report(ctx, p.ID, said.State, now)
	case said.Page != "" && !known && (said.State.Rank() > 0 || said.Verb == channel.Acknowledge):
		if said.State == "" {
			said.State = escalate.Answered
		}
		if err := e.reportTrial(ctx, said.Page, said.State, now); !errors.Is(err, store.ErrNotFound) {
			return "It works: this was a test.", err
		}
		return "", nil
	case said.State != "":
		return "", nil // of a page that is not ours, or not any longer
	}
	if !known && said.Subject == "" && said.Provider != "" && said.Code == "" {
		id, err := e.threadSaid(ctx, c.Name(), said.Provider)
		if err != nil || id == "" {
			return "", err // something else is spoken of there
		}
		said.Subject = string(id)
	}
	return e.spoke(ctx, c.Name(), said, p, known, now)
}

// pageSaid finds the page that something was said about, if it is one of the channel.
func (e *Engine) pageSaid(ctx context.Context, name string, said channel.Said) (p store.PageRow, known bool, err error) {
	if said.Page == "" && said.Provider == "" {
		return p, false, nil
	}
	err = e.store.Read(ctx, func(tx *store.Tx) (err error) {
		if said.Page != "" {
			p, err = tx.Page(said.Page)
		} else {
			p, err = tx.PageByProvider(name, said.Provider)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Channel != name {
		return store.PageRow{}, false, nil
	}
	return p, err == nil, err
}

// threadSaid is the incident of the thread in which something was said; "": none.
func (e *Engine) threadSaid(ctx context.Context, name, message string) (id incident.ID, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		t, err := tx.ThreadAt(message)
		if room, _, _ := strings.Cut(t.Room, ":"); err == nil && room == name {
			id = t.Subject
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return id, err
}

// A speaker is who said something, and about which subject.
type speaker struct {
	person  org.Person
	access  org.Access
	subject incident.ID
	page    store.PageRow // theirs about it; zero when they were not paged
}

// A deaf answer is what somebody is told whose words do nothing.
type deaf struct{ text string }

func (d deaf) Error() string { return d.text }

func answerOnly(format string, args ...any) error { return deaf{fmt.Sprintf(format, args...)} }

// spoke does what a person wants, as the person they are.
func (e *Engine) spoke(ctx context.Context, name string, said channel.Said, p store.PageRow, known bool, now time.Time) (text string, err error) {
	var who speaker
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		who, err = e.speaker(tx, s, name, said, p, known, now)
		return err
	})
	if err == nil {
		text, err = e.does(ctx, name, said, who, now)
	}
	if said, ok := errors.AsType[deaf](err); ok {
		return said.text, nil
	}
	if no, ok := errors.AsType[incident.Refusal](err); ok {
		return no.Text, nil
	}
	return text, err
}

// speaker finds out who speaks and about what.
func (e *Engine) speaker(tx *store.Tx, s *setup, name string, said channel.Said, p store.PageRow, known bool, now time.Time) (w speaker, err error) {
	if said.From == "" && known {
		w.person = s.people[p.Person]
	} else if w.person, known = s.personAt(name, said.From); !known {
		return w, answerOnly("Tocsin does not know you here. Add %s as a contact method first.", said.From)
	}
	if w.person.ID == "" || w.person.Retired {
		return w, answerOnly("Tocsin does not know you.")
	}
	teams := make([]org.Team, 0, len(s.teams))
	for _, t := range s.teams {
		teams = append(teams, t)
	}
	w.access = org.AccessOf(w.person, teams)
	if p.ID != "" {
		w.subject = p.Subject
		if p.Person == w.person.ID {
			w.page = p
			return w, nil
		}
	}
	if said.Subject != "" {
		w.subject = incident.ID(said.Subject)
		if _, err := tx.Subject(w.subject); err != nil {
			return w, answerOnly("This incident is not known any longer.")
		}
	}
	mine, err := e.paged(tx, w.person.ID, now)
	if err != nil {
		return w, err
	}
	if w.subject == "" {
		w.page, err = e.meant(tx, mine, w.person.ID, said)
		w.subject = w.page.Subject
		return w, err
	}
	if i := slices.IndexFunc(mine, func(q store.PageRow) bool { return q.Subject == w.subject }); i >= 0 {
		w.page = mine[i]
	}
	return w, nil
}

const (
	codesFor   = 3 * 24 * time.Hour // how long a code names an incident
	codesAmong = 200                // pages of the person
)

// paged are a person's alarms of late, the last of each subject, the newest first.
func (e *Engine) paged(tx *store.Tx, person org.PersonID, now time.Time) (out []store.PageRow, err error) {
	all, err := tx.Pages(store.PageFilter{Person: person, Limit: codesAmong})
	for _, p := range all {
		seen := slices.ContainsFunc(out, func(q store.PageRow) bool { return q.Subject == p.Subject })
		if p.Purpose.Alarms() && !seen && now.Sub(p.At) < codesFor && (!p.SentAt.IsZero() || mayBeOut(p)) {
			out = append(out, p)
		}
	}
	return out, err
}

// meant is which of a person's pages they speak of: by its code, or the only one that is
// open.
func (e *Engine) meant(tx *store.Tx, mine []store.PageRow, person org.PersonID, said channel.Said) (store.PageRow, error) {
	var fit []store.PageRow
	var open []string
	for _, p := range mine {
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return store.PageRow{}, err
		}
		code := e.Code(person, p.Subject)
		if sub.Status.Open() {
			open = append(open, code+" "+sub.Title)
		}
		if said.Code == code || said.Code == "" && sub.Status.Open() {
			fit = append(fit, p)
		}
	}
	switch {
	case said.Verb == channel.List && len(open) > 0:
		return store.PageRow{}, answerOnly("Open: %s. Reply with a code to acknowledge, followed by e to escalate or r to resolve.", strings.Join(open, "; "))
	case len(fit) == 1 && said.Verb != channel.List:
		return fit[0], nil
	case len(open) == 0 && said.Code == "":
		return store.PageRow{}, answerOnly("You have no open incident.")
	case len(fit) == 0 && len(open) == 0:
		return store.PageRow{}, answerOnly("%s is no code of yours, and you have no open incident.", said.Code)
	case len(fit) == 0:
		return store.PageRow{}, answerOnly("%s is no code of yours. Reply with one of: %s", said.Code, strings.Join(open, "; "))
	case said.Code != "": // two of one code: rather ask than touch the wrong one
		return store.PageRow{}, answerOnly("Two incidents have this code: answer them by their links.")
	}
	return store.PageRow{}, answerOnly("Which one? Reply with its code: %s", strings.Join(open, "; "))
}

// Code is the four digits by which a person names an incident that they were paged
// about.
func (e *Engine) Code(person org.PersonID, subject incident.ID) string {
	n := 0
	for _, c := range []byte(e.ring.Hash("reply code", string(person)+"/"+string(subject))) {
		n = (n*31 + int(c)) % 9000
	}
	return fmt.Sprint(1000 + n)
}

// personAt is whose contact method an address is. One that was not verified is nobody's.
func (s *setup) personAt(name, address string) (found org.Person, ok bool) {
	want := channel.Canonical(name, address)
	for _, p := range s.people {
		for _, m := range p.Methods {
			if p.Retired || !m.Verified || !answersOn(m.Channel, name) || channel.Canonical(m.Channel, m.Address) != want {
				continue
			}
			if ok && found.ID != p.ID {
				return org.Person{}, false // one address of two people is nobody's word
			}
			found, ok = p, true
		}
	}
	return found, ok
}

// answersOn says whether an address of one channel speaks on another: a telephone number
// does on both of its own.
func answersOn(has, speaks string) bool {
	phone := []string{"sms", "voice"}
	return has == speaks || slices.Contains(phone, has) && slices.Contains(phone, speaks)
}
