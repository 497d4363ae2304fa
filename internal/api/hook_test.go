package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/org"
)

// At a provider's door only its vendor is heard.
func TestDoorOfAProvider(t *testing.T) {
	h := open(t)
	w := mockworld.New()
	body, err := json.Marshal(org.Channel{ID: "twilio", Name: "Twilio", Kind: "twilio", Settings: map[string]string{
		"account": mockworld.TwilioAccount, "token": mockworld.TwilioToken, "from": mockworld.TwilioFrom, "server": "http://mock/twilio",
	}})
	if err != nil {
		t.Fatal(err)
	}
	person, err := json.Marshal(org.Person{ID: "jo", Name: "Jo", Methods: []org.Method{{ID: "sms", Channel: "sms", Address: "+49 151 5550101", Verified: true}}})
	if err != nil {
		t.Fatal(err)
	}
	h.world = w
	err = h.store.Write(t.Context(), store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(h.engine.Now(), store.Change{Kind: "channel", ID: "twilio", Body: body, By: incident.Engine}, store.Change{Kind: "person", ID: "jo", Body: person, By: incident.Engine})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.engine.Open(t.Context(), incident.Engine, incident.Opened{Title: "db is down", Priority: org.High, Severity: org.SEV1}, h.engine.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.engine.Do(t.Context(), id, incident.Engine, h.engine.Now(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.AddResponders(in, []org.Target{{Kind: "person", ID: "jo"}}, "test")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
		t.Fatal(err)
	}
	calls := w.Waiting()
	if len(calls) != 2 || len(w.Faults()) > 0 {
		t.Fatal(calls, w.Faults())
	}
	knock := func(cb mockworld.Callback, signature string) *httptest.ResponseRecorder {
		t.Helper()
		r, err := cb.Request()
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Twilio-Signature", signature)
		r.Host, r.URL.Host = "127.0.0.1", "127.0.0.1" // a proxy stands in between
		out := httptest.NewRecorder()
		h.http.ServeHTTP(out, r)
		return out
	}
	for _, bad := range []string{"", "x", strings.Repeat("A", 28)} {
		if res := knock(calls[1], bad); res.Code != http.StatusUnauthorized {
			t.Errorf("signature %q: %d", bad, res.Code)
		}
	}
	state := func() (p store.PageRow) {
		t.Helper()
		err := h.store.Read(t.Context(), func(tx *store.Tx) error {
			all, err := tx.PagesOf(id)
			for _, one := range all {
				if one.Person == "jo" {
					p = one
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := state(); p.State != escalate.Sent || p.Via != "twilio" {
		t.Fatalf("%+v", p)
	}
	if res := knock(calls[1], calls[1].Header.Get("X-Twilio-Signature")); res.Code != http.StatusNoContent {
		t.Error(res.Code, res.Body)
	}
	if p := state(); p.State != escalate.Delivered {
		t.Errorf("%+v", p)
	}
	reply := mockworld.TwilioCallback(h.engine.PublicURL()+"/hook/twilio/sms", url.Values{"From": {"+491515550101"}, "Body": {"ok"}, "MessageSid": {"SM2"}})
	if res := knock(reply, reply.Header.Get("X-Twilio-Signature")); res.Code != 200 || !strings.Contains(res.Body.String(), "You have it.") {
		t.Error(res.Code, res.Body)
	}
	if p := state(); p.State != escalate.Answered {
		t.Errorf("%+v", p)
	}
	unknown, unsigned := h.do("POST", "/hook/nobody/sms", ""), h.do("POST", "/hook/twilio/sms", "")
	if unknown.Code != http.StatusUnauthorized || unknown.Body.String() != unsigned.Body.String() || unsigned.Code != unknown.Code {
		t.Errorf("which channels there are can be told: %d %s, %d %s", unknown.Code, unknown.Body, unsigned.Code, unsigned.Body)
	}
}
