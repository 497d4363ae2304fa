package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/client"
	"tocsin/internal/config"
	"tocsin/investigate/runbook"
)

type runbookCommands struct {
	List   runbookList   `cmd:"" help:"List runbooks, and how far each is to be trusted."`
	Show   runbookShow   `cmd:"" help:"Print a runbook as it is read."`
	Check  runbookCheck  `cmd:"" help:"Say what would be in the way at night in files of Markdown."`
	Import runbookImport `cmd:"" help:"Bring in a folder of Markdown files."`
	Verify runbookVerify `cmd:"" help:"Say that you looked at a runbook and that it is right."`

	Fit      runbookFit      `cmd:"" help:"List those that fit an incident, and those that are followed."`
	Follow   runbookFollow   `cmd:"" help:"Follow a runbook in an incident."`
	Step     runbookStep     `cmd:"" help:"Say how a step went, or let it be done."`
	Output   runbookOutput   `cmd:"" help:"Print what came back when a step was done."`
	End      runbookEnd      `cmd:"" help:"Follow a runbook no longer."`
	Feedback runbookFeedback `cmd:"" help:"Say that it worked, that a step is wrong, or what is missing."`
}

type runbookList struct {
	remote
	Stale bool `help:"Only those that are not to be trusted blindly."`
}

func (c *runbookList) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageRunbookState, error) {
		return a.GetRunbookStates(ctx, keep)
	}, func(p client.PageRunbookState, _ screen) error {
		var some []client.RunbookState
		for _, r := range p.Items {
			if !c.Stale || len(r.Stale) > 0 {
				some = append(some, r)
			}
		}
		return listed("ID\tNAME\tSTEPS\tOWNER\tSAYS", "there are none", some, func(r client.RunbookState) []any {
			owner := ""
			if r.Owner != nil {
				owner = r.Owner.ID
			}
			return []any{r.ID, line(r.Name), r.Steps, orDash(owner), line(r.Says)}
		})
	})
}

type runbookShow struct {
	remote
	ID string `arg:"" help:"Id of the runbook."`
}

func (c *runbookShow) Run(ctx context.Context) error {
	text := ""
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.RunbookPage, error) {
		b, err := a.GetRunbooksID(ctx, c.ID)
		if err != nil {
			return client.RunbookPage{}, err
		}
		text = b.Text
		return a.GetRunbooksIDState(ctx, c.ID, keep)
	}, func(p client.RunbookPage, _ screen) error {
		fmt.Printf("%s: %s\n", p.State.Name, p.State.Says)
		for _, s := range p.State.Stale {
			fmt.Printf("! %s\n", line(s.Text))
		}
		_, err := fmt.Printf("\n%s\n", strings.TrimSpace(text))
		return err
	})
}

type runbookVerify struct {
	remote
	ID   string `arg:"" help:"Id of the runbook."`
	Note string `placeholder:"TEXT" help:"What you looked at."`
}

func (c *runbookVerify) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.RunbookState, error) {
		return a.PostRunbooksIDVerify(ctx, c.ID, client.VerifyingRunbookBody{Note: c.Note}, keep)
	}, func(r client.RunbookState, _ screen) error {
		_, err := fmt.Println(line(r.Says))
		return err
	})
}

type runbookCheck struct {
	Files []string `arg:"" type:"existingfile" help:"Files of Markdown."`
}

func (c *runbookCheck) Run() error {
	bad := false
	for _, file := range c.Files {
		b, err := readRunbook(file, filepath.Base(file))
		if err != nil {
			bad = true
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		if err := review(b); err != nil {
			return err
		}
	}
	if bad {
		return failure{codeFailed, "some cannot be read"}
	}
	return nil
}

// review prints what would be in the way at night.
func review(b runbook.Runbook) error {
	compiled, err := runbook.Compile(b)
	if err != nil {
		return err
	}
	for _, f := range runbook.Review(compiled) {
		where := b.ID
		if f.Step > 0 {
			where += ", step " + strconv.Itoa(f.Step)
		}
		fmt.Printf("%s: %s\n", where, f.Text)
	}
	return nil
}

func readRunbook(file, name string) (runbook.Runbook, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return runbook.Runbook{}, err
	}
	return config.RunbookFile(name, data)
}

// runbooksIn are those of a folder and the folders in it: each file that ends with .md, but
// for those called README.
func runbooksIn(dir string) (all []runbook.Runbook, err error) {
	var wrong []string
	from := map[string]string{}
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if strings.HasPrefix(name, ".") && file != dir {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !strings.EqualFold(filepath.Ext(name), ".md") || strings.EqualFold(name, "readme.md") {
			return nil
		}
		short, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		b, err := readRunbook(file, filepath.ToSlash(short))
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case from[b.ID] != "":
			wrong = append(wrong, fmt.Sprintf("%s: has the id %s, as %s", short, b.ID, from[b.ID]))
		default:
			from[b.ID] = short
			all = append(all, b)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(wrong) > 0:
		return nil, errors.New(strings.Join(wrong, "\n"))
	case len(all) == 0:
		return nil, wrongUse("%s: there is no file that ends with .md", dir)
	}
	return all, nil
}

type runbookImport struct {
	setupAt
	Dir  string `arg:"" type:"existingdir" help:"Folder of Markdown files."`
	Plan bool   `help:"Only say what would change, and what would be in the way at night."`
}

func (c *runbookImport) Run(ctx context.Context, k *kong.Context) error {
	far, err := c.far(k)
	if err != nil {
		return err
	}
	all, err := runbooksIn(c.Dir)
	if err != nil {
		return err
	}
	if c.Plan && !c.JSON {
		for _, b := range all {
			if err := review(b); err != nil {
				return err
			}
		}
	}
	text, err := config.WithRunbooks(nil, all)
	if err != nil {
		return err
	}
	return c.applyText(ctx, far, c.Dir, text, c.Plan, false)
}

// aRun is what commands about a runbook that is followed take.
type aRun struct {
	one
	Number int `arg:"" name:"run" help:"Number of the run, as fit shows it."`
}

func (c *aRun) run() string { return strconv.Itoa(c.Number) }

type (
	runbookFit    struct{ one }
	runbookFollow struct {
		one
		Runbook string `arg:"" help:"Id of the runbook."`
	}
	runbookStep struct {
		aRun
		Step int    `arg:"" help:"Number of the step."`
		Do   string `arg:"" enum:"done,failed,skipped,run,ask,approve,decline" help:"done, failed, skipped: how it went by hand; run: let the house do it; ask, approve, decline: the word of a second person."`
		Text string `placeholder:"TEXT" help:"What came of it, or why not."`
	}
	runbookOutput struct {
		aRun
		Step int `arg:"" help:"Number of the step."`
	}
	runbookEnd struct {
		aRun
		Why string `placeholder:"TEXT" help:"Why."`
	}
	runbookFeedback struct {
		aRun
		Verdict string `arg:"" enum:"worked,wrong,missing" help:"worked, wrong or missing."`
		Step    int    `placeholder:"N" help:"Which step is wrong, or after which one something is missing."`
		Text    string `placeholder:"TEXT" help:"In words."`
	}
)

func (c *runbookFit) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.RunbooksOf, error) {
		return a.GetIncidentsIDRunbooks(ctx, c.ID, keep)
	}, func(r client.RunbooksOf, s screen) error {
		err := listed("RUNBOOK\tNAME\tSAYS\tWHY", "no runbook fits", r.Suggested, func(x client.SuggestedRunbook) []any {
			return []any{x.ID, line(x.Name), line(x.Says), line(x.Why)}
		})
		for _, run := range r.Runs {
			if err != nil {
				break
			}
			fmt.Printf("\nrun %d: %s, since %s by %s%s\n", run.Run, line(run.Name), s.clock(run.At), line(run.By), ended(run.How))
			n := 0
			err = listed("STEP\tSTATE\tTITLE\tDOES\tOUTCOME", "", run.Steps, func(x client.FollowedStep) []any {
				n++
				return []any{n, x.State, line(x.Title), orDash(x.What), orDash(line(x.Outcome))}
			})
		}
		return err
	})
}

func ended(how string) string {
	if how == "" {
		return ""
	}
	return ", " + how
}

func (c *runbookFollow) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDRunbooks(ctx, c.ID, client.FollowingRunbookBody{Runbook: c.Runbook}, keep)
	})
}

func (c *runbookStep) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDRunbooksRunStepsStep(ctx, c.ID, c.run(), strconv.Itoa(c.Step), client.DoingStepBody{Do: c.Do, Text: c.Text}, keep)
	})
}

func (c *runbookOutput) Run(ctx context.Context) error {
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.StepOutput, error) {
		return a.GetIncidentsIDRunbooksRunStepsStepOutput(ctx, c.ID, c.run(), strconv.Itoa(c.Step), keep)
	}, func(o client.StepOutput, _ screen) error {
		for text := range strings.SplitSeq(o.Output, "\n") {
			if _, err := fmt.Println(line(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *runbookEnd) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDRunbooksRunEnd(ctx, c.ID, c.run(), client.Why{Why: c.Why}, keep)
	})
}

func (c *runbookFeedback) Run(ctx context.Context) error {
	return c.verb(func(a *client.Client, keep client.Option) (client.Said, error) {
		return a.PostIncidentsIDRunbooksRunFeedback(ctx, c.ID, c.run(), client.JudgingRunbookBody{Verdict: c.Verdict, Step: int64(c.Step), Text: c.Text}, keep)
	})
}
