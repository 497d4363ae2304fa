package main

import (
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

type oncallShow struct {
	remote
	Schedule string `arg:"" help:"Id of the schedule."`
	At       string `placeholder:"WHEN" help:"From another moment, or after a span such as 8h."`
	Days     int    `default:"14" help:"How many days, to 366 (${default})."`
}

func (c *oncallShow) Run(ctx context.Context) error {
	s, err := c.screen()
	if err != nil {
		return err
	}
	from, err := s.moment("--at", c.At, 1)
	if err != nil {
		return err
	}
	if from.IsZero() {
		from = s.now
	}
	if c.Days < 1 || c.Days > 366 {
		return wrongUse("--days: from 1 to 366, not %d", c.Days)
	}
	to := from.AddDate(0, 0, c.Days)
	if c.Days == 366 { // a day of a change of the clock may be longer
		to = from.Add(366 * 24 * time.Hour)
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
