// Package inbox takes mail: replies to pages. It is a small SMTP server that knows no
// mailboxes. It takes mail for the addresses that our own pages carried as Reply-To and
// for nothing else, and keeps none of it.
//
// Such an address holds a token of one page, and the sender has to be the person whom the
// page was sent to, at an address of theirs: whoever has only one of the two changes
// nothing. What cannot be taken is refused within the dialogue, so that nobody is written
// to who did not write; what a machine wrote (an absence, a bounce, a list, another Tocsin)
// is taken and does nothing. An answer goes to the person's own address, says that a
// machine wrote it, and has no address to reply to: two machines never talk.
package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
)

const (
	maxMail      = 10 << 20 // bytes; what is behind the text is read and thrown away
	maxLine      = 4000     // as many lines are longer than they may be
	patience     = time.Minute
	maxAtOnce    = 64 // connections
	maxAddressed = 5  // of one mail
)

// Options are what an inbox is made of.
type Options struct {
	Engine *engine.Engine
	Domain string      // of the addresses, as it says hello
	TLS    *tls.Config // for STARTTLS; nil is without
	Log    *slog.Logger
}

// An Inbox takes mail.
type Inbox struct {
	engine *engine.Engine
	log    *slog.Logger
	server *smtp.Server
	places chan struct{}
}

// New makes an inbox. It takes nothing until Serve.
func New(o Options) *Inbox {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	i := &Inbox{engine: o.Engine, log: o.Log, places: make(chan struct{}, maxAtOnce)}
	i.server = smtp.NewServer(smtp.BackendFunc(i.session))
	i.server.Domain, i.server.TLSConfig = o.Domain, o.TLS
	i.server.MaxMessageBytes, i.server.MaxRecipients, i.server.MaxLineLength = maxMail, maxAddressed, maxLine
	i.server.ReadTimeout, i.server.WriteTimeout = patience, patience
	i.server.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)
	return i
}

// Serve takes mail until Close.
func (i *Inbox) Serve(l net.Listener) error {
	if err := i.server.Serve(l); !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the inbox; mail in flight is asked for again by whoever sends it.
func (i *Inbox) Close() error {
	if err := i.server.Close(); !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

func (i *Inbox) session(*smtp.Conn) (smtp.Session, error) {
	select {
	case i.places <- struct{}{}:
		return &session{inbox: i}, nil
	default:
		return nil, refused(421, "too many connections: try again later")
	}
}

// A session is one connection.
type session struct {
	inbox  *Inbox
	bounce bool     // nobody sent it: MAIL FROM:<>
	to     []string // the local parts of those it is for
}

func (s *session) Logout() error { <-s.inbox.places; return nil }
func (s *session) Reset()        { s.bounce, s.to = false, nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.bounce = from == ""
	return nil
}

// Rcpt takes an address only if it is one of ours, whatever its domain: who routes a
// domain here means us.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	local := localPart(to)
	if !s.inbox.engine.RepliesTo(local) {
		return refused(550, "no such address")
	}
	s.to = append(s.to, local)
	return nil
}

// Data reads the mail and does what it says.
func (s *session) Data(r io.Reader) error {
	m, err := Parse(r)
	if err != nil {
		return refused(554, "the mail cannot be read")
	}
	if s.bounce || m.Machine {
		s.inbox.log.Info("mail that a machine wrote does nothing")
		return nil
	}
	for _, to := range s.to {
		// Whoever sends it waits a minute at least.
		ctx, cancel := context.WithTimeout(context.Background(), patience/2)
		err := s.inbox.engine.Mailed(ctx, to, engine.Reply{From: m.From, ID: m.ID, Text: m.Text}, s.inbox.engine.Now())
		cancel()
		no, isRefusal := errors.AsType[incident.Refusal](err)
		switch {
		case isRefusal:
			return refused(550, no.Text)
		case errors.Is(err, store.ErrNotFound):
			return refused(550, "no such address")
		case err != nil:
			s.inbox.log.Error("a reply could not be taken; it will be sent again", "error", err)
			return refused(451, "this cannot be taken now: try again")
		}
	}
	return nil
}

func refused(code int, text string) error {
	e := &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
	if code == 550 {
		e.EnhancedCode = smtp.EnhancedCode{5, 1, 1}
	}
	return e
}
