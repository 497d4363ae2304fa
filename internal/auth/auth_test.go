package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

var t0 = time.Date(2026, 11, 24, 2, 13, 0, 0, time.UTC)

const (
	good  = "four words of jane"
	other = "other words of jane"
)

// A house is an Auth over a database of its own, with its doors.
type house struct {
	*Auth
	t   *testing.T
	url string
	at  time.Time
	log bytes.Buffer
	mux *http.ServeMux
}

// A browser keeps cookies, and an address.
type browser struct {
	h       *house
	cookies map[string]string
	from    string
	head    map[string]string
}

func both(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, storetest.SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, storetest.Postgres(t))) })
}

func newHouse(t *testing.T, url string) *house {
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	h := &house{t: t, url: url, at: t0, mux: http.NewServeMux()}
	h.Auth = New(Options{Store: st, Ring: ring, PublicURL: "https://tocsin.example", Log: slog.New(slog.NewTextHandler(&h.log, nil)), Now: func() time.Time { return h.at }})
	for _, r := range h.Routes() {
		h.mux.HandleFunc(r.Method+" "+r.Pattern, r.Serve)
	}
	return h
}

func (h *house) browser(from string) *browser {
	return &browser{h: h, from: from, cookies: map[string]string{}, head: map[string]string{}}
}

func (b *browser) request(method, path string, body any) *http.Request {
	text, err := json.Marshal(body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "https://tocsin.example"+path, bytes.NewReader(text))
	r.RemoteAddr = b.from + ":1234"
	for n, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: n, Value: v})
	}
	for n, v := range b.head {
		r.Header.Set(n, v)
	}
	return r
}

type answer struct {
	status int
	body   string
	head   http.Header
}

func (b *browser) send(method, path string, body any) answer {
	w := httptest.NewRecorder()
	b.h.mux.ServeHTTP(w, b.request(method, path, body))
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer{w.Code, w.Body.String(), w.Header()}
}

// wants fails the test unless the answer has a status and says a text.
func (a answer) wants(t *testing.T, status int, says string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, says) {
		t.Fatalf("got %d %s, want %d and %q", a.status, a.body, status, says)
	}
	return a
}

func (a answer) field(name string) string {
	var m map[string]any
	json.Unmarshal([]byte(a.body), &m)
	return fmt.Sprint(m[name])
}

type object = map[string]any

// settled is a house whose first admin is jane, and her browser.
func settled(t *testing.T, h *house) *browser {
	t.Helper()
	link, err := h.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser("192.0.2.1")
	token := link[strings.LastIndex(link, "/")+1:]
	b.send("POST", "/api/v1/setup", object{"token": token, "person": "jane", "name": "Jane", "email": "Jane@example.org", "password": good}).wants(t, 201, "jane")
	return b
}

func signIn(b *browser, login, password, totp string) answer {
	return b.send("POST", "/api/v1/session", object{"person": login, "password": password, "totp": totp})
}

func (h *house) who(b *browser) (Identity, error) {
	return h.Identify(b.request("GET", "/api/v1/incidents", nil))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFirstAdmin(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		link, err := h.FirstLink(t.Context())
		ok(t, err)
		token := strings.TrimPrefix(link, "https://tocsin.example/setup/")
		setup := func(token, person, password string) answer {
			return h.browser("192.0.2.1").send("POST", "/api/v1/setup", object{"token": token, "person": person, "password": password})
		}
		setup("wrong", "eve", good).wants(t, 422, "the link is not good")
		setup(token, "E V E", good).wants(t, 422, "person: ")
		setup(token, "jane", "short").wants(t, 422, "at least 12")
		h.at = t0.Add(25 * time.Hour)
		setup(token, "jane", good).wants(t, 422, "the link is not good")
		h.at = t0
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		for i := range 5 {
			wg.Go(func() {
				a := setup(token, fmt.Sprintf("p%d", i), good)
				mu.Lock()
				defer mu.Unlock()
				codes[a.status]++
			})
		}
		wg.Wait()
		if codes[201] != 1 || codes[422] != 4 {
			t.Errorf("five at once: %v", codes)
		}
		if link, err := h.FirstLink(t.Context()); link != "" || err != nil {
			t.Errorf("a second first admin: %s, %v", link, err)
		}
		users, err := h.Users(t.Context())
		if err != nil || len(users) != 1 || users[0].Role != org.Admin || !users[0].Password {
			t.Errorf("users %+v, %v", users, err)
		}
	})
}

func TestSessions(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		b := settled(t, h)
		id, err := h.who(b)
		if err != nil || id.Person != "jane" || !id.May(org.Administer, "") || id.Actor() != "person:jane" {
			t.Fatalf("%+v, %v", id, err)
		}
		if _, err := h.who(h.browser("192.0.2.9")); !errors.Is(err, ErrNoCredentials) {
			t.Errorf("nobody: %v", err)
		}
		planted := b.cookies["__Host-tocsin"]
		h.at = t0.Add(time.Hour)
		for _, login := range []string{"jane", " JANE ", "jane@EXAMPLE.org"} {
			signIn(b, login, good, "").wants(t, 201, "Jane")
		}
		old := h.browser("192.0.2.2")
		old.cookies["__Host-tocsin"] = planted
		if _, err := h.who(old); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("the session of before signing in still works: %v", err)
		}
		second := h.browser("192.0.2.3")
		signIn(second, "jane", good, "").wants(t, 201, "")
		a := second.send("GET", "/api/v1/sessions", nil).wants(t, 200, `"here":true`)
		if n := strings.Count(a.body, `"id"`); n != 2 || !strings.Contains(a.body, "192.0.2.3") {
			t.Errorf("%d sessions: %s", n, a.body)
		}
		id, _ = h.who(b)
		second.send("DELETE", "/api/v1/sessions/"+id.Session, nil).wants(t, 204, "")
		if _, err := h.who(b); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("revoked, and in: %v", err)
		}
		second.send("DELETE", "/api/v1/sessions/none", nil).wants(t, 404, "no such session")

		// Idle, and however much it is used.
		h.at = h.at.Add(sessionIdle - time.Minute)
		_, err = h.who(second)
		ok(t, err)
		h.at = h.at.Add(sessionIdle - time.Minute)
		_, err = h.who(second)
		ok(t, err)
		h.at = h.at.Add(sessionIdle)
		if _, err := h.who(second); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("idle for a week: %v", err)
		}
		signIn(second, "jane", good, "").wants(t, 201, "")
		for range 31 {
			h.at = h.at.Add(24 * time.Hour)
			_, err = h.who(second)
		}
		if !errors.Is(err, ErrBadCredentials) {
			t.Errorf("after 31 days of use: %v", err)
		}
		signIn(second, "jane", good, "").wants(t, 201, "")
		second.send("DELETE", "/api/v1/session", nil).wants(t, 204, "")
		second.send("GET", "/api/v1/session", nil).wants(t, 401, "")
	})
}

func TestCookiesAndOtherSites(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	b := settled(t, h)
	w := httptest.NewRecorder()
	h.mux.ServeHTTP(w, b.request("POST", "/api/v1/session", object{"person": "jane", "password": good}))
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %+v", c)
		}
	}
	for name, head := range map[string]map[string]string{
		"fetch metadata": {"Sec-Fetch-Site": "cross-site"},
		"origin":         {"Origin": "https://evil.example"},
	} {
		b.head = head
		if _, err := h.Identify(b.request("POST", "/api/v1/incidents", nil)); !errors.Is(err, ErrCrossOrigin) || !errors.Is(err, ErrBadCredentials) {
			t.Errorf("%s: %v", name, err)
		}
		signIn(b, "jane", good, "").wants(t, 403, "another site")
		if _, err := h.Identify(b.request("GET", "/api/v1/incidents", nil)); err != nil {
			t.Errorf("%s, reading: %v", name, err)
		}
	}
	b.head = map[string]string{"Origin": "https://tocsin.example"}
	_, err := h.Identify(b.request("POST", "/api/v1/incidents", nil))
	ok(t, err)
	b.send("POST", "/api/v1/session", object{"person": "jane", "password": good, "admin": true}).wants(t, 422, "unknown field")
}

// TestParallelTries: a thousand wrong passwords at once are ten tries, and keep nobody
// out who signed in before.
func TestParallelTries(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		jane := settled(t, h)
		before := h.hashes.done.Load()
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[int]int{}
		for i := range 1000 {
			wg.Go(func() {
				a := signIn(h.browser(fmt.Sprintf("198.51.%d.%d", i%100, i/100)), "jane", fmt.Sprint("guess number ", i), "")
				mu.Lock()
				defer mu.Unlock()
				codes[a.status]++
			})
		}
		wg.Wait()
		if n := h.hashes.done.Load() - before; n > 10 || codes[401] != 10 || codes[429] != 990 {
			t.Errorf("%d were hashed: %v", n, codes)
		}
		signIn(h.browser("203.0.113.5"), "jane", good, "").wants(t, 429, "Links in messages work")
		signIn(jane, "jane", good, "").wants(t, 201, "") // her own device
		h.at = h.at.Add(accountLimit.Every)
		signIn(h.browser("203.0.113.5"), "jane", good, "").wants(t, 201, "")
	})
}

func TestAddressIsThrottled(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	b := h.browser("2001:db8::1")
	b.from = "[2001:db8::1]"
	n := 0
	for i := range 70 {
		if signIn(b, fmt.Sprint("nobody-", i), "x", "").status == 401 {
			n++
		}
	}
	if n != addressLimit.Burst {
		t.Errorf("%d tries from one address", n)
	}
	b.from = "[2001:db8::2]" // the same network
	signIn(b, "somebody", "x", "").wants(t, 429, "")
}

// TestUnknownCannotBeTold compares what is said of a wrong password with what is said
// of nobody; both were hashed.
func TestUnknownCannotBeTold(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	settled(t, h)
	ok(t, h.AddPerson(t.Context(), "x", org.Person{ID: "omar"}))
	var said []string
	for _, who := range []string{"jane", "omar", "nobody", "nobody@example.org", ""} {
		before := h.hashes.done.Load()
		a := signIn(h.browser("192.0.2.77"), who, "not the password", "")
		said = append(said, fmt.Sprint(a.status, a.body, a.head, h.hashes.done.Load()-before))
	}
	for _, s := range said[1:] {
		if s != said[0] {
			t.Errorf("%s\n%s", said[0], s)
		}
	}
	if strings.Contains(h.log.String(), "nobody") {
		t.Error("what was typed as a name is in the log")
	}
}

func TestTOTPAndRecovery(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		b := settled(t, h)
		b.send("POST", "/api/v1/totp", object{"password": "wrong"}).wants(t, 403, "")
		text := b.send("POST", "/api/v1/totp", object{"password": good}).wants(t, 200, "otpauth://totp/Tocsin%20tocsin.example:jane?").field("secret")
		key, err := base32Text.DecodeString(text)
		ok(t, err)
		code := func(d time.Duration) string { return hotp(key, uint64(h.at.Add(d).Unix()/totpStep), totpDigits) }
		signIn(b, "jane", good, "").wants(t, 201, "") // not confirmed yet
		b.send("POST", "/api/v1/totp/confirm", object{"code": "000000x"}).wants(t, 422, "wrong")
		var got struct {
			Codes []string `json:"recovery_codes"`
		}
		a := b.send("POST", "/api/v1/totp/confirm", object{"code": code(0)}).wants(t, 200, "")
		ok(t, json.Unmarshal([]byte(a.body), &got))
		if len(got.Codes) != recoveryCodes {
			t.Fatal(a.body)
		}
		signIn(b, "jane", good, "").wants(t, 401, `"code":"totp"`)
		signIn(b, "jane", good, code(0)).wants(t, 401, "used already") // it confirmed
		signIn(b, "jane", good, code(2*time.Minute)).wants(t, 401, "")
		signIn(b, "jane", good, code(totpStep*time.Second)).wants(t, 201, "")
		signIn(b, "jane", good, code(0)).wants(t, 401, "") // older than what was taken
		h.at = h.at.Add(10 * time.Minute)
		signIn(b, "jane", good, strings.ToLower(got.Codes[3])).wants(t, 201, "")
		signIn(b, "jane", good, got.Codes[3]).wants(t, 401, "")

		// One code in many hands at once opens once.
		h.at = h.at.Add(time.Hour)
		var wg sync.WaitGroup
		in := make(chan int, 8)
		for i := range 8 {
			wg.Go(func() { in <- signIn(h.browser(fmt.Sprint("198.51.100.", i)), "jane", good, code(0)).status })
		}
		wg.Wait()
		close(in)
		n := 0
		for s := range in {
			if s == 201 {
				n++
			}
		}
		if n != 1 {
			t.Errorf("one code opened %d times", n)
		}
		h.at = h.at.Add(time.Hour)
		b.send("POST", "/api/v1/totp/remove", object{"password": good}).wants(t, 204, "")
		signIn(b, "jane", good, "").wants(t, 201, "")
	})
}

// The vectors of RFC 6238, appendix B (SHA-1).
func TestTOTPVectors(t *testing.T) {
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := hotp([]byte("12345678901234567890"), uint64(at/totpStep), 8); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestResetAndChange(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		b := settled(t, h)
		ok(t, h.AddPerson(t.Context(), "x", org.Person{ID: "omar"}))
		signIn(h.browser("192.0.2.4"), "omar", "", "").wants(t, 401, "wrong")
		first, err := h.ResetLink(t.Context(), "x", "omar", false)
		ok(t, err)
		second, err := h.ResetLink(t.Context(), "x", "omar", false)
		ok(t, err)
		set := func(link, password string) answer {
			return h.browser("192.0.2.4").send("POST", "/api/v1/password", object{"token": link[strings.LastIndex(link, "/")+1:], "password": password})
		}
		set(first, "omar has words").wants(t, 422, "the link is not good")
		set(second, "omar").wants(t, 422, "at least")
		set(second, "omar has words").wants(t, 204, "")
		set(second, "omar has words").wants(t, 422, "the link is not good")
		omar := h.browser("192.0.2.4")
		signIn(omar, "omar", "omar has words", "").wants(t, 201, "")

		tab := h.browser("192.0.2.1")
		signIn(tab, "jane", good, "").wants(t, 201, "")
		b.send("POST", "/api/v1/password", object{"old": "wrong", "password": other}).wants(t, 403, "")
		b.send("POST", "/api/v1/password", object{"old": good, "password": other}).wants(t, 204, "")
		_, err = h.who(b)
		ok(t, err)
		if _, err := h.who(tab); err == nil {
			t.Error("another session survived the change of the password")
		}
		signIn(tab, "jane", good, "").wants(t, 401, "")
		signIn(tab, "jane", other, "").wants(t, 201, "")

		// The page behind the link, without script.
		link, err := h.ResetLink(t.Context(), "x", "omar", true)
		ok(t, err)
		path := strings.TrimPrefix(link, "https://tocsin.example")
		omar.send("GET", path, nil).wants(t, 200, `<input name="password"`)
		r := httptest.NewRequest("POST", link, strings.NewReader("password=omar+has+other+words"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.mux.ServeHTTP(w, r)
		answer{w.Code, w.Body.String(), nil}.wants(t, 200, "Your password is set")
		if _, err := h.who(omar); err == nil {
			t.Error("a session survived the reset")
		}
	})
}

func TestDeactivateAndLastAdmin(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		settled(t, h)
		for _, err := range []error{h.Deactivate(ctx, "x", "jane"), h.SetRole(ctx, "x", "jane", org.Observer)} {
			if !errors.Is(err, store.ErrLastAdmin) {
				t.Errorf("the last admin went: %v", err)
			}
		}
		ok(t, h.AddPerson(ctx, "x", org.Person{ID: "omar", Role: org.Admin}))
		link, err := h.ResetLink(ctx, "x", "omar", false)
		ok(t, err)
		omar := h.browser("192.0.2.4")
		omar.send("POST", "/api/v1/password", object{"token": link[strings.LastIndex(link, "/")+1:], "password": "omar has words"}).wants(t, 204, "")
		signIn(omar, "omar", "omar has words", "").wants(t, 201, "")
		_, key, err := h.AddKey(ctx, "x", Key{Name: "script", Owner: "omar", Deeds: []org.Deed{org.Respond}})
		ok(t, err)
		prog := h.browser("192.0.2.5")
		prog.head["Authorization"] = "Bearer " + key
		_, err = h.who(prog)
		ok(t, err)
		ok(t, h.Deactivate(ctx, "x", "omar"))
		for name, b := range map[string]*browser{"session": omar, "key": prog} {
			if _, err := h.who(b); !errors.Is(err, ErrBadCredentials) {
				t.Errorf("his %s still opens: %v", name, err)
			}
		}
		signIn(h.browser("192.0.2.6"), "omar", "omar has words", "").wants(t, 401, "wrong")
		ok(t, h.AddPerson(ctx, "x", org.Person{ID: "omar"}))
		if _, err := h.who(omar); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("his session came back with him: %v", err)
		}
		signIn(h.browser("192.0.2.6"), "omar", "omar has words", "").wants(t, 401, "wrong")
		if err := h.Deactivate(ctx, "x", "jane"); !errors.Is(err, store.ErrLastAdmin) {
			t.Errorf("the last admin went: %v", err)
		}
	})
}

func TestKeys(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		settled(t, h)
		ok(t, h.write(ctx, func(tx *store.Tx) error {
			_, err := tx.PutConfig(t0, store.Change{Kind: "team", ID: "dba", Body: []byte(`{"id":"dba","name":"DBA"}`), By: "x"})
			return err
		}))
		for _, k := range []Key{
			{Owner: "jane", Deeds: []org.Deed{org.Respond}}, {Name: "x", Deeds: []org.Deed{org.Respond}}, {Name: "x", Owner: "jane"},
			{Name: "x", Owner: "jane", Deeds: []org.Deed{"all"}}, {Name: "x", Owner: "jane", Team: "no", Deeds: []org.Deed{org.Respond}},
			{Name: "x", Owner: "jane", Deeds: []org.Deed{org.Respond}, Expires: t0},
		} {
			_, _, err := h.AddKey(ctx, "x", k)
			if _, refused := errors.AsType[incident.Refusal](err); !refused {
				t.Errorf("%+v: %v", k, err)
			}
		}
		made, key, err := h.AddKey(ctx, "person:jane", Key{Name: "script", Owner: "jane", Team: "dba", Deeds: []org.Deed{org.Respond, org.ReadIncidents}, Expires: t0.Add(time.Hour)})
		ok(t, err)
		b := h.browser("192.0.2.5")
		b.head["Authorization"] = "bearer " + key
		id, err := h.Identify(b.request("POST", "/api/v1/x", nil))
		ok(t, err)
		if id.Key != made.ID || id.Person != "" || id.Name != "script" || id.Actor() != incident.ByKey(made.ID) {
			t.Errorf("%+v", id)
		}
		for _, c := range []struct {
			deed org.Deed
			team org.TeamID
			want bool
		}{
			{org.Respond, "dba", true}, {org.Respond, "web", false}, {org.Respond, "", false}, {org.ReadIncidents, "web", true},
			{org.Configure, "dba", false}, {org.Administer, "", false}, {org.ReadSetup, "", false},
		} {
			if got := id.May(c.deed, c.team); got != c.want {
				t.Errorf("may %s in %q: %v", c.deed, c.team, got)
			}
		}
		b.send("GET", "/api/v1/sessions", nil).wants(t, 403, "for a person")
		all, err := h.Keys(ctx, "jane")
		if err != nil || len(all) != 1 || !all[0].Used.Equal(t0) {
			t.Errorf("%+v, %v", all, err)
		}
		h.at = t0.Add(time.Hour)
		if _, err := h.who(b); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("expired: %v", err)
		}
		h.at = t0
		ok(t, h.RevokeKey(ctx, "x", made.ID))
		if _, err := h.who(b); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("revoked: %v", err)
		}
		if err := h.RevokeKey(ctx, "x", "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("no such key: %v", err)
		}
		ok(t, h.read(ctx, func(tx *store.Tx) error { return tx.VerifyConfig() }))
	})
}

// TestNoSecretIsKept looks for every secret in all tables and in the log.
func TestNoSecretIsKept(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		first, err := h.FirstLink(t.Context())
		ok(t, err)
		b := settled(t, h)
		reset, err := h.ResetLink(t.Context(), "x", "jane", false)
		ok(t, err)
		_, key, err := h.AddKey(t.Context(), "x", Key{Name: "script", Owner: "jane", Deeds: []org.Deed{org.Respond}})
		ok(t, err)
		enrol := b.send("POST", "/api/v1/totp", object{"password": good})
		totp := enrol.field("secret")
		raw, err := base32Text.DecodeString(totp)
		ok(t, err)
		confirm := b.send("POST", "/api/v1/totp/confirm", object{"code": hotp(raw, uint64(h.at.Unix()/totpStep), totpDigits)}).wants(t, 200, "")
		var got struct {
			Codes []string `json:"recovery_codes"`
		}
		ok(t, json.Unmarshal([]byte(confirm.body), &got))
		signIn(b, "jane", "a wrong password", "")
		secrets := append(got.Codes, good, "a wrong password", key, totp, string(raw), "argon2id",
			first[strings.LastIndex(first, "/")+1:], reset[strings.LastIndex(reset, "/")+1:], b.cookies["__Host-tocsin"], "Jane@example.org")
		text := dump(t, h.url)
		if !strings.Contains(text, "credential") || !strings.Contains(text, "script") {
			t.Fatal("the dump is not one")
		}
		for _, s := range secrets {
			if s == "" || strings.Contains(text, s) || strings.Contains(text, strings.ReplaceAll(s, "-", "")) {
				t.Errorf("%q is in the database", s)
			}
			if strings.Contains(h.log.String(), s) {
				t.Errorf("%q is in the log", s)
			}
		}
	})
}

// dump is every row of every table as text.
func dump(t *testing.T, url string) string {
	driver, tables := "sqlite", `SELECT name FROM sqlite_master WHERE type = 'table'`
	if strings.HasPrefix(url, "postgres") {
		driver, tables = "pgx", `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	db, err := sql.Open(driver, url)
	ok(t, err)
	defer db.Close()
	var out strings.Builder
	for _, table := range column(t, db, tables) {
		rows, err := db.QueryContext(context.Background(), `SELECT * FROM `+table)
		ok(t, err)
		names, err := rows.Columns()
		ok(t, err)
		for rows.Next() {
			cells, into := make([]any, len(names)), make([]any, len(names))
			for i := range cells {
				into[i] = &cells[i]
			}
			ok(t, rows.Scan(into...))
			for _, c := range cells {
				if b, isBytes := c.([]byte); isBytes {
					c = string(b)
				}
				fmt.Fprintf(&out, "%v ", c)
			}
			fmt.Fprintln(&out, table)
		}
		ok(t, rows.Err())
	}
	return out.String()
}

func column(t *testing.T, db *sql.DB, text string) (out []string) {
	rows, err := db.QueryContext(context.Background(), text)
	ok(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		ok(t, rows.Scan(&s))
		out = append(out, s)
	}
	return out
}

func FuzzPHC(f *testing.F) {
	f.Add(phc(make([]byte, argonSalt), make([]byte, argonKey)))
	f.Add("$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := readPHC(text)
		if err == nil && (h.memory > argonMost || h.time > 16 || len(h.key) > 64) {
			t.Errorf("%q costs too much", text)
		}
	})
}

func TestPasswords(t *testing.T) {
	p := org.Person{ID: "jane", Name: "Jane Doe-Smith", Methods: []org.Method{{Address: "jane@example.org"}}}
	for _, bad := range []string{"", "short", "aaaaaaaaaaaaaaa", "abababababababab", "JANE doe-smith", "Jane@Example.org", "123456789012", "qwertyuiopas", "password1234", strings.Repeat("long and ", 200)} {
		if acceptable(bad, p) == nil {
			t.Errorf("%.40q was taken", bad)
		}
	}
	for _, fine := range []string{good, "žluťoučký kůň", "correct horse battery"} {
		if err := acceptable(fine, p); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
	h := newHasher()
	hash, err := h.hash(t.Context(), good)
	ok(t, err)
	if yes, err := h.check(t.Context(), hash, good); !yes || err != nil || outdated(hash) || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s: %v, %v", hash, yes, err)
	}
	if yes, _ := h.check(t.Context(), hash, other); yes {
		t.Error("another password passes")
	}
	if yes, _ := h.check(t.Context(), "", good); yes {
		t.Error("no hash lets in")
	}
}
