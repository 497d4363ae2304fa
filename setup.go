package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"tocsin/incident"
	"tocsin/internal/app"
	"tocsin/internal/apply"
	"tocsin/internal/client"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A setupAt says which configuration a command is about: that of a server that is named
// with --server or $TOCSIN_SERVER, through its API, or else the one in the data
// directory or database, which needs no server and no token. What is typed beats the
// environment. A login alone does not lead to a server here: where a set-up is written
// is said, not remembered.
type setupAt struct {
	config.Installation
	remote
}

// far says whether a server is meant.
func (s *setupAt) far(k *kong.Context) (bool, error) {
	here := typed(k, "data") || typed(k, "database")
	if here && typed(k, "server") {
		return false, wrongUse("--server, or --data and --database: which of them?")
	}
	return s.Server != "" && !here, nil
}

// typed says whether a flag stands on the command line.
func typed(k *kong.Context, flag string) bool {
	return slices.ContainsFunc(k.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == flag && !p.Resolved })
}

// near opens the installation of this machine.
func (s *setupAt) near(ctx context.Context, do func(*store.Store) error, wish *apply.Wish) error {
	if s.JSON {
		return wrongUse("--json is the API's own form: name a server with --server")
	}
	st, ring, err := app.OpenStore(ctx, s.Installation)
	if err != nil {
		return err
	}
	defer st.Close()
	if wish != nil {
		wish.Ring = ring
	}
	return do(st)
}

type applyFile struct {
	setupFile
	Plan  bool `help:"Only say what would change."`
	Prune bool `help:"Retire what the file does not name."`
}

type planFile struct {
	setupFile
	Prune bool `help:"Say also what would be retired because the file does not name it."`
}

// A setupFile is a set-up as it stands in files.
type setupFile struct {
	setupAt
	File     string `arg:"" type:"existingfile" help:"Set-up file (YAML)."`
	Runbooks string `type:"existingdir" placeholder:"DIR" help:"A folder of Markdown files: the runbooks that belong to it."`
}

func (c *applyFile) Run(ctx context.Context, k *kong.Context) error {
	return c.apply(ctx, k, c.Plan, c.Prune)
}

func (c *planFile) Run(ctx context.Context, k *kong.Context) error {
	return c.apply(ctx, k, true, c.Prune)
}

func (s *setupFile) apply(ctx context.Context, k *kong.Context, plan, prune bool) error {
	far, err := s.far(k)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(s.File)
	if err != nil {
		return err
	}
	if s.Runbooks != "" {
		all, err := runbooksIn(s.Runbooks)
		if err != nil {
			return err
		}
		if data, err = config.WithRunbooks(data, all); err != nil {
			return err
		}
	}
	return s.applyText(ctx, far, s.File, data, plan, prune)
}

// applyText applies a set-up that was read already.
func (s *setupAt) applyText(ctx context.Context, far bool, file string, data []byte, plan, prune bool) error {
	if far {
		return s.applyFar(ctx, file, client.ApplyingBody{YAML: string(data), Plan: plan, Prune: prune})
	}
	setup, err := config.Parse(file, data)
	if err != nil {
		return err
	}
	wish := apply.NewWish(setup, nil, prune)
	return s.near(ctx, func(st *store.Store) error {
		var steps []apply.Step
		if plan {
			steps, err = apply.Plan(ctx, st, wish)
		} else {
			steps, err = apply.Run(ctx, st, wish, by(), now())
		}
		if err != nil {
			return err
		}
		return apply.Print(os.Stdout, steps, s.Public())
	}, &wish)
}

// applyFar lets a server apply a file.
func (s *setupAt) applyFar(ctx context.Context, file string, body client.ApplyingBody) error {
	server := ""
	err := ask(&s.remote, func(a *client.Client, keep client.Option) (client.Applied, error) {
		server = a.Server()
		return a.PostApply(ctx, body, keep)
	}, func(done client.Applied, _ screen) error {
		return apply.Print(os.Stdout, steps(done), server)
	})
	return inFile(file, err)
}

// steps are what a server did, as what is done here.
func steps(done client.Applied) (all []apply.Step) {
	for _, s := range done.Steps {
		step := apply.Step{Do: apply.Do(s.Do), Kind: s.Kind, ID: s.ID, Version: int(s.Version), Changed: s.Changed}
		switch {
		case s.Source != "":
			step.Integration, step.Key = &org.Integration{ID: org.IntegrationID(s.ID), Source: s.Source}, s.Secret
		case s.Pending || s.Secret != "":
			step.Secret = &s.Secret
		}
		all = append(all, step)
	}
	return all
}

// inFile names the file in what is wrong with it.
func inFile(file string, err error) error {
	f, ok := errors.AsType[*client.Fault](err)
	if !ok {
		return err
	}
	var lines []string
	for _, e := range f.Errors {
		if e.Location == "body.yaml" {
			lines = append(lines, file+":"+e.Message)
		}
	}
	if len(lines) == 0 {
		return err
	}
	return failure{codeFailed, strings.Join(lines, "\n")}
}

type exportFile struct{ setupAt }

func (c *exportFile) Run(ctx context.Context, k *kong.Context) error {
	far, err := c.far(k)
	if err != nil {
		return err
	}
	if far {
		return ask(&c.remote, func(a *client.Client, keep client.Option) (client.Exported, error) {
			return a.GetExport(ctx, keep)
		}, func(e client.Exported, _ screen) error {
			_, err := fmt.Print(e.YAML)
			return err
		})
	}
	return c.near(ctx, func(st *store.Store) error {
		text, err := apply.Export(ctx, st)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(text)
		return err
	}, nil)
}

const longestText = 1 << 20 // bytes that are read where a person writes

// read reads what a person wrote.
func read(from io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, longestText+1))
	if err == nil && len(text) > longestText {
		err = wrongUse("%s is longer than %d bytes", name, longestText)
	}
	return text, err
}

// me is who types the command, for the audit.
func me() org.PersonID {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "administrator"
	}
	return org.PersonID(u.Username + "@shell")
}

func by() incident.Actor { return incident.ByPerson(me()) }

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
