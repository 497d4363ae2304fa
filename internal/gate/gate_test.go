package gate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// seen is what a handler behind a gate finds.
type seen struct{ from, path, raw string }

func passing(t *testing.T, public string, trusted []string, method, target, remote string, head ...string) (seen, *httptest.ResponseRecorder) {
	t.Helper()
	list, err := ParseTrusted(trusted)
	if err != nil {
		t.Fatal(err)
	}
	var got seen
	g := New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = seen{r.RemoteAddr, r.URL.Path, r.URL.RawPath}
		w.Header().Set("Location", "/api/v1/things/x")
		w.WriteHeader(http.StatusCreated)
	}), Options{Public: public, Trusted: list})
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr, r.TLS = remote, nil
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Add(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return got, w
}

func TestWhoSpeaks(t *testing.T) {
	trusted := []string{"127.0.0.0/8", "::1", "10.1.0.0/16"}
	for _, c := range []struct {
		remote, want string
		forwarded    []string
	}{
		{"203.0.113.9:4711", "203.0.113.9:4711", nil},
		{"203.0.113.9:4711", "203.0.113.9:4711", []string{"198.51.100.7"}}, // a stranger claims it
		{"10.2.0.1:1", "10.2.0.1:1", []string{"198.51.100.7"}},             // private is not trusted
		{"127.0.0.1:1", "198.51.100.7:0", []string{"198.51.100.7"}},
		{"[::1]:1", "[2001:db8::1]:0", []string{"2001:db8::1"}},
		{"[::ffff:127.0.0.1]:1", "198.51.100.7:0", []string{"198.51.100.7"}},
		{"127.0.0.1:1", "198.51.100.7:0", []string{"192.0.2.1, 198.51.100.7, 10.1.2.3"}}, // the last that no proxy of ours is
		{"127.0.0.1:1", "198.51.100.7:0", []string{"192.0.2.1", "198.51.100.7"}},
		{"127.0.0.1:1", "10.1.2.3:0", []string{"10.1.2.3"}}, // a proxy of ours speaks for itself
		{"127.0.0.1:1", "127.0.0.1:0", []string{"unknown"}},
		{"127.0.0.1:1", "10.1.2.3:0", []string{"198.51.100.7, nonsense, 10.1.2.3"}},
		{"127.0.0.1:1", "198.51.100.7:0", []string{"198.51.100.7:55123"}},
		{"127.0.0.1:1", "[2001:db8::1]:0", []string{`"[2001:db8::1]:55123"`}},
		{"127.0.0.1:1", "127.0.0.1:0", nil},
		{"@", "@", []string{"198.51.100.7"}},
	} {
		var head []string
		for _, f := range c.forwarded {
			head = append(head, "X-Forwarded-For", f)
		}
		if got, _ := passing(t, "https://tocsin.example", trusted, "GET", "/", c.remote, head...); got.from != c.want {
			t.Errorf("%s for %v is %s, want %s", c.remote, c.forwarded, got.from, c.want)
		}
	}
	for _, bad := range []string{"x", "10.0.0.0/33", ""} {
		if _, err := ParseTrusted([]string{bad}); err == nil {
			t.Errorf("%q is a proxy", bad)
		}
	}
}

func TestHSTS(t *testing.T) {
	for _, c := range []struct {
		public, remote, proto string
		want                  bool
	}{
		{"https://tocsin.example", "127.0.0.1:1", "https", true},
		{"https://tocsin.example", "127.0.0.1:1", "http, https", true},
		{"https://tocsin.example", "127.0.0.1:1", "http", false},
		{"https://tocsin.example", "203.0.113.9:1", "https", false},
		{"http://tocsin.example", "127.0.0.1:1", "https", false},
		{"https://tocsin.example", "127.0.0.1:1", "", false},
	} {
		_, w := passing(t, c.public, []string{"127.0.0.1"}, "GET", "/", c.remote, "X-Forwarded-Proto", c.proto)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestBelowAPath(t *testing.T) {
	for target, want := range map[string]seen{
		"/tocsin/incidents/x":   {path: "/incidents/x"},
		"/incidents/x":          {path: "/incidents/x"}, // a proxy took it off
		"/tocsin/in/a%2Fb/c":    {path: "/in/a/b/c", raw: "/in/a%2Fb/c"},
		"/tocsinish":            {path: "/tocsinish"},
		"/tocsin/":              {path: "/"},
		"/tocsin/tocsin/thing":  {path: "/tocsin/thing"},
		"//tocsin/incidents/x2": {path: "//tocsin/incidents/x2"},
	} {
		got, w := passing(t, "https://host.example/tocsin", nil, "GET", "https://host.example"+target, "203.0.113.9:1")
		if got.path != want.path || got.raw != want.raw {
			t.Errorf("%s is %+v", target, got)
		}
		if to := w.Header().Get("Location"); to != "/tocsin/api/v1/things/x" {
			t.Errorf("%s leads to %s", target, to)
		}
	}
	if _, w := passing(t, "https://host.example/tocsin", nil, "GET", "https://host.example/tocsin", "203.0.113.9:1"); w.Code != 308 || w.Header().Get("Location") != "/tocsin/" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if _, w := passing(t, "https://host.example", nil, "GET", "https://host.example/x", "203.0.113.9:1"); w.Header().Get("Location") != "/api/v1/things/x" {
		t.Error(w.Header())
	}
}

func TestRedirect(t *testing.T) {
	for target, want := range map[string]string{
		"/incidents/x?a=b": "https://host.example/tocsin/incidents/x?a=b", "/tocsin/incidents/x": "https://host.example/tocsin/incidents/x",
		"/tocsin": "https://host.example/tocsin/", "/": "https://host.example/tocsin/", "//evil.example/x": "https://host.example/tocsin//evil.example/x",
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://other.example/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		if p, q, ok := strings.Cut(target, "?"); ok {
			r.URL.Path, r.URL.RawQuery = p, q
		}
		Redirect("https://host.example/tocsin/").ServeHTTP(w, r)
		if w.Code != 301 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Header().Get("Location"), want)
		}
	}
	w := httptest.NewRecorder()
	Redirect("https://host.example").ServeHTTP(w, httptest.NewRequest("POST", "/in/generic/key", nil))
	if w.Code != 403 || w.Header().Get("Location") != "" {
		t.Error(w.Code, w.Header())
	}
}

// pair writes a new certificate for localhost and its key.
func pair(t *testing.T, dir, name string) (cert, key string, der []byte) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	if der, err = x509.CreateCertificate(rand.Reader, about, about, &secret.PublicKey, secret); err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: text}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, der
}

// A certificate that changed is taken; half of one is not, and the old goes on.
func TestFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key, first := pair(t, dir, "first")
	f, err := NewFiles(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f.now = func() time.Time { return now }
	shows := func(want []byte, when string) {
		t.Helper()
		got, err := f.Config().GetCertificate(&tls.ClientHelloInfo{})
		if err != nil || string(got.Certificate[0]) != string(want) {
			t.Errorf("%s it shows another: %v", when, err)
		}
	}
	shows(first, "at first")
	old, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	_, _, second := pair(t, dir, "second, with a longer name")
	fresh, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, old, 0o600); err != nil { // only the certificate was changed yet
		t.Fatal(err)
	}
	shows(first, "within the second")
	now = now.Add(2 * time.Second)
	shows(first, "with half of the new one")
	if err := os.WriteFile(key, append(fresh, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	shows(second, "with the new one")
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	shows(second, "without a file")
	if _, err := NewFiles(cert, key, nil); err == nil {
		t.Error("it starts without a certificate")
	}
}
