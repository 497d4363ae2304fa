package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review/figures"
)

// showFigures shows what the night came to: every figure that is not nothing.
func (p *player) showFigures(ctx context.Context, _ words) error {
	r, err := p.counted(ctx)
	if err != nil {
		return err
	}
	for i, d := range figures.Definitions {
		t := r.Total[i]
		if t.N > 0 || t.Of > 0 {
			p.say(markShown, "%s: %s", d.Key, engine.FigureText(d, t, ""))
		}
	}
	return nil
}

// showLoad shows what being called came to for somebody.
func (p *player) showLoad(ctx context.Context, w words) error {
	r, err := p.counted(ctx)
	if err != nil {
		return err
	}
	l := r.Loads.People[org.PersonID(w["PERSON"])]
	if l == nil {
		p.say(markShown, "%s was not called", w["PERSON"])
		return nil
	}
	say := func(what string, c figures.Climb) {
		p.say(markShown, "%s: called %d, answered %d, missed %d, escalated past %d", what, c.Paged, c.Answered, c.Missed, c.Past)
	}
	var levels []int
	for n := range l.Levels {
		levels = append(levels, n)
	}
	slices.Sort(levels)
	for _, n := range levels {
		what := fmt.Sprintf("level %d", n)
		if n == 0 {
			what = "by name"
		}
		say(what, *l.Levels[n])
	}
	var hours []string
	for i, n := range l.Hours {
		if n > 0 {
			hours = append(hours, fmt.Sprintf("%s %d", figures.AllHours[i], n))
		}
	}
	p.say(markShown, "hours: %s", strings.Join(hours, ", "))
	return nil
}

// counted brings the figures up to date, as the follower does by itself in a house, and
// counts the whole night.
func (p *player) counted(ctx context.Context) (r *figures.Report, err error) {
	keeper := follow.NewFigures(follow.Options{Store: p.store, Engine: p.engine})
	if err := keeper.Step(ctx, p.now); err != nil {
		return nil, err
	}
	return r, p.store.Read(ctx, func(tx *store.Tx) (err error) {
		r, err = p.engine.Figures(tx, &figures.Query{From: p.now.AddDate(0, 0, -7), To: p.now.AddDate(0, 0, 1)}, p.now)
		return err
	})
}
