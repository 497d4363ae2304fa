package v1

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/prose"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// RunbooksOf are the runbooks of an incident.
type RunbooksOf struct {
	Suggested []SuggestedRunbook `json:"suggested" nullable:"false" doc:"The most particular first; those that are followed already are not there"`
	Runs      []FollowedRunbook  `json:"runs" nullable:"false" doc:"By their numbers"`
}

// SuggestedRunbook is one that fits, and why.
type SuggestedRunbook struct {
	RunbookState
	Why      string `json:"why" doc:"The matchers that hold, and for which alert"`
	WhenHTML string `json:"when_html,omitempty"`
}

// FollowedRunbook is one that is followed, or was.
type FollowedRunbook struct {
	Run      int            `json:"run"`
	Runbook  string         `json:"runbook"`
	Name     string         `json:"name"`
	Version  int            `json:"version" doc:"What is followed stays as it was written then"`
	At       time.Time      `json:"at"`
	By       incident.Actor `json:"by"`
	Auto     bool           `json:"auto,omitempty" doc:"It began by itself, before anybody was called"`
	How      string         `json:"how,omitempty" enum:"finished,stopped"`
	Why      string         `json:"why,omitempty"`
	EndedAt  *time.Time     `json:"ended_at,omitempty"`
	Steps    []FollowedStep `json:"steps" nullable:"false"`
	Verdicts []RunbookSaid  `json:"verdicts" nullable:"false"`
}

// FollowedStep is a step of one that is followed.
type FollowedStep struct {
	RunbookStepOf
	State    string         `json:"state" enum:"open,asked,approved,running,done,failed,skipped,unknown"`
	At       *time.Time     `json:"at,omitempty"`
	By       incident.Actor `json:"by,omitempty"`
	Outcome  string         `json:"outcome,omitempty"`
	TookMS   int64          `json:"took_ms,omitempty"`
	Try      int            `json:"try,omitempty" doc:"How often the house did it"`
	Asked    incident.Actor `json:"asked,omitempty" doc:"Who asked for approval"`
	Approved incident.Actor `json:"approved,omitempty" doc:"Who gave it"`
	Reminded int            `json:"reminded,omitempty" doc:"How often somebody was reminded that it waits for approval"`
	Climbs   bool           `json:"climbs,omitempty" doc:"Others are called, because nobody approved it"`
	Output   bool           `json:"output,omitempty" doc:"There may be an answer to read"`
}

// runbooksOf are those that fit an incident, and those that are followed.
func (a *API) runbooksOf(ctx context.Context, in *struct{ IncidentID }) (*pageless[RunbooksOf], error) {
	c := asking(ctx)
	out := &pageless[RunbooksOf]{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		out.Body = RunbooksOf{Suggested: []SuggestedRunbook{}, Runs: []FollowedRunbook{}}
		sub, err := tx.Subject(in.ID)
		if err != nil {
			return err
		}
		signs, err := a.engine.Signs(tx, in.ID)
		if err != nil {
			return err
		}
		followed := map[string]bool{}
		if sub.Room != nil {
			for _, r := range sub.Room.Runbooks {
				followed[r.Runbook] = followed[r.Runbook] || r.Open()
				run, err := a.followedRun(tx, c.setup, sub.Incident, r, signs)
				if err != nil {
					return err
				}
				out.Body.Runs = append(out.Body.Runs, run)
			}
		}
		f, err := a.shelf(tx, c.setup, "")
		if err != nil {
			return err
		}
		for _, s := range runbook.Suggest(c.setup.runbooks(), sub.Incident, signs, f.now) {
			if followed[s.ID] {
				continue
			}
			one := SuggestedRunbook{RunbookState: f.state(s.Compiled, c.setup.rows[thing{config.Runbook, s.ID}]), Why: s.Why}
			if s.When != "" {
				one.WhenHTML = prose.HTML(runbook.Text(s.When, a.engine.Values(s.Compiled, sub.Incident, signs, "")))
			}
			out.Body.Suggested = append(out.Body.Suggested, one)
		}
		return nil
	})
}

// runbooks are all that can be read.
func (s *setup) runbooks() (all []*runbook.Compiled) {
	for _, r := range s.all {
		if r.Kind == config.Runbook && !r.Retired {
			if c, _, err := s.runbook(r.ID); err == nil {
				all = append(all, c)
			}
		}
	}
	return all
}

// followedRun is a run with the texts of the version that is followed.
func (a *API) followedRun(tx *store.Tx, s *setup, in incident.Incident, r incident.RunbookRun, signs []runbook.Sign) (FollowedRunbook, error) {
	out := FollowedRunbook{
		Run: r.ID, Runbook: r.Runbook, Name: r.Name, Version: r.Version, At: r.At, By: r.By, Auto: r.Auto != "", How: r.How, Why: r.Why, EndedAt: shown(r.EndedAt),
		Steps: []FollowedStep{}, Verdicts: s.verdicts(r),
	}
	var texts []RunbookStepOf
	row, err := tx.ConfigVersion(config.Runbook, r.Runbook, r.Version)
	if err != nil {
		return out, err
	}
	if b, err := decoded[runbook.Runbook](row); err == nil {
		if c, err := runbook.Compile(b); err == nil { // by what was so then; otherwise titles must do
			v := a.engine.Values(c, in, signs, string(r.By.Person()))
			texts = stepsOf(c, &v)
		}
	}
	for i, st := range r.Steps {
		one := FollowedStep{
			RunbookStepOf: RunbookStepOf{Title: st.Title, Kind: st.Kind, Approval: st.Approval}, State: cmp.Or(string(st.State), "open"), At: shown(st.At), By: st.By, Outcome: st.Outcome,
			TookMS: st.Took.Milliseconds(), Try: st.Try, Asked: st.Asked, Approved: st.Approved, Output: st.Row != "" && st.State != incident.StepRunning,
		}
		if st.State == incident.StepWaits {
			one.Reminded = st.Nags
			one.Climbs = slices.ContainsFunc(in.Runs, func(r incident.Run) bool { return r.ID == st.Climb && r.Open() })
		}
		if i < len(texts) {
			one.RunbookStepOf = texts[i]
		}
		out.Steps = append(out.Steps, one)
	}
	return out, nil
}

type followingRunbook struct {
	IncidentID
	Body struct {
		Runbook string `json:"runbook" minLength:"1" maxLength:"64"`
	}
}

func (a *API) followRunbook(ctx context.Context, in *followingRunbook) (*said, error) {
	c, row, err := asking(ctx).setup.runbook(in.Body.Runbook)
	if err != nil {
		return nil, wrong("body.runbook", "there is no runbook of that id")
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return runbook.Start(i, c, row.Version) }))
}

// RunPath is the path of a runbook that is followed.
type RunPath struct {
	IncidentID
	Run int `path:"run" minimum:"1" maximum:"1000" doc:"Its number within the incident"`
}

// StepPath is the path of a step.
type StepPath struct {
	RunPath
	Step int `path:"step" minimum:"1" maximum:"100" doc:"Its number, from 1"`
}

type doingStep struct {
	StepPath
	Body struct {
		Do   string `json:"do" enum:"done,failed,skipped,run,ask,approve,decline" doc:"done, failed, skipped: how it went by hand; run: let the house do it; ask, approve, decline: the word of a second person"`
		Text string `json:"text,omitempty" maxLength:"2000" doc:"What came of it, or why not"`
	}
}

func (a *API) doStep(ctx context.Context, in *doingStep) (*said, error) {
	c := asking(ctx)
	row := a.engine.NewID(a.now())
	return a.do(ctx, in.ID, func(i incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		switch in.Body.Do {
		case "ask":
			return runbook.Ask(i, in.Run, in.Step)
		case "approve":
			if err := c.works(i, in.Run); err != nil {
				return nil, err
			}
			return runbook.Approve(i, in.Run, in.Step, c.self(), row)
		case "decline":
			return runbook.Decline(i, in.Run, in.Step, in.Body.Text)
		case "run":
			if err := c.works(i, in.Run); err != nil {
				return nil, err
			}
			return runbook.Run(i, in.Run, in.Step, row)
		}
		return runbook.Found(i, in.Run, in.Step, incident.StepState(in.Body.Do), in.Body.Text)
	})
}

// works asks whether the caller may let the house do what a runbook says: that is for
// whoever responds for the team that it belongs to.
func (c *caller) works(in incident.Incident, run int) error {
	r, ok := in.Followed(run)
	if !ok {
		return nil // it is said otherwise
	}
	team := c.setup.teamOf(config.Runbook, c.setup.rows[thing{config.Runbook, r.Runbook}].Body)
	if team != "" && team != in.Team && !c.May(org.Respond, team) {
		return denial{"to run the steps of " + r.Name + " is for a responder of team " + string(team)}
	}
	return nil
}

// StepOutput is what came back when a step was done.
type StepOutput struct {
	Output string    `json:"output" doc:"At most 16 KiB, without secrets"`
	At     time.Time `json:"at"`
	Try    int       `json:"try"`
}

func (a *API) stepOutput(ctx context.Context, in *StepPath) (*pageless[StepOutput], error) {
	out := &pageless[StepOutput]{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subject(in.ID)
		if err != nil {
			return err
		}
		r, ok := sub.Followed(in.Run)
		if !ok || in.Step > len(r.Steps) || r.Steps[in.Step-1].Row == "" {
			return store.ErrNotFound
		}
		st, err := tx.StepNamed(r.Steps[in.Step-1].Row)
		out.Body = StepOutput{st.Output, st.At, st.Try}
		return err
	})
}

type endingRunbook struct {
	RunPath
	Body *Why `required:"false"`
}

func (a *API) endRunbook(ctx context.Context, in *endingRunbook) (*said, error) {
	why := ""
	if in.Body != nil {
		why = in.Body.Why
	}
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) { return runbook.Stop(i, in.Run, why) }))
}

type judgingRunbook struct {
	RunPath
	Body struct {
		Verdict string `json:"verdict" enum:"worked,wrong,missing"`
		Step    int    `json:"step,omitempty" minimum:"0" maximum:"100" doc:"Which one is wrong, or after which one something is missing"`
		Text    string `json:"text,omitempty" maxLength:"2000"`
	}
}

func (a *API) judgeRunbook(ctx context.Context, in *judgingRunbook) (*said, error) {
	return a.do(ctx, in.ID, decided(func(i incident.Incident) ([]incident.Fact, error) {
		return runbook.Judge(i, in.Run, in.Body.Verdict, in.Body.Step, in.Body.Text)
	}))
}
