package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Debian's Kannel takes our messages, hands them to a message centre that is not there,
// and calls back about them as our template says.
func TestKannel(t *testing.T) {
	bearer, box := program(t, "bearerbox"), program(t, "smsbox")
	port := func() string {
		_, p, err := net.SplitHostPort(freeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	admin, inner, smsc, send := port(), port(), port(), port()
	config := filepath.Join(t.TempDir(), "kannel.conf")
	text := fmt.Sprintf(`group = core
admin-port = %s
admin-interface = 127.0.0.1
admin-password = house
smsbox-port = %s
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake
port = %s
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %s
sendsms-interface = 127.0.0.1

group = sendsms-user
username = house
password = gateway-secret
concatenation = true
max-messages = 5

group = sms-service
keyword = default
text = "ok"
max-messages = 0
`, admin, inner, smsc, send)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name, waitFor string) {
		c := exec.Command(name, config)
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill(); c.Wait() })
		for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			conn, err := net.Dial("tcp", "127.0.0.1:"+waitFor)
			if err == nil {
				conn.Close()
				return
			}
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("%s does not listen: %v", name, err)
			}
		}
	}
	run(bearer, inner)
	run(box, send)
	var centre net.Conn
	for begun := time.Now(); centre == nil; time.Sleep(50 * time.Millisecond) {
		centre, _ = net.Dial("tcp", "127.0.0.1:"+smsc)
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the message centre cannot be reached")
		}
	}
	defer centre.Close()
	sent := make(chan string, 10)
	go func() {
		for lines := bufio.NewScanner(centre); lines.Scan(); {
			sent <- lines.Text()
		}
	}()
	receipts := make(chan string, 10)
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { receipts <- r.URL.String() }))
	defer public.Close()

	// A wrong password is refused in the way that the mock world copies.
	denied, err := http.Get("http://127.0.0.1:" + send + "/cgi-bin/sendsms?username=house&password=wrong&to=%2B4915112345678&text=x")
	if err != nil {
		t.Fatal(err)
	}
	denied.Body.Close()
	if denied.StatusCode != http.StatusForbidden {
		t.Errorf("Kannel answers a wrong password with %d", denied.StatusCode)
	}

	s := start(t, `
people:
  - {id: jane, methods: [{id: sms, channel: sms, address: "+4915112345678"}], rules: [{method: sms}]}
policies: [{id: p, levels: [{targets: ["person:jane"], wait: 5m}]}]
services: [{id: db, policy: p}]
integrations: [{id: in, source: generic, service: db, key: sixteen-or-more-letters}]
settings: {catch_all: db}
channels:
  - {id: kannel, kind: kannel, settings: {server: "http://127.0.0.1:`+send+`", user: house, password: gateway-secret, from: "15005550007"}}
`, "--allow-network", "127.0.0.1:"+send, "--public-url", public.URL)
	res, err := http.Post(s.URL+"/in/generic/sixteen-or-more-letters", "application/json", strings.NewReader(`{"title":"die größte db & 100 % more is down","key":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	select {
	case line := <-sent:
		if !strings.Contains(line, "+4915112345678") || !strings.Contains(line, "größte") && !strings.Contains(line, "gr%C3%B6%C3%9Fte") || !strings.Contains(line, "100") {
			t.Errorf("the message centre got %q", line)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing comes to the message centre")
	}
	for begun := time.Now(); ; {
		select {
		case receipt := <-receipts:
			if strings.HasPrefix(receipt, "/hook/kannel/receipt/") && strings.Contains(receipt, "state=1") {
				return
			}
		case <-time.After(time.Until(begun.Add(20 * time.Second))):
			t.Fatal("Kannel never says that it was delivered")
		}
	}
}
