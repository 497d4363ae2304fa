package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tocsin/internal/client"
	"tocsin/internal/config"
	"tocsin/org"
)

// The codes with which the binary ends (docs/cli.md).
const (
	codeFailed    = 1 // it was refused, or failed
	codeMisuse    = 2 // the command was used wrongly
	codeNotFound  = 3
	codeForbidden = 4 // not allowed, or not signed in
	codeNoAnswer  = 5 // the server said nothing: ask again
)

// A failure is an error that knows its code.
type failure struct {
	code int
	text string
}

func (f failure) Error() string { return f.text }

func wrongUse(format string, args ...any) error {
	return failure{codeMisuse, fmt.Sprintf(format, args...)}
}

// exitCode is the code that an error ends the binary with.
func exitCode(err error) int {
	if f, ok := errors.AsType[failure](err); ok {
		return f.code
	}
	if f, ok := errors.AsType[*client.Fault](err); ok {
		return codeOf(f.Status)
	}
	if errors.Is(err, client.ErrNoAnswer) {
		return codeNoAnswer
	}
	return codeFailed
}

// codeOf is the code of a status that is no success.
func codeOf(status int) int {
	switch status {
	case 404:
		return codeNotFound
	case 401, 403:
		return codeForbidden
	case 429, 502, 503, 504:
		return codeNoAnswer
	}
	return codeFailed
}

// A remote is the options of a command that asks a server.
type remote struct {
	Server    string `env:"TOCSIN_SERVER" placeholder:"URL" help:"Server to ask; without it, the one of tocsin login."`
	TokenFile string `env:"TOCSIN_TOKEN_FILE" placeholder:"FILE" help:"File that holds the token of an API key; $$TOCSIN_TOKEN holds the token itself."`
	JSON      bool   `name:"json" help:"Print the API's own JSON."`
	Zone      string `env:"TOCSIN_ZONE" placeholder:"ZONE" help:"Time zone to show and read times in, such as Europe/Prague; without it, this machine's."`
}

// client is the client of the server that was named, or of the login. A login's token
// is for its own server alone.
func (r *remote) client() (*client.Client, error) {
	login, err := config.ReadLogin()
	if err != nil {
		return nil, err
	}
	server := strings.TrimRight(r.Server, "/")
	if server == "" {
		server = login.Server
	}
	if server == "" {
		return nil, wrongUse("no server is known: name it with --server or $TOCSIN_SERVER, or sign in with tocsin login")
	}
	token := os.Getenv("TOCSIN_TOKEN")
	switch {
	case r.TokenFile != "":
		text, err := os.ReadFile(r.TokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(text))
	case token == "" && server == login.Server:
		token = login.Token
	}
	if token == "" {
		return nil, failure{codeForbidden, "there is no token for " + shownURL(server) + ": sign in with tocsin login, or set $TOCSIN_TOKEN or --token-file"}
	}
	return dial(server, token)
}

// shownURL is a server's URL without what may be a password.
func shownURL(server string) string {
	if strings.Contains(server, "@") {
		return "the server"
	}
	return server
}

func dial(server, token string) (*client.Client, error) {
	c, err := client.New(server, strings.TrimSpace(token))
	if err != nil {
		return nil, wrongUse("%v", err)
	}
	c.Agent = "tocsin/" + version
	return c, nil
}

// ask asks the server; show prints what it said, for people.
func ask[T any](r *remote, do func(*client.Client, client.Option) (T, error), show func(T, screen) error) error {
	s, err := r.screen()
	if err != nil {
		return err
	}
	c, err := r.client()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	out, err := do(c, client.Keep(&raw))
	if err != nil {
		return err
	}
	if r.JSON {
		return printed(raw)
	}
	return show(out, s)
}

func printed(raw []byte) error {
	_, err := fmt.Printf("%s\n", strings.TrimSpace(string(raw)))
	return err
}

// screen is how times are read and shown.
func (r *remote) screen() (screen, error) {
	s := screen{zone: time.Local, now: now()}
	if r.Zone != "" {
		zone, err := org.Zone(r.Zone)
		if err != nil {
			return s, wrongUse("--zone: %v", err)
		}
		s.zone = zone
	}
	return s, nil
}

type login struct {
	Server    string `required:"" env:"TOCSIN_SERVER" placeholder:"URL" help:"Server to sign in to."`
	Token     string `xor:"token" required:"" placeholder:"-" help:"- reads the token of an API key from standard input."`
	TokenFile string `xor:"token" required:"" placeholder:"FILE" help:"File that holds the token."`
}

// Run tries the token and keeps it. It stands in no argument, where everybody on the
// machine could read it.
func (l *login) Run(ctx context.Context) error {
	var text []byte
	var err error
	switch {
	case l.TokenFile != "":
		text, err = os.ReadFile(l.TokenFile)
	case l.Token == "-":
		text, err = io.ReadAll(io.LimitReader(os.Stdin, 4096))
	default:
		return wrongUse("--token: only - is taken, which reads the token from standard input: what stands in an argument can be read by everybody on this machine")
	}
	if err != nil {
		return err
	}
	kept := config.Login{Server: strings.TrimRight(l.Server, "/"), Token: strings.TrimSpace(string(text))}
	if kept.Token == "" {
		return wrongUse("the token is empty")
	}
	c, err := dial(kept.Server, kept.Token)
	if err != nil {
		return err
	}
	// Whoever may not read incidents is known all the same.
	if _, err := c.GetIncidents(ctx, client.GetIncidentsQuery{Limit: 1}); err != nil && !isStatus(err, 403) {
		return err
	}
	file, err := config.WriteLogin(kept)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("signed in to %s; kept in %s\n", kept.Server, file)
	return err
}

func isStatus(err error, status int) bool {
	f, ok := errors.AsType[*client.Fault](err)
	return ok && f.Status == status
}
