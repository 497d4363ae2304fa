package v1_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/internal/auth"
	"tocsin/org"
)

// as is an identity of a key as the door would find it.
func (h *home) key(secret string) auth.Identity {
	h.t.Helper()
	r, _ := http.NewRequest("GET", "http://tocsin.example/", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	who, err := auth.New(auth.Options{Engine: h.engine, Store: h.store, Ring: h.ring}).Identify(r)
	if err != nil {
		h.t.Fatal(err)
	}
	return who
}

func TestKeysOverHTTP(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "rita", "POST", "/keys", `{"name":"Script","deeds":["respond","read incidents"],"team":"dba"}`)
		id, secret := made.field("id").(string), made.field("secret").(string)
		if made.field("owner") != "rita" || !strings.HasPrefix(secret, "toc_") || made.head.Get("Location") != "/api/v1/keys/"+id {
			t.Error(made.body)
		}
		who := h.key(secret)
		if who.Owner != "rita" || !who.May(org.Respond, "dba") || who.May(org.Respond, "web") || who.May(org.Configure, "dba") {
			t.Errorf("%+v", who)
		}
		for _, path := range []string{"/keys", "/keys/" + id, "/audit"} {
			if r := h.must(200, "ada", "GET", path, ""); strings.Contains(r.body, secret) || strings.Contains(r.body, "hash") || strings.Contains(r.body, "never-to-be-seen") {
				t.Errorf("%s tells of a secret: %s", path, r.body)
			}
		}
		// Own keys, and no others.
		if r := h.must(200, "rita", "GET", "/keys", ""); r.items() != 1 || r.field("items.0.id") != id {
			t.Error(r.body)
		}
		if r := h.must(200, "ada", "GET", "/keys", ""); r.items() != 3 {
			t.Error(r.body)
		}
		if r := h.must(200, "ada", "GET", "/keys?owner=rita", ""); r.items() != 1 {
			t.Error(r.body)
		}
		h.refused(404, "nothing here", "rita", "GET", "/keys/key", "")
		h.refused(404, "nothing here", "rita", "DELETE", "/keys/key", "")
		h.refused(404, "nothing here", "max", "DELETE", "/keys/"+id, "")
		h.refused(403, "for an admin", "rita", "GET", "/keys?owner=ada", "")
		h.refused(403, "for an admin", "rita", "POST", "/keys", `{"name":"x","owner":"ada","deeds":["administer"]}`)
		h.refused(422, "body.deeds", "rita", "POST", "/keys", `{"name":"x","deeds":["everything"]}`)
		h.refused(409, "no team", "rita", "POST", "/keys", `{"name":"x","deeds":["respond"],"team":"none"}`)

		// A key of somebody who may little may little, whatever it was given.
		proud := h.must(201, "stine", "POST", "/keys", `{"name":"x","deeds":["administer","configure","read incidents"]}`)
		if who := h.key(proud.field("secret").(string)); who.May(org.Administer, "") || who.May(org.Configure, "dba") || !who.May(org.ReadIncidents, "") {
			t.Errorf("%+v", who)
		}
		h.must(204, "rita", "DELETE", "/keys/"+id, "")
		h.refused(409, "over already", "rita", "DELETE", "/keys/"+id, "")
		if r := h.must(200, "rita", "GET", "/keys", ""); r.items() != 0 {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "GET", "/keys?revoked=true", ""); r.items() != 1 || r.field("items.0.revoked") != true {
			t.Error(r.body)
		}
	})
}

// A key makes no key that could do more, or live longer, than itself.
func TestAKeyMakesNoWiderKey(t *testing.T) {
	h := open(t, "")
	ends := h.engine.Now().Add(time.Hour).Format(time.RFC3339)
	made := h.must(201, "ada", "POST", "/keys", `{"name":"Keys","deeds":["keep keys","respond"],"team":"dba","expires_at":"`+ends+`"}`)
	h.people["maker"] = h.key(made.field("secret").(string))
	h.refused(403, "API key may not administer", "maker", "POST", "/keys", `{"name":"x","deeds":["administer"],"team":"dba","expires_at":"`+ends+`"}`)
	h.refused(403, "API key may not write outside of team dba", "maker", "POST", "/keys", `{"name":"x","deeds":["respond"],"expires_at":"`+ends+`"}`)
	h.refused(403, "API key may not do anything after", "maker", "POST", "/keys", `{"name":"x","deeds":["respond"],"team":"dba"}`)
	h.refused(403, "for an admin", "maker", "POST", "/keys", `{"name":"x","owner":"max","deeds":["respond"],"team":"dba","expires_at":"`+ends+`"}`)
	child := h.must(201, "maker", "POST", "/keys", `{"name":"x","deeds":["respond"],"team":"dba","expires_at":"`+ends+`"}`)
	if child.field("owner") != "ada" {
		t.Error(child.body)
	}
	// Nor does one get to a person's own rights by a link.
	made = h.must(201, "ada", "POST", "/keys", `{"name":"Admin","deeds":["administer"]}`)
	h.people["half"] = h.key(made.field("secret").(string))
	for _, path := range []string{"/people/max/reset", "/people/max/invite"} {
		h.refused(403, "was not given everything", "half", "POST", path, ``)
	}
}
