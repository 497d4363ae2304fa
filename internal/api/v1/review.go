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
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/prose"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review"
)

// reviewRoutes are those of step 5: retrospectives, actions, lessons, the end.
var reviewRoutes = []route{
	{"GET", "/incidents/{id}/review", org.ReadSetup, ofIncident, "review", "Read the retrospective, the actions and lessons, and what is missing before it can be closed", serve((*API).readReview)},
	{"POST", "/incidents/{id}/review", org.Respond, ofIncident, "review", "Draft the retrospective from the log", creates((*API).draftReview)},
	{"GET", "/incidents/{id}/review/facts", org.ReadSetup, ofIncident, "review", "The lines of the log that a timeline may be made of, and which are proposed", serve((*API).reviewFacts)},
	{"PUT", "/incidents/{id}/review/sections/{section}", org.Respond, ofIncident, "review", "Save a section, if nobody else did meanwhile", serve((*API).writeSection)},
	{"GET", "/incidents/{id}/review/sections/{section}/versions", org.ReadSetup, ofIncident, "review", "All that was ever saved of a section, newest first", serve((*API).sectionVersions)},
	{"POST", "/incidents/{id}/review/comments", org.Respond, ofIncident, "review", "Say something of a section", creates((*API).commentReview)},
	{"POST", "/incidents/{id}/review/comments/{comment}", org.Respond, ofIncident, "review", "Say that a comment was dealt with, or that it was not", serve((*API).endComment)},
	{"POST", "/incidents/{id}/review/submit", org.Respond, ofIncident, "review", "Ask people to read it and to sign", serve((*API).submitReview)},
	{"POST", "/incidents/{id}/review/return", org.Respond, ofIncident, "review", "Take it up again: what was signed does not hold", serve((*API).returnReview)},
	{"POST", "/incidents/{id}/review/sign", org.Respond, ofIncident, "review", "Sign it: it is right. Who is its only author cannot", serve((*API).signReview)},
	{"POST", "/incidents/{id}/review/publish", org.Respond, ofIncident, "review", "Give a version of it to those whom it is for", serve((*API).publishReview)},
	{"GET", "/incidents/{id}/review/export", org.ReadSetup, ofIncident, "review", "A version of it as Markdown or PDF", serve((*API).exportReview)},
	{"POST", "/incidents/{id}/close", org.Respond, ofIncident, "review", "Close it, if all is complete that its severity asks for", serve((*API).closeIncident)},
	{"GET", "/actions", org.ReadIncidents, house, "review", "List the actions of all retrospectives, what is due first at first", serve((*API).listActions)},
	{"POST", "/incidents/{id}/actions", org.Respond, ofIncident, "review", "Add something to be done so that it does not come again", serve((*API).addAction)},
	{"POST", "/incidents/{id}/actions/{action}", org.Respond, ofIncident, "review", "Change an action", serve((*API).changeAction)},
	{"POST", "/incidents/{id}/actions/{action}/done", org.Respond, ofIncident, "review", "Say that an action is done", serve((*API).finishAction)},
	{"POST", "/incidents/{id}/actions/{action}/drop", org.Respond, ofIncident, "review", "Say that an action need not be done", serve((*API).dropAction)},
	{"POST", "/incidents/{id}/actions/{action}/reopen", org.Respond, ofIncident, "review", "Say that an action is not done", serve((*API).reopenAction)},
	{"GET", "/lessons", org.ReadIncidents, house, "review", "Look for what was learned", serve((*API).listLessons)},
	{"POST", "/incidents/{id}/lessons", org.Respond, ofIncident, "review", "Write down what others should know", serve((*API).addLesson)},
	{"POST", "/incidents/{id}/lessons/{lesson}/withdraw", org.Respond, ofIncident, "review", "Say that a lesson does not hold", serve((*API).withdrawLesson)},
}

// Review is how far the closure of an incident is.
type Review struct {
	State     incident.RetroState `json:"state,omitempty" enum:"draft,in_review,signed,published" doc:"Of the retrospective; absent when nobody has begun it"`
	Since     *time.Time          `json:"since,omitempty"`
	Template  string              `json:"template,omitempty"`
	Authors   []PersonRef         `json:"authors" nullable:"false"`
	Reviewers []PersonRef         `json:"reviewers" nullable:"false" doc:"Who was asked to sign"`
	Signed    []SignatureOf       `json:"signed" nullable:"false"`
	Published []PublishingOf      `json:"published" nullable:"false"`
	Sections  []SectionOf         `json:"sections" nullable:"false"`
	Comments  []CommentOf         `json:"comments" nullable:"false" doc:"Oldest first"`
	Actions   []ActionOf          `json:"actions" nullable:"false"`
	Lessons   []LessonOf          `json:"lessons" nullable:"false"`
	Recalled  []RecalledOf        `json:"recalled" nullable:"false" doc:"Actions of past incidents like it that were not done when it came"`
	Gate      []NeedOf            `json:"gate" nullable:"false" doc:"What must be complete before it is closed"`
	Pages     []PageChoice        `json:"pages" nullable:"false" doc:"Status pages on which the version for customers may be published"`
	Leads     []PersonRef         `json:"leads" nullable:"false" doc:"Who hears of actions that stay overdue"`
}

// SignatureOf is somebody's word that it is right.
type SignatureOf struct {
	Person PersonRef `json:"person"`
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitempty"`
}

// PublishingOf is a version that was given to those whom it is for.
type PublishingOf struct {
	For   org.Audience       `json:"for" enum:"administration,board,customers"`
	At    time.Time          `json:"at"`
	By    incident.Actor     `json:"by"`
	Pages []org.StatusPageID `json:"pages" nullable:"false"`
}

// SectionOf is a section of a retrospective.
type SectionOf struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Ask     string         `json:"ask,omitempty" doc:"What whoever writes it is asked"`
	For     []org.Audience `json:"for" nullable:"false" doc:"Whose versions have it, beside that for administration"`
	Version int            `json:"version" doc:"0: nobody has written anything"`
	Text    string         `json:"text" doc:"Markdown"`
	HTML    string         `json:"html" doc:"The same, made safe"`
	At      *time.Time     `json:"at,omitempty"`
	By      incident.Actor `json:"by,omitempty" doc:"engine: it is as it was drafted"`
}

// CommentOf is what somebody said of a section.
type CommentOf struct {
	ID      string         `json:"id"`
	Section string         `json:"section"`
	At      time.Time      `json:"at"`
	By      incident.Actor `json:"by"`
	Text    string         `json:"text"`
	OverAt  *time.Time     `json:"over_at,omitempty" doc:"When it was dealt with"`
	OverBy  incident.Actor `json:"over_by,omitempty"`
}

// RecalledOf is an action of a past incident that was not done when this one came.
type RecalledOf struct {
	Incident incident.ID `json:"incident" doc:"The past one"`
	Name     string      `json:"name" doc:"Its title"`
	Action   int         `json:"action"`
	Title    string      `json:"title"`
	Owner    *PersonRef  `json:"owner,omitempty"`
	Why      []string    `json:"why" nullable:"false" doc:"By what the two are alike"`
	Hidden   bool        `json:"hidden,omitempty" doc:"You may not read the past one"`
}

// NeedOf is one thing that must be complete before an incident is closed.
type NeedOf struct {
	Code string `json:"code" doc:"retrospective.signed, actions.done, cause and so on"`
	Text string `json:"text"`
	Met  bool   `json:"met"`
	N    int    `json:"n,omitempty" doc:"How many are left"`
}

// ClosureOf is how far the closure of an incident is, in short.
type ClosureOf struct {
	Retrospective incident.RetroState `json:"retrospective,omitempty" enum:"draft,in_review,signed,published"`
	Actions       int                 `json:"actions"`
	Open          int                 `json:"open" doc:"Actions that are still to be done"`
	Lessons       int                 `json:"lessons"`
	Recalled      []RecalledOf        `json:"recalled" nullable:"false" doc:"Actions of past incidents like it that were not done when it came"`
}

func (s *setup) closure(c *caller, tx *store.Tx, in incident.Incident) *ClosureOf {
	r := in.Review
	if r == nil {
		return nil
	}
	out := &ClosureOf{Retrospective: r.State, Actions: len(r.Actions), Recalled: s.recalled(c, tx, r.Recalled)}
	for _, a := range r.Actions {
		if a.State == incident.ToDo {
			out.Open++
		}
	}
	for _, l := range r.Lessons {
		if !l.Withdrawn {
			out.Lessons++
		}
	}
	return out
}

func (s *setup) refTo(p org.PersonID) PersonRef { return PersonRef{p, s.person(p)} }

func (s *setup) refs(all []org.PersonID) []PersonRef {
	out := []PersonRef{}
	for _, p := range all {
		out = append(out, s.refTo(p))
	}
	return out
}

type reviewOut struct{ Body Review }

func (a *API) readReview(ctx context.Context, in *IncidentID) (*reviewOut, error) {
	out := &reviewOut{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		c := asking(ctx)
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err == nil {
			out.Body, err = a.review(tx, c, sub.Incident)
		}
		return err
	})
}

// review shows the closure of an incident.
func (a *API) review(tx *store.Tx, c *caller, in incident.Incident) (Review, error) {
	s := c.setup
	var r incident.Review
	if in.Review != nil {
		r = *in.Review
	}
	out := Review{
		State: r.State, Since: shown(r.At), Template: r.Template, Authors: s.refs(r.Authors), Reviewers: s.refs(r.Reviewers),
		Signed: []SignatureOf{}, Published: []PublishingOf{}, Sections: []SectionOf{}, Comments: []CommentOf{}, Actions: []ActionOf{}, Lessons: []LessonOf{},
		Recalled: s.recalled(c, tx, r.Recalled), Gate: []NeedOf{}, Pages: c.pages(in), Leads: []PersonRef{},
	}
	for _, g := range r.Signed {
		out.Signed = append(out.Signed, SignatureOf{s.refTo(g.Person), g.At, g.Note})
	}
	for _, p := range r.Published {
		out.Published = append(out.Published, PublishingOf{p.For, p.At, p.By, append([]org.StatusPageID{}, p.Pages...)})
	}
	for _, one := range r.Actions {
		out.Actions = append(out.Actions, s.action(one, a.now()))
	}
	for _, l := range r.Lessons {
		out.Lessons = append(out.Lessons, LessonOf{ID: l.ID, Text: l.Text, Tags: append([]string{}, l.Tags...), At: l.At, By: l.By, Withdrawn: l.Withdrawn})
	}
	gate, err := a.engine.Gate(tx, in)
	if err != nil {
		return out, err
	}
	for _, n := range gate {
		out.Gate = append(out.Gate, NeedOf(n))
	}
	leads, err := a.engine.Leads(tx, in)
	if err != nil {
		return out, err
	}
	out.Leads = s.refs(leads)
	return out, a.written(tx, in, r, &out)
}

// written adds what stands in the sections, and what was said of them.
func (a *API) written(tx *store.Tx, in incident.Incident, r incident.Review, out *Review) error {
	if r.State == "" {
		return nil
	}
	texts, err := tx.Retro(in.ID)
	if err != nil {
		return err
	}
	for _, one := range r.Sections {
		t := texts[one.ID]
		out.Sections = append(out.Sections, SectionOf{
			ID: one.ID, Title: one.Title, Ask: one.Ask, For: append([]org.Audience{}, one.For...), Version: t.Version, Text: t.Text, HTML: prose.HTML(t.Text), At: shown(t.At), By: t.By,
		})
	}
	said, err := tx.CommentsOf(in.ID)
	for _, one := range said {
		out.Comments = append(out.Comments, commentOf(one))
	}
	return err
}

func commentOf(c store.RetroComment) CommentOf {
	return CommentOf{ID: c.ID, Section: c.Section, At: c.At, By: c.By, Text: c.Text, OverAt: shown(c.OverAt), OverBy: c.OverBy}
}

// recalled shows actions of past incidents; those that the caller may not read say nothing.
func (s *setup) recalled(c *caller, tx *store.Tx, all []incident.Recalled) []RecalledOf {
	out := []RecalledOf{}
	for _, r := range all {
		one := RecalledOf{Incident: r.Incident, Name: r.Name, Action: r.Action, Title: r.Title, Owner: s.ref(r.Owner), Why: append([]string{}, r.Why...)}
		if service, err := tx.ServiceOf(r.Incident); err != nil || s.hides(c.Identity, service) {
			one = RecalledOf{Incident: r.Incident, Action: r.Action, Why: []string{}, Hidden: true}
		}
		out = append(out, one)
	}
	return out
}

// zone is the caller's own.
func (a *API) zone(ctx context.Context) *time.Location {
	c := asking(ctx)
	p, err := decoded[org.Person](c.setup.rows[thing{config.Person, string(c.self())}])
	if err != nil {
		return time.UTC
	}
	zone, err := org.Zone(p.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// reviewed is how the closure stands after something was done to it.
func (a *API) reviewed(ctx context.Context, id incident.ID, err error) (*reviewOut, error) {
	if err != nil {
		return nil, err
	}
	return a.readReview(ctx, &IncidentID{id})
}

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

// A Conflict is the value of the fault when somebody else saved a section meanwhile.
type Conflict struct {
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
			Location: "body.text", Message: fmt.Sprintf("%s saved version %d", c.setup.actor(now.By), now.Version), Value: Conflict{now.Version, now.At, now.By, now.Text, in.Body.Text},
		})
	}
	if err != nil {
		return nil, err
	}
	return &struct{ Body SectionOf }{SectionOf{
		ID: in.Section, For: []org.Audience{}, Version: saved.Version, Text: saved.Text, HTML: prose.HTML(saved.Text), At: shown(saved.At), By: saved.By,
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
			out.Body.Items = append(out.Body.Items, SectionOf{ID: t.Section, For: []org.Audience{}, Version: t.Version, Text: t.Text, HTML: prose.HTML(t.Text), At: shown(t.At), By: t.By})
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
