package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/internal/client"
)

type oncallCommands struct {
	Who  oncallWho  `cmd:"" help:"Say who is on call, by schedule."`
	Show oncallShow `cmd:"" help:"Show who is on call when."`
	Gaps oncallGaps `cmd:"" help:"Show when nobody is on call."`
	Lint oncallLint `cmd:"" help:"Say what is wrong with a schedule."`

	Take     oncallTake       `cmd:"" help:"Be on call now, in the place of whoever is."`
	Swap     swapCommands     `cmd:"" help:"Cover for a shift, or an exchange of two."`
	Off      offCommands      `cmd:"" help:"Time off, and who stands in."`
	Calendar calendarCommands `cmd:"" help:"Shifts in other programs, and other calendars here."`
	Load     oncallLoad       `cmd:"" help:"Say what being on call costs whom."`
	Dispute  disputeCommands  `cmd:"" help:"Say that a line of the load is wrong, and decide it."`
	Propose  oncallPropose    `cmd:"" help:"Show what Tocsin proposes: rest after a heavy shift, and balance."`
	Hours    oncallHours      `cmd:"" help:"Print everybody's hours by month as CSV, for pay."`
}

type oncallWho struct {
	remote
	At string `placeholder:"WHEN" help:"At another moment, or after a span such as 8h."`
}

func (c *oncallWho) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	at, err := s.moment("--at", c.At, 1)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageWatch, error) {
		return a.GetOncall(ctx, client.GetOncallQuery{At: at}, keep)
	}, func(p client.PageWatch, s screen) error {
		return table("SCHEDULE\tON CALL\tUNTIL\tROLES", func(row func(...any)) {
			for _, w := range p.Items {
				until := "-"
				if w.Until != nil {
					until = s.clock(*w.Until)
				}
				who := names(w.People)
				if len(w.People) == 0 && w.Why != "" {
					who += " (" + line(w.Why) + ")"
				}
				row(w.Schedule, who, until, roles(w.Roles))
			}
		})
	})
}

// roles are those who stand beside the primary.
func roles(all map[string][]string) string {
	var out []string
	for _, role := range slices.Sorted(maps.Keys(all)) {
		if role != "primary" && role != "" {
			out = append(out, role+": "+names(all[role]))
		}
	}
	return orDash(line(strings.Join(out, "; ")))
}

// A stretch is the part of a schedule that is asked for.
type stretch struct {
	At   string `placeholder:"WHEN" help:"The same as --from."`
	From string `placeholder:"WHEN" help:"From another moment, or after a span such as 8h."`
	To   string `placeholder:"WHEN" help:"Until a moment, instead of --days."`
	Days int    `default:"14" help:"How many days, to 366 (${default})."`
}

// bounds are the moments that the flags name.
func (c stretch) bounds(s screen) (from, to time.Time, err error) {
	if c.At != "" && c.From != "" {
		return from, to, wrongUse("--at and --from: say one of them")
	}
	if from, err = s.moment("--from", cmp.Or(c.From, c.At), 1); err != nil {
		return from, to, err
	}
	if from.IsZero() {
		from = s.now
	}
	if to, err = s.moment("--to", c.To, 1); err != nil || !to.IsZero() {
		if err == nil && !to.After(from) {
			err = wrongUse("--to: is not after the beginning")
		}
		return from, to, err
	}
	if c.Days < 1 || c.Days > 366 {
		return from, to, wrongUse("--days: from 1 to 366, not %d", c.Days)
	}
	if to = from.AddDate(0, 0, c.Days); c.Days == 366 { // a day of a change of the clock may be longer
		to = from.Add(366 * 24 * time.Hour)
	}
	return from, to, nil
}

// A part is a command about a stretch of one schedule.
type part struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	stretch
}

// of asks for the part; show prints what came, as a table.
func of[T any](c *part, do func(a *client.Client, from, to time.Time, keep client.Option) (T, error), show func(T, screen) error) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (T, error) { return do(a, from, to, keep) }, show)
}

// listed is a table, or what is said when there is nothing.
func listed[T any](head, nothing string, items []T, cells func(T) []any) error {
	if len(items) == 0 {
		_, err := fmt.Println(nothing)
		return err
	}
	return table(head, func(row func(...any)) {
		for _, one := range items {
			row(cells(one)...)
		}
	})
}

type oncallGaps struct{ part }

func (c *oncallGaps) Run(ctx context.Context) error {
	return of(&c.part, func(a *client.Client, from, to time.Time, keep client.Option) (client.PageGap, error) {
		return a.GetSchedulesIDGaps(ctx, c.Schedule, client.GetSchedulesIDGapsQuery{From: from, To: to}, keep)
	}, func(p client.PageGap, s screen) error {
		return listed("FROM\tUNTIL\tFOR\tWHY", "somebody is on call all the time", p.Items, func(g client.Gap) []any {
			return []any{s.clock(g.From), s.clock(g.Until), span(g.Until.Sub(g.From)), line(g.Why)}
		})
	})
}

type oncallLint struct{ part }

func (c *oncallLint) Run(ctx context.Context) error {
	return of(&c.part, func(a *client.Client, from, to time.Time, keep client.Option) (client.PageFinding, error) {
		return a.GetSchedulesIDLint(ctx, c.Schedule, client.GetSchedulesIDLintQuery{From: from, To: to}, keep)
	}, func(p client.PageFinding, s screen) error {
		return listed("KIND\tFROM\tUNTIL\tWHAT", "nothing is wrong", p.Items, func(f client.Finding) []any {
			return []any{f.Kind, s.clock(f.From), s.clock(f.Until), line(f.Text)}
		})
	})
}

type oncallShow struct{ part }

func (c *oncallShow) Run(ctx context.Context) error {
	return of(&c.part, func(a *client.Client, from, to time.Time, keep client.Option) (client.PageShift, error) {
		return a.GetSchedulesIDShifts(ctx, c.Schedule, client.GetSchedulesIDShiftsQuery{From: from, To: to}, keep)
	}, func(p client.PageShift, s screen) error {
		return listed("FROM\tUNTIL\tON CALL\tROLES", "nobody is on call in that time", p.Items, func(x client.Shift) []any {
			return []any{s.clock(x.From), s.clock(x.Until), names(x.People), roles(x.Roles)}
		})
	})
}
