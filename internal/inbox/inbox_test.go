package inbox_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"testing"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/channel/smtptest"
	"tocsin/internal/engine"
	"tocsin/internal/inbox"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// A post is a house whose pages go out by a mail server and whose replies come in.
type post struct {
	*testing.T
	store  *store.Store
	engine *engine.Engine
	out    *smtptest.Server
	addr   string
}

func open(t *testing.T) *post {
	t.Helper()
	ring, err := secret.Generate(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	h := &post{T: t}
	if h.out, err = smtptest.New(smtptest.Options{NoTLS: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.out.Close() })
	if h.store, err = store.Open(t.Context(), store.Options{URL: storetest.SQLite(t), Ring: ring, Sync: "OFF"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	email, err := channel.NewEmail(channel.Relay{Addr: h.out.Addr, STARTTLS: "never"}, "Tocsin <tocsin@example.org>", (&net.Dialer{}).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	h.engine = engine.New(engine.Options{Store: h.store, Ring: ring, Channels: []channel.Channel{email}, MailDomain: "reply.example.org", PublicURL: "https://tocsin.example.org"})
	people := []org.Person{
		{ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "m", Channel: "email", Address: "Jane@Example.org", Verified: true}, {ID: "h", Channel: "email", Address: "jane@home.test", Verified: true}}, Rules: []org.NotificationRule{{Method: "m"}}},
		{ID: "omar", Name: "Omar", Methods: []org.Method{{ID: "m", Channel: "email", Address: "omar@example.org", Verified: true}}},
	}
	err = h.store.Write(t.Context(), store.People, func(tx *store.Tx) error {
		for _, p := range people {
			body, err := json.Marshal(p)
			if err != nil {
				return err
			}
			if _, err := tx.PutConfig(h.engine.Now(), store.Change{Kind: "person", ID: string(p.ID), Body: body, By: "test"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	in := inbox.New(inbox.Options{Engine: h.engine, Domain: "reply.example.org"})
	ended := make(chan error, 1)
	go func() { ended <- in.Serve(l) }()
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

// page opens an incident, pages Jane by mail and returns where her mail asks to reply to.
func (h *post) page(title string) (id incident.ID, reply string) {
	h.Helper()
	now := h.engine.Now()
	id, err := h.engine.Open(h.Context(), incident.Engine, incident.Opened{Title: title, Priority: org.High, Severity: org.SEV1}, now)
	if err != nil {
		h.Fatal(err)
	}
	_, err = h.engine.Do(h.Context(), id, incident.Engine, now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.AddResponders(in, []org.Target{{Kind: "person", ID: "jane"}}, "test")
	})
	if err != nil {
		h.Fatal(err)
	}
	return id, h.reply()
}

// reply sends what is due and returns where the last mail asks to reply to.
func (h *post) reply() string {
	h.Helper()
	if _, err := h.engine.Step(h.Context(), h.engine.Now()); err != nil {
		h.Fatal(err)
	}
	text := h.last()
	a, err := mail.ParseAddress(text.Header.Get("Reply-To"))
	if err != nil {
		h.Fatal(err)
	}
	if local, _, _ := strings.Cut(a.Address, "@"); len(local) > 64 || !strings.HasSuffix(a.Address, "@reply.example.org") {
		h.Errorf("%s", a.Address)
	}
	return a.Address
}

func (h *post) last() smtptest.Text {
	h.Helper()
	all := h.out.Mails()
	text, err := all[len(all)-1].Parse()
	if err != nil {
		h.Fatal(err)
	}
	return text
}

var letters int

// write sends a reply as other people's programs do, and returns what the inbox says.
func (h *post) write(from, to, text string, head ...string) string {
	h.Helper()
	letters++
	lines := append([]string{"From: " + from, "To: " + to, "Subject: Re: page", fmt.Sprintf("Message-ID: <%d@home.test>", letters)}, head...)
	envelope := "x@home.test"
	if a, err := mail.ParseAddress(from); err == nil {
		envelope = a.Address
	}
	err := smtp.SendMail(h.addr, nil, envelope, []string{to}, []byte(strings.Join(lines, "\r\n")+"\r\n\r\n"+strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		return err.Error()
	}
	return ""
}

func (h *post) stands(id incident.ID, want string) {
	h.Helper()
	var got string
	err := h.store.Read(h.Context(), func(tx *store.Tx) error {
		log, err := tx.Log(id)
		in := incident.Fold(log)
		got = string(in.Status)
		for _, e := range log {
			if n, ok := e.Fact.(incident.Noted); ok {
				got += ", " + e.By.Name() + ": " + n.Text
			}
		}
		return err
	})
	if err != nil || got != want {
		h.Errorf("it is %q, %v; want %q", got, err, want)
	}
}

func TestReplyAcknowledges(t *testing.T) {
	h := open(t)
	id, to := h.page("db-1 is down")
	if text := h.last(); !strings.Contains(text.Plain, "Or reply: ack acknowledges") || !strings.Contains(text.HTML, "Or reply: ack") {
		t.Error(text.Plain)
	}
	// Whoever has only the address, or only the sender's name, changes nothing.
	for _, c := range []struct{ from, to, says string }{
		{"mallory@evil.test", to, "reply from the address that was paged"},
		{"omar@example.org", to, "may not answer this page"},
		{"jane@example.org, omar@example.org", to, "may not answer"},
		{"jane@example.org", strings.Replace(to, ".", ".0", 1), "no such address"},
		{"jane@example.org", "reply@reply.example.org", "no such address"},
		{"jane@example.org", "root@reply.example.org", "no such address"},
		{"jane@example.org", "somebody@elsewhere.test", "no such address"},
	} {
		if got := h.write(c.from, c.to, "ack"); !strings.HasPrefix(got, "550") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q", c.from, got)
		}
	}
	// A machine is not a person.
	for _, head := range []string{"Auto-Submitted: auto-replied", "Precedence: bulk", "X-Autoreply: yes", "List-Id: <x>", "Content-Type: multipart/report; boundary=x; report-type=delivery-status"} {
		if got := h.write("jane@example.org", to, "ack", head); got != "" {
			t.Errorf("%s: %q", head, got)
		}
	}
	h.stands(id, "triggered")
	sent := len(h.out.Mails())
	if got := h.write("Jane Doe <jane@example.org>", strings.ToUpper(to), "Ack.\n\nOn Mon, 23 Nov 2026 at 02:13, Tocsin <tocsin@example.org>\nwrote:\n> db-1 is down\n> r"); got != "" {
		t.Fatal(got)
	}
	h.stands(id, "acknowledged")
	if text := h.last(); len(h.out.Mails()) != sent+1 || text.Subject != "You have it." || text.Header.Get("Reply-To") != "" || text.Header.Get("Auto-Submitted") == "" {
		t.Errorf("%+v", text)
	}
	if got := h.write("jane@home.test", to, "I am on my way\nwith a lamp\n-- \nJane"); got != "" { // another address of hers
		t.Error(got)
	}
	letters--
	if got := h.write("jane@home.test", to, "I am on my way\nwith a lamp"); got != "" { // the same once more
		t.Error(got)
	}
	h.stands(id, "acknowledged, jane: I am on my way\nwith a lamp")
	if got := h.write("jane@example.org", to, "<html><body><div>r it was the fuse</div><div class=\"gmail_quote\">ack</div></body></html>", "Content-Type: text/html; charset=utf-8"); got != "" {
		t.Error(got)
	}
	h.stands(id, "resolved, jane: I am on my way\nwith a lamp")
}

func TestReplyWithMore(t *testing.T) {
	h := open(t)
	id, to := h.page("db-2 is down")
	if got := h.write("jane@example.org", to, "ack, I am on it =E2=9C=93", "Content-Transfer-Encoding: quoted-printable", "Content-Type: text/plain; charset=utf-8"); got != "" {
		t.Error(got)
	}
	h.stands(id, "acknowledged, jane: ack, I am on it ✓")
	call, err := h.engine.Call(t.Context(), incident.Engine, escalate.Call{
		Title: "Who can come?", Priority: org.High, Targets: []org.Target{{Kind: "person", ID: "jane"}}, Choices: []incident.Choice{{Text: "yes", Positive: true}, {Text: "no"}},
	}, h.engine.Now())
	if err != nil {
		t.Fatal(err)
	}
	to = h.reply()
	if text := h.last(); !strings.Contains(text.Plain, "Or reply: 1 for yes, 2 for no.") {
		t.Error(text.Plain)
	}
	if got := h.write("jane@example.org", to, "2"); got != "" {
		t.Error(got)
	}
	var in incident.Incident
	err = h.store.Read(t.Context(), func(tx *store.Tx) error {
		sub, err := tx.Subject(call)
		if err == nil {
			in = sub.Incident
		}
		return err
	})
	if got, ok := in.Call.Of("jane"); err != nil || !ok || got.Choice != 2 {
		t.Error(err, got)
	}
}

// What comes in is read or refused, and never more than it says.
func FuzzParse(f *testing.F) {
	f.Add("From: a@b.c\r\n\r\nack\r\n> x")
	f.Add("From: a@b.c\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>ack</p>\r\n--b--")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := inbox.Parse(strings.NewReader(text))
		if err == nil && len(m.Text) > 4*len(text)+100 {
			t.Errorf("%d bytes of %d", len(m.Text), len(text))
		}
	})
}
