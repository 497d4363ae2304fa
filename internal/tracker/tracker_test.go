package tracker_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve/ticket"
)

const secret = "0123456789abcdef"

// systems are one of each kind, at the mock world.
var systems = map[string]map[string]string{
	"jira":       {"server": "https://mock.example.org/jira", "user": mockworld.TicketUser, "token": mockworld.TicketToken, "project": mockworld.TicketSpace},
	"github":     {"server": "https://mock.example.org/github", "token": mockworld.TicketToken, "repository": mockworld.TicketRepo},
	"gitlab":     {"server": "https://mock.example.org/gitlab", "token": mockworld.TicketToken, "project": mockworld.TicketRepo},
	"servicenow": {"server": "https://mock.example.org/servicenow", "user": mockworld.TicketUser, "password": mockworld.TicketToken},
	"zendesk":    {"server": "https://mock.example.org/zendesk", "user": mockworld.TicketUser, "token": mockworld.TicketToken},
}

// tokens are the settings in which each has its credential.
var tokens = map[string]string{"jira": "token", "github": "token", "gitlab": "token", "servicenow": "password", "zendesk": "token"}

func made(t *testing.T, w *mockworld.World, kind string, more ...string) tracker.Tracker {
	t.Helper()
	settings := map[string]string{}
	for name, v := range systems[kind] {
		settings[name] = v
	}
	for i := 0; i < len(more); i += 2 {
		settings[more[i]] = more[i+1]
	}
	one, err := tracker.Make(kind, tracker.Setup{Settings: settings, Secret: secret, Client: w.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// Each vendor's contract is kept over the life of a ticket: made once, found by its mark,
// told, heard, ended and opened again.
func TestLifeOfATicket(t *testing.T) {
	for kind := range systems {
		t.Run(kind, func(t *testing.T) {
			ctx, w := context.Background(), mockworld.New()
			w.Door(kind, "https://tocsin.example.org"+tracker.DoorPath+"x/"+secret, secret)
			s := made(t, w, kind)
			if said, err := s.Check(ctx); err != nil || said == "" {
				t.Fatal(said, err)
			}
			mark := "tocsin-0123456789abcdef01234567"
			since := time.Now().Add(-time.Hour)
			if _, ok, err := s.Find(ctx, mark, since); ok || err != nil {
				t.Fatal("found before it was made", err)
			}
			d := ticket.Draft{Title: "SEV1 db-1 is down", Text: "See there.", Mark: mark, Foot: ticket.Sign(1, "abc", false), Severity: org.SEV1, Priority: org.High}
			got, err := s.Create(ctx, d)
			if err != nil || got.Ref == "" || got.Key == "" || got.Is != ticket.Open {
				t.Fatalf("%+v %v", got, err)
			}
			again, ok, err := s.Find(ctx, mark, since)
			if err != nil || !ok || again.Ref != got.Ref || again.Key != got.Key {
				t.Fatalf("%+v %v %v", again, ok, err)
			}
			text := "Jane has it\n\n" + ticket.Sign(7, "0123456789abcdef", s.Hidden())
			id, err := s.Comment(ctx, got.Ref, text)
			if err != nil || id == "" && kind != "servicenow" {
				t.Fatal(id, err)
			}
			if !w.Remark(kind, got.Key, "ann", "Thank you") {
				t.Fatal("no such ticket", got.Key)
			}
			all, err := s.Comments(ctx, got.Ref, since)
			if err != nil || len(all) < 2 {
				t.Fatal(all, err)
			}
			ours, theirs := all[len(all)-2], all[len(all)-1]
			if seq, mac, ok := ticket.Signed(ours.Text); !ok || seq != 7 || mac != "0123456789abcdef" || id != "" && ours.ID != id {
				t.Errorf("our own comes back as %+v, with the id %q", ours, id)
			}
			if theirs.Author != "ann" || theirs.Text != "Thank you" {
				t.Errorf("%+v", theirs)
			}
			if late, err := s.Comments(ctx, got.Ref, time.Now().Add(time.Hour)); err != nil || len(late) > 0 {
				t.Error("what was said before is not asked for: ", late, err)
			}
			for _, to := range []ticket.State{ticket.Done, ticket.Done, ticket.Open} {
				moved, err := s.Move(ctx, got.Ref, to, "Jane: resolved")
				if err != nil || moved.Is != to {
					t.Fatalf("to %s: %+v %v", to, moved, err)
				}
				if is, err := s.Read(ctx, got.Ref); err != nil || is.Is != to || is.Word == "" || is.Key != got.Key {
					t.Fatalf("to %s: %+v %v", to, is, err)
				}
			}
			for _, cb := range w.Waiting() {
				req, err := cb.Request()
				if err != nil {
					t.Fatal(err)
				}
				token := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
				heard, err := s.Hear(tracker.Request{Header: req.Header, Token: token, Body: []byte(cb.Body)})
				if err != nil || len(heard) != 1 || heard[0].Ref != got.Ref {
					t.Errorf("%s: %+v %v", cb.Body, heard, err)
				}
				req.Header.Del("X-Hub-Signature-256")
				req.Header.Del("X-Gitlab-Token")
				if _, err := s.Hear(tracker.Request{Header: req.Header, Token: "guessed", Body: []byte(cb.Body)}); !errors.Is(err, channel.ErrSignature) {
					t.Errorf("without its secret it hears: %v", err)
				}
			}
			w.Lose(kind, got.Key)
			if _, err := s.Read(ctx, got.Ref); !errors.Is(err, tracker.ErrGone) {
				t.Errorf("one that is gone: %v", err)
			}
			if n := len(w.Tickets(kind)); n != 0 {
				t.Error(n)
			}
			for _, f := range w.Faults() {
				t.Error(f)
			}
		})
	}
}

// Trouble is told by what it means, in the vendor's own words, and without the credential.
func TestTrouble(t *testing.T) {
	for kind := range systems {
		t.Run(kind, func(t *testing.T) {
			ctx, w := context.Background(), mockworld.New()
			_, err := made(t, w, kind, tokens[kind], "of-somebody-else").Check(ctx)
			if channel.Classify(err) != channel.Temporary || strings.Contains(err.Error(), "of-somebody-else") {
				t.Errorf("a wrong token: %v", err)
			}
			w = mockworld.New()
			s := made(t, w, kind)
			d := ticket.Draft{Title: "x", Text: "y", Mark: "tocsin-1", Fields: map[string]any{"no_such_field": "z"}}
			if _, err := s.Create(ctx, d); channel.Classify(err) != channel.Permanent || !strings.Contains(err.Error(), "no_such_field is no field of the contract") {
				t.Errorf("a wrong field: %v", err)
			}
			d.Fields = nil
			got, err := s.Create(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			for mode, want := range map[mockworld.Mode]channel.Outcome{mockworld.Failing: channel.Temporary, mockworld.TooMany: channel.Temporary} {
				w.Set(kind, mode)
				_, err := s.Read(ctx, got.Ref)
				if channel.Classify(err) != want || mode == mockworld.TooMany && channel.RetryAfter(err) != 30*time.Second {
					t.Errorf("%s: %v, again after %v", mode, err, channel.RetryAfter(err))
				}
			}
		})
	}
}

// Any other system is asked by its template, and believed at its door.
func TestTemplate(t *testing.T) {
	var asked []string
	client := &http.Client{Transport: answers(func(r *http.Request, body string) string {
		asked = append(asked, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Key"), body))
		return `{"data":{"nr":7,"state":"working"}}`
	})}
	s, err := tracker.Make("template", tracker.Setup{Secret: secret, Client: client, Settings: map[string]string{"key": "k-1", "template": `
create: {url: "https://desk.example.org/tickets", headers: {X-Key: "{{.key}}"}, json: {subject: "{{.title}}", text: "{{.text}}", tag: "{{.mark}}", level: "{{.fields.level}}"}}
comment: {url: "https://desk.example.org/tickets/{{.ref}}/notes", headers: {X-Key: "{{.key}}"}, json: {note: "{{.comment}}"}}
done: {method: PATCH, url: "https://desk.example.org/tickets/{{.ref}}", headers: {X-Key: "{{.key}}"}, json: {state: closed, why: "{{.why}}"}}
id: data.nr
state: data.state
done_is: [closed, gone]
link: "https://desk.example.org/t/{{.ref}}"
`}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	got, err := s.Create(ctx, ticket.Draft{Title: `He said "no"`, Text: "a\nb", Mark: "tocsin-1", Fields: map[string]any{"level": "3"}})
	if err != nil || got.Ref != "7" || got.URL != "https://desk.example.org/t/7" || got.Is != ticket.Open {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := s.Comment(ctx, "7", "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Move(ctx, "7", ticket.Done, "over"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Move(ctx, "7", ticket.Open, "not over"); err != nil { // it has no request for that
		t.Fatal(err)
	}
	want := []string{
		`POST /tickets k-1 {"level":"3","subject":"He said \"no\"","tag":"tocsin-1","text":"a\nb"}`,
		`POST /tickets/7/notes k-1 {"note":"hello"}`,
		`PATCH /tickets/7 k-1 {"state":"closed","why":"over"}`,
	}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
	heard, err := s.Hear(tracker.Request{Header: http.Header{"X-Tocsin-Token": {secret}}, Body: []byte(`{"ticket":{"id":7,"status":"Closed"},"comment":{"id":"c1","text":"done","author":"ann"}}`)})
	if err != nil || len(heard) != 1 || heard[0].Ref != "7" || heard[0].Is != ticket.Done || len(heard[0].Said) != 1 || heard[0].Said[0] != (ticket.Said{ID: "c1", Author: "ann", Text: "done"}) {
		t.Errorf("%+v %v", heard, err)
	}
	for text, want := range map[string]string{
		`id: x`: "create.url: is missing", `create: {url: "https://x.example.org"}`: "id: is missing",
		"create: {url: \"https://x.example.org\"}\nid: x\nnonsense: 1": "nonsense",
		"create: {url: \"https://x.example.org/{{.nothing\"}\nid: x":   "create: ",
		"create: {url: \"ftp://x.example.org\"}\nid: x":                "create: ",
	} {
		if _, err := tracker.Make("template", tracker.Setup{Settings: map[string]string{"template": text}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

type answers func(*http.Request, string) string

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	return &http.Response{StatusCode: 200, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f(r, string(body))))}, err
}

// A signature over the body is as good as the secret in the path, and no other is.
func TestJiraSignature(t *testing.T) {
	s := made(t, mockworld.New(), "jira")
	body := []byte(`{"webhookEvent":"comment_created","issue":{"key":"OPS-1"}}`)
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	good := "sha256=" + hex.EncodeToString(h.Sum(nil))
	if heard, err := s.Hear(tracker.Request{Header: http.Header{"X-Hub-Signature": {good}}, Body: body}); err != nil || len(heard) != 1 {
		t.Error(heard, err)
	}
	if _, err := s.Hear(tracker.Request{Header: http.Header{"X-Hub-Signature": {good}}, Body: append(body, ' ')}); !errors.Is(err, channel.ErrSignature) {
		t.Error("another body is believed: ", err)
	}
}

// On Jira Cloud the search is another one.
func TestJiraCloud(t *testing.T) {
	asked := ""
	client := &http.Client{Transport: round(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		return nil, errors.New("enough")
	})}
	for server, want := range map[string]string{
		"https://acme.atlassian.net": "https://acme.atlassian.net/rest/api/3/search/jql", "https://jira.example.org/base": "https://jira.example.org/base/rest/api/2/search",
	} {
		s, err := tracker.Make("jira", tracker.Setup{Client: client, Settings: map[string]string{"server": server, "token": "t", "project": "OPS"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Find(context.Background(), "m", time.Time{}); channel.Classify(err) != channel.Temporary || asked != want {
			t.Errorf("asked %s, want %s (%v)", asked, want, err)
		}
	}
}

type round func(*http.Request) (*http.Response, error)

func (f round) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
