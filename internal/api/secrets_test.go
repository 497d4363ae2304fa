package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite"

	"tocsin/escalate"
	"tocsin/internal/auth"
	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

// An installation is everything that a server is, with a log that can be searched, and
// one person's browser.
type installation struct {
	t       *testing.T
	url     string
	log     bytes.Buffer
	engine  *engine.Engine
	auth    *auth.Auth
	hooks   *follow.Webhooks
	http    http.Handler
	routes  []string // what can be read
	cookies map[string]string
	sent    []channel.Message
}

func (in *installation) Name() string { return "email" }

func (in *installation) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	in.sent = append(in.sent, m)
	return channel.Receipt{State: escalate.Sent}, nil
}

func install(t *testing.T, url string) *installation {
	in := &installation{t: t, url: url, cookies: map[string]string{}}
	ring, err := secret.Generate(rand.Reader)
	in.must(err)
	st, err := store.Open(t.Context(), store.Options{URL: url, Ring: ring, Sync: "OFF"})
	in.must(err)
	t.Cleanup(func() { st.Close() })
	log := slog.New(slog.NewTextHandler(&in.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	const public = "https://tocsin.example"
	in.engine = engine.New(engine.Options{Store: st, Ring: ring, Channels: []channel.Channel{in}, PublicURL: public, Log: log})
	in.auth = auth.New(auth.Options{Engine: in.engine, Store: st, Ring: ring, PublicURL: public, Log: log})
	networks, err := egress.ParseAllow("127.0.0.0/8")
	in.must(err)
	in.hooks = follow.New(follow.Options{Store: st, Engine: in.engine, Ring: ring, Egress: &egress.Dialer{Allow: networks}, PublicURL: public, Log: log})
	s := New(Options{Engine: in.engine, Store: st, Log: log, Registry: prometheus.NewRegistry(), Auth: in.auth, Ring: ring, Version: "test"})
	in.http = s
	for _, r := range s.(*server).routes {
		if r.method == "GET" && !strings.HasSuffix(r.pattern, "/events") {
			in.routes = append(in.routes, r.pattern)
		}
	}
	return in
}

func (in *installation) must(err error) {
	in.t.Helper()
	if err != nil {
		in.t.Fatal(err)
	}
}

// ask sends a request; what is answered must have the status, 0 is any.
func (in *installation) ask(status int, method, path, body string, head ...string) *httptest.ResponseRecorder {
	in.t.Helper()
	r := httptest.NewRequest(method, "https://tocsin.example"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5000"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	if r.Header.Get("Authorization") == "" && r.Header.Get("X-Nobody") == "" {
		for name, value := range in.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	w := httptest.NewRecorder()
	in.http.ServeHTTP(w, r)
	if status != 0 && w.Code != status {
		in.t.Fatalf("%s %s: %d, want %d\n%s", method, path, w.Code, status, w.Body)
	}
	for _, c := range w.Result().Cookies() {
		in.cookies[c.Name] = c.Value
	}
	return w
}

func text(w *httptest.ResponseRecorder, field string) string {
	var m map[string]any
	json.Unmarshal(w.Body.Bytes(), &m)
	return fmt.Sprint(m[field])
}

func last(link string) string { return link[strings.LastIndex(link, "/")+1:] }

const (
	janesPassword = "four plain words of jane"
	janesAddress  = "jane.at.home@example.org"
)

// settle makes the first admin, whose browser it is.
func (in *installation) settle() (setupToken string) {
	link, err := in.auth.FirstLink(in.t.Context())
	in.must(err)
	in.ask(201, "POST", "/api/v1/setup", fmt.Sprintf(`{"token":%q,"person":"jane","name":"Jane","email":%q,"password":%q}`, last(link), janesAddress, janesPassword))
	return last(link)
}

// watched gives jane something to answer for, and a key to alarm with.
func (in *installation) watched() (integrationKey string) {
	in.ask(201, "POST", "/api/v1/policies", `{"id":"p","levels":[{"targets":["jane"]}]}`)
	in.ask(201, "POST", "/api/v1/services", `{"id":"db","policy":"p"}`)
	in.ask(200, "PATCH", "/api/v1/settings", `{"catch_all":"db"}`)
	return text(in.ask(201, "POST", "/api/v1/integrations", `{"id":"pd","source":"pagerduty","service":"db"}`, "Idempotency-Key", "once"), "key")
}

// alarmed sends an event and returns the path of the link that jane got.
func (in *installation) alarmed(key string) string {
	in.t.Helper()
	in.ask(202, "POST", "/v2/enqueue", fmt.Sprintf(`{"routing_key":%q,"event_action":"trigger","payload":{"summary":"Disk full","source":"db-1","severity":"critical"}}`, key))
	for range 3 {
		_, err := in.engine.Step(in.t.Context(), in.engine.Now())
		in.must(err)
	}
	if len(in.sent) == 0 {
		in.t.Fatal("nobody was called")
	}
	return strings.TrimPrefix(in.sent[0].AckURL, "https://tocsin.example")
}

func codeOf(seed []byte, at time.Time) string {
	h := hmac.New(sha1.New, seed)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := h.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1e6)
}

// All secrets there are, used over HTTP; then nothing that a thief or a curious reader
// could get at has any of them: not the log, not the database, not the figures, and not
// what an admin reads.
func TestNoSecretIsTold(t *testing.T) {
	for name, url := range map[string]func() string{
		"sqlite": func() string { return filepath.Join(t.TempDir(), "tocsin.db") }, "postgres": func() string { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			in := install(t, url())
			secrets := map[string]string{"password": janesPassword, "set-up link": in.settle()}
			key := in.watched()
			secrets["integration key"] = key
			in.sealed(secrets)
			secrets["webhook secret"] = text(in.ask(201, "POST", "/api/v1/webhooks", `{"id":"bot","url":"http://127.0.0.1:9/hook?token=a-secret-in-the-address"}`, "Idempotency-Key", "hook"), "secret")
			in.must(in.hooks.Step(t.Context(), in.engine.Now())) // it begins here
			ack := in.alarmed(key)
			secrets["acknowledge token"] = ack[strings.LastIndex(ack, ".")+1:]
			in.ask(200, "GET", ack, "")
			in.ask(0, "POST", ack, "")
			in.must(in.hooks.Step(t.Context(), in.engine.Now().Add(time.Second)))
			in.must(in.hooks.Step(t.Context(), in.engine.Now().Add(time.Minute)))
			in.ask(201, "POST", "/api/v1/people", `{"id":"omar","methods":[{"id":"mail","channel":"email","address":"omar.at.home@example.org"}]}`)
			secrets["invitation"] = last(text(in.ask(201, "POST", "/api/v1/people/omar/invite", ""), "link"))
			reset := last(text(in.ask(201, "POST", "/api/v1/people/omar/reset", "", "Idempotency-Key", "reset"), "link"))
			secrets["reset link"] = reset
			in.ask(401, "POST", "/api/v1/session", `{"person":"jane","password":"a wrong one of hers"}`)
			in.ask(401, "POST", "/api/v1/session", `{"person":"a password where the name stands","password":"x"}`)
			in.ask(401, "GET", "/api/v1/people", "", "Authorization", "Bearer toc_no-such-key-of-ours")
			in.ask(0, "GET", "/password/"+reset, "")
			in.ask(0, "GET", "/a/page.no-such-token-of-ours", "")
			in.ask(204, "POST", "/api/v1/password", fmt.Sprintf(`{"token":%q,"password":"plain words of omar"}`, reset), "X-Nobody", "1")
			secrets["wrong password"], secrets["wrong key"], secrets["other password"] = "a wrong one of hers", "toc_no-such-key-of-ours", "plain words of omar"
			secrets["mistyped password"], secrets["wrong token"] = "a password where the name stands", "no-such-token-of-ours"
			for name, value := range in.cookies {
				secrets["cookie "+name] = value
			}
			in.search(secrets)
		})
	}
}

// sealed adds the secrets of jane's own.
func (in *installation) sealed(secrets map[string]string) {
	in.t.Helper()
	apiKey := text(in.ask(201, "POST", "/api/v1/keys", `{"name":"script","deeds":["read incidents","administer"]}`, "Idempotency-Key", "key"), "secret")
	in.ask(200, "GET", "/api/v1/incidents", "", "Authorization", "Bearer "+apiKey)
	seed := text(in.ask(200, "POST", "/api/v1/totp", fmt.Sprintf(`{"password":%q}`, janesPassword)), "secret")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed)
	in.must(err)
	var codes struct {
		Codes []string `json:"recovery_codes"`
	}
	in.must(json.Unmarshal(in.ask(200, "POST", "/api/v1/totp/confirm", fmt.Sprintf(`{"code":%q}`, codeOf(raw, in.engine.Now()))).Body.Bytes(), &codes))
	secrets["first session"] = in.cookies["__Host-tocsin"]
	in.ask(201, "POST", "/api/v1/session", fmt.Sprintf(`{"person":%q,"password":%q,"totp":%q}`, janesAddress, janesPassword, codes.Codes[0]))
	secrets["API key"], secrets["TOTP"], secrets["TOTP, raw"] = apiKey, seed, string(raw)
	for i, c := range codes.Codes {
		secrets[fmt.Sprint("recovery code ", i)] = c
		secrets[fmt.Sprint("recovery code, bare ", i)] = strings.ReplaceAll(c, "-", "")
	}
}

// search looks for every secret in everything that is told or kept.
func (in *installation) search(secrets map[string]string) {
	in.t.Helper()
	kept := map[string]string{"the log": in.log.String(), "the database": everything(in.t, in.url)}
	if !strings.Contains(kept["the database"], "escalate.acknowledged") || !strings.Contains(kept["the log"], "signed in") {
		in.t.Fatal("nothing happened")
	}
	for where, said := range kept {
		for _, address := range []string{janesAddress, "omar.at.home@example.org", "a-secret-in-the-address"} {
			if strings.Contains(said, address) {
				in.t.Errorf("%s has the address %s", where, address)
			}
		}
	}
	incident := text(in.ask(200, "GET", "/api/v1/incidents", ""), "items")
	incident, _, _ = strings.Cut(incident[strings.Index(incident, " id:")+4:], " ")
	ids := map[string]string{"people": "jane", "policies": "p", "services": "db", "integrations": "pd", "webhooks": "bot", "incidents": incident}
	in.ask(200, "POST", "/api/v1/incidents/"+incident+"/resolve", "")
	in.ask(201, "POST", "/api/v1/incidents/"+incident+"/review", `{}`) // which may be exported
	read := 0
	for _, pattern := range in.routes {
		if !strings.HasPrefix(pattern, "/api/v1/") && pattern != "/metrics" {
			continue
		}
		path := pattern
		for plural, id := range ids {
			path = strings.Replace(path, "/"+plural+"/{id}", "/"+plural+"/"+id, 1)
		}
		if path == "/api/v1/messages" { // looks for words
			path += "?q=db"
		}
		w := in.ask(0, "GET", path, "")
		if w.Code == 200 {
			read++
		} else if !strings.Contains(path, "{") {
			in.t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
		kept["GET "+path] = w.Body.String()
		if !strings.HasPrefix(path, "/api/v1/people") && path != "/api/v1/export" && path != "/api/v1/me/profile" && strings.Contains(w.Body.String(), janesAddress) {
			in.t.Errorf("GET %s tells jane's address", path)
		}
	}
	if said := kept["GET /api/v1/webhooks/bot/deliveries"]; !strings.Contains(said, "refused") {
		in.t.Errorf("the webhook was not tried: %s", said)
	}
	if read < 35 {
		in.t.Errorf("only %d GETs were answered", read)
	}
	for name, s := range secrets {
		if len(s) < 8 || s == "<nil>" {
			in.t.Errorf("%s is none: %q", name, s)
		}
		for where, said := range kept {
			if strings.Contains(said, s) {
				in.t.Errorf("%s has the %s %q", where, name, s)
			}
		}
	}
}

// everything is every row of every table as text.
func everything(t *testing.T, url string) string {
	driver, tables := "sqlite", `SELECT name FROM sqlite_master WHERE type = 'table'`
	if strings.HasPrefix(url, "postgres") {
		driver, tables = "pgx", `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range rows(t, db, tables) {
		out.WriteString(strings.Join(rows(t, db, `SELECT * FROM `+table[:len(table)-1]), "\n"))
	}
	return out.String()
}

func rows(t *testing.T, db *sql.DB, query string) (out []string) {
	all, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	names, err := all.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for all.Next() {
		cells, into, line := make([]any, len(names)), make([]any, len(names)), ""
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := all.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			if b, isBytes := c.([]byte); isBytes {
				c = string(b)
			}
			line += fmt.Sprint(c) + " "
		}
		out = append(out, line)
	}
	if err := all.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Somebody hammers at jane's account. She answers by the link in her message and in the
// browser in which she is, and an API key works on.
func TestHammeringKeepsNobodyOut(t *testing.T) {
	in := install(t, filepath.Join(t.TempDir(), "tocsin.db"))
	in.settle()
	ack := in.alarmed(in.watched())
	key := text(in.ask(201, "POST", "/api/v1/keys", `{"name":"script","deeds":["read incidents"]}`), "secret")
	refused := 0
	for i := range 30 { // an unknown browser, from jane's own address too
		w := in.ask(0, "POST", "/api/v1/session", fmt.Sprintf(`{"person":"jane","password":"guess %d"}`, i), "X-Nobody", "1")
		if w.Code == 429 {
			refused++
		}
	}
	if refused != 20 {
		t.Errorf("%d of 30 tries were refused unseen, want 20", refused)
	}
	in.ask(200, "GET", ack, "", "X-Nobody", "1")
	if w := in.ask(0, "POST", ack, "", "X-Nobody", "1"); w.Code >= 400 {
		t.Errorf("the link: %d %s", w.Code, w.Body)
	}
	in.ask(200, "GET", "/api/v1/incidents", "")
	in.ask(200, "GET", "/api/v1/incidents", "", "Authorization", "Bearer "+key)
	if list := in.ask(200, "GET", "/api/v1/incidents?status=acknowledged", ""); !strings.Contains(list.Body.String(), "Disk full") {
		t.Error(list.Body)
	}
	in.ask(201, "POST", "/api/v1/session", fmt.Sprintf(`{"person":"jane","password":%q}`, janesPassword)) // her own device
}
