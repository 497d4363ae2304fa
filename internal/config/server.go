package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/internal/secret"
	"tocsin/org"
)

// An Installation is what every command must know to find the installation it is
// about. It is meant to be embedded in a command of kong's, whose parser is made with
// kong.Configuration(File).
type Installation struct {
	Config    kong.ConfigFlag `name:"config" env:"TOCSIN_CONFIG" placeholder:"FILE" help:"YAML file of options: the flags' names without dashes in front."`
	Data      string          `name:"data" default:"data" env:"TOCSIN_DATA" placeholder:"DIR" help:"Directory of the database and the key ring (${default})."`
	Listen    string          `name:"listen" default:"127.0.0.1:8080" env:"TOCSIN_LISTEN" placeholder:"HOST:PORT" help:"Address to serve HTTP on (${default})."`
	Database  string          `name:"database" env:"TOCSIN_DATABASE" placeholder:"URL" help:"PostgreSQL to keep everything in; without it, a SQLite file in the data directory."`
	PublicURL string          `name:"public-url" env:"TOCSIN_PUBLIC_URL" placeholder:"URL" help:"Where people and senders reach this server (http://<listen>)."`
	Keyring   string          `name:"keyring" env:"TOCSIN_KEYRING_FILE" placeholder:"FILE" help:"File of the key ring (<data>/keyring); $$TOCSIN_KEYRING holds the ring itself."`
}

// A Server is the options of the server.
type Server struct {
	Installation

	SMTPHost         string `name:"smtp-host" env:"TOCSIN_SMTP_HOST" group:"E-mail" placeholder:"HOST:PORT" help:"Relay that takes our mail; without it there is no e-mail."`
	SMTPFrom         string `name:"smtp-from" env:"TOCSIN_SMTP_FROM" group:"E-mail" placeholder:"ADDRESS" help:"Sender of our mail, such as \"Tocsin <tocsin@example.org>\"."`
	SMTPUser         string `name:"smtp-user" env:"TOCSIN_SMTP_USER" group:"E-mail" placeholder:"NAME" help:"User name at the relay; without it we do not log in."`
	SMTPPassword     string `name:"smtp-password" env:"TOCSIN_SMTP_PASSWORD" group:"E-mail" placeholder:"TEXT" help:"Password at the relay. Others can see flags: prefer the environment or a file."`
	SMTPPasswordFile string `name:"smtp-password-file" env:"TOCSIN_SMTP_PASSWORD_FILE" group:"E-mail" placeholder:"FILE" help:"File that holds the password at the relay."`
	SMTPTLS          string `name:"smtp-tls" default:"required" enum:"required,opportunistic,never,implicit" env:"TOCSIN_SMTP_TLS" group:"E-mail" placeholder:"HOW" help:"STARTTLS required, opportunistic or never, or implicit TLS (${default})."`
	SMTPHello        string `name:"smtp-hello" env:"TOCSIN_SMTP_HELLO" group:"E-mail" placeholder:"NAME" help:"Host name we greet the relay with (localhost)."`
	MailListen       string `name:"mail-listen" env:"TOCSIN_MAIL_LISTEN" group:"E-mail" placeholder:"HOST:PORT" help:"Where replies to pages come in by SMTP; without it none do."`
	MailDomain       string `name:"mail-domain" env:"TOCSIN_MAIL_DOMAIN" group:"E-mail" placeholder:"NAME" help:"Domain of the addresses to reply to, whose mail is routed to --mail-listen."`

	NtfyServer string `name:"ntfy-server" env:"TOCSIN_NTFY_SERVER" group:"ntfy" placeholder:"URL" help:"Where bare topics live, such as https://ntfy.sh; without it, contact methods name whole URLs."`
	NtfyToken  string `name:"ntfy-token" env:"TOCSIN_NTFY_TOKEN" group:"ntfy" placeholder:"TEXT" help:"Access token at that server."`

	AllowNetwork []string `name:"allow-network" env:"TOCSIN_ALLOW_NETWORK" placeholder:"CIDR" help:"Private networks, addresses or host:port that contact methods and webhooks may lead to; none unless named."`

	S3Endpoint   string `name:"s3-endpoint" env:"TOCSIN_S3_ENDPOINT" group:"Attachments" placeholder:"URL" help:"S3-compatible store for attachments, such as https://s3.example.org; without it they lie sealed in the data directory, or in PostgreSQL."`
	S3Bucket     string `name:"s3-bucket" env:"TOCSIN_S3_BUCKET" group:"Attachments" placeholder:"NAME" help:"Bucket of the store."`
	S3Prefix     string `name:"s3-prefix" env:"TOCSIN_S3_PREFIX" group:"Attachments" placeholder:"TEXT" help:"What stands before the names of our objects, such as tocsin/."`
	S3Region     string `name:"s3-region" default:"us-east-1" env:"TOCSIN_S3_REGION" group:"Attachments" placeholder:"NAME" help:"Region of the store (${default})."`
	S3Key        string `name:"s3-key" env:"TOCSIN_S3_KEY" group:"Attachments" placeholder:"ID" help:"Access key at the store."`
	S3Secret     string `name:"s3-secret" env:"TOCSIN_S3_SECRET" group:"Attachments" placeholder:"TEXT" help:"Its secret. Others can see flags: prefer the environment or a file."`
	S3SecretFile string `name:"s3-secret-file" env:"TOCSIN_S3_SECRET_FILE" group:"Attachments" placeholder:"FILE" help:"File that holds the secret."`
	S3HostStyle  bool   `name:"s3-host-style" env:"TOCSIN_S3_HOST_STYLE" group:"Attachments" help:"The bucket stands in the host, not in the path."`

	UIDev string `name:"ui-dev" env:"TOCSIN_UI_DEV" placeholder:"URL" help:"Where Vite serves the sources of the app, for who changes it, such as http://127.0.0.1:5173."`

	TLSCert       string   `name:"tls-cert" env:"TOCSIN_TLS_CERT" group:"HTTPS" placeholder:"FILE" help:"Certificate and its chain, in PEM: serve HTTPS. Read again when it changes."`
	TLSKey        string   `name:"tls-key" env:"TOCSIN_TLS_KEY" group:"HTTPS" placeholder:"FILE" help:"Key of the certificate, in PEM."`
	ACME          bool     `name:"acme" env:"TOCSIN_ACME" group:"HTTPS" help:"Get certificates for the host of the public URL from Let's Encrypt, or from --acme-directory, and agree to its terms."`
	ACMEEmail     string   `name:"acme-email" env:"TOCSIN_ACME_EMAIL" group:"HTTPS" placeholder:"ADDRESS" help:"Where the directory may warn you."`
	ACMEDirectory string   `name:"acme-directory" env:"TOCSIN_ACME_DIRECTORY" group:"HTTPS" placeholder:"URL" help:"Another ACME directory than Let's Encrypt's."`
	ACMERoot      string   `name:"acme-root" env:"TOCSIN_ACME_ROOT" group:"HTTPS" placeholder:"FILE" help:"Root certificate of that directory's own HTTPS, in PEM, when it is a private one."`
	ListenHTTP    string   `name:"listen-http" env:"TOCSIN_LISTEN_HTTP" group:"HTTPS" placeholder:"HOST:PORT" help:"Also listen here, without TLS: redirect to the public URL, and answer ACME."`
	Proxies       []string `name:"trusted-proxies" env:"TOCSIN_TRUSTED_PROXIES" default:"127.0.0.0/8,::1/128" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (${default})."`

	PushHosts   []string `name:"push-host" env:"TOCSIN_PUSH_HOST" group:"Web push" placeholder:"HOST" help:"Push services beside those of Chrome, Firefox, Safari and Edge: push.example.org, .example.org for all below, or http://host:port for one without TLS."`
	PushContact string   `name:"push-contact" env:"TOCSIN_PUSH_CONTACT" group:"Web push" placeholder:"URL" help:"How a push service may reach you: mailto:ops@example.org (the public URL)."`

	LogLevel  string `name:"log-level" default:"info" enum:"debug,info,warn,error" env:"TOCSIN_LOG_LEVEL" placeholder:"LEVEL" help:"Least that is logged: debug, info, warn or error (${default})."`
	LogFormat string `name:"log-format" default:"text" enum:"text,json" env:"TOCSIN_LOG_FORMAT" placeholder:"FORMAT" help:"How it is logged: text or json (${default})."`
}

// Validate refuses options that cannot work, before anything is opened. Kong calls it.
func (i *Installation) Validate() error {
	if _, port, err := net.SplitHostPort(i.Listen); err != nil || port == "" {
		return fmt.Errorf("--listen: %q is not host:port", i.Listen)
	}
	if i.Data == "" {
		return errors.New("--data: names no directory")
	}
	if d := i.Database; d != "" && !strings.HasPrefix(d, "postgres://") && !strings.HasPrefix(d, "postgresql://") {
		return errors.New("--database: want a URL such as postgres://user@host/name") // not shown: it may hold a password
	}
	if i.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(i.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("--public-url: %q is not a URL such as https://tocsin.example.org", i.PublicURL)
	}
	return nil
}

// Validate refuses options that cannot work, before anything is opened. Kong calls it.
func (s *Server) Validate() error {
	if err := s.Installation.Validate(); err != nil {
		return err
	}
	if err := s.validateHTTPS(); err != nil {
		return err
	}
	if _, err := s.Channels(slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if _, err := s.Inbox(); err != nil {
		return err
	}
	if _, _, err := s.S3(); err != nil {
		return err
	}
	_, err := s.Push(nil)
	return err
}

// Public is the URL under which people and senders reach the server, without a slash
// at its end.
func (i *Installation) Public() string {
	if i.PublicURL != "" {
		return strings.TrimRight(i.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(i.Listen)
	if err != nil {
		return "http://" + i.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // every address of this machine is no address to give away
	}
	return "http://" + net.JoinHostPort(host, port)
}

// StoreURL is the database as internal/store takes it.
func (i *Installation) StoreURL() string {
	return cmp.Or(i.Database, filepath.Join(i.Data, "tocsin.db"))
}

// Ring is the key ring: the one in $TOCSIN_KEYRING, or that of the file, which is made
// with a new key when there is none. The data directory is made too. A database whose
// ring is gone gets no new one, which would open nothing of what is in it. undo takes
// back a file that was just made, if the database turns out to have another ring.
func (i *Installation) Ring() (ring *secret.Ring, undo func() error, err error) {
	undo = func() error { return nil }
	if err := os.MkdirAll(i.Data, 0o700); err != nil {
		return nil, undo, fmt.Errorf("data directory: %w", err)
	}
	if text := os.Getenv("TOCSIN_KEYRING"); text != "" {
		ring, err = secret.FromEnv(text)
		return ring, undo, err
	}
	file := cmp.Or(i.Keyring, filepath.Join(i.Data, "keyring"))
	if i.Database == "" {
		if _, err := os.Stat(i.StoreURL()); err == nil { // the ring is made before it
			ring, err := secret.Load(file)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, undo, fmt.Errorf("the key ring %s is gone, and %s cannot be read without it: restore it from a backup", file, i.StoreURL())
			}
			return ring, undo, err
		}
	}
	ring, made, err := secret.Create(file)
	if made {
		undo = func() error { return os.Remove(file) }
	}
	return ring, undo, err
}

// Logger is the log as the options want it.
func (s *Server) Logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{}
	var level slog.Level
	if level.UnmarshalText([]byte(s.LogLevel)) == nil {
		o.Level = level
	}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Push is the channel whose addresses are devices, which sign up by themselves.
const Push = "push"

// channelNames are what contact methods may name: all that Channels can make.
var channelNames = channel.Names()

// Channels are the ways to reach people that are set up: the log and ntfy always,
// e-mail with a relay. Hosts in the options are trusted, each by its own channel only:
// an address that a person typed must not lead to the relay's port.
func (s *Server) Channels(log *slog.Logger) ([]channel.Channel, error) {
	out := []channel.Channel{channel.NewLog(log)}
	dial, err := s.dialer(ntfyHost(s.NtfyServer))
	if err != nil {
		return nil, err
	}
	if s.NtfyToken != "" && s.NtfyServer == "" {
		return nil, errors.New("--ntfy-token: goes with --ntfy-server")
	}
	ntfy, err := channel.NewNtfy(s.NtfyServer, s.NtfyToken, dial.Client(channel.SendTimeout))
	if err != nil {
		return nil, fmt.Errorf("--ntfy-server: %w", err)
	}
	out = append(out, ntfy)
	if s.SMTPHost == "" {
		return out, nil
	}
	email, err := s.email()
	if err != nil {
		return nil, err
	}
	return append(out, email), nil
}

// Push is the channel to browsers and installed web apps, in the name of a key.
func (s *Server) Push(key *channel.VAPID) (*channel.Push, error) {
	var trusted []string
	for _, h := range s.PushHosts {
		if strings.Contains(h, "://") {
			trusted = append(trusted, ntfyHost(h))
		}
	}
	allow, err := egress.ParseAllow(append(trusted, s.AllowNetwork...)...)
	if err != nil {
		return nil, fmt.Errorf("--push-host: %w", err)
	}
	dial := &egress.Dialer{Allow: allow}
	p, err := channel.NewPush(key, cmp.Or(s.PushContact, s.Public()), s.Public(), s.PushHosts, dial.Client(channel.SendTimeout))
	if err != nil {
		return nil, fmt.Errorf("--push-host: %w", err)
	}
	return p, nil
}

func (s *Server) email() (*channel.Email, error) {
	if s.SMTPFrom == "" {
		return nil, errors.New("--smtp-from: is missing: mail needs a sender")
	}
	password, err := s.password()
	if err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(s.SMTPHost); err != nil {
		return nil, fmt.Errorf("--smtp-host: %q is not host:port, such as mail.example.org:587", s.SMTPHost)
	}
	dial, err := s.dialer(s.SMTPHost)
	if err != nil {
		return nil, err
	}
	relay := channel.Relay{Addr: s.SMTPHost, Username: s.SMTPUser, Password: password, Hello: s.SMTPHello}
	if s.SMTPTLS == "implicit" {
		relay.Implicit = true
	} else {
		relay.STARTTLS = s.SMTPTLS
	}
	return channel.NewEmail(relay, s.SMTPFrom, dial.DialContext)
}

// Inbox checks the options of mail that comes in. It says whether this node takes any.
func (s *Server) Inbox() (bool, error) {
	if s.MailListen != "" && s.MailDomain == "" {
		return false, errors.New("--mail-domain: is missing: replies need addresses")
	}
	if s.MailDomain != "" {
		if a, err := mail.ParseAddress("reply@" + s.MailDomain); err != nil || a.Address != "reply@"+s.MailDomain || len(s.MailDomain) > 180 {
			return false, fmt.Errorf("--mail-domain: %q is no domain such as reply.example.org", s.MailDomain)
		}
	}
	return s.MailListen != "", nil
}

func (s *Server) password() (string, error) {
	return oneOf("smtp-password", s.SMTPPassword, s.SMTPPasswordFile)
}

// oneOf is a secret that stands in an option, or in a file that another names.
func oneOf(name, text, file string) (string, error) {
	switch {
	case text != "" && file != "":
		return "", fmt.Errorf("--%s-file: give the secret or its file, not both", name)
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("--%s-file: %w", name, err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	return text, nil
}

// Provider makes a provider of what is configured. Its addresses are reached as anything
// that people may name: private ones only with --allow-network.
func (s *Server) Provider(c org.Channel, ring *secret.Ring) (channel.Channel, error) {
	dial, err := s.Egress()
	if err != nil {
		return nil, err
	}
	return channel.Make(c.Kind, channel.Setup{
		ID: string(c.ID), Settings: c.Settings, Client: dial.Client(channel.SendTimeout), Public: s.Public(),
		Sign: func(text string) string { return ring.Token("hook", text) },
	})
}

// Egress connects to what people may name: the public Internet, and what
// --allow-network adds to it.
func (s *Server) Egress() (*egress.Dialer, error) { return s.dialer("") }

// dialer connects to the public Internet, to what --allow-network names, and to one
// trusted host:port, if any.
func (s *Server) dialer(trusted string) (*egress.Dialer, error) {
	allow, err := egress.ParseAllow(s.AllowNetwork...)
	if err != nil {
		return nil, fmt.Errorf("--allow-network: %w", err)
	}
	if trusted != "" {
		if allow, err = egress.ParseAllow(append([]string{trusted}, s.AllowNetwork...)...); err != nil {
			return nil, err
		}
	}
	return &egress.Dialer{Allow: allow}, nil
}

// ntfyHost is the host:port of a server's URL; "" when it has none, which NewNtfy
// will say.
func ntfyHost(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "443"))
}
