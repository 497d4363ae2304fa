package v1

import (
	"context"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
)

// A ReportOf is what somebody outside reported by a form.
type ReportOf struct {
	ID        string          `json:"id"`
	Form      org.FormID      `json:"form"`
	FormName  string          `json:"form_name,omitempty"`
	Category  string          `json:"category,omitempty" doc:"Of the form"`
	At        time.Time       `json:"at"`
	Emergency bool            `json:"emergency,omitempty"`
	Same      bool            `json:"same,omitempty" doc:"It was known already, and is their trouble too"`
	Answers   []FormAnswer    `json:"answers" nullable:"false"`
	Name      string          `json:"name,omitempty" doc:"For those who may answer"`
	Contact   string          `json:"contact,omitempty" doc:"For those who may answer"`
	Photos    []FileOf        `json:"photos,omitempty" doc:"As attachments have them"`
	Messages  []ReportMessage `json:"messages" nullable:"false" doc:"What was written about it since"`
}

// FormAnswer is a question with its answer.
type FormAnswer struct {
	Ask    string `json:"ask"`
	Answer string `json:"answer"`
}

// ReportMessage is written by who reported it, or to them.
type ReportMessage struct {
	ID     string     `json:"id"`
	At     time.Time  `json:"at"`
	Person *PersonRef `json:"person,omitempty" doc:"Who answered; absent: who reported it wrote this"`
	Text   string     `json:"text"`
}

type (
	reportsOut struct {
		Body struct {
			Items []ReportOf `json:"items" nullable:"false" doc:"Oldest first"`
		}
	}
	replying struct {
		IncidentID
		Report string `path:"report" maxLength:"64"`
		Body   struct {
			Text string `json:"text" minLength:"1" maxLength:"20000"`
		}
	}
)

// reportsOf are the reports of an incident. Who wrote them and how they are reached is for
// those who may answer.
func (a *API) reportsOf(ctx context.Context, in *IncidentID) (*reportsOut, error) {
	c, out := asking(ctx), &reportsOut{}
	out.Body.Items = []ReportOf{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		all, err := tx.ReportsOf(in.ID)
		if err != nil {
			return err
		}
		answers := c.May(org.Respond, sub.Team)
		for _, r := range all {
			one, err := c.report(tx, r, answers)
			if err != nil {
				return err
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return nil
	})
}

func (c *caller) report(tx *store.Tx, r store.Report, answers bool) (ReportOf, error) {
	one := ReportOf{
		ID: r.ID, Form: r.Form, FormName: c.setup.names[thing{"form", string(r.Form)}], Category: r.Category, At: r.At, Emergency: r.Emergency, Same: r.Same,
		Answers: []FormAnswer{}, Messages: []ReportMessage{},
	}
	if f, err := decoded[org.Form](c.setup.rows[thing{"form", string(r.Form)}]); err == nil {
		if k, ok := f.Category(r.Category); ok {
			one.Category = k.Name
		}
	}
	for _, x := range r.Answers {
		one.Answers = append(one.Answers, FormAnswer(x))
	}
	if answers {
		one.Name, one.Contact = r.Name, r.Contact
	}
	for _, id := range r.Photos {
		a, err := tx.Attachment(id)
		if err != nil {
			continue // it was taken away
		}
		one.Photos = append(one.Photos, FileOf(a.File()))
	}
	messages, err := tx.ReportMessages(r.ID)
	for _, m := range messages {
		shown := ReportMessage{ID: m.ID, At: m.At, Text: m.Text}
		if m.Person != "" {
			shown.Person = &PersonRef{m.Person, c.setup.person(m.Person)}
		}
		one.Messages = append(one.Messages, shown)
	}
	return one, err
}

// reply answers who reported it.
func (a *API) reply(ctx context.Context, in *replying) (*reportsOut, error) {
	c := asking(ctx)
	if c.self() == "" {
		return nil, wrong("body.text", "only a person answers")
	}
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		r, err := tx.Report(in.Report)
		if err == nil && r.Subject != in.ID {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.engine.WriteReport(ctx, in.Report, c.self(), in.Body.Text, a.now()); err != nil {
		return nil, err
	}
	return a.reportsOf(ctx, &in.IncidentID)
}
