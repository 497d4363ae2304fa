package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"tocsin/internal/client"
)

type replayFile struct {
	remote
	File  string        `arg:"" type:"existingfile" help:"Set-up file (YAML), whole or in parts."`
	Since time.Duration `help:"How far back." default:"168h"`
	Pages bool          `help:"Show which pages would go and come."`
}

// Run says what would have paged by a set-up, over the events that the server keeps.
func (c *replayFile) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	err = ask(&c.remote, func(a *client.Client, keep client.Option) (client.Comparison, error) {
		since := time.Now().Add(-c.Since)
		return a.PostReplay(ctx, client.ReplayingSetupBody{YAML: string(text), Since: &since}, keep)
	}, c.show)
	return inFile(c.File, err)
}

func (c *replayFile) show(r client.Comparison, s screen) error {
	fmt.Printf("%d events from %s to %s\n", r.Events, s.at(&r.From), s.at(&r.To))
	if !r.Whole {
		fmt.Println("not all of what was asked for: what is older is not kept, or there are more events than can be played at once")
	}
	fmt.Printf("pages   %d now, %d by this file\n", r.Before.Pages, r.After.Pages)
	type key struct{ date, person string }
	rows := map[key][4]int64{}
	var keys []key
	for side, p := range []client.Played{r.Before, r.After} {
		for _, n := range p.People {
			k := key{n.Date, n.Person}
			if _, ok := rows[k]; !ok {
				keys = append(keys, k)
			}
			row := rows[k]
			row[side], row[2+side] = n.Pages, n.Night
			rows[k] = row
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.person, b.person))
	})
	for _, k := range keys {
		row := rows[k]
		fmt.Printf("%s  %-16s %4d -> %-4d at night %4d -> %d\n", k.date, k.person, row[0], row[1], row[2], row[3])
	}
	if c.Pages {
		for _, p := range r.Gone {
			fmt.Printf("- %s  %s\n", s.at(&p.At), p.Title)
		}
		for _, p := range r.Come {
			fmt.Printf("+ %s  %s\n", s.at(&p.At), p.Title)
		}
	}
	return nil
}
