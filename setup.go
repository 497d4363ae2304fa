package main

import (
	"context"
	"os"
	"os/user"
	"time"

	"tocsin/incident"
	"tocsin/internal/app"
	"tocsin/internal/apply"
	"tocsin/internal/config"
	"tocsin/org"
)

type applyFile struct {
	config.Installation
	File  string `arg:"" type:"existingfile" help:"Set-up file (YAML)."`
	Plan  bool   `help:"Only say what would change."`
	Prune bool   `help:"Retire what the file does not name."`
}

func (c *applyFile) Run(ctx context.Context) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	setup, err := config.Parse(c.File, data)
	if err != nil {
		return err
	}
	st, ring, err := app.OpenStore(ctx, c.Installation)
	if err != nil {
		return err
	}
	defer st.Close()
	wish := apply.NewWish(setup, ring, c.Prune)
	var steps []apply.Step
	if c.Plan {
		steps, err = apply.Plan(ctx, st, wish)
	} else {
		steps, err = apply.Run(ctx, st, wish, incident.ByPerson(me()), time.Now().UTC().Truncate(time.Microsecond))
	}
	if err != nil {
		return err
	}
	return apply.Print(os.Stdout, steps, c.Public())
}

// me is who types the command, for the audit.
func me() org.PersonID {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "administrator"
	}
	return org.PersonID(u.Username + "@shell")
}
