package v1

import (
	"context"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
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
	{"POST", "/incidents/{id}/actions/{action}/notes", org.Respond, ofIncident, "review", "Say something of an action; its tickets hear it", serve((*API).noteAction)},
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
	Stands  string         `json:"stands,omitempty" enum:"actions,lessons" doc:"Nobody wrote in it: in each version it says how these stand"`
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
		stands := ""
		if strings.TrimSpace(t.Text) == "" && (one.Draft == "actions" || one.Draft == "lessons") {
			stands = one.Draft
		}
		out.Sections = append(out.Sections, SectionOf{
			Stands: stands, ID: one.ID, Title: one.Title, Ask: one.Ask, For: append([]org.Audience{}, one.For...), Version: t.Version, Text: t.Text, HTML: prose.HTML(review.Marked(t.Text)), At: shown(t.At), By: t.By,
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
