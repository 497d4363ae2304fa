// Package tracker speaks to the ticket systems of others: one file each, and one line in
// Kinds.
//
// A Tracker finds, makes, reads and changes tickets. It decides nothing and remembers
// nothing: internal/follow says what is to be done, and when it is to be tried again. Its
// errors are channel's (Permanent, Temporary with RetryAfter, Unknown), and carry the
// vendor's own words, cut to a line, for whoever sets it up.
//
// What a system says to us comes in at a door (Hear). It is a hint and no more: whoever
// can be read (Reads) is asked how things stand, so that what is late, doubled or made up
// does no harm. A system that cannot be read is believed, as far as its secret goes.
//
// All of it goes out through internal/egress.
package tracker

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/resolve/ticket"
)

// SendTimeout is how long one call may take.
const SendTimeout = 10 * time.Second

// A Ticket is one as its system has it.
type Ticket struct {
	Ref  string // by which it is spoken to
	Key  string // as people call it
	URL  string // for people
	Word string // how the system calls its state
	Is   ticket.State
}

// A Tracker is one ticket system.
type Tracker interface {
	// Check says who we are there and whether what is set up is there.
	Check(ctx context.Context) (string, error)
	// Find looks for the ticket with a mark, which was made since a time.
	Find(ctx context.Context, mark string, since time.Time) (Ticket, bool, error)
	Create(ctx context.Context, d ticket.Draft) (Ticket, error)
	// Read is how a ticket stands. ErrGone says that it is not there.
	Read(ctx context.Context, ref string) (Ticket, error)
	// Move brings it to a state, if it is not there already.
	Move(ctx context.Context, ref string, to ticket.State, why string) (Ticket, error)
	// Comments are what was said since a time, oldest first.
	Comments(ctx context.Context, ref string, since time.Time) ([]ticket.Said, error)
	// Comment says something, and returns the id of what was said; "" where it has none.
	Comment(ctx context.Context, ref, text string) (string, error)
	// Hidden says whether a mark can be written so that people do not see it.
	Hidden() bool
	// Reads says whether Read and Comments can be asked for.
	Reads() bool
	// Hear reads what came to the door. ErrSignature says that it was not the system.
	Hear(r Request) ([]Heard, error)
}

// A Heard is one thing that a system said. With Is or Said it says it all; without, only
// that something changed.
type Heard struct {
	Ref  string // or the key
	Word string
	Is   ticket.State
	Said []ticket.Said
}

// A Request is one that came to our door.
type Request struct {
	Header http.Header
	Query  url.Values
	Token  string // of its path
	Body   []byte
}

// DoorPath is where ticket systems come in, below the public URL.
const DoorPath = "/in/ticket/"

// A Kind is a sort of ticket system.
type Kind struct {
	Name     string
	Title    string
	Settings channel.Settings
	// Proved says against what the calls of this kind were checked. "" is: built from
	// documentation, not proved against the vendor.
	Proved string
	// Free says that settings beyond those that are listed may be given, as secrets.
	Free bool
	// Door says how the vendor is told to speak to us.
	Door string
	Make func(Setup) (Tracker, error)
}

// A Setting is one thing that a system must be told.
type Setting = channel.Setting

// Unproved is what Proved says where it is empty.
const Unproved = "built from documentation, not proved against the vendor"

// Kinds is every kind there is.
var Kinds = []Kind{jiraKind, serviceNowKind, gitHubKind, gitLabKind, zendeskKind, templateKind}

// KindNamed finds a kind.
func KindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// Names are those of all kinds.
func Names() (names []string) {
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// A Setup is what a system is made of.
type Setup struct {
	Settings map[string]string
	Secret   string       // of its door
	Client   *http.Client // egress's
}

// Check says what is wrong with settings, by the setting's name.
func (k Kind) Check(settings map[string]string) map[string]string {
	return k.Settings.Check(k.Name, k.Free, settings)
}

// Secrets are the names of the settings that nobody is shown.
func (k Kind) Secrets(settings map[string]string) []string { return k.Settings.Secrets(settings) }

// Make makes a system of a kind.
func Make(kind string, s Setup) (Tracker, error) {
	k, ok := KindNamed(kind)
	if !ok {
		return nil, fmt.Errorf("there is no kind of ticket system %q", kind)
	}
	wrong := k.Check(s.Settings)
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		return nil, fmt.Errorf("settings.%s: %s", name, wrong[name])
	}
	s.Settings = k.Settings.Filled(s.Settings)
	if s.Client == nil {
		s.Client = http.DefaultClient
	}
	return k.Make(s)
}

// server is the setting of the URL under which a system is reached.
func (s Setup) server() (string, error) {
	u, err := url.Parse(strings.TrimRight(s.Settings["server"], "/"))
	if err == nil {
		err = egress.CheckURL(u)
	}
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("settings.server: want the URL of a server such as https://tickets.example.org")
	}
	return u.String(), nil
}

// believed says whether a request brings the secret: in its path, in a header, or as a
// bearer token.
func (s Setup) believed(r Request, headers ...string) error {
	if s.Secret == "" {
		return channel.ErrSignature
	}
	said := []string{r.Token, r.Header.Get("X-Tocsin-Token"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}
	for _, h := range headers {
		said = append(said, r.Header.Get(h))
	}
	for _, one := range said {
		if one != "" && channel.Same(one, s.Secret) {
			return nil
		}
	}
	return channel.ErrSignature
}
