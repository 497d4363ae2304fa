package v1_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/auth"
)

// door is where links lead.
func (h *home) door() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range auth.New(auth.Options{Engine: h.engine, Store: h.store, Ring: h.ring, PublicURL: "https://tocsin.example"}).Routes() {
		mux.HandleFunc(r.Method+" "+r.Pattern, r.Serve)
	}
	return mux
}

// comes signs somebody in with the password that they set by a link.
func (h *home) comes(door http.Handler, link, person string) *http.Cookie {
	h.t.Helper()
	send := func(path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(body)))
		return w
	}
	token := link[strings.LastIndex(link, "/")+1:]
	if w := send("/api/v1/password", fmt.Sprintf(`{"token":%q,"password":"some words of theirs"}`, token)); w.Code != 204 {
		h.t.Fatal(w.Body)
	}
	w := send("/api/v1/session", fmt.Sprintf(`{"person":%q,"password":"some words of theirs"}`, person))
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "tocsin") {
			return c
		}
	}
	h.t.Fatal(w.Code, w.Body)
	return nil
}

func TestInviteResetAndSessions(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		door := h.door()
		h.must(201, "ada", "POST", "/people", `{"id":"nora"}`)
		made := h.must(201, "ada", "POST", "/people/nora/invite", "")
		cookie := h.comes(door, made.field("link").(string), "nora")
		h.refused(409, "is a reset", "ada", "POST", "/people/nora/invite", "")
		h.refused(404, "nothing here", "ada", "POST", "/people/nobody/invite", "")
		signedIn := func() bool {
			r := httptest.NewRequest("GET", "/api/v1/session", nil)
			r.AddCookie(cookie)
			w := httptest.NewRecorder()
			door.ServeHTTP(w, r)
			return w.Code == 200
		}
		list := h.must(200, "ada", "GET", "/people/nora/sessions", "")
		if list.items() != 1 || !signedIn() || strings.Contains(list.body, cookie.Value) {
			t.Fatal(list.body)
		}
		h.refused(404, "nothing here", "ada", "DELETE", "/people/rita/sessions/"+list.field("items.0.id").(string), "") // not hers
		h.must(204, "ada", "DELETE", "/people/nora/sessions/"+list.field("items.0.id").(string), "")
		if signedIn() {
			t.Error("the session goes on")
		}
		made = h.must(201, "ada", "POST", "/people/nora/reset", `{"factors":true}`)
		cookie = h.comes(door, made.field("link").(string), "nora")
		h.must(204, "ada", "DELETE", "/people/nora/sessions", "")
		if signedIn() {
			t.Error("the session goes on")
		}
		// Who left, by whatever door, begins anew when they come back.
		h.must(204, "ada", "DELETE", "/people/nora", "")
		h.must(201, "ada", "POST", "/people", `{"id":"nora"}`)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, httptest.NewRequest("POST", "/api/v1/session", strings.NewReader(`{"person":"nora","password":"some words of theirs"}`)))
		if w.Code != 401 {
			t.Errorf("nora's old password is good: %d %s", w.Code, w.Body)
		}
		audit := h.must(200, "ada", "GET", "/audit?kind=credential&id=nora&by=person:ada", "")
		if audit.items() != 4 {
			t.Error(audit.body)
		}
	})
}

func TestDeactivate(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		id := string(h.opened("db", "Disk full"))
		h.must(200, "rita", "POST", "/incidents/"+id+"/acknowledge", "")
		needs := h.must(200, "ada", "GET", "/people/rita/covers", "")
		for _, want := range []string{"policy p, level 1", "schedule s, layer l", "team dba", id} {
			if !strings.Contains(needs.body, want) {
				t.Errorf("%s is missing: %s", want, needs.body)
			}
			h.refused(409, want, "ada", "POST", "/people/rita/deactivate", "")
		}
		for _, bad := range []string{"nobody", "rita"} {
			h.refused(422, "body.replacement", "ada", "POST", "/people/rita/deactivate", fmt.Sprintf(`{"replacement":%q}`, bad))
		}
		done := h.must(200, "ada", "POST", "/people/rita/deactivate", `{"replacement":"ada"}`)
		if done.field("left") != nil || done.field("incidents.0.id") != id {
			t.Error(done.body)
		}
		for path, want := range map[string]string{
			"/policies/p": `"targets":["person:ada"]`, "/schedules/s": `"people":["ada","max"]`, "/teams/dba": `"members":["max","ada","olaf","stine"]`,
			"/people/rita": `"retired":true`,
		} {
			if r := h.must(200, "ada", "GET", path, ""); !strings.Contains(r.body, want) {
				t.Errorf("%s has no %s: %s", path, want, r.body)
			}
		}
		in := h.must(200, "ada", "GET", "/incidents/"+id, "")
		if climbs, _ := json.Marshal(in.field("climbs")); !strings.Contains(string(climbs), "person:ada") {
			t.Errorf("ada was not given the incident: %s", in.body)
		}
		h.refused(404, "nothing here", "ada", "POST", "/people/rita/deactivate", "")
		h.refused(409, "last admin", "ada", "POST", "/people/ada/deactivate", `{"replacement":"max"}`)
	})
}

func TestImportPeople(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		body := func(csv string, plan bool) string {
			text, _ := json.Marshal(map[string]any{"csv": csv, "plan": plan})
			return string(text)
		}
		const csv = "id,name,email,teams\nnora,Nora,nora@example.org,dba\nmax,Max,,dba\n"
		plan := h.must(200, "ada", "POST", "/people/import", body(csv, true))
		if plan.field("changes.0.do") != "create" || plan.field("changes.1.do") != "unchanged" || plan.field("changes.2.id") != "dba" || plan.field("planned") != true {
			t.Error(plan.body)
		}
		h.refused(404, "", "ada", "GET", "/people/nora", "")
		h.must(200, "ada", "POST", "/people/import", body(csv, false))
		if r := h.must(200, "ada", "GET", "/people/nora", ""); r.field("methods.0.address") != "nora@example.org" {
			t.Error(r.body)
		}
		again := h.must(200, "ada", "POST", "/people/import", body(csv, false))
		if strings.Contains(again.body, "create") || strings.Contains(again.body, "update") {
			t.Error(again.body)
		}
		h.refused(422, "line 2: teams: there is no team", "ada", "POST", "/people/import", body("id,teams\nx,none\n", false))
		h.refused(422, "line 2", "ada", "POST", "/people/import", body("id,role\nx,king\n", true))
		h.refused(409, "last admin", "ada", "POST", "/people/import", body("id,role\nada,observer\n", false))
	})
}

func TestHowPeopleSignIn(t *testing.T) {
	h := open(t, "")
	r := h.must(200, "ada", "GET", "/sign-ins", "")
	if r.items() != 6 || r.field("items.0.person") != "ada" || r.field("items.0.password") != false {
		t.Error(r.body)
	}
	h.refused(403, "for an admin", "max", "GET", "/sign-ins", "")
	if me := h.must(200, "rita", "GET", "/me", ""); me.field("has.password") != false || me.field("has.recovery_left") != 0.0 {
		t.Error(me.body)
	}
}
