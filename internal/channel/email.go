package channel

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"tocsin/escalate"
	"tocsin/org"
)

// Email sends pages as mail through one relay, in plain text and HTML.
//
// The Message-ID is made of the page's ID, so that a mail sent twice, because nobody
// could say whether it had arrived, is shown once by whoever tells twins apart.
type Email struct {
	relay Relay
	from  mail.Address
	dial  dial
}

// NewEmail is the channel that sends through the relay. From is the sender as people
// see it: "Tocsin <tocsin@example.org>". The relay is the administrator's choice: dial
// must allow it.
func NewEmail(relay Relay, from string, dial dial) (*Email, error) {
	if err := relay.validate(); err != nil {
		return nil, err
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("email: from %q: %w", from, err)
	}
	if sender.Name == "" {
		sender.Name = "Tocsin"
	}
	return &Email{relay, *sender, dial}, nil
}

func (*Email) Name() string { return "email" }

// Send composes the mail and hands it to the relay.
func (e *Email) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to, err := mail.ParseAddress(m.To)
	if err != nil || len(to.Address) > 254 {
		return Receipt{}, failed(Permanent, fmt.Errorf("email: %q is not a mail address", oneLine(m.To, 254)))
	}
	raw, err := e.compose(m, to.Address)
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("email: compose: %w", err))
	}
	if err := e.relay.deliver(ctx, e.dial, envelope(e.from.Address), envelope(to.Address), raw); err != nil {
		return Receipt{}, err
	}
	return Receipt{Provider: "<" + e.id(m.ID) + ">", State: escalate.Sent}, nil
}

// subjectLine is the headline, with how bad it is where it wants an answer.
func subjectLine(m Message) string {
	if !m.Purpose.Alarms() || !m.Severity.Valid() {
		return Headline(m)
	}
	badge := "[" + string(m.Severity) + "] "
	if m.Purpose == escalate.FailOver {
		m.Purpose = escalate.Alarm
		badge = "FO: " + badge
	}
	return marked(m, badge)
}

//go:embed email.html
var emailHTML string

var emailPage = template.Must(template.New("email").Parse(emailHTML))

func (e *Email) compose(m Message, to string) ([]byte, error) {
	var html bytes.Buffer
	if err := emailPage.Execute(&html, view(m)); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(&e.from)
	msg.ToMailAddress(&mail.Address{Name: oneLine(m.PersonName, 100), Address: to})
	msg.Subject(subjectLine(m))
	msg.SetDate()
	msg.SetMessageIDWithValue(e.id(m.ID))
	if m.ReplyTo != "" {
		msg.SetGenHeader("Reply-To", (&mail.Address{Name: e.from.Name, Address: m.ReplyTo}).String())
	}
	if leave := webURL(m.LeaveURL); leave != "" { // RFC 8058: a mail program may end it with one press
		msg.SetGenHeader("List-Unsubscribe", "<"+leave+">")
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if m.Thread != "" {
		thread := "<" + e.id("thread."+m.Thread) + ">"
		msg.SetGenHeader(gomail.HeaderReferences, thread)
		msg.SetGenHeader(gomail.HeaderInReplyTo, thread)
	}
	// A machine wrote this: no out-of-office replies, please; and a handle for filters.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	msg.SetGenHeader("List-Id", "Tocsin <pages."+e.domain()+">")
	msg.SetGenHeader("X-Tocsin-Page", token(m.ID))
	msg.SetGenHeader("X-Tocsin-Purpose", token(string(m.Purpose)))
	if m.Purpose.Alarms() && m.Priority != org.Low {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, Plain(m))
	msg.AddAlternativeString(gomail.TypeTextHTML, html.String())
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Body), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return nil, err
		}
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}

// id is a message id in the domain of the sender.
func (e *Email) id(local string) string { return token(local) + "@" + e.domain() }

func (e *Email) domain() string {
	return e.from.Address[strings.LastIndexByte(e.from.Address, '@')+1:]
}

// token keeps of an id what may stand anywhere in a header.
func token(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '.'
	}, s)
	if s = strings.Trim(s, "."); len(s) > 120 {
		s = s[:120]
	}
	return s
}

// envelope writes an address for the SMTP dialogue, its local part quoted where it
// must be.
func envelope(address string) string { return (&mail.Address{Address: address}).String() }
