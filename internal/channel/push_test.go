package channel

import (
	"context"
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel/pushtest"
	"tocsin/internal/egress"
	"tocsin/org"
)

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64url.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291, appendix A.
func TestSealAsTheRFCDoes(t *testing.T) {
	ours, err := ecdh.P256().NewPrivateKey(bytesOf(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := newRecipient("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg")
	if err != nil {
		t.Fatal(err)
	}
	got, err := to.sealWith([]byte("When I grow up, I want to be a watermelon"), ours, bytesOf(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if err != nil || base64url.EncodeToString(got) != want {
		t.Errorf("%v\n%s, want\n%s", err, base64url.EncodeToString(got), want)
	}
	if _, err := to.seal(make([]byte, recordSize-saltSize-5-65-1-16)); err != nil {
		t.Error(err)
	}
	if _, err := to.seal(make([]byte, recordSize-saltSize-5-65-16)); err == nil {
		t.Error("what no push service takes was sealed")
	}
}

// pushing is a channel and the one push service that it may speak to.
func pushing(t *testing.T) (*Push, *pushtest.Service) {
	key, err := NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseVAPID(key.Secret())
	if err != nil {
		t.Fatal(err)
	}
	service := pushtest.New(t, base64url.EncodeToString(key.Public()))
	u, _ := url.Parse(service.URL)
	allow, err := egress.ParseAllow(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPush(again, "https://tocsin.example", "https://tocsin.example", []string{service.URL}, (&egress.Dialer{Allow: allow}).Client(SendTimeout))
	if err != nil {
		t.Fatal(err)
	}
	return p, service
}

func to(d *pushtest.Device) string {
	return Subscription{d.Endpoint, d.P256dh, d.Auth}.Address()
}

func TestPush(t *testing.T) {
	p, service := pushing(t)
	d := service.Device()
	m := Message{
		ID: "page1", To: to(d), Subject: "inc1", Thread: "inc1", Title: "db-1 is down", Service: "Database", Severity: org.SEV1, Priority: org.High, Purpose: escalate.Alarm,
		AckURL: "https://tocsin.example/a/x", PushAckURL: "https://tocsin.example/p/a", ResolveURL: "https://tocsin.example/p/r", ReceiptURL: "https://tocsin.example/p/d",
		ReadURL: "https://tocsin.example/p/s", Again: time.Minute, Body: []string{"the disk is full"}, URL: "https://tocsin.example/incidents/inc1",
	}
	if r, err := p.Send(t.Context(), m); err != nil || r.State != escalate.Sent || r.Provider == "" {
		t.Fatal(r, err)
	}
	told := m
	told.Purpose, told.Text, told.PushAckURL, told.ResolveURL, told.AckURL, told.Again = escalate.Told, "Omar has it", "", "", "", 0
	if _, err := p.Send(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	got := service.Got(d)
	if len(got) != 2 || got[0].TTL != time.Minute || got[0].Urgency != "high" || got[1].Urgency != "low" || got[0].Topic != got[1].Topic || got[1].TTL != pushOnce {
		t.Fatalf("%+v", got)
	}
	want := `{"web_push":8030,"notification":{"title":"db-1 is down","body":"Severity: SEV1\nService: Database\n\nthe disk is full","navigate":"https://tocsin.example/a/x","lang":"en","dir":"auto","silent":false,"tag":"inc-inc1"},"mutable":true,` +
		`"x":{"page":"page1","incident":"inc1","path":"/incidents/inc1","severity":"SEV1","priority":"high","purpose":"alarm","ack":"https://tocsin.example/p/a","resolve":"https://tocsin.example/p/r","receipt":"https://tocsin.example/p/d","read":"https://tocsin.example/p/s"}}`
	if string(got[0].Text) != want {
		t.Errorf("it says\n%s, want\n%s", got[0].Text, want)
	}
	var second pushPayload
	if err := json.Unmarshal(got[1].Text, &second); err != nil || !second.Notification.Silent || second.Notification.Title != "Omar has it: db-1 is down" || second.Notification.Navigate != "https://tocsin.example/incidents/inc1" {
		t.Errorf("%s", got[1].Text)
	}
}

// Whatever an alert says, it fits.
func TestPushOfMuch(t *testing.T) {
	p, service := pushing(t)
	d := service.Device()
	for _, text := range []string{strings.Repeat("é", 5000), strings.Repeat("\x01<&>\u2028", 3000), strings.Repeat("\"", 9000)} {
		m := Message{ID: "x", To: to(d), Subject: "i", Thread: "i", Title: text, Purpose: escalate.Alarm, Priority: org.Low, Body: []string{text, text, text}, AckURL: "https://tocsin.example/a/x"}
		if _, err := p.Send(t.Context(), m); err != nil {
			t.Error(err)
		}
		got := service.Got(d)
		if len(got) != 1 || !json.Valid(got[0].Text) || got[0].Urgency != "normal" {
			t.Errorf("%d came: %q", len(got), got)
		}
	}
}

func TestPushThatFails(t *testing.T) {
	p, service := pushing(t)
	for _, c := range []struct {
		status  int
		after   string
		outcome Outcome
		gone    bool
		wait    time.Duration
	}{
		{404, "", Permanent, true, 0}, {410, "", Permanent, true, 0}, {413, "", Permanent, false, 0}, {400, "", Permanent, false, 0},
		{429, "7", Temporary, false, 7 * time.Second}, {500, "", Temporary, false, 0}, {503, "3", Temporary, false, 3 * time.Second},
	} {
		d := service.Device()
		d.Status, d.After = c.status, c.after
		_, err := p.Send(t.Context(), Message{To: to(d), Title: "x", Purpose: escalate.Alarm, AckURL: "https://tocsin.example/a/x"})
		if Classify(err) != c.outcome || errors.Is(err, ErrGone) != c.gone || RetryAfter(err) != c.wait {
			t.Errorf("%d: %v", c.status, err)
		}
		if err != nil && strings.Contains(err.Error(), "/push/") {
			t.Errorf("the error tells the endpoint: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Send(ctx, Message{To: to(service.Device()), Title: "x"}); Classify(err) != Temporary || strings.Contains(err.Error(), "/push/") {
		t.Error(err)
	}
}

// Where a subscription leads is the word of whoever gives it.
func TestPushGoesNowhereElse(t *testing.T) {
	p, service := pushing(t)
	d := service.Device()
	for endpoint, allowed := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x": true, "https://updates.push.services.mozilla.com/wpush/v2/x": true, "https://web.push.apple.com/x": true,
		"https://wns2-par02p.notify.windows.com/w/?token=x": true, d.Endpoint: true,
		"http://fcm.googleapis.com/x": false, "https://fcm.googleapis.com:8443/x": false, "https://fcm.googleapis.com.evil.example/x": false,
		"https://evilpush.apple.com.example/": false, "https://push.apple.com/x": false, "https://xpush.apple.com/x": false, "https://127.0.0.1/x": false, "https://[::1]/x": false,
		"https://169.254.169.254/latest/meta-data": false, "https://user:pw@fcm.googleapis.com/x": false, "ftp://fcm.googleapis.com/x": false,
		"http://127.0.0.1:1/x": false, "": false, "https://": false,
	} {
		err := p.Check(Subscription{endpoint, d.P256dh, d.Auth}.Address())
		if (err == nil) != allowed {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	for _, s := range []Subscription{{d.Endpoint, "", d.Auth}, {d.Endpoint, d.P256dh, ""}, {d.Endpoint, d.P256dh[:40], d.Auth}, {d.Endpoint, d.P256dh, d.Auth + "AA"}} {
		if p.Check(s.Address()) == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	if p.Check(Subscription{d.Endpoint, d.P256dh + "=", d.Auth + "=="}.Address()) != nil {
		t.Error("padding is refused")
	}
	if _, err := p.Send(t.Context(), Message{To: "jane's telephone"}); Classify(err) != Permanent {
		t.Error(err)
	}
	if _, err := NewPush(nil, "", "", []string{"https://x y"}, nil); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"", ".", "a b", "*.example.org", "x/y"} {
		if _, err := NewPush(nil, "", "", []string{host}, nil); err == nil {
			t.Errorf("%q is a host", host)
		}
	}
	// A name that is known and leads home is refused by egress, whatever the list says.
	lured := *p
	lured.hosts = []string{"localhost"}
	_, err := lured.Send(t.Context(), Message{To: Subscription{"https://localhost/x", d.P256dh, d.Auth}.Address(), Title: "x"})
	if !egress.Refused(err) || Classify(err) != Permanent {
		t.Error(err)
	}
}

func FuzzSubscription(f *testing.F) {
	f.Add(`{"endpoint":"https://fcm.googleapis.com/x","p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}`)
	f.Add(`{}`)
	f.Add(`x`)
	p, err := NewPush(nil, "", "", nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, to, err := p.target(address)
		if err != nil {
			return
		}
		if u.Scheme != "https" || !p.known(u) {
			t.Errorf("%q leads to %s", address, u)
		}
		if _, err := to.seal([]byte("x")); err != nil {
			t.Error(err)
		}
	})
}
