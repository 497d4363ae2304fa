package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/letsencrypt/challtestsrv"
)

// A directory is Let's Encrypt's own small one for tests, which looks at hosts by our
// DNS: every name is this machine.
type directory struct {
	url, management, root string
	http, tls             string // where it looks for challenges
	client                *http.Client
}

func pebble(t *testing.T) directory {
	t.Helper()
	dir := t.TempDir()
	dns := freeAddress(t)
	names, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{dns}})
	if err != nil {
		t.Fatal(err)
	}
	names.SetDefaultDNSIPv4("127.0.0.1")
	names.SetDefaultDNSIPv6("")
	go names.Run()
	t.Cleanup(names.Shutdown)

	d := directory{http: freeAddress(t), tls: freeAddress(t)}
	listen, manage := freeAddress(t), freeAddress(t)
	cert, key, pool := selfSigned(t, dir)
	d.url, d.management, d.root = "https://"+listen+"/dir", "https://"+manage, cert
	d.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	config := filepath.Join(dir, "pebble.json")
	text := fmt.Sprintf(`{"pebble":{"listenAddress":%q,"managementListenAddress":%q,"certificate":%q,"privateKey":%q,"httpPort":%s,"tlsPort":%s}}`,
		listen, manage, cert, key, port(d.http), port(d.tls))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "pebble")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/letsencrypt/pebble/v2/cmd/pebble").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run(t, nil, []string{"PEBBLE_VA_NOSLEEP=1"}, binary, "-config", config, "-dnsserver", dns)
	d.get(t, d.url)
	return d
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// get asks until there is an answer.
func (d directory) get(t *testing.T, url string) []byte {
	t.Helper()
	var last error
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		res, err := d.client.Get(url)
		if last = err; err != nil {
			continue
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if last = err; err == nil && res.StatusCode == 200 {
			return body
		}
	}
	t.Fatalf("%s: %v", url, last)
	return nil
}

// run starts a program that ends with the test.
func run(t *testing.T, out io.Writer, env []string, name string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, name, args...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), env...), out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); c.Wait() })
}

// selfSigned is a certificate for this machine.
func selfSigned(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, pool = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: text}} {
		data := pem.EncodeToMemory(block)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		pool.AppendCertsFromPEM(data)
	}
	return cert, key, pool
}

// A certificate is fetched from a real directory, kept, and still there after a new
// start; nobody but the host of the public URL gets one.
func TestACME(t *testing.T) {
	d := pebble(t)
	data := filepath.Join(t.TempDir(), "data")
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(d.get(t, d.management+"/roots/0")) {
		t.Fatal("the directory has no root")
	}
	serial := ""
	for _, when := range []string{"first", "after a new start"} {
		t.Run(when, func(t *testing.T) {
			var log lines
			run(t, &log, nil, built, "serve", "--data", data, "--listen", d.tls, "--listen-http", d.http, "--public-url", "https://tocsin.test",
				"--acme", "--acme-email", "ops@example.org", "--acme-directory", d.url, "--acme-root", d.root)
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, d.tls)
				},
			}}
			defer client.CloseIdleConnections()
			var res *http.Response
			var err error
			for until := time.Now().Add(60 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
				if res, err = client.Get("https://tocsin.test/livez"); err == nil {
					break
				}
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, log.String())
			}
			res.Body.Close()
			leaf := res.TLS.PeerCertificates[0]
			if res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") == "" || leaf.DNSNames[0] != "tocsin.test" {
				t.Errorf("%s %v %v", res.Status, res.Header, leaf.DNSNames)
			}
			if serial != "" && leaf.SerialNumber.String() != serial {
				t.Error("the certificate was not kept")
			}
			serial = leaf.SerialNumber.String()
			if _, err := tls.Dial("tcp", d.tls, &tls.Config{ServerName: "other.test", RootCAs: roots}); err == nil {
				t.Error("another host has a certificate too")
			}
		})
	}
}
