package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/apply"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// The commands about people and keys work on the database, beside a server that may be
// running: they are the way in when nobody can sign in any more.
type userCommands struct {
	List       userList       `cmd:"" help:"List people, their roles and how they sign in."`
	Add        userAdd        `cmd:"" help:"Add a person, and print a link to set a password."`
	Import     userImport     `cmd:"" help:"Bring people in from CSV: id, name, email, ntfy, zone, role, teams."`
	Reset      userReset      `cmd:"" help:"Print a link, good once and for a day, to set a new password."`
	Role       userRole       `cmd:"" help:"Give a person another role."`
	Deactivate userDeactivate `cmd:"" help:"Retire a person, and say where they are missed."`
}

type keyCommands struct {
	List   keyList   `cmd:"" help:"List API keys."`
	Add    keyAdd    `cmd:"" help:"Make an API key, and print it once."`
	Revoke keyRevoke `cmd:"" help:"End an API key at once."`
}

// at opens the installation for a command.
func at(ctx context.Context, o config.Installation, do func(*store.Store, *auth.Auth) error) error {
	st, ring, err := app.OpenStore(ctx, o)
	if err != nil {
		return err
	}
	defer st.Close()
	return do(st, auth.New(auth.Options{Store: st, Ring: ring, PublicURL: o.Public(), Now: now}))
}

func table(head string, rows func(line func(...any))) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if head != "" {
		fmt.Fprintln(w, head)
	}
	rows(func(cells ...any) {
		fmt.Fprintln(w, strings.TrimSuffix(fmt.Sprintf(strings.Repeat("%v\t", len(cells)), cells...), "\t"))
	})
	return w.Flush()
}

type userList struct{ config.Installation }

func (c *userList) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error {
		users, err := a.Users(ctx)
		if err != nil {
			return err
		}
		return table("ID\tNAME\tROLE\tSIGNS IN BY", func(line func(...any)) {
			for _, u := range users {
				role, how := u.Role, "nothing yet"
				if role == "" {
					role = org.Responder
				}
				switch {
				case u.Retired:
					how = "deactivated"
				case u.TOTP:
					how = "password, TOTP"
				case u.Password:
					how = "password"
				}
				if u.Passkeys > 0 && !u.Retired {
					how = strings.TrimPrefix(how+", passkey", "nothing yet, ")
				}
				line(u.ID, u.Name, role, how)
			}
		})
	})
}

func link(url string) error {
	_, err := fmt.Printf("Open this once, within a day, to set the password:\n\n  %s\n", url)
	return err
}

type userAdd struct {
	config.Installation
	ID    org.PersonID `arg:"" help:"Id, such as jane."`
	Name  string       `help:"Name; without it, the id."`
	Email string       `help:"Mail address, to be called and to sign in by."`
	Role  org.Role     `help:"admin, manager, responder, observer or stakeholder (responder)."`
}

func (c *userAdd) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error {
		p := org.Person{ID: c.ID, Name: c.Name, Role: c.Role}
		if c.Email != "" {
			p.Methods = []org.Method{{ID: "email", Channel: "email", Address: c.Email, Verified: true}}
			p.Rules = []org.NotificationRule{{Method: "email"}}
		}
		if err := (config.Setup{File: "user add", People: []org.Person{p}}).Validate(config.Setup{}); err != nil {
			return err
		}
		if err := a.AddPerson(ctx, by(), p); err != nil {
			return err
		}
		url, err := a.ResetLink(ctx, by(), c.ID, false)
		if err != nil {
			return err
		}
		return link(url)
	})
}

type userImport struct {
	config.Installation
	File string `arg:"" type:"existingfile" help:"CSV with a line of column names."`
	Plan bool   `help:"Only say what would change."`
}

func (c *userImport) Run(ctx context.Context) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	people, err := config.ParsePeople(c.File, data)
	if err != nil {
		return err
	}
	st, ring, err := app.OpenStore(ctx, c.Installation)
	if err != nil {
		return err
	}
	defer st.Close()
	had, err := configured(ctx, st)
	if err != nil {
		return err
	}
	setup, err := people.Setup(had)
	if err != nil {
		return err
	}
	wish, steps := apply.NewWish(setup, ring, false), []apply.Step(nil)
	if c.Plan {
		steps, err = apply.Plan(ctx, st, wish)
	} else {
		steps, err = apply.Run(ctx, st, wish, by(), now())
	}
	if err != nil {
		return err
	}
	return apply.Print(os.Stdout, steps, c.Public())
}

// configured is what is configured and not retired.
func configured(ctx context.Context, st *store.Store) (config.Setup, error) {
	var items []config.Item
	err := st.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		items = nil
		for _, r := range rows {
			if !r.Retired {
				items = append(items, config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body})
			}
		}
		return err
	})
	return config.Read(items), err
}

type userReset struct {
	config.Installation
	ID      org.PersonID `arg:"" help:"Person."`
	Factors bool         `help:"Take TOTP, recovery codes and passkeys away too: the telephone is lost."`
}

func (c *userReset) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error {
		url, err := a.ResetLink(ctx, by(), c.ID, c.Factors)
		if err != nil {
			return err
		}
		return link(url)
	})
}

type userRole struct {
	config.Installation
	ID   org.PersonID `arg:"" help:"Person."`
	Role org.Role     `arg:"" help:"admin, manager, responder, observer or stakeholder."`
}

func (c *userRole) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error { return a.SetRole(ctx, by(), c.ID, c.Role) })
}

type userDeactivate struct {
	config.Installation
	ID org.PersonID `arg:"" help:"Person."`
}

func (c *userDeactivate) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(st *store.Store, a *auth.Auth) error {
		if err := a.Deactivate(ctx, by(), c.ID); err != nil {
			return err
		}
		had, err := configured(ctx, st)
		if err != nil {
			return err
		}
		covers := had.Covers(c.ID)
		if len(covers) > 0 {
			fmt.Printf("%s is deactivated, and still named here:\n", c.ID)
		}
		for _, cover := range covers {
			fmt.Println(" ", cover)
		}
		return nil
	})
}

type keyList struct{ config.Installation }

func (c *keyList) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error {
		keys, err := a.Keys(ctx, "")
		if err != nil {
			return err
		}
		return table("ID\tNAME\tOWNER\tTEAM\tDEEDS\tEXPIRES\tLAST USED", func(line func(...any)) {
			for _, k := range keys {
				ends := day(k.Expires)
				if k.Revoked {
					ends = "revoked"
				}
				line(k.ID, k.Name, k.Owner, orDash(string(k.Team)), scopes(k.Deeds), ends, day(k.Used))
			}
		})
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// scopes writes deeds as one word each: "read-incidents".
func scopes(deeds []org.Deed) string {
	words := make([]string, len(deeds))
	for i, d := range deeds {
		words[i] = strings.ReplaceAll(string(d), " ", "-")
	}
	return strings.Join(words, ",")
}

type keyAdd struct {
	config.Installation
	Name  string        `arg:"" help:"What the key is for."`
	Owner org.PersonID  `required:"" help:"Person it acts for: it may never do more than they."`
	Scope []string      `required:"" help:"What it may do: read-incidents, read-setup, read-sensitive-incidents, keep-keys, keep-profile, talk, respond, configure, administer."`
	Team  org.TeamID    `help:"Team to which its writing is confined."`
	For   time.Duration `help:"How long it is good, such as 2160h; without it, until it is revoked."`
}

func (c *keyAdd) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error {
		k := auth.Key{Name: c.Name, Owner: c.Owner, Team: c.Team}
		for _, s := range c.Scope {
			d := org.Deed(strings.ReplaceAll(s, "-", " "))
			if !slices.Contains(org.Deeds(), d) {
				return fmt.Errorf("--scope: there is no %q; there are %s", s, scopes(org.Deeds()))
			}
			k.Deeds = append(k.Deeds, d)
		}
		if c.For != 0 {
			k.Expires = now().Add(c.For)
		}
		made, secret, err := a.AddKey(ctx, by(), k)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("key %s, shown once:\n\n  %s\n", made.ID, secret)
		return err
	})
}

type keyRevoke struct {
	config.Installation
	ID string `arg:"" help:"Id of the key, as list shows it."`
}

func (c *keyRevoke) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(_ *store.Store, a *auth.Auth) error { return a.RevokeKey(ctx, by(), c.ID) })
}

type verify struct{ config.Installation }

func (c *verify) Run(ctx context.Context) error {
	return at(ctx, c.Installation, func(st *store.Store, _ *auth.Auth) error {
		v, err := app.Verify(ctx, st)
		if err != nil {
			return err
		}
		_, err = fmt.Printf("whole: %d changes of the configuration, %d logs\n", v.Changes, v.Logs)
		return err
	})
}
