package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/prose"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// RunbookState is how far a runbook is to be trusted.
type RunbookState struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Team       org.TeamID `json:"team,omitempty"`
	Owner      *PersonRef `json:"owner,omitempty"`
	When       string     `json:"when,omitempty" doc:"When to use it, in Markdown"`
	Match      []string   `json:"match" nullable:"false"`
	Services   []string   `json:"services" nullable:"false" doc:"Those that its matchers name"`
	Steps      int        `json:"steps"`
	Says       string     `json:"says" doc:"verified 12 days ago, step 3 failed last time"`
	Stale      []StaleBy  `json:"stale" nullable:"false" doc:"Why it is not to be trusted blindly; empty: it is"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	VerifiedBy *PersonRef `json:"verified_by,omitempty"`
	ByUse      bool       `json:"by_use,omitempty" doc:"It was verified by having worked"`
	Uses       int        `json:"uses" doc:"How often it was followed, of the last 50 times"`
	LastAt     *time.Time `json:"last_at,omitempty" doc:"When it was followed last"`
	LastFailed int        `json:"last_failed,omitempty" doc:"The first step that failed then"`
	Verdict    string     `json:"verdict,omitempty" enum:"worked,wrong,missing" doc:"The last word about it then"`
	Expires    string     `json:"expires,omitempty"`
	Version    int        `json:"version"`
}

// StaleBy is one reason not to trust a runbook blindly.
type StaleBy struct {
	Kind string `json:"kind" enum:"unverified,age,failed,feedback,service,text,expired"`
	Text string `json:"text"`
}

// RunbookStepOf is a step as it is read.
type RunbookStepOf struct {
	Title    string `json:"title"`
	HTML     string `json:"html"`
	Kind     string `json:"kind" enum:"manual,http,webhook"`
	Approval bool   `json:"approval,omitempty" doc:"A second person must agree"`
	What     string `json:"what,omitempty" doc:"What the house does: POST deploy.example.org"`
}

// RunbookPage is a runbook as it is read.
type RunbookPage struct {
	State    RunbookState        `json:"state"`
	WhenHTML string              `json:"when_html,omitempty"`
	Steps    []RunbookStepOf     `json:"steps" nullable:"false"`
	Findings []runbook.Hindrance `json:"findings" nullable:"false" doc:"What would be in the way at night"`
	Words    int                 `json:"words"`
	Budget   int                 `json:"budget" doc:"How many words can be read at night"`
	Used     []RunbookUse        `json:"used" nullable:"false" doc:"The newest first; what one may not see is left out"`
	Fits     []RunbookFit        `json:"fits" nullable:"false" doc:"Open incidents that it fits now"`
}

// RunbookUse is one time that a runbook was followed.
type RunbookUse struct {
	Incident incident.ID    `json:"incident"`
	Title    string         `json:"title"`
	At       time.Time      `json:"at"`
	By       incident.Actor `json:"by"`
	How      string         `json:"how,omitempty" enum:"finished,stopped"`
	Failed   int            `json:"failed,omitempty" doc:"The first step that failed"`
	Verdicts []RunbookSaid  `json:"verdicts" nullable:"false"`
}

// RunbookSaid is what somebody said of a runbook that was followed.
type RunbookSaid struct {
	By      PersonRef `json:"by"`
	Verdict string    `json:"verdict" enum:"worked,wrong,missing"`
	Step    int       `json:"step,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// RunbookFit is an incident that a runbook fits.
type RunbookFit struct {
	Incident incident.ID `json:"incident"`
	Title    string      `json:"title"`
	Why      string      `json:"why"`
}

const (
	mostUses = 50
	mostFits = 10
)

// runbook is one, ready to be asked, with its row. One that is retired is not there.
func (s *setup) runbook(id string) (*runbook.Compiled, store.ConfigRow, error) {
	row, ok := s.rows[thing{config.Runbook, id}]
	if !ok || row.Retired {
		return nil, row, store.ErrNotFound
	}
	if c, ok := s.compiled.Load("runbook " + id); ok {
		return c.(*runbook.Compiled), row, nil
	}
	b, err := decoded[runbook.Runbook](row)
	if err != nil {
		return nil, row, err
	}
	c, err := runbook.Compile(b)
	if err == nil {
		s.compiled.Store("runbook "+id, c)
	}
	return c, row, err
}

// A shelf is what is known of all runbooks beside their texts.
type shelf struct {
	s     *setup
	marks map[string]runbook.Mark
	uses  map[string][]runbook.Use
	moved map[string]runbook.Changed // services, as they changed last
	now   time.Time
}

// shelf reads it; of one runbook alone, when that is named.
func (a *API) shelf(tx *store.Tx, s *setup, id string) (f shelf, err error) {
	f = shelf{s: s, uses: map[string][]runbook.Use{}, moved: map[string]runbook.Changed{}, now: a.now()}
	if f.marks, err = tx.RunbookMarks(); err != nil {
		return f, err
	}
	for _, r := range s.all {
		if r.Kind == config.Runbook && !r.Retired && (id == "" || r.ID == id) {
			if f.uses[r.ID], err = tx.RunbookUses(r.ID, mostUses); err != nil {
				return f, err
			}
		}
		if r.Kind == config.Service && !r.Retired && r.Version > 1 {
			if err := f.change(tx, r.ID); err != nil {
				return f, err
			}
		}
	}
	lately, err := tx.ServiceChanges()
	for id, ch := range lately {
		if ch.At.After(f.moved[string(id)].At) {
			f.moved[string(id)] = runbook.Changed{Service: s.service(id), At: ch.At, What: ch.What}
		}
	}
	return f, err
}

// aside is what of a service has nothing to do with how it is mended: how it is called,
// who is when, and what its time costs.
var aside = []string{"name", "policy", "sift", "support", "reopen", "cost_per_hour"}

// change notes when a service changed last in a way that may make a runbook wrong.
func (f shelf) change(tx *store.Tx, id string) error {
	rows, err := tx.ConfigVersions(config.Service, id)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b store.ConfigRow) int { return b.Version - a.Version })
	for i := range len(rows) - 1 {
		if what := differing(rows[i+1].Body, rows[i].Body); len(what) > 0 {
			f.moved[id] = runbook.Changed{Service: cmp.Or(f.s.names[thing{config.Service, id}], id), At: rows[i].At, What: strings.Join(what, ", ")}
			return nil
		}
	}
	return nil
}

// differing are the fields of a service that are otherwise, but for those aside.
func differing(before, after []byte) (names []string) {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return nil
	}
	for name := range b {
		if string(a[name]) != string(b[name]) {
			names = append(names, name)
		}
	}
	for name := range a {
		if _, there := b[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return slices.Contains(aside, n) })
}

func (f shelf) standing(c *runbook.Compiled, row store.ConfigRow) runbook.Standing {
	var changed []runbook.Changed
	for _, id := range c.Services(f.services()) {
		if ch, ok := f.moved[id]; ok {
			changed = append(changed, ch)
		}
	}
	return runbook.Stand(c, row.At, f.marks[row.ID], f.uses[row.ID], changed, f.now)
}

func (f shelf) services() (ids []string) {
	for _, r := range f.s.all {
		if r.Kind == config.Service && !r.Retired {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (f shelf) state(c *runbook.Compiled, row store.ConfigRow) RunbookState {
	st := f.standing(c, row)
	out := RunbookState{
		ID: row.ID, Name: c.Title(), Team: c.Team, Owner: f.s.ref(c.Owner), When: c.When, Match: append([]string{}, c.Match...), Services: append([]string{}, c.Services(f.services())...),
		Steps: len(c.Steps), Says: st.Says, Stale: []StaleBy{}, VerifiedAt: shown(st.VerifiedAt), VerifiedBy: f.s.ref(st.VerifiedBy), ByUse: st.ByUse, Uses: st.Uses, Expires: c.Expires, Version: row.Version,
	}
	for _, r := range st.Stale {
		out.Stale = append(out.Stale, StaleBy(r))
	}
	if st.Last != nil {
		out.LastAt, out.LastFailed = shown(st.Last.At), failedStep(st.Last.RunbookRun)
		if n := len(st.Last.Verdicts); n > 0 {
			out.Verdict = st.Last.Verdicts[n-1].Verdict
		}
	}
	return out
}

// failedStep is the first that failed; 0: none.
func failedStep(r incident.RunbookRun) int {
	for i, s := range r.Steps {
		if s.State == incident.StepFailed || s.State == incident.StepUnknown {
			return i + 1
		}
	}
	return 0
}

// ref is a person by their name; nobody is nil.
func (s *setup) ref(p org.PersonID) *PersonRef {
	if p == "" {
		return nil
	}
	return &PersonRef{p, s.person(p)}
}

func (a *API) runbookStates(ctx context.Context, _ *struct{}) (*pageOf[RunbookState], error) {
	s := asking(ctx).setup
	out := &pageOf[RunbookState]{Body: page[RunbookState]{Items: []RunbookState{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		f, err := a.shelf(tx, s, "")
		if err != nil {
			return err
		}
		out.Body.Items = out.Body.Items[:0]
		for _, r := range s.all {
			if r.Kind != config.Runbook || r.Retired {
				continue
			}
			if c, row, err := s.runbook(r.ID); err == nil { // one that cannot be read hides no other
				out.Body.Items = append(out.Body.Items, f.state(c, row))
			}
		}
		return nil
	})
}

// steps are those of a runbook as they are read; with values, for an incident.
func stepsOf(c *runbook.Compiled, v *runbook.Values) []RunbookStepOf {
	out := []RunbookStepOf{}
	for _, s := range c.Steps {
		text := s.Text
		if v != nil {
			text = runbook.Text(text, *v)
		}
		one := RunbookStepOf{Title: s.Title, HTML: prose.HTML(text), Kind: s.Kind(), Approval: s.Approval}
		if s.Action != nil {
			one.What = s.Action.What()
		}
		out = append(out, one)
	}
	return out
}

// page is a runbook as it is read.
func (a *API) page(tx *store.Tx, c *caller, b *runbook.Compiled, row store.ConfigRow) (p RunbookPage, err error) {
	f, err := a.shelf(tx, c.setup, row.ID)
	if err != nil {
		return p, err
	}
	p = RunbookPage{
		State: f.state(b, row), Steps: stepsOf(b, nil), Findings: append([]runbook.Hindrance{}, runbook.Review(b)...), Words: len(strings.Fields(b.Text)), Budget: runbook.BudgetWords,
		Used: []RunbookUse{}, Fits: []RunbookFit{},
	}
	if b.When != "" {
		p.WhenHTML = prose.HTML(b.When)
	}
	for _, u := range f.uses[row.ID] {
		sub, err := visible(tx, c.setup, c.Identity, u.Subject)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return p, err
		}
		p.Used = append(p.Used, RunbookUse{Incident: u.Subject, Title: sub.Title, At: u.At, By: u.By, How: u.How, Failed: failedStep(u.RunbookRun), Verdicts: c.setup.verdicts(u.RunbookRun)})
	}
	p.Fits, err = a.fitting(tx, c, b)
	return p, err
}

func (s *setup) verdicts(r incident.RunbookRun) []RunbookSaid {
	out := []RunbookSaid{}
	for _, v := range r.Verdicts {
		out = append(out, RunbookSaid{PersonRef{v.By, s.person(v.By)}, v.Verdict, v.Step, v.Text})
	}
	return out
}

// fitting are open incidents that a runbook fits, the newest first.
func (a *API) fitting(tx *store.Tx, c *caller, b *runbook.Compiled) ([]RunbookFit, error) {
	out := []RunbookFit{}
	open, _, err := tx.SubjectsWithin(store.Filter{Open: true, Hidden: c.setup.hidden(c.Identity), Limit: 100})
	for _, row := range open {
		if err != nil || len(out) == mostFits {
			break
		}
		sub, e := tx.Subject(row.ID)
		if e != nil {
			return out, e
		}
		signs, e := a.engine.Signs(tx, row.ID)
		if e != nil {
			return out, e
		}
		for _, s := range runbook.Suggest([]*runbook.Compiled{b}, sub.Incident, signs, a.now()) {
			out = append(out, RunbookFit{row.ID, row.Title, s.Why})
		}
	}
	return out, err
}

func (a *API) runbookState(ctx context.Context, in *reading) (*pageless[RunbookPage], error) {
	c := asking(ctx)
	b, row, err := c.setup.runbook(in.ID)
	if err != nil {
		return nil, err
	}
	out := &pageless[RunbookPage]{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		out.Body, err = a.page(tx, c, b, row)
		return err
	})
}

// A runbookDraft is a runbook in a body beside other things. Its schema is that of runbooks.
type runbookDraft struct{ json.RawMessage }

func (runbookDraft) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Runbook"}
}

type checkingRunbook struct {
	Body struct {
		Runbook runbookDraft `json:"runbook" doc:"As it would be written; secrets may be left empty"`
	}
}

// checkRunbook is how one would be read that is not written yet.
func (a *API) checkRunbook(ctx context.Context, in *checkingRunbook) (*pageless[RunbookPage], error) {
	c := asking(ctx)
	var b runbook.Runbook
	if err := json.Unmarshal(in.Body.Runbook.RawMessage, &b); err != nil {
		return nil, wrong("body.runbook", err.Error())
	}
	row := c.setup.rows[thing{config.Runbook, b.ID}]
	if b.ID == "" {
		b.ID = "draft"
	}
	if had, err := decoded[runbook.Runbook](row); err == nil {
		if kept, err := runbook.KeepSecrets(b, had); err == nil {
			b = kept
		}
	}
	one := config.Setup{Runbooks: []runbook.Runbook{b}}
	one.Complete()
	if err := one.Validate(config.Read(c.setup.items(thing{config.Runbook, b.ID}))); err != nil {
		return nil, inPart(err, "body.runbook")
	}
	compiled, err := runbook.Compile(one.Runbooks[0])
	if err != nil {
		return nil, err
	}
	row.ID, row.At = b.ID, a.now()
	out := &pageless[RunbookPage]{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		out.Body, err = a.page(tx, c, compiled, row)
		return err
	})
}

type verifyingRunbook struct {
	ThingID
	Body *struct {
		Note string `json:"note,omitempty" maxLength:"1000" doc:"What was looked at"`
	} `required:"false"`
}

// verifyRunbook says that somebody looked at one and found it right.
func (a *API) verifyRunbook(ctx context.Context, in *verifyingRunbook) (*pageless[RunbookState], error) {
	c := asking(ctx)
	b, row, err := c.setup.runbook(in.ID)
	if err != nil {
		return nil, err
	}
	m := runbook.Mark{At: a.now(), By: c.self()}
	if m.By == "" {
		return nil, incident.Refuse("only a person says that a runbook is right")
	}
	if in.Body != nil {
		m.Note = in.Body.Note
	}
	out := &pageless[RunbookState]{}
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if err := tx.MarkRunbook(in.ID, m); err != nil {
			return err
		}
		f, err := a.shelf(tx, c.setup, in.ID)
		if err == nil {
			out.Body = f.state(b, row)
		}
		return err
	})
}
