package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
)

// parseMatcher reads a matcher in today's spelling, or else in the one before it, whose
// faults clients know.
func parseMatcher(text string) (*labels.Matcher, error) {
	if m, err := parse.Matcher(text); err == nil {
		return m, nil
	}
	return labels.ParseMatcher(text)
}

type amMatcher struct {
	Name    *string `json:"name"`
	Value   *string `json:"value"`
	IsRegex *bool   `json:"isRegex"`
	IsEqual *bool   `json:"isEqual"`
}

// An amSilence is a silence on the wire.
type amSilence struct {
	ID          string            `json:"id"`
	Status      amState           `json:"status"`
	UpdatedAt   amTime            `json:"updatedAt"`
	Annotations map[string]string `json:"annotations"`
	Comment     string            `json:"comment"`
	CreatedBy   string            `json:"createdBy"`
	EndsAt      amTime            `json:"endsAt"`
	StartsAt    amTime            `json:"startsAt"`
	Matchers    []amMatcher       `json:"matchers"`
}

type amState struct {
	State alert.SilenceState `json:"state"`
}

func (c *amCall) shown(s alert.Silence) amSilence {
	out := amSilence{
		ID: s.ID, Status: amState{s.State(c.at)}, UpdatedAt: amTime(s.Updated), Annotations: map[string]string{},
		Comment: s.Comment, CreatedBy: s.By, EndsAt: amTime(s.End), StartsAt: amTime(s.Start),
	}
	for _, m := range s.Matchers {
		equal := !m.Not
		out.Matchers = append(out.Matchers, amMatcher{&m.Name, &m.Value, &m.Regex, &equal})
	}
	return out
}

// silences lists those over the integration's alerts, what is active first.
func (c *amCall) silences() error {
	wanted, err := amMatchers(c.query["filter"])
	if err != nil {
		return err
	}
	var all []alert.Silence
	if err := c.engine.Read(c.r.Context(), func(tx *store.Tx) (err error) { all, err = tx.Silences(); return err }); err != nil {
		return err
	}
	alert.SortSilences(all, c.at)
	shown := []amSilence{}
	for _, s := range all {
		if s.Integration != "" && s.Integration != c.in.ID {
			continue
		}
		values := map[string]string{}
		for _, m := range s.Matchers {
			values[m.Name] = m.Value
		}
		if matchesAll(wanted, values) {
			shown = append(shown, c.shown(s))
		}
	}
	return c.answer(http.StatusOK, shown)
}

const maxSilence = 64 << 10 // bytes of one

// aUUID is how Alertmanager's clients name a silence.
var aUUID = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// named is the silence that the path names. One that covers other integrations too can
// be seen and not touched.
func (c *amCall) named(id string, touch bool) (s alert.Silence, err error) {
	err = c.engine.Read(c.r.Context(), func(tx *store.Tx) (err error) { s, err = tx.Silence(id); return err })
	switch {
	case err != nil:
		return s, err
	case s.Integration == c.in.ID, s.Integration == "" && !touch:
		return s, nil
	case s.Integration == "":
		return s, &amFault{http.StatusForbidden, http.StatusForbidden, "this silence covers more than what has this key"}
	}
	return s, store.ErrNotFound
}

func (c *amCall) path(touch bool) (alert.Silence, error) {
	if !aUUID.MatchString(c.id) {
		return alert.Silence{}, &amFault{http.StatusUnprocessableEntity, 601, fmt.Sprintf("silenceID in path must be of type uuid: %q", c.id)}
	}
	s, err := c.named(c.id, touch)
	if errors.Is(err, store.ErrNotFound) {
		err = &amFault{status: http.StatusNotFound}
	}
	return s, err
}

func (c *amCall) silence() error {
	s, err := c.path(false)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.shown(s))
}

func (c *amCall) endSilence() error {
	s, err := c.path(true)
	if err != nil {
		return err
	}
	if err := c.engine.EndSilence(c.r.Context(), s.ID, "the key of "+string(c.in.ID), nil, c.at); err != nil {
		return err
	}
	if err := c.settled(s.ID); err != nil {
		return err
	}
	return c.nothing()
}

// settled waits a while until a silence has held, or let go, what it should by now: who
// asks for alerts next sees them so. That it will is on disk already.
func (c *amCall) settled(id string) error {
	_, err := c.engine.Until(c.r.Context(), seesItself, func(tx *store.Tx) (bool, error) {
		d, there, err := tx.DueOf(store.SilenceKind, id)
		return !there || d.At.After(c.at), err
	})
	return err
}

// putSilence makes a silence, or changes one.
func (c *amCall) putSilence() error {
	b, body, err := c.ingest.memory.read(c.w, c.r, maxSilence)
	defer b.done()
	if err != nil && !isUnreadable(err) {
		return err
	}
	wish, err := silenceIn(body)
	if err != nil {
		c.ingest.results[amDialect][invalid].Inc()
		return err
	}
	wish.Integration = c.in.ID
	if err := wish.CheckTimes(c.at); err != nil {
		return amWrong("Failed to create silence: %v", err)
	}
	if err := wish.CheckMatchers(); err != nil {
		return amWrong("invalid silence: matcher set 0: %v", err)
	}
	switch {
	case wish.ID != "" && !aUUID.MatchString(wish.ID):
		err = store.ErrNotFound
	case wish.ID != "":
		_, err = c.named(wish.ID, true)
	}
	var made alert.Silence
	if err == nil {
		made, err = c.engine.Silence(c.r.Context(), wish, nil, c.at)
	}
	var refusal incident.Refusal
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &amFault{http.StatusNotFound, 0, "silence not found"}
	case errors.As(err, &refusal):
		return amWrong("Failed to create silence: %s", refusal.Text)
	case err != nil:
		return err
	}
	for _, id := range []string{wish.ID, made.ID} {
		if err := c.settled(id); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, map[string]string{"silenceID": made.ID})
}

// silenceIn reads a silence that is posted.
func silenceIn(body []byte) (s alert.Silence, err error) {
	var said struct {
		ID        string       `json:"id"`
		Comment   *string      `json:"comment"`
		CreatedBy *string      `json:"createdBy"`
		EndsAt    *time.Time   `json:"endsAt"`
		Matchers  *[]amMatcher `json:"matchers"`
		StartsAt  *time.Time   `json:"startsAt"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		if len(body) == 0 {
			err = io.EOF
		}
		return s, &amFault{http.StatusBadRequest, http.StatusBadRequest, fmt.Sprintf(`parsing silence body from "" failed, because %v`, err)}
	}
	for _, f := range []struct {
		name  string
		there bool
	}{
		{"comment", said.Comment != nil}, {"createdBy", said.CreatedBy != nil}, {"endsAt", said.EndsAt != nil},
		{"matchers", said.Matchers != nil}, {"startsAt", said.StartsAt != nil},
	} {
		if !f.there {
			return s, amMissing(f.name)
		}
	}
	if len(*said.Matchers) == 0 {
		return s, &amFault{http.StatusUnprocessableEntity, 612, "matchers in body should have at least 1 items"}
	}
	s = alert.Silence{ID: said.ID, Start: *said.StartsAt, End: *said.EndsAt, By: *said.CreatedBy, Comment: *said.Comment}
	for i, m := range *said.Matchers {
		switch {
		case m.IsRegex == nil:
			return s, amMissing(fmt.Sprintf("matchers.%d.isRegex", i))
		case m.Name == nil:
			return s, amMissing(fmt.Sprintf("matchers.%d.name", i))
		case m.Value == nil:
			return s, amMissing(fmt.Sprintf("matchers.%d.value", i))
		}
		s.Matchers = append(s.Matchers, alert.Matcher{Name: *m.Name, Value: *m.Value, Regex: *m.IsRegex, Not: m.IsEqual != nil && !*m.IsEqual})
	}
	return s, nil
}

func amMissing(field string) error {
	return &amFault{http.StatusUnprocessableEntity, 602, field + " in body is required"}
}

// matchesAll says whether every matcher matches; a label that is not there is empty.
func matchesAll(list labels.Matchers, values map[string]string) bool {
	for _, m := range list {
		if !m.Matches(values[m.Name]) {
			return false
		}
	}
	return true
}
