package v1

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/prose"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Line is one of a timeline: a fact of the log, or what became of a page.
type Line struct {
	At   time.Time      `json:"at"`
	ID   string         `json:"id" doc:"Unique within the incident"`
	Kind string         `json:"kind" doc:"Of a fact \"escalate.called\", of a page \"page.sent\""`
	By   incident.Actor `json:"by,omitempty"`
	Text string         `json:"text"`
	HTML string         `json:"html,omitempty" doc:"Of a note: what its Markdown is, made safe"`
	Fact any            `json:"fact,omitempty" doc:"What the fact says, field by field"`
	Page string         `json:"page,omitempty" doc:"The id of the page"`
}

type manyLines struct {
	ETag string `header:"ETag"`
	Body page[Line]
}

func (a *API) timeline(ctx context.Context, in *IncidentID) (*manyLines, error) {
	c := asking(ctx)
	var log incident.Log
	var pages []store.PageRow
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err = visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		if log, err = tx.Log(in.ID); err != nil {
			return err
		}
		pages, err = tx.PagesOf(in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &manyLines{Body: page[Line]{Items: history(c.setup, log, pages)}}, nil
}

// lineOf is a fact as a line.
func lineOf(e incident.Entry) Line {
	l := Line{At: e.At, ID: fmt.Sprintf("%06d", e.Seq), Kind: e.Fact.Kind(), By: e.By, Text: e.Fact.String(), Fact: e.Fact}
	if note, ok := e.Fact.(incident.Noted); ok {
		l.HTML = prose.HTML(note.Text)
	}
	return l
}

// markdown shows a note before it is written.
func (a *API) markdown(_ context.Context, in *struct {
	Body struct {
		Text string `json:"text" maxLength:"20000"`
	}
}) (*struct{ Body Shown }, error) {
	return &struct{ Body Shown }{Shown{prose.HTML(in.Body.Text)}}, nil
}

// Shown is a text as it is shown.
type Shown struct {
	HTML string `json:"html"`
}

// A pageFact is what the lines of a page say, for who has words of their own for it.
type pageFact struct {
	Person  org.PersonID `json:"person,omitempty"`
	Channel string       `json:"channel"`
	Why     string       `json:"why,omitempty"` // it failed, or was cancelled
}

// linesOf is what became of a page.
func linesOf(s *setup, p store.PageRow) (lines []Line) {
	who := s.person(p.Person)
	if p.Person == "" {
		who = "an address"
	}
	fact := pageFact{p.Person, p.Channel, p.Err}
	add := func(state escalate.State, at time.Time, text string) {
		if !at.IsZero() {
			lines = append(lines, Line{At: at, ID: p.ID + "/" + string(state), Kind: "page." + string(state), Text: text, Page: p.ID, Fact: fact})
		}
	}
	over := who + " over " + p.Channel
	add(escalate.Sent, p.SentAt, "sent to "+over)
	add(escalate.Delivered, p.DeliveredAt, "delivered to "+over)
	add(escalate.Read, p.ReadAt, "read by "+over)
	add(escalate.Answered, p.AnsweredAt, "answered by "+over)
	if p.State == escalate.Cancelled {
		add(escalate.Cancelled, p.CancelledAt, "no longer for "+over+": "+p.Err)
	}
	if p.State == escalate.Failed {
		add(escalate.Failed, cmp.Or(p.SentAt, p.FirstAt, p.At), "could not be sent to "+over+": "+p.Err)
	}
	return lines
}
