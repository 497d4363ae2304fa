package egress_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/egress"
)

func TestPublic(t *testing.T) {
	for _, text := range strings.Fields(`
		0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
		169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1
		192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
		239.255.255.255 240.0.0.1 255.255.255.255
		:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
		64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
		2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254
		fdff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1`) {
		if egress.Public(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public", text)
		}
	}
	for _, text := range strings.Fields(`
		1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
		169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0
		198.17.255.255 198.20.0.0 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888
		2003::1 2606:4700:4700::1111 2a00:1450:4014:80e::200e`) {
		if !egress.Public(netip.MustParseAddr(text)) {
			t.Errorf("%s does not count as public", text)
		}
	}
	if egress.Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

// counted is a server on this machine's loopback, and how often it was reached.
func counted(t *testing.T, h http.Handler) (port string, hits *atomic.Int32) {
	t.Helper()
	hits = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if h != nil {
			h.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(s.Listener.Addr().String())
	return port, hits
}

// However the way back into this machine is written, nothing arrives there.
func TestNoWayBack(t *testing.T) {
	port, hits := counted(t, nil)
	d := &egress.Dialer{Resolver: names(t, map[string]string{
		"rebound.example.": "127.0.0.1", "internal.example.": "10.1.2.3", "metadata.example.": "169.254.169.254",
	})}
	client := d.Client(2 * time.Second)
	for _, u := range []string{
		"http://127.0.0.1:PORT/", "http://127.0.0.1:PORT", "http://localhost:PORT/", "http://LOCALHOST:PORT/", "http://localhost.:PORT/",
		"http://127.1:PORT/", "http://2130706433:PORT/", "http://0x7f000001:PORT/", "http://0x7f.0.0.1:PORT/", "http://0177.0.0.1:PORT/", "http://017700000001:PORT/",
		"http://0:PORT/", "http://0.0.0.0:PORT/", "http://127.0.0.1.:PORT/", "http://127.8.9.10:PORT/", "http://127.000.000.001:PORT/",
		"http://[::1]:PORT/", "http://[::]:PORT/", "http://[0:0:0:0:0:0:0:1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/",
		"http://[::127.0.0.1]:PORT/", "http://[64:ff9b::7f00:1]:PORT/", "http://[64:ff9b::127.0.0.1]:PORT/", "http://[2002:7f00:1::]:PORT/", "http://[2001:0:7f00:1::]:PORT/",
		"http://[fe80::1%25lo]:PORT/", "http://[::1%25lo]:PORT/", "http://１２７.0.0.1:PORT/", "http://①②⑦.0.0.1:PORT/", "http://127。0。0。1:PORT/",
		"http://rebound.example:PORT/", "http://REBOUND.example.:PORT/", "http://internal.example:PORT/", "http://metadata.example/latest/meta-data/",
		"http://user@127.0.0.1:PORT/", "http://user:pw@127.0.0.1:PORT/", "http://example.org@127.0.0.1:PORT/", "http://127.0.0.1:PORT@rebound.example:PORT/",
		"http://127.0.0.1:PORT#@example.org/", "http://127.0.0.1:PORT?@example.org/", "https://127.0.0.1:PORT/",
		"http://169.254.169.254/", "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://224.0.0.1/", "http://255.255.255.255/",
		"file:///etc/passwd", "ftp://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/_", "dict://127.0.0.1:PORT/", "unix:///var/run/docker.sock", "//127.0.0.1:PORT/", "127.0.0.1:PORT", "http:127.0.0.1:PORT", "http:///127.0.0.1:PORT", "javascript:alert(1)", "data:text/plain,x", "HTTP:///", "",
	} {
		u = strings.ReplaceAll(u, "PORT", port)
		res, err := client.Get(u)
		if err == nil {
			res.Body.Close()
			t.Errorf("%s answered %s", u, res.Status)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the server was reached %d times", n)
	}
	if _, err := client.Get("http://rebound.example:" + port); !egress.Refused(err) {
		t.Errorf("a name of this machine: %v, want a refusal", err)
	}
}

// names is a resolver that knows a few names, over a real DNS server.
func names(t *testing.T, known map[string]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(dnsAnswer(buf[:n], known), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// dnsAnswer answers a query of one question: an A record of a known name, nothing of
// another type, and NXDOMAIN otherwise.
func dnsAnswer(query []byte, known map[string]string) []byte {
	name, at := "", 12
	for query[at] != 0 {
		size := int(query[at])
		name += string(query[at+1:at+1+size]) + "."
		at += 1 + size
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	out := append([]byte{}, query[:at+5]...) // header and question, without EDNS
	out[2], out[3] = 0x81, 0x80
	clear(out[6:12])
	ip, ok := known[strings.ToLower(name)]
	switch {
	case !ok:
		out[3] |= 3
	case kind == 1:
		out[7] = 1
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4)
		addr := netip.MustParseAddr(ip).As4()
		out = append(out, addr[:]...)
	}
	return out
}

func TestAllow(t *testing.T) {
	port, hits := counted(t, nil)
	resolver := names(t, map[string]string{"relay.example.": "127.0.0.1"})
	for _, c := range []struct {
		allow []string
		host  string
		ok    bool
	}{
		{nil, "127.0.0.1", false},
		{[]string{"127.0.0.0/8"}, "127.0.0.1", true},
		{[]string{"127.0.0.0/8"}, "[::ffff:127.0.0.1]", true},
		{[]string{"127.0.0.0/8"}, "relay.example", true},
		{[]string{"127.0.0.1"}, "127.0.0.1", true},
		{[]string{"::ffff:127.0.0.1"}, "127.0.0.1", true},
		{[]string{"10.0.0.0/8", " 127.0.0.1 "}, "127.0.0.1", true},
		{[]string{"127.0.0.2"}, "127.0.0.1", false},
		{[]string{"127.0.0.1:PORT"}, "127.0.0.1", true},
		{[]string{"127.0.0.1:PORT"}, "relay.example", true},
		{[]string{"127.0.0.1:1"}, "127.0.0.1", false},
		{[]string{"relay.example:PORT"}, "relay.example", true},
		{[]string{"Relay.Example.:PORT"}, "relay.example", true},
		{[]string{"relay.example:PORT"}, "RELAY.example.", true},
		{[]string{"relay.example:1"}, "relay.example", false},
		{[]string{"relay.example:PORT"}, "127.0.0.1", false},
		{[]string{"other.example:PORT"}, "relay.example", false},
	} {
		for i := range c.allow {
			c.allow[i] = strings.ReplaceAll(c.allow[i], "PORT", port)
		}
		allow, err := egress.ParseAllow(c.allow...)
		if err != nil {
			t.Fatal(err)
		}
		d := &egress.Dialer{Allow: allow, Resolver: resolver}
		hits.Store(0)
		res, err := d.Client(2 * time.Second).Get("http://" + c.host + ":" + port)
		if err == nil {
			res.Body.Close()
		}
		if (err == nil) != c.ok || (hits.Load() == 1) != c.ok || !c.ok && !egress.Refused(err) {
			t.Errorf("allow %v: %s: %v", c.allow, c.host, err)
		}
	}
	for _, bad := range []string{"", "relay.example", "*", "*:25", "10.0.0.0/33", "relay.example:0", "relay.example:70000", "relay.example:smtp", "a b:25", "http://relay.example:25", "::ffff:10.0.0.0/104"} {
		if _, err := egress.ParseAllow(bad); err == nil {
			t.Errorf("allow %q is not refused", bad)
		}
	}
}

func TestOnlyTCP(t *testing.T) {
	for _, network := range []string{"udp", "unix", "ip", ""} {
		if _, err := new(egress.Dialer).DialContext(t.Context(), network, "8.8.8.8:53"); !egress.Refused(err) {
			t.Errorf("%q: %v", network, err)
		}
	}
}

func local(t *testing.T) *http.Client {
	allow, err := egress.ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return (&egress.Dialer{Allow: allow}).Client(500 * time.Millisecond)
}

func TestClientBounds(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	mux := http.NewServeMux()
	port, hits := counted(t, mux)
	mux.Handle("/redirect", http.RedirectHandler("/", http.StatusFound))
	mux.HandleFunc("/exact", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, egress.MaxBody)) })
	mux.HandleFunc("/more", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, egress.MaxBody+1)) })
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client, base := local(t), "http://127.0.0.1:"+port

	res, err := client.Get(base + "/redirect")
	if err != nil || res.StatusCode != http.StatusFound || hits.Load() != 1 {
		t.Errorf("a redirect: %v, %d calls", err, hits.Load())
	}
	res.Body.Close()
	for path, want := range map[string]error{"/exact": nil, "/more": egress.ErrTooLarge} {
		res, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if !errors.Is(err, want) || len(b) != egress.MaxBody {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
		res.Body.Close()
	}
	if _, err := client.Get(base + "/hang"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that hangs: %v", err)
	}
}

func TestRefusalTellsNoPath(t *testing.T) {
	u, err := url.Parse("https://user:password@example.org/secret?token=1")
	if err != nil {
		t.Fatal(err)
	}
	if err := egress.CheckURL(u); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "password@") {
		t.Errorf("%v", err)
	}
}
