package v1

import (
	"context"
	"fmt"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

const replayLongest = 31 * 24 * time.Hour

type replayingSetup struct {
	Body struct {
		YAML  string    `json:"yaml" doc:"A set-up file, whole or in parts, over what is configured"`
		Since time.Time `json:"since,omitempty" doc:"A week ago, when it is left out; at most 31 days"`
		Until time.Time `json:"until,omitempty" doc:"Now, when it is left out"`
	}
}

// A Comparison says what pages by the configuration of now, and what would by a draft.
type Comparison struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to" doc:"The window that was really played"`
	Whole  bool       `json:"whole" doc:"All of the window that was asked for: nothing of it is older than what is kept, nor more than can be played at once"`
	Events int        `json:"events" doc:"That were played; repetitions that were only counted are not kept"`
	Before Played     `json:"before"`
	After  Played     `json:"after"`
	Gone   []PagedFor `json:"gone" nullable:"false" doc:"Pages that the draft would spare, at most 200"`
	Come   []PagedFor `json:"come" nullable:"false" doc:"Pages that the draft would add, at most 200"`
}

// Played is one side of a comparison.
type Played struct {
	Pages  int      `json:"pages"`
	People []Nights `json:"people" nullable:"false" doc:"By person and date"`
}

// Nights is how often somebody is paged on a date of theirs.
type Nights struct {
	Person org.PersonID `json:"person"`
	Date   string       `json:"date" doc:"On which the night began"`
	Pages  int          `json:"pages"`
	Night  int          `json:"night" doc:"Of those, between 22:00 and 07:00 in the person's zone"`
}

// PagedFor is a page of a comparison.
type PagedFor struct {
	At      time.Time      `json:"at"`
	Title   string         `json:"title"`
	Service org.ServiceID  `json:"service"`
	People  []org.PersonID `json:"people" nullable:"false" doc:"Whom the first level would call"`
	Why     string         `json:"why"`
}

func (a *API) replaySetup(ctx context.Context, in *replayingSetup) (*struct{ Body Comparison }, error) {
	since, until := in.Body.Since, in.Body.Until
	if until.IsZero() {
		until = a.now()
	}
	if since.IsZero() {
		since = until.AddDate(0, 0, -7)
	}
	switch {
	case !since.Before(until):
		return nil, wrong("body.since", "is not before until")
	case until.Sub(since) > replayLongest:
		return nil, wrong("body.since", fmt.Sprintf("at most %d days are played", replayLongest/(24*time.Hour)))
	}
	setup, err := config.Parse("", []byte(in.Body.YAML))
	if err != nil {
		return nil, inFile(err)
	}
	var rows []store.ConfigRow
	if err := a.store.Read(ctx, func(tx *store.Tx) (err error) { rows, err = tx.Config(); return err }); err != nil {
		return nil, err
	}
	var items []config.Item
	for _, r := range rows {
		if !r.Retired {
			items = append(items, config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body})
		}
	}
	if err := setup.Validate(config.Read(items)); err != nil {
		return nil, inFile(err)
	}
	var changes []store.Change
	for _, i := range setup.Items(a.ring) {
		changes = append(changes, store.Change{Kind: i.Kind, ID: i.ID, Body: i.Body})
	}
	r, err := a.engine.Replay(ctx, changes, since, until)
	if err != nil {
		return nil, err
	}
	out := Comparison{
		From: r.From, To: r.To, Whole: r.Whole, Events: r.Events, Before: showPlayed(r.Before), After: showPlayed(r.After),
		Gone: showPaged(r.Gone), Come: showPaged(r.Come),
	}
	return &struct{ Body Comparison }{out}, nil
}

func showPlayed(p engine.Played) Played {
	out := Played{Pages: p.Pages, People: []Nights{}}
	for _, n := range p.People {
		out.People = append(out.People, Nights(n))
	}
	return out
}

func showPaged(list []engine.ReplayedPage) []PagedFor {
	out := []PagedFor{}
	for _, p := range list {
		if p.People == nil {
			p.People = []org.PersonID{}
		}
		out = append(out, PagedFor(p))
	}
	return out
}
