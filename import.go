package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/convert"
	"tocsin/org"
)

type importCommands struct {
	Alertmanager importAlertmanager `cmd:"" help:"Turn routes, inhibit_rules and time intervals of an alertmanager.yml into a set-up."`
}

type importAlertmanager struct {
	setupAt
	File        string `arg:"" type:"existingfile" help:"alertmanager.yml"`
	Integration string `help:"The integration that its alerts will come through; without it the rules hold for all." placeholder:"ID"`
	Policy      string `help:"The policy that the services climb." placeholder:"ID" default:"default"`
	Plan        bool   `help:"Say what applying the set-up would change." xor:"do"`
	Apply       bool   `help:"Apply the set-up. It replaces the rules and the sifting that are configured." xor:"do"`
}

// Run prints the set-up, or plans or applies it; what could not be taken over stands on
// the standard error.
func (c *importAlertmanager) Run(ctx context.Context, k *kong.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	r, err := convert.Alertmanager(text, org.IntegrationID(c.Integration), org.PolicyID(c.Policy), now())
	if err != nil {
		return failure{codeFailed, c.File + ": " + err.Error()}
	}
	if len(r.Left) > 0 {
		fmt.Fprintf(os.Stderr, "not taken over:\n  %s\n", strings.Join(r.Left, "\n  "))
	}
	out, err := r.Setup.YAML()
	if err != nil {
		return err
	}
	if !c.Plan && !c.Apply {
		_, err := os.Stdout.Write(out)
		return err
	}
	far, err := c.far(k)
	if err != nil {
		return err
	}
	return c.applyText(ctx, far, "the set-up of "+c.File, out, c.Plan, false)
}
