package v1

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/prose"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review"
)

func (a *API) draftReview(ctx context.Context, in *IncidentID) (*reviewOut, error) {
	return a.reviewed(ctx, in.ID, a.engine.DraftRetro(ctx, in.ID, asking(ctx).Actor(), a.zone(ctx), a.now()))
}

// FactOf is a line of the log as it would stand in a timeline.
type FactOf struct {
	Line   int       `json:"line" doc:"Of the log"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Text   string    `json:"text" doc:"Markdown: an item of a list"`
	Chosen bool      `json:"chosen" doc:"A draft has it"`
}

func (a *API) reviewFacts(ctx context.Context, in *IncidentID) (*pageOf[FactOf], error) {
	c, out := asking(ctx), &pageOf[FactOf]{Body: page[FactOf]{Items: []FactOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		made, err := a.engine.Case(tx, sub.Incident, a.zone(ctx))
		if err != nil {
			return err
		}
		chosen := made.Chosen()
		for _, e := range made.Log {
			out.Body.Items = append(out.Body.Items, FactOf{e.Seq, e.At, e.Fact.Kind(), made.Line(e), slices.Contains(chosen, e.Seq)})
		}
		return nil
	})
}

// SectionPath is the path of a section.
type SectionPath struct {
	IncidentID
	Section string `path:"section" maxLength:"64"`
}

type writingSection struct {
	SectionPath
	Body struct {
		Version int    `json:"version" minimum:"0" doc:"The one that the text was made from; if it is not the newest any longer nothing is saved, and the answer (409) has both texts"`
		Text    string `json:"text" maxLength:"20000" doc:"Markdown. A line :::internal begins what is for administration alone, :::board what the board reads too, ::: ends it"`
	}
}

// A SectionConflict is the value of the fault when somebody else saved a section meanwhile.
type SectionConflict struct {
	Version int            `json:"version"`
	At      time.Time      `json:"at"`
	By      incident.Actor `json:"by"`
	Text    string         `json:"text" doc:"What it says now"`
	Yours   string         `json:"yours" doc:"What was sent, and not saved"`
}

func (a *API) writeSection(ctx context.Context, in *writingSection) (*struct{ Body SectionOf }, error) {
	c := asking(ctx)
	saved, err := a.engine.WriteRetro(ctx, in.ID, in.Section, in.Body.Version, in.Body.Text, c.Actor(), a.now())
	var clash engine.Clash
	if errors.As(err, &clash) {
		now := clash.Now
		return nil, huma.Error409Conflict("somebody else saved it meanwhile: nothing of yours was saved yet", &huma.ErrorDetail{
			Location: "body.text", Message: fmt.Sprintf("%s saved version %d", c.setup.actor(now.By), now.Version), Value: SectionConflict{now.Version, now.At, now.By, now.Text, in.Body.Text},
		})
	}
	if err != nil {
		return nil, err
	}
	return &struct{ Body SectionOf }{SectionOf{
		ID: in.Section, For: []org.Audience{}, Version: saved.Version, Text: saved.Text, HTML: prose.HTML(review.Marked(saved.Text)), At: shown(saved.At), By: saved.By,
	}}, nil
}

const mostVersions = 100

func (a *API) sectionVersions(ctx context.Context, in *SectionPath) (*pageOf[SectionOf], error) {
	c, out := asking(ctx), &pageOf[SectionOf]{Body: page[SectionOf]{Items: []SectionOf{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		if _, err := visible(tx, c.setup, c.Identity, in.ID); err != nil {
			return err
		}
		all, err := tx.RetroVersions(in.ID, in.Section, mostVersions)
		for _, t := range all {
			out.Body.Items = append(out.Body.Items, SectionOf{ID: t.Section, For: []org.Audience{}, Version: t.Version, Text: t.Text, HTML: prose.HTML(review.Marked(t.Text)), At: shown(t.At), By: t.By})
		}
		return err
	})
}

type commenting struct {
	IncidentID
	Body struct {
		Section string `json:"section" minLength:"1" maxLength:"64"`
		Text    string `json:"text" minLength:"1" maxLength:"4000"`
	}
}

func (a *API) commentReview(ctx context.Context, in *commenting) (*struct{ Body CommentOf }, error) {
	c, err := a.engine.CommentRetro(ctx, in.ID, in.Body.Section, in.Body.Text, asking(ctx).Actor(), a.now())
	return &struct{ Body CommentOf }{commentOf(c)}, err
}

type endingComment struct {
	IncidentID
	Comment string `path:"comment" maxLength:"64"`
	Body    struct {
		Over bool `json:"over"`
	}
}

func (a *API) endComment(ctx context.Context, in *endingComment) (*reviewOut, error) {
	return a.reviewed(ctx, in.ID, a.engine.EndRetroComment(ctx, in.ID, in.Comment, in.Body.Over, asking(ctx).Actor(), a.now()))
}

type (
	submitting struct {
		IncidentID
		Body struct {
			To   []org.PersonID `json:"to" minItems:"1" maxItems:"20" nullable:"false" doc:"Who is to sign; me is who asks"`
			Note string         `json:"note,omitempty" maxLength:"2000"`
		}
	}
	signing struct {
		IncidentID
		Body *struct {
			Note string `json:"note,omitempty" maxLength:"2000"`
		} `required:"false"`
	}
	publishing struct {
		IncidentID
		Body struct {
			For   org.Audience       `json:"for" enum:"administration,board,customers"`
			Pages []org.StatusPageID `json:"pages,omitempty" maxItems:"20" doc:"Status pages on which the version for customers stands from then on"`
		}
	}
)

func (a *API) submitReview(ctx context.Context, in *submitting) (*said, error) {
	c := asking(ctx)
	var to []org.PersonID
	for i, p := range in.Body.To {
		one, err := somebody(c, fmt.Sprintf("body.to[%d]", i), p)
		if err != nil {
			return nil, err
		}
		to = append(to, one)
	}
	by := c.self()
	return a.doAs(ctx, in.ID, incident.ByPerson(by), decided(func(i incident.Incident) ([]incident.Fact, error) {
		return review.Submit(i, to, strings.TrimSpace(in.Body.Note), by)
	}))
}

func (a *API) returnReview(ctx context.Context, in *because) (*said, error) {
	return a.do(ctx, in.ID, reasoned(review.Return, in.why()))
}

func (a *API) signReview(ctx context.Context, in *signing) (*said, error) {
	note := ""
	if in.Body != nil {
		note = strings.TrimSpace(in.Body.Note)
	}
	if err := a.engine.SignRetro(ctx, in.ID, asking(ctx).self(), note, a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.ID, "signed")
}

func (a *API) publishReview(ctx context.Context, in *publishing) (*said, error) {
	c := asking(ctx)
	for i, id := range in.Body.Pages {
		if err := c.publishes(fmt.Sprintf("body.pages[%d]", i), id); err != nil {
			return nil, err
		}
	}
	if err := a.engine.PublishRetro(ctx, in.ID, c.Actor(), in.Body.For, in.Body.Pages, a.zone(ctx), a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.ID, "published")
}

func (a *API) closeIncident(ctx context.Context, in *because) (*said, error) {
	if err := a.engine.Close(ctx, in.ID, asking(ctx).Actor(), in.why(), a.now()); err != nil {
		return nil, err
	}
	return a.saying(ctx, in.ID, "closed")
}
