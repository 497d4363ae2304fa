// Package smtptest is a mail server for tests: a real one that speaks SMTP on the
// loopback interface, with STARTTLS or TLS under a certificate of its own and with
// logins, that keeps every mail it takes, and that misbehaves on request in the ways
// in which mail servers do.
//
//	s, err := smtptest.New(smtptest.Options{Username: "tocsin", Password: "secret"})
//	defer s.Close()
//	... send to s.Addr, trusting s.Roots ...
//	mails, err := s.Wait(ctx, 1)
//	text, err := mails[0].Parse()
package smtptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mode is how the server behaves. What is not named here it does well.
type Mode string

const (
	OK             Mode = "ok"
	HangAtHello    Mode = "hang at hello"    // connects, then never greets back
	GreylistRcpt   Mode = "greylist rcpt"    // 451: later
	RefuseRcpt     Mode = "refuse rcpt"      // 550: no such person
	RefuseData     Mode = "refuse data"      // 554 after the whole mail
	DeferData      Mode = "defer data"       // 452 after the whole mail: disk full
	HangAfterData  Mode = "hang after data"  // takes the mail, keeps it, never answers
	DropAfterData  Mode = "drop after data"  // takes the mail, keeps it, cuts the line
	DropBeforeData Mode = "drop before data" // cuts the line at the recipient
	DropAtQuit     Mode = "drop at quit"     // takes the mail, says so, cuts the line
)

// Options say what the server offers.
type Options struct {
	NoTLS    bool // no STARTTLS
	Implicit bool // TLS from the first byte
	Username string
	Password string
	// Auth are the mechanisms offered where Username is set: of PLAIN, LOGIN, CRAM-MD5
	// and SCRAM-SHA-256; nil is all of them. They are offered without TLS too.
	Auth []string
}

// A Mail is one that the server has taken, even if it never said so.
type Mail struct {
	From, To string
	Raw      []byte
	TLS      bool
	UTF8     bool // the sender asked for SMTPUTF8
	Hello    string
	Login    string // the mechanism that the sender logged in with, or ""
}

// A Server is running from New to Close.
type Server struct {
	Addr  string         // "localhost:port", as the certificate has it
	Roots *x509.CertPool // trusts it
	PEM   []byte         // its certificate, for another process to trust

	opts  Options
	inner *smtp.Server
	done  chan struct{}

	mu    sync.Mutex
	mode  Mode
	mails []Mail
	more  chan struct{} // closed and replaced at each mail
}

// New starts a server.
func New(opts Options) (*Server, error) {
	cert, roots, err := certificate()
	if err != nil {
		return nil, err
	}
	if opts.Auth == nil {
		opts.Auth = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("smtptest: %w", err)
	}
	s := &Server{
		Addr:  fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port),
		Roots: roots, PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		opts: opts, mode: OK, done: make(chan struct{}), more: make(chan struct{}),
	}
	s.inner = smtp.NewServer(smtp.BackendFunc(s.session))
	s.inner.Domain = "mail.test"
	s.inner.AllowInsecureAuth = true
	s.inner.EnableSMTPUTF8 = true
	s.inner.MaxMessageBytes = 1 << 20
	s.inner.ErrorLog = log.New(io.Discard, "", 0)
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch {
	case opts.Implicit:
		l = tls.NewListener(l, config)
	case !opts.NoTLS:
		s.inner.TLSConfig = config
	}
	go s.inner.Serve(l)
	return s, nil
}

// Close ends the server and whatever hangs in it.
func (s *Server) Close() error {
	close(s.done)
	return s.inner.Close()
}

// Set changes how the server behaves from now on.
func (s *Server) Set(m Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
}

func (s *Server) is(m Mode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode == m
}

// Mails are those taken so far, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Wait returns the mails once there are n of them.
func (s *Server) Wait(ctx context.Context, n int) ([]Mail, error) {
	for {
		s.mu.Lock()
		mails, more := slices.Clone(s.mails), s.more
		s.mu.Unlock()
		if len(mails) >= n {
			return mails, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return mails, fmt.Errorf("smtptest: %d of %d mails came: %w", len(mails), n, ctx.Err())
		}
	}
}

func (s *Server) take(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	close(s.more)
	s.more = make(chan struct{})
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	if s.is(HangAtHello) {
		<-s.done
	}
	return &session{server: s, conn: c}, nil
}

// A session is one connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Mail
	login  string
	taken  bool
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if s.server.opts.Username != "" && s.login == "" {
		return smtp.ErrAuthRequired
	}
	s.mail = Mail{From: from, Hello: s.conn.Hostname(), Login: s.login, UTF8: o.UTF8}
	_, s.mail.TLS = s.conn.TLSConnectionState()
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	switch {
	case s.server.is(GreylistRcpt):
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Greylisted, try again later"}
	case s.server.is(RefuseRcpt):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	case s.server.is(DropBeforeData):
		s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	if s.mail.Raw, err = io.ReadAll(r); err != nil {
		return err
	}
	switch {
	case s.server.is(RefuseData):
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "We do not like it"}
	case s.server.is(DeferData):
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "Out of disk"}
	}
	s.server.take(s.mail)
	s.taken = true
	switch {
	case s.server.is(HangAfterData):
		<-s.server.done
		return errors.New("closed")
	case s.server.is(DropAfterData):
		s.conn.Conn().Close()
	}
	return nil
}

// Reset comes after each mail, its answer already sent.
func (s *session) Reset() {
	if s.taken && s.server.is(DropAtQuit) {
		s.conn.Conn().Close()
	}
	s.mail, s.taken = Mail{}, false
}

func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.server.opts.Username == "" {
		return nil
	}
	return s.server.opts.Auth
}

func (s *session) Auth(mech string) (sasl.Server, error) {
	if s.server.opts.Username == "" || !slices.Contains(s.server.opts.Auth, mech) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	a := authority{s.server.opts.Username, s.server.opts.Password, func() { s.login = mech }}
	switch mech {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, username, password string) error {
			return a.check(username, password)
		}), nil
	case "LOGIN":
		return &loginServer{authority: a}, nil
	case "CRAM-MD5":
		return &cramServer{authority: a}, nil
	case "SCRAM-SHA-256":
		return &scramServer{authority: a}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}
