package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"tocsin/internal/channel"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// commands stand for the binary's: one with all options, one with the installation's.
type commands struct {
	Serve struct{ Server }       `cmd:""`
	Apply struct{ Installation } `cmd:""`
}

func parse(t *testing.T, args ...string) (*commands, error) {
	t.Helper()
	var c commands
	k, err := kong.New(&c, kong.Name("tocsin"), kong.Configuration(File))
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return &c, err
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c, err := parse(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	s := c.Serve
	got := []string{s.Data, s.Listen, s.Public(), s.StoreURL(), s.SMTPTLS, s.LogLevel, s.LogFormat}
	want := []string{"data", "127.0.0.1:8080", "http://127.0.0.1:8080", filepath.Join("data", "tocsin.db"), "required", "info", "text"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	path := write(t, "tocsin.yaml", "listen: 127.0.0.1:1\npublic-url: http://file\ndata: file\nallow-network: [10.0.0.0/8, fd00::/8]\nlog-level: debug\nsmtp-hello:\n")
	t.Setenv("TOCSIN_LISTEN", "127.0.0.1:2")
	t.Setenv("TOCSIN_PUBLIC_URL", "http://env")
	c, err := parse(t, "serve", "--config", path, "--listen", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	s := c.Serve
	got := []string{s.Listen, s.PublicURL, s.Data, s.LogLevel, strings.Join(s.AllowNetwork, " ")}
	want := []string{"127.0.0.1:3", "http://env", "file", "debug", "10.0.0.0/8 fd00::/8"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// The same file does for a command with fewer options, and may be named by the
	// environment.
	t.Setenv("TOCSIN_CONFIG", path)
	if c, err = parse(t, "apply"); err != nil || c.Apply.Data != "file" {
		t.Errorf("apply: data %q, %v", c.Apply.Data, err)
	}
}

func TestWrongFile(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"listen: 127.0.0.1:1\nlisen: x\n", "tocsin.yaml:2:1: lisen: there is no such option"},
		{"smtp: {host: x}\n", "tocsin.yaml:1:7: smtp: want a text, not fields"},
		{"config: other.yaml\n", "tocsin.yaml:1:1: config: there is no such option"},
		{"- listen\n", "tocsin.yaml:1:1: want options, not a list"},
		{"a: [\n", "tocsin.yaml:1:4: sequence end token ']' not found"},
		{"log-level: loud\n", `--log-level must be one of "debug","info","warn","error" but got "loud"`},
	} {
		if _, err := parse(t, "serve", "--config", write(t, "tocsin.yaml", c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := parse(t, "serve", "--config", "/nowhere.yaml"); err == nil {
		t.Error("a file that is not there is taken for an empty one")
	}
}

func TestWrongOptions(t *testing.T) {
	mail := []string{"--smtp-host=mail.example.org:587", "--smtp-from=tocsin@example.org"}
	for _, c := range []struct {
		args []string
		want string // "" is nothing wrong
	}{
		{[]string{"--listen=8080"}, "--listen"},
		{[]string{"--listen=:8080"}, ""},
		{[]string{"--public-url=tocsin.example.org"}, "--public-url"},
		{[]string{"--public-url=ftp://example.org"}, "--public-url"},
		{[]string{"--public-url=https://u:p@example.org"}, "--public-url"},
		{[]string{"--public-url=https://example.org/?a=b"}, "--public-url"},
		{[]string{"--public-url=https://example.org/tocsin/"}, ""},
		{[]string{"--database=mysql://x"}, "--database"},
		{[]string{"--database=postgres://x/y"}, ""},
		{[]string{"--allow-network=10.0.0.0/99"}, "--allow-network"},
		{[]string{"--tls-cert=x.pem"}, "--tls-cert: goes with --tls-key"},
		{[]string{"--tls-cert=x.pem", "--tls-key=y.pem"}, ""},
		{[]string{"--acme"}, "--acme: needs a --public-url"},
		{[]string{"--acme", "--public-url=https://192.0.2.1"}, "no host name"},
		{[]string{"--acme", "--public-url=https://tocsin.example.org"}, ""},
		{[]string{"--acme", "--public-url=https://tocsin.example.org", "--tls-cert=x", "--tls-key=y"}, "--acme: either"},
		{[]string{"--acme-email=x@example.org"}, "go with --acme"},
		{[]string{"--listen-http=:80"}, "--listen-http: redirects"},
		{[]string{"--listen-http=80", "--public-url=https://example.org"}, "--listen-http: \"80\""},
		{[]string{"--listen-http=:80", "--public-url=https://example.org"}, ""},
		{[]string{"--trusted-proxies=proxy"}, "--trusted-proxies: \"proxy\""},
		{[]string{"--trusted-proxies=10.0.0.0/8,192.0.2.1"}, ""},
		{[]string{"--push-host=a/b"}, "--push-host"},
		{[]string{"--push-host=http://127.0.0.1:9000,.example.org"}, ""},
		{[]string{"--ntfy-server=ntfy.sh"}, "--ntfy-server"},
		{[]string{"--ntfy-server=http://127.0.0.1:2586", "--ntfy-token=tk"}, ""},
		{[]string{"--ntfy-token=tk"}, "--ntfy-token"},
		{mail[:1], "--smtp-from"},
		{mail, ""},
		{[]string{"--smtp-host=mail", mail[1]}, "--smtp-host"},
		{[]string{mail[0], "--smtp-from=nobody"}, "nobody"},
		{[]string{"--mail-listen=:25"}, "--mail-domain"},
		{[]string{"--mail-listen=:25", "--mail-domain=reply example.org"}, "--mail-domain"},
		{[]string{"--mail-listen=:25", "--mail-domain=reply.example.org"}, ""},
		{append(mail[:2:2], "--smtp-tls=perhaps"), "--smtp-tls"},
		{append(mail[:2:2], "--smtp-password=a", "--smtp-password-file=b"), "--smtp-password-file"},
		{append(mail[:2:2], "--smtp-password-file=/nowhere"), "--smtp-password-file"},
	} {
		_, err := parse(t, append([]string{"serve"}, c.args...)...)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.args, err, c.want)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, c := range []struct{ listen, public, want string }{
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{":8080", "", "http://localhost:8080"},
		{"0.0.0.0:80", "", "http://localhost:80"},
		{"[::]:80", "", "http://localhost:80"},
		{"[::1]:80", "", "http://[::1]:80"},
		{":80", "https://example.org/x/", "https://example.org/x"},
	} {
		i := Installation{Listen: c.listen, PublicURL: c.public}
		if got := i.Public(); got != c.want {
			t.Errorf("listen %s, public %s: %s, want %s", c.listen, c.public, got, c.want)
		}
	}
}

func TestChannels(t *testing.T) {
	s := Server{SMTPHost: "10.0.0.7:25", SMTPFrom: "tocsin@example.org", SMTPTLS: "implicit",
		SMTPUser: "u", SMTPPasswordFile: write(t, "password", "secret\n")}
	channels, err := s.Channels(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, c := range channels {
		made[c.Name()] = true
	}
	for _, k := range channel.Kinds {
		made[k.Channel] = true // of a provider that is configured
	}
	for _, name := range channelNames {
		if !made[name] {
			t.Errorf("contact methods may name %s, which is not made", name)
		}
	}
	if len(made) != len(channelNames) {
		t.Errorf("made %v, contact methods may name %v", made, channelNames)
	}
	if p, err := s.password(); p != "secret" || err != nil {
		t.Errorf("password %q, %v", p, err)
	}
}

func TestRing(t *testing.T) {
	i := Installation{Data: filepath.Join(t.TempDir(), "new")}
	a, _, err := i.Ring()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(i.Data, "keyring"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TOCSIN_KEYRING", string(text))
	b, _, err := (&Installation{Data: t.TempDir()}).Ring()
	if err != nil {
		t.Fatal(err)
	}
	if a.Hash("x", "y") != b.Hash("x", "y") {
		t.Error("the ring in the environment is another than that in the file")
	}
}
