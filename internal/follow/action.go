package follow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// Actions that run by themselves before anybody is called (sift.Action) are called from
// here too: signed like deliveries, through internal/egress, once. The run was written
// down with its incident; a crash lets the lease run out and it is called again under the
// same id, if its time is not over. Whatever happens here, the incident's own timer calls
// people.

const (
	actionsAtOnce = 8
	actionLongest = 10 * time.Minute
	actionSaid    = 300 // characters of an answer that the timeline repeats
)

// An ActionCall is what the program of an action is told.
type ActionCall struct {
	Run      string            `json:"run"` // the same at every try
	Type     string            `json:"type"`
	Action   string            `json:"action"`
	At       time.Time         `json:"at"`
	Until    time.Time         `json:"until"` // an answer counts before
	Incident Summary           `json:"incident"`
	Alert    ActionAlert       `json:"alert"`
	Labels   map[string]string `json:"labels,omitempty"`
}

// An ActionAlert is the alert that the incident was opened for.
type ActionAlert struct {
	ID          string            `json:"id"`
	Key         string            `json:"key"`
	Title       string            `json:"title"`
	Integration org.IntegrationID `json:"integration"`
	Service     org.ServiceID     `json:"service"`
	Severity    org.Severity      `json:"severity"`
}

// act begins the runs that nobody works for.
func (w *Webhooks) act(ctx context.Context, now time.Time) error {
	var due []store.Action
	err := w.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueActions(now, actionsAtOnce)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	ours, err := claimed(ctx, w.store, due, (*store.Tx).ClaimAction, func(i int) time.Time {
		until := due[i].Until
		if !until.After(now) {
			until = now.Add(sendTimeout)
		}
		return until.Add(sendTimeout)
	})
	for _, run := range ours {
		w.turns.Go(func() {
			if err := w.run(ctx, run, now); err != nil && ctx.Err() == nil {
				w.log.Error("an action failed, and people are called when its time is over", "action", run.Action, "run", run.ID, "error", err)
			}
		})
	}
	return err
}

// claimed takes what is due for ours until a time of its own, and says what of it was to
// be had: other nodes look as well.
func claimed[T any](ctx context.Context, st *store.Store, due []T, claim func(*store.Tx, *T, time.Time) (bool, error), until func(i int) time.Time) (ours []T, err error) {
	err = st.Write(ctx, store.High, func(tx *store.Tx) error {
		ours = ours[:0]
		for i, one := range due {
			ok, err := claim(tx, &one, until(i))
			if err != nil {
				return err
			}
			if ok {
				ours = append(ours, one)
			}
		}
		return nil
	})
	return ours, err
}

// run calls one program and states what came of it.
func (w *Webhooks) run(ctx context.Context, run store.Action, now time.Time) error {
	began := time.Now()
	ok, why := w.call(ctx, run, now)
	took := time.Since(began)
	_, err := w.engine.Finish(context.WithoutCancel(ctx), run, ok, why, took.Round(time.Millisecond), now.Add(took))
	return err
}

// call says whether the program did its work, and why it thinks so.
func (w *Webhooks) call(ctx context.Context, run store.Action, now time.Time) (ok bool, why string) {
	switch {
	case run.Webhook == "":
		return false, fmt.Sprintf("its runbook took longer than %s", org.Duration(run.Until.Sub(run.At)))
	case !run.Until.After(now):
		return false, "its time was over before it began"
	}
	var body []byte
	var hook org.Webhook
	err := w.store.Read(ctx, func(tx *store.Tx) (err error) {
		if hook, err = hookNamed(tx, run.Webhook); err == nil {
			body, err = w.actionBody(tx, run)
		}
		return err
	})
	switch {
	case err != nil:
		return false, err.Error()
	case !hook.Usable():
		return false, "its webhook is switched off"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), run.Until.Sub(now))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return false, "the URL cannot be used"
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin-Webhook")
	req.Header.Set("X-Tocsin-Delivery", run.ID)
	req.Header.Set("X-Tocsin-Event", "action")
	req.Header.Set("X-Tocsin-Signature", Sign(hook.Secret, run.ID, body, now))
	res, err := w.patient.Do(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return false, fmt.Sprintf("no answer within %s", org.Duration(run.Until.Sub(run.At)))
		}
		return false, lost(err).err
	}
	defer res.Body.Close()
	said := answerText(res.Body)
	if a := answered(res, now); a.verdict != taken {
		return false, strings.Join(filled(a.err, said), ": ")
	}
	return true, said
}

// filled are those texts that say something.
func filled(texts ...string) (out []string) {
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// hookNamed is a webhook as it is configured now.
func hookNamed(tx *store.Tx, id org.WebhookID) (hook org.Webhook, err error) {
	rows, err := tx.ConfigOf("webhook")
	if err != nil {
		return hook, err
	}
	for _, r := range rows {
		if r.ID == string(id) {
			return read(r)
		}
	}
	return hook, errors.New("its webhook is not there any longer")
}

func (w *Webhooks) actionBody(tx *store.Tx, run store.Action) ([]byte, error) {
	sub, err := tx.Subject(run.Subject)
	if err != nil {
		return nil, err
	}
	a, err := tx.Alert(run.Alert)
	if err != nil {
		return nil, err
	}
	return json.Marshal(ActionCall{
		Run: run.ID, Type: "action", Action: run.Action, At: run.At, Until: run.Until, Incident: w.summary(run.Subject, sub.Incident), Labels: a.Last.Labels,
		Alert: ActionAlert{a.ID, a.Key, a.Title, a.Integration, a.Service, a.Severity},
	})
}

// summary is the incident as others are told of it.
func (w *Webhooks) summary(id incident.ID, in incident.Incident) Summary {
	return Summary{
		ID: id, Title: in.Title, Status: in.Status, Severity: in.Severity, Priority: in.Priority,
		Service: in.Service, Team: in.Team, URL: w.publicURL + "/incidents/" + string(id), Drill: in.IsDrill(),
	}
}

// answerText is what a program said: the text of a JSON object, or its first words.
func answerText(r io.Reader) string {
	body, _ := io.ReadAll(io.LimitReader(r, 4096))
	var said struct{ Text, Message string }
	text := string(body)
	if json.Unmarshal(body, &said) == nil {
		text = cmp.Or(said.Text, said.Message)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > actionSaid {
		text = string(runes[:actionSaid-1]) + "…"
	}
	return text
}
