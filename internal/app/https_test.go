package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/config"
)

// certified writes a certificate for localhost, which it returns, and its key.
func certified(t *testing.T, dir string) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, roots = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: text}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return cert, key, roots
}

// serving is a whole house within the test, until it ends.
func serving(t *testing.T, o config.Server) *Server {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	up, ended := make(chan *Server, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, o, slog.New(slog.DiscardHandler), "test", func(s *Server) { up <- s })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	select {
	case s := <-up:
		return s
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return nil
}

func TestHTTPS(t *testing.T) {
	dir := t.TempDir()
	cert, key, roots := certified(t, dir)
	o := config.Server{
		Installation: config.Installation{Data: filepath.Join(dir, "data"), Listen: "localhost:0", PublicURL: "https://localhost/tocsin"},
		TLSCert:      cert, TLSKey: key, ListenHTTP: "localhost:0",
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	s := serving(t, o)
	at := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	client := &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	ask := func(url string) (*http.Response, string) {
		t.Helper()
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(body)
	}
	if !strings.HasPrefix(at, "https://localhost:") {
		t.Errorf("it listens at %s", at)
	}
	for _, path := range []string{"/tocsin/livez", "/livez"} {
		res, body := ask(at + path)
		if res.StatusCode != 200 || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %s %s %v %s", path, res.Status, res.Proto, res.Header, body)
		}
	}
	if res, body := ask(at + "/tocsin/"); res.StatusCode != 200 || !strings.Contains(body, `="/tocsin/assets/`) {
		t.Errorf("the app is not below the path: %s %.300s", res.Status, body)
	}
	if res, _ := ask(s.PlainURL + "/incidents/x?a=b"); res.StatusCode != 301 || res.Header.Get("Location") != "https://localhost/tocsin/incidents/x?a=b" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	if !strings.HasPrefix(s.SetUp, "https://localhost/tocsin/setup/") {
		t.Errorf("the first link is %.30s", s.SetUp)
	}
	// Another certificate is shown without a new start.
	client.CloseIdleConnections()
	_, _, fresh := certified(t, dir)
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: fresh}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		res, err := client.Get(at + "/livez")
		if err == nil {
			res.Body.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}
