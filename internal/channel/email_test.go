package channel_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/channel/smtptest"
	"tocsin/internal/egress"
	"tocsin/org"
)

var loopback = func() *egress.Dialer {
	allow, err := egress.ParseAllow("127.0.0.0/8", "::1")
	if err != nil {
		panic(err)
	}
	return &egress.Dialer{Allow: allow}
}()

func prague(t *testing.T) *time.Location {
	t.Helper()
	zone, err := org.Zone("Europe/Prague")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func alarm(t *testing.T) channel.Message {
	return channel.Message{
		ID: "01page", To: "jane@example.org", PersonName: "Jane",
		Subject: "01incident", Title: "db-1 is down", Service: "postgres", Team: "dba",
		Severity: org.SEV1, Priority: org.High, Purpose: escalate.Alarm,
		Body:   []string{"You are on call for primary.", "connection refused"},
		Links:  []alert.Link{{Href: "https://grafana.example.org/d/1?a=1&b=2", Text: "Dashboard"}},
		AckURL: "https://tocsin.example.org/a/secret", URL: "https://tocsin.example.org/i/01incident",
		At: time.Date(2026, 3, 29, 0, 13, 0, 0, time.UTC), Zone: prague(t), Thread: "01incident",
	}
}

func server(t *testing.T, o smtptest.Options) *smtptest.Server {
	t.Helper()
	s, err := smtptest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func email(t *testing.T, r channel.Relay) *channel.Email {
	t.Helper()
	e, err := channel.NewEmail(r, "Tocsin <tocsin@example.org>", loopback.DialContext)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func only(t *testing.T, s *smtptest.Server) (smtptest.Mail, smtptest.Text) {
	t.Helper()
	mails := s.Mails()
	if len(mails) != 1 {
		t.Fatalf("the server has %d mails, want 1", len(mails))
	}
	text, err := mails[0].Parse()
	if err != nil {
		t.Fatalf("%v in\n%s", err, mails[0].Raw)
	}
	return mails[0], text
}

func TestEmail(t *testing.T) {
	s := server(t, smtptest.Options{})
	e := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots, Hello: "tocsin.example.org"})
	got, err := e.Send(t.Context(), alarm(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := (channel.Receipt{Provider: "<01page@example.org>", State: escalate.Sent}); got != want {
		t.Errorf("receipt %+v, want %+v", got, want)
	}
	mail, text := only(t, s)
	if !mail.TLS || mail.From != "tocsin@example.org" || mail.To != "jane@example.org" || mail.Hello != "tocsin.example.org" {
		t.Errorf("envelope: %v %q %q %q", mail.TLS, mail.From, mail.To, mail.Hello)
	}
	for name, want := range map[string]string{
		"From": `"Tocsin" <tocsin@example.org>`, "To": `"Jane" <jane@example.org>`,
		"Subject": "[SEV1] db-1 is down", "Message-Id": "<01page@example.org>",
		"References": "<thread.01incident@example.org>", "In-Reply-To": "<thread.01incident@example.org>",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All",
		"List-Id": "Tocsin <pages.example.org>", "X-Tocsin-Page": "01page", "X-Tocsin-Purpose": "alarm",
		"Importance": "high", "Mime-Version": "1.0",
	} {
		if got := text.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := text.Header.Date(); err != nil {
		t.Errorf("date: %v", err)
	}
	plain := `db-1 is down

Severity: SEV1
Service: postgres
Team: dba
Began: Sun 29 Mar 2026 01:13:00 CET
Incident: 01incident

Acknowledge: https://tocsin.example.org/a/secret
Open: https://tocsin.example.org/i/01incident

You are on call for primary.
connection refused

Dashboard: https://grafana.example.org/d/1?a=1&b=2
`
	if d := cmp.Diff(plain, text.Plain); d != "" {
		t.Errorf("plain text (-want +got):\n%s", d)
	}
	for _, want := range []string{
		`<a href="https://tocsin.example.org/a/secret"`, `<a href="https://grafana.example.org/d/1?a=1&amp;b=2">Dashboard</a>`,
		"Sun 29 Mar 2026 01:13:00 CET", "<title>db-1 is down</title>",
	} {
		if !strings.Contains(text.HTML, want) {
			t.Errorf("the HTML lacks %s", want)
		}
	}
}

// The words of each purpose, and that only an alarm is urgent.
func TestEmailSubjects(t *testing.T) {
	for _, c := range []struct {
		purpose  escalate.Purpose
		text     string
		subject  string
		priority string
	}{
		{escalate.Alarm, "", "[SEV1] db-1 is down", "high"},
		{escalate.FailOver, "", "FO: [SEV1] db-1 is down", "high"},
		{escalate.Told, "Omar has it", "Omar has it: db-1 is down", ""},
		{escalate.AllClear, "", "resolved: db-1 is down", ""},
		{escalate.HandOver, "You take over 2 incidents", "You take over 2 incidents", ""},
		{escalate.Report, "Nobody answered for db-1: Jane, Omar", "Nobody answered for db-1: Jane, Omar", ""},
	} {
		t.Run(string(c.purpose), func(t *testing.T) {
			s := server(t, smtptest.Options{})
			m := alarm(t)
			m.Purpose, m.Text = c.purpose, c.text
			if _, err := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots}).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			_, text := only(t, s)
			if text.Subject != c.subject || text.Header.Get("Importance") != c.priority {
				t.Errorf("subject %q, importance %q", text.Subject, text.Header.Get("Importance"))
			}
		})
	}
}

func TestEmailSecurity(t *testing.T) {
	plain := smtptest.Options{NoTLS: true}
	for _, c := range []struct {
		name    string
		server  smtptest.Options
		relay   channel.Relay
		strange bool // the certificate is not trusted
		want    channel.Outcome
		tls     bool
	}{
		{"starttls by default", smtptest.Options{}, channel.Relay{}, false, channel.Accepted, true},
		{"starttls is not offered", plain, channel.Relay{}, false, channel.Temporary, false},
		{"starttls required and not offered", plain, channel.Relay{STARTTLS: "required"}, false, channel.Temporary, false},
		{"opportunistic, not offered", plain, channel.Relay{STARTTLS: "opportunistic"}, false, channel.Accepted, false},
		{"opportunistic, offered", smtptest.Options{}, channel.Relay{STARTTLS: "opportunistic"}, false, channel.Accepted, true},
		{"never", smtptest.Options{}, channel.Relay{STARTTLS: "never"}, false, channel.Accepted, false},
		{"implicit", smtptest.Options{Implicit: true}, channel.Relay{Implicit: true}, false, channel.Accepted, true},
		{"strange certificate", smtptest.Options{}, channel.Relay{}, true, channel.Temporary, false},
		{"strange certificate, opportunistic", smtptest.Options{}, channel.Relay{STARTTLS: "opportunistic"}, true, channel.Temporary, false},
		{"strange certificate, implicit", smtptest.Options{Implicit: true}, channel.Relay{Implicit: true}, true, channel.Temporary, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, c.server)
			c.relay.Addr, c.relay.Roots = s.Addr, s.Roots
			if c.strange {
				c.relay.Roots = x509.NewCertPool()
			}
			_, err := email(t, c.relay).Send(t.Context(), alarm(t))
			if got := channel.Classify(err); got != c.want {
				t.Fatalf("%s (%v), want %s", got, err, c.want)
			}
			mails := s.Mails()
			if (len(mails) == 1) != (c.want == channel.Accepted) || len(mails) == 1 && mails[0].TLS != c.tls {
				t.Errorf("mails: %d", len(mails))
			}
		})
	}
}

func TestEmailLogin(t *testing.T) {
	const name, password = "tocsin", "correct horse, battery=staple"
	for _, c := range []struct {
		name     string
		offered  []string
		relay    channel.Relay
		want     channel.Outcome
		loggedIn string
	}{
		{"best of all", nil, channel.Relay{Username: name, Password: password}, channel.Accepted, "SCRAM-SHA-256"},
		{"plain", []string{"PLAIN"}, channel.Relay{Username: name, Password: password}, channel.Accepted, "PLAIN"},
		{"login", []string{"LOGIN"}, channel.Relay{Username: name, Password: password}, channel.Accepted, "LOGIN"},
		{"cram", []string{"CRAM-MD5"}, channel.Relay{Username: name, Password: password}, channel.Accepted, "CRAM-MD5"},
		{"as told", nil, channel.Relay{Username: name, Password: password, Auth: "PLAIN"}, channel.Accepted, "PLAIN"},
		{"wrong password", nil, channel.Relay{Username: name, Password: "wrong"}, channel.Permanent, ""},
		{"wrong password, plain", []string{"PLAIN"}, channel.Relay{Username: name, Password: "wrong"}, channel.Permanent, ""},
		{"nothing we know", []string{"XOAUTH2"}, channel.Relay{Username: name, Password: password}, channel.Temporary, ""},
		{"no login", nil, channel.Relay{}, channel.Permanent, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, smtptest.Options{Username: name, Password: password, Auth: c.offered})
			c.relay.Addr, c.relay.Roots = s.Addr, s.Roots
			_, err := email(t, c.relay).Send(t.Context(), alarm(t))
			if got := channel.Classify(err); got != c.want {
				t.Fatalf("%s (%v), want %s", got, err, c.want)
			}
			if err != nil {
				if strings.Contains(err.Error(), c.relay.Password) && c.relay.Password != "" {
					t.Errorf("the error tells the password: %v", err)
				}
				return
			}
			if mail, _ := only(t, s); mail.Login != c.loggedIn {
				t.Errorf("logged in with %s, want %s", mail.Login, c.loggedIn)
			}
		})
	}
}

// What became of the page depends on how far it came. An answer that never comes after
// the data is not a failure, and a farewell that fails is not one either.
func TestEmailOutcomes(t *testing.T) {
	for _, c := range []struct {
		mode smtptest.Mode
		want channel.Outcome
		kept int
	}{
		{smtptest.OK, channel.Accepted, 1},
		{smtptest.HangAtHello, channel.Temporary, 0},
		{smtptest.GreylistRcpt, channel.Temporary, 0},
		{smtptest.RefuseRcpt, channel.Permanent, 0},
		{smtptest.DropBeforeData, channel.Temporary, 0},
		{smtptest.RefuseData, channel.Permanent, 0},
		{smtptest.DeferData, channel.Temporary, 0},
		{smtptest.HangAfterData, channel.Unknown, 1},
		{smtptest.DropAfterData, channel.Unknown, 1},
		{smtptest.DropAtQuit, channel.Accepted, 1},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			t.Parallel()
			s := server(t, smtptest.Options{})
			s.Set(c.mode)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots}).Send(ctx, alarm(t))
			if got := channel.Classify(err); got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
			if got := len(s.Mails()); got != c.kept {
				t.Errorf("the server kept %d mails, want %d", got, c.kept)
			}
		})
	}
}

// A mail whose end never went out was not handed over.
func TestEmailCutInData(t *testing.T) {
	s := server(t, smtptest.Options{NoTLS: true})
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := loopback.DialContext(ctx, network, addr)
		return &cutting{conn, 1000}, err
	}
	e, err := channel.NewEmail(channel.Relay{Addr: s.Addr, STARTTLS: "never"}, "t@example.org", dial)
	if err != nil {
		t.Fatal(err)
	}
	m := alarm(t)
	for range 20 { // more than fits in the client's buffers
		m.Body = append(m.Body, strings.Repeat("long ", 180))
	}
	_, err = e.Send(t.Context(), m)
	if got := channel.Classify(err); got != channel.Temporary {
		t.Errorf("%s (%v), want temporary", got, err)
	}
	if n := len(s.Mails()); n != 0 {
		t.Errorf("the server took %d mails", n)
	}
}

// cutting is a connection that breaks after some bytes.
type cutting struct {
	net.Conn
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		c.Close()
		return 0, errors.New("connection reset")
	}
	return c.Conn.Write(p)
}

// The engine takes its time back: a Send whose context ends is over at once.
func TestEmailCancelled(t *testing.T) {
	s := server(t, smtptest.Options{})
	s.Set(smtptest.HangAfterData)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		s.Wait(t.Context(), 1)
		cancel()
	}()
	begin := time.Now()
	_, err := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots}).Send(ctx, alarm(t))
	if channel.Classify(err) != channel.Unknown || time.Since(begin) > channel.SendTimeout/2 {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

// An address beyond ASCII asks the relay for SMTPUTF8; without one nothing is asked.
func TestEmailUTF8(t *testing.T) {
	s := server(t, smtptest.Options{})
	e := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots})
	for i, to := range []string{"jane@example.org", "žaneta@example.org"} {
		m := alarm(t)
		m.To, m.Title, m.PersonName = to, "Datenbank läuft nicht", "Žaneta"
		if _, err := e.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		mail := s.Mails()[i]
		text, err := mail.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if mail.To != to || mail.UTF8 != (i == 1) || text.Subject != "[SEV1] Datenbank läuft nicht" || !strings.Contains(text.HTML, "läuft") {
			t.Errorf("to %q, SMTPUTF8 %v, %q", mail.To, mail.UTF8, text.Subject)
		}
	}
}

func TestEmailNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	relay := channel.Relay{Addr: l.Addr().String()}
	if _, err := email(t, relay).Send(t.Context(), alarm(t)); channel.Classify(err) != channel.Temporary {
		t.Errorf("nobody listens: %v", err)
	}
	e, err := channel.NewEmail(relay, "t@example.org", new(egress.Dialer).DialContext)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Send(t.Context(), alarm(t)); channel.Classify(err) != channel.Permanent || !egress.Refused(err) {
		t.Errorf("not allowed: %v", err)
	}
}

func TestEmailAddresses(t *testing.T) {
	s := server(t, smtptest.Options{})
	e := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots})
	for _, to := range []string{
		"", "jane", "jane@", "@example.org", "jane@example.org\r\nRCPT TO:<eve@example.org>",
		"jane@example.org, eve@example.org", "jane@example.org>\r\nDATA", strings.Repeat("j", 300) + "@example.org",
	} {
		m := alarm(t)
		m.To = to
		if _, err := e.Send(t.Context(), m); channel.Classify(err) != channel.Permanent {
			t.Errorf("%q: %v, want permanent", to, err)
		}
	}
	if n := len(s.Mails()); n != 0 {
		t.Fatalf("%d mails went out", n)
	}
	for _, to := range []string{"jane@example.org", "Jane Doe <jane@example.org>", `"jane doe"@example.org`, `"a> NOTIFY=NEVER"@example.org`} {
		m := alarm(t)
		m.To = to
		if _, err := e.Send(t.Context(), m); err != nil && channel.Classify(err) != channel.Permanent {
			t.Errorf("%q: %v", to, err)
		}
	}
	for _, m := range s.Mails() {
		if !strings.HasSuffix(m.To, "@example.org") {
			t.Errorf("a mail went to %q", m.To)
		}
	}
}

// Nothing that came from outside makes a header, a link or a tag of its own.
func TestEmailInjection(t *testing.T) {
	const evil = "x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>\u202e\x1b[2J"
	s := server(t, smtptest.Options{})
	m := alarm(t)
	m.ID, m.Thread, m.PersonName, m.Title, m.Service, m.Team, m.Text = evil, evil, evil, evil, evil, evil, evil
	m.Severity, m.Body = org.Severity(evil), []string{evil, ".", "..", "\r\n.\r\nMAIL FROM:<eve@example.org>"}
	m.Links = []alert.Link{
		{Href: "javascript:alert(1)", Text: "a"}, {Href: "data:text/html,x", Text: "b"}, {Href: "javascript://host/%0aalert(1)"}, {Href: "ftp://host/x"},
		{Href: "https://ok.example/\"><script>", Text: evil},
	}
	m.AckURL, m.URL = "javascript:alert(2)", "https://ok.example/\r\nBcc: eve@example.org"
	if _, err := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	mail, text := only(t, s)
	if text.Header.Get("Bcc") != "" || mail.To != "jane@example.org" {
		t.Errorf("header injected:\n%s", mail.Raw)
	}
	if strings.ContainsAny(text.Subject, "\r\n\x1b\u202e") || strings.ContainsAny(text.Plain, "\r\x1b\u202e") {
		t.Errorf("controls came through: %q", text.Subject)
	}
	for _, bad := range []string{"<script", "javascript:", "data:text"} {
		if strings.Contains(text.HTML, bad) {
			t.Errorf("the HTML has %s:\n%s", bad, text.HTML)
		}
	}
	for _, bad := range []string{"javascript:", "data:text", "ftp:"} {
		if strings.Contains(text.Plain, bad) {
			t.Errorf("the text links to %s", bad)
		}
	}
}

// What somebody follows ends with one press of the mail program (RFC 8058), and the link
// carries no header of its own.
func TestEmailLeaving(t *testing.T) {
	s := server(t, smtptest.Options{})
	e := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots})
	for leave, want := range map[string]bool{
		"https://tocsin.example.org/follow/leave/x.y": true, "": false,
		"https://tocsin.example.org/x\r\nBcc: all@example.org": false, "javascript:alert(1)": false, "https://x/>\r\nX-Evil: 1": false,
	} {
		m := channel.Message{ID: "01letter", To: "pat@example.org", Title: "It is over", Purpose: escalate.News, LeaveURL: leave}
		if _, err := e.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := s.Mails()
		sent, err := netmail.ReadMessage(strings.NewReader(string(all[len(all)-1].Raw)))
		if err != nil {
			t.Fatal(err)
		}
		list, how := "", ""
		if want {
			list, how = "<"+leave+">", "List-Unsubscribe=One-Click"
		}
		h := sent.Header
		if h.Get("List-Unsubscribe") != list || h.Get("List-Unsubscribe-Post") != how || h.Get("Bcc")+h.Get("X-Evil") != "" {
			t.Errorf("%q: the head is %v", leave, h)
		}
	}
}

// Too much is cut, never refused, and the way to answer survives.
func TestEmailOversize(t *testing.T) {
	s := server(t, smtptest.Options{})
	m := alarm(t)
	m.Title = strings.Repeat("ž", 100_000)
	for i := range 1000 {
		m.Body = append(m.Body, fmt.Sprint(i, strings.Repeat(" слово", 1000)))
		m.Links = append(m.Links, alert.Link{Href: "https://example.org/" + strings.Repeat("a", i*10), Text: "x"})
	}
	if _, err := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	mail, text := only(t, s)
	if len(mail.Raw) > 500_000 || len(text.Plain) > 16<<10 || len(text.Subject) > 220 {
		t.Errorf("the mail has %d bytes, its text %d, its subject %d", len(mail.Raw), len(text.Plain), len(text.Subject))
	}
	if !strings.Contains(text.Plain, m.AckURL) || !strings.Contains(text.HTML, m.AckURL) {
		t.Error("the way to answer was cut")
	}
	for line := range strings.Lines(string(mail.Raw)) {
		if len(line) > 1000 {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
}

func TestNewEmail(t *testing.T) {
	ok := channel.Relay{Addr: "mail.example.org:587"}
	for _, c := range []struct {
		name  string
		relay channel.Relay
		from  string
		ok    bool
	}{
		{"good", ok, "a@example.org", true},
		{"no port", channel.Relay{Addr: "mail.example.org"}, "a@example.org", false},
		{"starttls", channel.Relay{Addr: ok.Addr, STARTTLS: "sometimes"}, "a@example.org", false},
		{"auth", channel.Relay{Addr: ok.Addr, Auth: "NTLM"}, "a@example.org", false},
		{"hello", channel.Relay{Addr: ok.Addr, Hello: "a\r\nb"}, "a@example.org", false},
		{"from", ok, "nobody", false},
		{"from with a header", ok, "a@example.org\r\nBcc: b@example.org", false},
	} {
		if _, err := channel.NewEmail(c.relay, c.from, loopback.DialContext); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What goes with a message is attached to the mail, whole.
func TestEmailAttaches(t *testing.T) {
	s := server(t, smtptest.Options{})
	e := email(t, channel.Relay{Addr: s.Addr, Roots: s.Roots, Hello: "tocsin.example.org"})
	m := alarm(t)
	m.Files = []channel.File{{Name: "report-weekly.pdf", Type: "application/pdf", Body: bytes.Repeat([]byte("%PDF\x00\xff\r\n"), 1000)}}
	if _, err := e.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	raw := string(s.Mails()[0].Raw)
	head, body, ok := strings.Cut(raw[strings.Index(raw, "application/pdf"):], "\r\n\r\n")
	if !ok || !strings.Contains(raw, "multipart/mixed") || !strings.Contains(head, `name="report-weekly.pdf"`) {
		t.Fatalf("%.600s", raw)
	}
	body, _, _ = strings.Cut(body, "\r\n--")
	got, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(body))
	if err != nil || !bytes.Equal(got, m.Files[0].Body) {
		t.Errorf("%d bytes arrive: %v", len(got), err)
	}
}
