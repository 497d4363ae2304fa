package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

// Steps of runbooks that the house does are done from here: asked for by a person or by
// an action, written down with the fact that they begin, and called through
// internal/egress. The text is that of the version that is followed; secrets are those of
// now. Whoever holds a step has it for its time and a little more. When they do not come
// back, it is done again only if that does no harm (GET, HEAD, or marked with repeat); of
// any other nobody knows, and it says so (decision 40).

// maxOutput is how much of an answer is kept.
const maxOutput = 16 << 10

// A StepCall is what a webhook is told of a step.
type StepCall struct {
	Run      string    `json:"run"` // the same at every try of this step
	Type     string    `json:"type"`
	Runbook  string    `json:"runbook"`
	Step     string    `json:"step"`
	At       time.Time `json:"at"`
	By       string    `json:"by,omitempty"` // who lets it be done
	Text     string    `json:"text,omitempty"`
	Incident Summary   `json:"incident"`
}

// steps begins those that nobody works for.
func (w *Webhooks) steps(ctx context.Context, now time.Time) error {
	var due []store.Step
	var times []time.Duration
	err := w.store.Read(ctx, func(tx *store.Tx) (err error) {
		times = nil
		if due, err = tx.DueSteps(now, actionsAtOnce); err != nil {
			return err
		}
		for _, s := range due {
			limit := time.Duration(0)
			if a, _, err := actionOf(tx, s); err == nil {
				limit = a.Timeout
			}
			times = append(times, limit)
		}
		return nil
	})
	if err != nil || len(due) == 0 {
		return err
	}
	ours, err := claimed(ctx, w.store, due, (*store.Tx).ClaimStep, func(i int) time.Time { return now.Add(times[i] + sendTimeout) })
	for _, s := range ours {
		w.turns.Go(func() {
			if err := w.step(ctx, s, now); err != nil && ctx.Err() == nil {
				w.log.Error("what came of a step could not be written down; it is looked at again", "runbook", s.Runbook, "step", s.ID, "error", err)
			}
		})
	}
	return err
}

// step does one and states what came of it.
func (w *Webhooks) step(ctx context.Context, s store.Step, now time.Time) error {
	began := time.Now()
	ended, output := w.perform(ctx, s, now)
	took := time.Since(began)
	if ended.How != incident.StepUnknown {
		ended.Took = took.Round(time.Millisecond)
	}
	_, err := w.engine.FinishStep(context.WithoutCancel(ctx), s, ended, output, now.Add(took))
	return err
}

// actionOf is what a step does, as it is written in the version that is followed, with
// the secrets of now.
func actionOf(tx *store.Tx, s store.Step) (*runbook.Action, *runbook.Compiled, error) {
	row, err := tx.ConfigVersion("runbook", s.Runbook, s.Version)
	if err != nil {
		return nil, nil, err
	}
	if row.Unreadable != nil {
		return nil, nil, row.Unreadable
	}
	var b runbook.Runbook
	if err := json.Unmarshal(row.Body, &b); err != nil {
		return nil, nil, err
	}
	current, err := tx.ConfigOne("runbook", s.Runbook)
	if err != nil {
		return nil, nil, err
	}
	var now runbook.Runbook
	if b.Secrets = nil; !current.Retired && json.Unmarshal(current.Body, &now) == nil {
		b.Secrets = now.Secrets
	}
	c, err := runbook.Compile(b)
	if err != nil {
		return nil, nil, err
	}
	if s.Step < 1 || s.Step > len(c.Steps) || c.Steps[s.Step-1].Action == nil {
		return nil, nil, errors.New("the step is done by hand")
	}
	return c.Steps[s.Step-1].Action, c, nil
}

// perform does a step: how it went, and what came back.
func (w *Webhooks) perform(ctx context.Context, s store.Step, now time.Time) (ended incident.StepEnded, output string) {
	failed := func(why string) (incident.StepEnded, string) {
		return incident.StepEnded{How: incident.StepFailed, Outcome: why}, ""
	}
	var a *runbook.Action
	var c *runbook.Compiled
	var values runbook.Values
	var hook org.Webhook
	var call StepCall
	err := w.store.Read(ctx, func(tx *store.Tx) (err error) {
		if a, c, err = actionOf(tx, s); err != nil {
			return err
		}
		sub, err := tx.Subject(s.Subject)
		if err != nil {
			return err
		}
		signs, err := w.engine.Signs(tx, s.Subject)
		if err != nil {
			return err
		}
		values = w.engine.Values(c, sub.Incident, signs, string(s.Person))
		values.Secrets = c.Secrets
		call = StepCall{Run: s.ID, Type: "runbook", Runbook: s.Runbook, Step: c.Steps[s.Step-1].Title, At: s.At, By: string(s.Person), Incident: w.summary(s.Subject, sub.Incident)}
		if a.Kind == runbook.Webhook {
			hook, err = hookNamed(tx, org.WebhookID(a.Webhook))
		}
		return err
	})
	switch {
	case err != nil:
		return failed(err.Error())
	case s.Held() && !a.Again():
		return incident.StepEnded{How: incident.StepUnknown, Outcome: "the server stopped while it was at work: look whether it was done"}, ""
	case a.Missing(c.Secrets) != "":
		return failed("the secret " + a.Missing(c.Secrets) + " is not there")
	case a.Kind == runbook.Webhook && !hook.Usable():
		return failed("its webhook is switched off")
	}
	asked, err := a.Request(values)
	if err != nil {
		return failed(err.Error())
	}
	if a.Kind == runbook.Webhook {
		call.Text = asked.Body
		body, err := json.Marshal(call)
		if err != nil {
			return failed(err.Error())
		}
		asked = runbook.Request{Method: http.MethodPost, URL: hook.URL, Body: string(body), Header: []runbook.Header{
			{Name: "Content-Type", Value: "application/json"}, {Name: "X-Tocsin-Delivery", Value: s.ID}, {Name: "X-Tocsin-Event", Value: "runbook"},
			{Name: "X-Tocsin-Signature", Value: Sign(hook.Secret, s.ID, body, now)},
		}}
	}
	return w.ask(ctx, a, asked, s.ID, c.Secrets, now)
}

// ask sends a request and reads what comes back, without what is secret.
func (w *Webhooks) ask(ctx context.Context, a *runbook.Action, asked runbook.Request, id string, secrets map[string]string, now time.Time) (ended incident.StepEnded, output string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Timeout)
	defer cancel()
	ended.How = incident.StepFailed
	req, err := http.NewRequestWithContext(ctx, asked.Method, asked.URL, strings.NewReader(asked.Body))
	if err != nil {
		ended.Outcome = "its address cannot be used"
		return ended, ""
	}
	req.Header.Set("User-Agent", "Tocsin-Runbook")
	req.Header.Set("Idempotency-Key", id)
	for _, h := range asked.Header {
		req.Header.Set(h.Name, h.Value)
	}
	res, err := w.patient.Do(req)
	if err != nil {
		ended.Outcome = runbook.Redact(lost(err).err, secrets)
		if errors.Is(err, context.DeadlineExceeded) {
			ended.Outcome = fmt.Sprintf("no answer within %s", org.Duration(a.Timeout))
		}
		return ended, ""
	}
	defer res.Body.Close()
	body, cut := readSome(res.Body, secrets)
	said := answerText(strings.NewReader(body))
	output = kept(res, body, cut)
	got := answered(res, now)
	ok := got.verdict == taken
	if len(a.Expect) > 0 {
		ok = slices.Contains(a.Expect, res.StatusCode)
	}
	line := fmt.Sprintf("answered %d", res.StatusCode)
	if ok {
		ended.How = incident.StepDone
	} else if got.err != "" {
		line = got.err
	}
	ended.Outcome = strings.Join(filled(line, said), ": ")
	return ended, output
}

// readSome is the beginning of an answer without secrets, and whether there is more. What
// is secret is taken out before it is cut, so that no half of it stays.
func readSome(r io.Reader, secrets map[string]string) (text string, cut bool) {
	body, _ := io.ReadAll(io.LimitReader(r, 4*maxOutput))
	text = runbook.Redact(string(body), secrets)
	if cut = len(text) > maxOutput; cut {
		text = text[:maxOutput]
	}
	return text, cut
}

// kept is what is kept of an answer: its status, its type, and its text.
func kept(res *http.Response, body string, cut bool) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(body, "?"))
	if cut {
		text += "\n…"
	}
	return fmt.Sprintf("%s\n%s\n\n%s", res.Status, res.Header.Get("Content-Type"), text)
}
