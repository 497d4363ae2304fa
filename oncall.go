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

type oncallGaps struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	stretch
}

func (c *oncallGaps) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageGap, error) {
		return a.GetSchedulesIDGaps(ctx, c.Schedule, client.GetSchedulesIDGapsQuery{From: from, To: to}, keep)
	}, func(p client.PageGap, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("somebody is on call all the time")
			return err
		}
		return table("FROM\tUNTIL\tFOR\tWHY", func(row func(...any)) {
			for _, g := range p.Items {
				row(s.clock(g.From), s.clock(g.Until), span(g.Until.Sub(g.From)), line(g.Why))
			}
		})
	})
}

type oncallLint struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	stretch
}

func (c *oncallLint) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageFinding, error) {
		return a.GetSchedulesIDLint(ctx, c.Schedule, client.GetSchedulesIDLintQuery{From: from, To: to}, keep)
	}, func(p client.PageFinding, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("nothing is wrong")
			return err
		}
		return table("KIND\tFROM\tUNTIL\tWHAT", func(row func(...any)) {
			for _, f := range p.Items {
				row(f.Kind, s.clock(f.From), s.clock(f.Until), line(f.Text))
			}
		})
	})
}

type oncallShow struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	stretch
}

func (c *oncallShow) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, to, err := c.bounds(s)
	if err != nil {
		return err
	}
	return ask(&c.remote, func(a *client.Client, keep client.Option) (client.PageShift, error) {
		return a.GetSchedulesIDShifts(ctx, c.Schedule, client.GetSchedulesIDShiftsQuery{From: from, To: to}, keep)
	}, func(p client.PageShift, s screen) error {
		if len(p.Items) == 0 {
			_, err := fmt.Println("nobody is on call in that time")
			return err
		}
		return table("FROM\tUNTIL\tON CALL\tROLES", func(row func(...any)) {
			for _, shift := range p.Items {
				row(s.clock(shift.From), s.clock(shift.Until), names(shift.People), roles(shift.Roles))
			}
		})
	})
}
