package v1_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// A post is a channel that keeps what it was given, and fails when it is told to.
type post struct {
	mu   sync.Mutex
	sent []channel.Message
	fail error
}

func (*post) Name() string { return "email" }

func (p *post) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return channel.Receipt{State: escalate.Sent, Provider: "no-" + m.ID}, p.fail
}

func (p *post) last() channel.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent[len(p.sent)-1]
}

var digits = regexp.MustCompile(`[0-9]{6}`)

func TestViewsAreTheirOwn(t *testing.T) {
	h := open(t, "")
	if r := h.must(200, "rita", "GET", "/me/views", ""); !strings.Contains(r.body, `"views":[]`) {
		t.Error(r.body)
	}
	h.must(200, "rita", "PUT", "/me/views", `{"views":[{"name":"Low disks","query":"q=disk&priority=low"}]}`)
	if r := h.must(200, "rita", "GET", "/me/views", ""); r.field("views.0.query") != "q=disk&priority=low" {
		t.Error(r.body)
	}
	if r := h.must(200, "max", "GET", "/me/views", ""); r.field("views.0") != nil {
		t.Error(r.body)
	}
	h.refused(422, "body.views[1].name", "rita", "PUT", "/me/views", `{"views":[{"name":"a","query":""},{"name":"a","query":"q=x"}]}`)
	h.refused(422, "body.views[0].name", "rita", "PUT", "/me/views", `{"views":[{"name":"","query":""}]}`)
}

func TestAMethodIsProven(t *testing.T) {
	bothWith(t, func(t *testing.T, h *home, mail *post) {
		h.refused(422, "body.address", "rita", "POST", "/me/methods", `{"channel":"email","address":"not an address"}`)
		h.refused(422, "body.channel", "rita", "POST", "/me/methods", `{"channel":"pigeon","address":"x"}`)
		made := h.must(201, "rita", "POST", "/me/methods", `{"channel":"email","address":"rita@example.org","name":"Work"}`)
		if made.field("id") != "email" || made.field("tries") != 5.0 || made.field("sent.state") != "sent" {
			t.Error(made.body)
		}
		// A browser that has the version before is told, too.
		if r := h.must(200, "rita", "GET", "/me/profile", "", "If-None-Match", h.must(200, "rita", "GET", "/me/profile", "").head.Get("ETag")); r.field("pending.0.id") != "email" {
			t.Error(r.body)
		}
		code := digits.FindString(mail.last().Title)
		if mail.last().To != "rita@example.org" || code == "" || strings.Contains(made.body, code) {
			t.Errorf("sent %+v, answered %s", mail.last(), made.body)
		}
		if r := h.must(200, "rita", "GET", "/me/profile", ""); r.field("methods.1") != nil || r.field("pending.0.address") != "rita@example.org" || strings.Contains(r.body, code) {
			t.Error(r.body)
		}
		// Nobody else proves it, and nobody pages it before.
		h.refused(404, "nothing here", "max", "POST", "/me/methods/email/verify", `{"code":"`+code+`"}`)
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		for left := 4; left >= 0; left-- {
			h.refused(422, "is wrong; "+string(rune('0'+left))+" tries", "rita", "POST", "/me/methods/email/verify", `{"code":"`+wrong+`"}`)
		}
		h.refused(409, "5 wrong codes", "rita", "POST", "/me/methods/email/verify", `{"code":"`+code+`"}`)
		h.refused(409, "just sent", "rita", "POST", "/me/methods/email/resend", "")
		h.later(31 * time.Second)
		h.must(200, "rita", "POST", "/me/methods/email/resend", "")
		fresh := digits.FindString(mail.last().Title)
		h.later(10 * time.Minute)
		h.refused(409, "older than 10 minutes", "rita", "POST", "/me/methods/email/verify", `{"code":"`+fresh+`"}`)
		h.must(200, "rita", "POST", "/me/methods/email/resend", "")
		fresh = digits.FindString(mail.last().Title)
		done := h.must(200, "rita", "POST", "/me/methods/email/verify", `{"code":"`+fresh[:3]+" "+fresh[3:]+`"}`)
		if done.field("methods.1.address") != "rita@example.org" || done.field("methods.1.name") != "Work" || done.field("pending.0") != nil {
			t.Error(done.body)
		}
		h.refused(404, "nothing here", "rita", "POST", "/me/methods/email/verify", `{"code":"`+fresh+`"}`)
		h.refused(409, "already", "rita", "POST", "/me/methods", `{"channel":"email","address":"rita@example.org"}`)

		h.refused(422, "body.rules", "rita", "PUT", "/me/rules", `{"rules":[{"method":"pigeon"}]}`)
		h.refused(422, "body.quiet", "rita", "PUT", "/me/reach", `{"quiet":{"from":"25h","to":"7h"}}`)
		h.refused(422, "body.caps", "rita", "PUT", "/me/reach", `{"caps":{"pigeon":"1m"}}`)
		if got := h.must(200, "rita", "PUT", "/me/reach", `{"quiet":{"from":"22h","to":"7h","strict":true},"low":"digest","digest":"8h30m","caps":{"email":"1m"},"away":[{"from":"2026-12-20T00:00:00Z","until":"2027-01-04T00:00:00Z"}]}`); got.field("reach.digest") != "8h30m" {
			t.Error(got.body)
		}
		h.must(200, "rita", "PUT", "/me/rules", `{"rules":[{"method":"email","priority":"high"},{"method":"log","after":"5m"}]}`)
		h.refused(422, "zone", "rita", "PATCH", "/me/profile", `{"zone":"Atlantis"}`)
		if r := h.must(200, "rita", "PATCH", "/me/profile", `{"zone":"Europe/Prague"}`); r.field("zone") != "Europe/Prague" || r.field("rules.1.after") != "5m" {
			t.Error(r.body)
		}
		h.must(200, "rita", "PATCH", "/me/methods/email", `{"disabled":true}`)
		gone := h.must(200, "rita", "DELETE", "/me/methods/email", "")
		if gone.field("methods.1") != nil || gone.field("rules.1") != nil || gone.field("rules.0.method") != "log" {
			t.Error(gone.body)
		}
		if err := h.store.Read(t.Context(), (*store.Tx).VerifyConfig); err != nil {
			t.Error(err)
		}
	})
}

func TestCodesAreFew(t *testing.T) {
	bothWith(t, func(t *testing.T, h *home, mail *post) {
		for i := range 10 {
			h.must(201, "rita", "POST", "/me/methods", `{"channel":"email","address":"rita`+string(rune('0'+i))+`@example.org"}`)
		}
		h.refused(409, "within an hour", "rita", "POST", "/me/methods", `{"channel":"email","address":"other@example.org"}`)
		if len(mail.sent) != 10 {
			t.Errorf("%d were sent", len(mail.sent))
		}
		h.must(200, "rita", "DELETE", "/me/methods/email-3", "")
		if r := h.must(200, "rita", "GET", "/me/profile", ""); strings.Contains(r.body, "rita2@") || !strings.Contains(r.body, "rita3@") {
			t.Error(r.body)
		}
	})
}

func TestATestPage(t *testing.T) {
	bothWith(t, func(t *testing.T, h *home, mail *post) {
		h.refused(404, "nothing here", "rita", "POST", "/me/methods/pigeon/test", "")
		r := h.must(201, "rita", "POST", "/me/methods/log/test", "")
		if r.field("state") != "sent" || r.field("sent_at") == nil {
			t.Error(r.body)
		}
		h.must(200, "ada", "PATCH", "/people/rita", `{"methods":[{"id":"m","channel":"email","address":"rita@example.org"}],"rules":null}`)
		mail.fail = &channel.Error{Outcome: channel.Permanent, Err: errors.New("550 no such mailbox")}
		if r := h.must(201, "rita", "POST", "/me/methods/m/test", `{"priority":"low"}`); r.field("state") != "failed" || r.field("error") != "permanent: 550 no such mailbox" {
			t.Error(r.body)
		}
		mail.fail = nil
		id := h.must(201, "rita", "POST", "/me/methods/m/test", "").field("id").(string)
		link := strings.TrimPrefix(mail.last().AckURL, "https://tocsin.example")
		get := func(method, path string) int {
			q := httptest.NewRequest(method, "http://tocsin.example"+path, nil)
			q.Header.Set("Accept", "text/html")
			w := httptest.NewRecorder()
			h.http.ServeHTTP(w, q)
			return w.Code
		}
		if got := get(http.MethodGet, link); got != 200 {
			t.Error(got)
		}
		if got := get(http.MethodPost, link[:len(link)-1]+"_"); got != 404 {
			t.Error(got)
		}
		if r := h.must(200, "rita", "GET", "/me/tests/"+id, ""); r.field("state") != "sent" {
			t.Errorf("looking at it answered it: %s", r.body)
		}
		if err := h.engine.Report(t.Context(), id, escalate.Delivered, h.engine.Now()); err != nil {
			t.Error(err)
		}
		if got := get(http.MethodPost, link); got != 200 {
			t.Error(got)
		}
		if r := h.must(200, "rita", "GET", "/me/tests/"+id, ""); r.field("state") != "answered" || r.field("delivered_at") == nil {
			t.Error(r.body)
		}
		h.refused(404, "nothing here", "max", "GET", "/me/tests/"+id, "")
		if r := h.must(200, "rita", "GET", "/me/tests", ""); r.items() != 3 || r.field("items.0.id") != id {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "GET", "/me/profile", ""); r.field("methods.0.last_delivered_at") == nil {
			t.Error(r.body)
		}
	})
}

// bothWith is both on houses that send mail.
func bothWith(t *testing.T, fn func(*testing.T, *home, *post)) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgres": func(t *testing.T) string { return storetest.Postgres(t) }} {
		t.Run(name, func(t *testing.T) {
			mail := &post{}
			fn(t, open(t, url(t), mail), mail)
		})
	}
}

// later lets time pass for the codes that rita was sent.
func (h *home) later(d time.Duration) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), store.People, func(tx *store.Tx) error {
		all, err := tx.Proofs("rita")
		for _, p := range all {
			p.SentAt, p.Until = p.SentAt.Add(-d), p.Until.Add(-d)
			if err := tx.PutProof(p); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}
