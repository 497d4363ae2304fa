package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
	"tocsin/internal/egress"
)

// A Relay is the SMTP server that takes our mail.
type Relay struct {
	Addr string // host:port
	// Implicit speaks TLS from the first byte (port 465). Otherwise STARTTLS is
	// "required" (also when empty), "opportunistic" or "never". A certificate is
	// always verified.
	Implicit bool
	STARTTLS string
	Roots    *x509.CertPool // nil is the system's

	// Username and Password log in where Username is not empty. Auth is the
	// mechanism; "" takes the best that the server offers. A password goes in the
	// clear over TLS only, or to the machine itself.
	Username string
	Password string
	Auth     string
	Hello    string // the name we greet with; "" is localhost
}

// mechanisms are those we know, best first.
var mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}

func (r Relay) validate() error {
	if _, _, err := net.SplitHostPort(r.Addr); err != nil {
		return fmt.Errorf("smtp: %q is not host:port", r.Addr)
	}
	switch r.STARTTLS {
	case "", "required", "opportunistic", "never":
	default:
		return fmt.Errorf("smtp: starttls %q is none of required, opportunistic, never", r.STARTTLS)
	}
	if r.Auth != "" && !slices.Contains(mechanisms, r.Auth) {
		return fmt.Errorf("smtp: auth %q is none of %s", r.Auth, strings.Join(mechanisms, ", "))
	}
	if strings.ContainsFunc(r.Hello, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return fmt.Errorf("smtp: hello %q is not a host name", r.Hello)
	}
	return nil
}

// A dial is a way to connect: egress.Dialer's.
type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// deliver hands one mail over. What its error says depends on how far it came: until
// the dot that ends the data the relay has nothing, after its answer everything is
// known, and only in between nobody can say.
func (r Relay) deliver(ctx context.Context, dial dial, from, to string, mail []byte) error {
	conn, err := dial(ctx, "tcp", r.Addr)
	if err != nil {
		if egress.Refused(err) {
			return failed(Permanent, err)
		}
		return failed(Temporary, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()

	c, err := r.open(conn)
	if err != nil {
		return failed(refusal(err, Temporary), fmt.Errorf("smtp: %w", err))
	}
	if err := transfer(c, from, to, mail); err != nil {
		return err
	}
	// It is theirs now: how the farewell goes changes nothing.
	conn.SetDeadline(time.Now().Add(time.Second))
	c.Quit()
	return nil
}

// open greets, secures the connection and logs in.
func (r Relay) open(conn net.Conn) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{ServerName: host, RootCAs: r.Roots, MinVersion: tls.VersionTLS12}
	if r.Implicit {
		conn = tls.Client(conn, config)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	hello := r.Hello
	if hello == "" {
		hello = "localhost"
	}
	if err := c.Hello(hello); err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	if !r.Implicit && r.STARTTLS != "never" {
		if offered, _ := c.Extension("STARTTLS"); offered {
			if err := c.StartTLS(config); err != nil {
				return nil, fmt.Errorf("starttls: %w", err)
			}
		} else if r.STARTTLS != "opportunistic" {
			return nil, errors.New("starttls: the server does not offer it, and it is required")
		}
	}
	if r.Username != "" {
		if err := r.logIn(c, host); err != nil {
			return nil, fmt.Errorf("log in: %w", err)
		}
	}
	return c, nil
}

func (r Relay) logIn(c *smtp.Client, host string) error {
	_, text := c.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(text))
	mechanism := r.Auth
	if mechanism == "" {
		i := slices.IndexFunc(mechanisms, func(m string) bool { return slices.Contains(offered, m) })
		if i < 0 {
			return fmt.Errorf("the server offers none of %s", strings.Join(mechanisms, ", "))
		}
		mechanism = mechanisms[i]
	}
	switch mechanism {
	case "SCRAM-SHA-256":
		return c.Auth(smtp.ScramSHA256Auth(r.Username, r.Password))
	case "SCRAM-SHA-1":
		return c.Auth(smtp.ScramSHA1Auth(r.Username, r.Password))
	case "CRAM-MD5":
		return c.Auth(smtp.CRAMMD5Auth(r.Username, r.Password))
	case "LOGIN":
		return c.Auth(smtp.LoginAuth(r.Username, r.Password, host, false))
	}
	return c.Auth(smtp.PlainAuth("", r.Username, r.Password, host, false))
}

func transfer(c *smtp.Client, from, to string, mail []byte) error {
	// Asking for SMTPUTF8 without need makes relays behind this one refuse.
	c.SkipSMTPUTF8(isASCII(from) && isASCII(to))
	if err := c.Mail(from); err != nil {
		return failed(refusal(err, Temporary), fmt.Errorf("smtp: sender: %w", err))
	}
	if err := c.Rcpt(to); err != nil {
		return failed(refusal(err, Temporary), fmt.Errorf("smtp: recipient: %w", err))
	}
	w, err := c.Data()
	if err != nil {
		return failed(refusal(err, Temporary), fmt.Errorf("smtp: data: %w", err))
	}
	if _, err := w.Write(mail); err != nil {
		return failed(Temporary, fmt.Errorf("smtp: data: %w", err))
	}
	if err := w.Close(); err != nil {
		return failed(refusal(err, Unknown), fmt.Errorf("smtp: end of data: %w", err))
	}
	return nil
}

// refusal is what a reply of the server means; where there was none, otherwise.
func refusal(err error, otherwise Outcome) Outcome {
	reply, ok := errors.AsType[*textproto.Error](err)
	switch {
	case !ok:
		return otherwise
	case reply.Code >= 500 && reply.Code < 600:
		return Permanent
	}
	return Temporary
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}
