package report

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/blob"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/pgtest"
	"tocsin/internal/secret"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/org"
)

// A lobby is a house with a form, a status page and a mailbox.
type lobby struct {
	*testing.T
	store  *store.Store
	ring   *secret.Ring
	engine *engine.Engine
	site   *status.Site
	desk   *Desk
	dir    string
	from   string // address of whoever asks
	mu     sync.Mutex
	mails  []channel.Message
}

func (*lobby) Provider() string { return "email" }

// Send keeps what is sent.
func (l *lobby) Send(_ context.Context, m channel.Message) (channel.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mails = append(l.mails, m)
	return channel.Receipt{State: escalate.Sent}, nil
}

type mailbox struct{ *lobby }

func (mailbox) Name() string { return "email" }

func newLobby(t *testing.T, url string) *lobby {
	l := &lobby{T: t, dir: t.TempDir(), from: "192.0.2.1:1000"}
	var err error
	if l.ring, err = secret.Generate(strings.NewReader(strings.Repeat("k", 64))); err != nil {
		t.Fatal(err)
	}
	if url == "" {
		url = filepath.Join(l.dir, "house.db")
	}
	if l.store, err = store.Open(t.Context(), store.Options{URL: url, Ring: l.ring, Sync: "OFF"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.store.Close() })
	l.engine = engine.New(engine.Options{Store: l.store, Ring: l.ring, Channels: []channel.Channel{mailbox{l}}, PublicURL: "https://tocsin.example.org"})
	l.open()
	l.configure(map[string]any{
		"person/jane":        org.Person{ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "m", Channel: "email", Address: "jane@example.org", Verified: true}}},
		"policy/p":           escalate.Policy{ID: "p", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "jane"}}, Wait: org.Duration(time.Hour)}}},
		"service/help":       org.Service{ID: "help", Name: "Help desk", Policy: "p"},
		"service/doors":      org.Service{ID: "doors", Name: "Doors", Policy: "p"},
		"service/security":   org.Service{ID: "security", Name: "Security", Policy: "p"},
		"settings/settings":  org.Settings{CatchAll: "help", Matrix: &org.Matrix{Rows: []org.MatrixRow{{Category: "building", Impact: "low", Severity: org.SEV4}, {Category: "building", Severity: org.SEV2}}}},
		"status_page/public": org.StatusPage{ID: "public", Name: "Example", Subscribe: []string{"email", "webhook"}, Components: []org.Component{{ID: "doors", Name: "Doors", Services: []org.ServiceID{"doors"}}}},
		"form/desk": func() org.Form {
			f := desk
			f.Advice = "Look **first** <script>x</script>"
			f.Emergency = &org.Emergency{Ask: "Is somebody hurt?", First: "Ring 112.", Service: "security"}
			return f
		}(),
	})
	return l
}

// open makes what stands between the house and the people anew, as a start does.
func (l *lobby) open() {
	l.site = status.New(status.Options{Engine: l.engine, Store: l.store, Ring: l.ring, Dir: filepath.Join(l.dir, "status"), PublicURL: "https://tocsin.example.org"})
	bin, err := blob.NewDir(filepath.Join(l.dir, "attachments"))
	if err != nil {
		l.Fatal(err)
	}
	files := blob.New(l.store, bin, rand.Reader, nil)
	l.desk = New(Options{Engine: l.engine, Store: l.store, Ring: l.ring, Site: l.site, Cabinet: files, PublicURL: "https://tocsin.example.org"})
}

func (l *lobby) configure(things map[string]any) {
	l.Helper()
	var changes []store.Change
	for name, v := range things {
		kind, id, _ := strings.Cut(name, "/")
		body, err := json.Marshal(v)
		if err != nil {
			l.Fatal(err)
		}
		changes = append(changes, store.Change{Kind: kind, ID: id, Body: body, By: "test"})
	}
	l.write(func(tx *store.Tx) error { _, err := tx.PutConfig(l.engine.Now(), changes...); return err })
}

func (l *lobby) write(fn func(*store.Tx) error) {
	l.Helper()
	if err := l.store.Write(context.Background(), store.People, fn); err != nil {
		l.Fatal(err)
	}
}

// step lets the pages and letters come up to date, and says what was mailed.
func (l *lobby) step() []channel.Message {
	l.Helper()
	for range 2 {
		if err := l.site.Step(l.Context(), l.engine.Now()); err != nil {
			l.Fatal(err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.mails
	l.mails = nil
	return all
}

// ask is what a browser does: by the table of routes, as the server's.
func (l *lobby) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	l.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return l.asks(r)
}

// sends is a form with a file.
func (l *lobby) sends(path string, form url.Values, name string, file []byte) *httptest.ResponseRecorder {
	l.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, values := range form {
		if err := w.WriteField(field, values[0]); err != nil {
			l.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("photo", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		l.Fatal(err)
	}
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return l.asks(r)
}

func (l *lobby) asks(r *http.Request) *httptest.ResponseRecorder {
	l.Helper()
	method, path, at := r.Method, r.URL.Path, r.URL
	r.RemoteAddr = l.from
	for _, route := range append(l.site.Routes(), l.desk.Routes()...) {
		want, have := strings.Split(route.Pattern, "/"), strings.Split(at.Path, "/")
		fits := route.Method == method && len(want) == len(have)
		for i := 0; fits && i < len(want); i++ {
			fits = want[i] == have[i] || strings.HasPrefix(want[i], "{")
		}
		if !fits {
			continue
		}
		for i, w := range want {
			if strings.HasPrefix(w, "{") {
				r.SetPathValue(strings.Trim(w, "{}"), have[i])
			}
		}
		w := httptest.NewRecorder()
		route.Serve(w, r)
		if csp := w.Header().Get("Content-Security-Policy"); w.Code != 303 && (!strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "script") || strings.Contains(csp, "unsafe")) {
			l.Errorf("%s %s: the policy is %q", method, path, csp)
		}
		if strings.Contains(w.Body.String(), "<script") {
			l.Errorf("%s %s runs a script", method, path)
		}
		return w
	}
	l.Fatalf("no route for %s %s", method, path)
	return nil
}

func (l *lobby) is(w *httptest.ResponseRecorder, code int, says ...string) {
	l.Helper()
	if w.Code != code {
		l.Errorf("answered %d, want %d: %s", w.Code, code, w.Body)
	}
	for _, text := range says {
		if !strings.Contains(w.Body.String(), text) {
			l.Errorf("it does not say %q: %s", text, w.Body)
		}
	}
}

func (l *lobby) incident(id incident.ID) (in incident.Incident) {
	l.Helper()
	if err := l.store.Read(context.Background(), func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err == nil {
			in = sub.Incident
		}
		return err
	}); err != nil {
		l.Fatal(err)
	}
	return in
}

func (l *lobby) reported(link string) (r store.Report) {
	l.Helper()
	id, _, _ := strings.Cut(strings.TrimPrefix(link, "/r/"), ".")
	if err := l.store.Read(context.Background(), func(tx *store.Tx) (err error) { r, err = tx.Report(id); return err }); err != nil {
		l.Fatal(err)
	}
	return r
}

func both(t *testing.T, fn func(*lobby)) {
	t.Run("sqlite", func(t *testing.T) { fn(newLobby(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(newLobby(t, pgtest.Start(t))) })
}

// Somebody reports a door: what a machine would send is shown once more with all that was
// written, twice is once, who has the same trouble joins, and an emergency goes past all
// of it.
func TestReporting(t *testing.T) {
	both(t, func(l *lobby) {
		l.is(l.ask("GET", "/report/desk", nil), 200, "A door", "Is somebody hurt?", "<strong>first</strong>", "&lt;script&gt;")
		l.is(l.ask("GET", "/report/none", nil), 404)
		l.is(l.ask("GET", "/report/desk/door", nil), 200, "Which?", `name="mark"`)
		old := func() string { return l.desk.mark(l.engine.Now().Add(-time.Minute), practice{}) }
		said := url.Values{"mark": {l.desk.mark(l.engine.Now(), practice{})}, "q.where": {`West "<b>`}, "q.who": {"0"}, "contact": {"pat@example.org"}, "name": {"Pat"}}
		l.is(l.ask("POST", "/report/desk/door", said), 422, "very quick", "West &#34;&lt;b&gt;", "pat@example.org")
		said.Set("mark", old())
		said.Set("website", "x")
		l.is(l.ask("POST", "/report/desk/door", said), 422, "very quick")
		said.Del("website")
		said.Set("contact", "nowhere")
		l.is(l.ask("POST", "/report/desk/door", said), 422, "neither a mail address")
		said.Set("contact", "pat@example.org")
		said.Set("mark", "forged.x.y")
		l.is(l.ask("POST", "/report/desk/door", said), 422, "open for long")
		said.Set("mark", old())
		w := l.ask("POST", "/report/desk/door", said)
		l.is(w, 303)
		link, _, _ := strings.Cut(w.Header().Get("Location"), "?")
		first := l.reported(link)
		in := l.incident(first.Subject)
		if in.Severity != org.SEV4 || in.Service != "doors" || in.Title != `A door: West "<b>` || in.Category != "building" || first.Contact != "pat@example.org" {
			t.Errorf("%+v opens %+v", first, in)
		}
		if again := l.ask("POST", "/report/desk/door", said); !strings.HasPrefix(again.Header().Get("Location"), link+"?") {
			t.Errorf("pressed twice: %s", again.Header().Get("Location"))
		}
		l.is(l.ask("GET", link, nil), 200, "Nobody has taken it on yet", "West &#34;&lt;b&gt;")
		l.is(l.ask("GET", link[:len(link)-2]+"xx", nil), 404)

		l.from = "192.0.2.2:1000"
		l.is(l.ask("GET", "/report/desk/door", nil), 200, "Others have reported", "reported once", "That is my trouble too")
		w = l.ask("POST", "/report/desk/door", url.Values{"mark": {old()}, "same": {string(first.Subject)}})
		l.is(w, 303)
		second, _, _ := strings.Cut(w.Header().Get("Location"), "?")
		if r := l.reported(second); r.Subject != first.Subject || !r.Same {
			t.Errorf("it joined %+v", r)
		}
		l.is(l.ask("POST", second, url.Values{"text": {"Still closed"}}), 303)
		if err := l.engine.WriteReport(t.Context(), first.ID, "jane", "We are on our way", l.engine.Now()); err != nil {
			t.Fatal(err)
		}
		l.is(l.ask("GET", link, nil), 200, "We are on our way")
		if strings.Contains(l.ask("GET", second, nil).Body.String(), "on our way") {
			t.Error("who else reported it reads the answer to another")
		}
		l.photos(old)
		l.emergency()
		l.floods(said, old)
		l.sealed("pat@example.org", "Still closed", "We are on our way")
	})
}

// sealed: what people wrote, and where they are reached, stands nowhere in clear.
func (l *lobby) sealed(secrets ...string) {
	l.Helper()
	for _, name := range []string{"house.db", "house.db-wal"} {
		body, err := os.ReadFile(filepath.Join(l.dir, name))
		for _, text := range secrets {
			if err == nil && strings.Contains(string(body), text) {
				l.Errorf("%s says %q", name, text)
			}
		}
	}
}

// photos: a picture is encoded anew, and only who sent it and the house see it; what is no
// picture is refused, and nothing that was written is lost.
func (l *lobby) photos(old func() string) {
	l.Helper()
	l.from = "192.0.2.9:1000"
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 20, 10))); err != nil {
		l.Fatal(err)
	}
	said := url.Values{"mark": {old()}, "q.where": {"North"}, "q.who": {"1"}}
	l.is(l.sends("/report/desk/door", said, "x.png", []byte("<svg onload=alert(1)>")), 422, "no picture", "North")
	said.Set("mark", old())
	w := l.sends("/report/desk/door", said, "door.png", append(picture.Bytes(), "hidden"...))
	l.is(w, 303)
	link, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	r := l.reported(link)
	if len(r.Photos) != 1 {
		l.Fatalf("it has no photo: %+v", r)
	}
	l.is(l.ask("GET", link, nil), 200, link+"/photo/"+r.Photos[0])
	shown := l.ask("GET", link+"/photo/"+r.Photos[0], nil)
	if l.is(shown, 200); shown.Header().Get("Content-Type") != "image/png" || strings.Contains(shown.Body.String(), "hidden") {
		l.Errorf("the photo is %q", shown.Header().Get("Content-Type"))
	}
	other := status.ReportLink(l.ring, "", "none")
	l.is(l.ask("GET", other+"/photo/"+r.Photos[0], nil), 404)
}

// emergency: nothing but the rate stands between an emergency and those on call.
func (l *lobby) emergency() {
	l.Helper()
	l.from = "192.0.2.3:1000"
	l.is(l.ask("GET", "/report/desk/emergency", nil), 200, "Ring 112.")
	w := l.ask("POST", "/report/desk/emergency", url.Values{"mark": {l.desk.mark(l.engine.Now(), practice{})}, "where": {"Lift 2"}, "happened": {"Smoke"}, "website": {"filled in by a browser"}})
	l.is(w, 303)
	link, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	in := l.incident(l.reported(link).Subject)
	if in.Severity != org.SEV1 || in.Priority != org.High || in.Service != "security" || in.Title != "Smoke, Lift 2" || len(in.Called) != 1 {
		l.Errorf("the emergency is %+v", in)
	}
}

// floods: a network that sends too much waits, and another does not.
func (l *lobby) floods(said url.Values, old func() string) {
	l.Helper()
	l.from = "192.0.2.4:1000"
	codes := map[int]int{}
	for range 10 {
		said.Set("mark", old())
		codes[l.ask("POST", "/report/desk/door", said).Code]++
	}
	if codes[303] != perNetwork.Burst || codes[429] != 10-perNetwork.Burst {
		l.Errorf("of ten at once %v", codes)
	}
	l.from = "192.0.2.5:1000"
	said.Set("mark", old())
	l.is(l.ask("POST", "/report/desk/door", said), 303)
}

var aLink = regexp.MustCompile(`/follow/(?:confirm|leave)/[^\s>]+`)

// Nobody gets what they did not say they want; who does, gets each update once, and ends
// it by one press. The page is there without the database.
func TestFollowingAStatusPage(t *testing.T) {
	both(t, func(l *lobby) {
		l.step()
		l.is(l.ask("GET", "/status/public", nil), 200, "Everything works", "Doors")
		form := l.ask("GET", "/status/public/subscribe", nil)
		l.is(form, 200, `name="shown"`)
		shown := regexp.MustCompile(`name="shown" value="([^"]+)"`).FindStringSubmatch(form.Body.String())[1]
		l.is(l.ask("POST", "/status/public/subscribe", url.Values{"by": {"email"}, "address": {"pat@example.org"}, "shown": {shown}}), 422, "very quick")
		l.is(l.ask("POST", "/status/public/subscribe", url.Values{"by": {"email"}, "address": {"pat@example.org\r\nBcc: x@example.org"}, "shown": {shown}}), 422, "not right")
		one := store.Subscriber{Scope: "status:public", Channel: "email", Address: "pat@example.org"}
		for range 3 { // asking again and again writes one letter
			if err := l.site.Ask(t.Context(), one, l.engine.Now()); err != nil {
				t.Fatal(err)
			}
		}
		mails := l.step()
		if len(mails) != 1 || mails[0].To != "pat@example.org" || mails[0].LeaveURL != "" {
			t.Fatalf("asked by %+v", mails)
		}
		id, err := l.engine.Open(t.Context(), "person:jane", incident.Opened{Title: "Doors are closed", Service: "doors", Severity: org.SEV2, Priority: org.High}, l.engine.Now())
		if err != nil {
			t.Fatal(err)
		}
		l.tell(id, incident.PhaseInvestigating, org.MajorOut, "Doors <i>stay</i> closed")
		for _, m := range l.step() {
			if m.To == "pat@example.org" {
				t.Errorf("told before they said that they want it: %+v", m)
			}
		}
		confirm := aLink.FindString(mails[0].URL)
		l.is(l.ask("GET", confirm, nil), 200, "Do you want updates about Example?")
		l.is(l.ask("POST", confirm, nil), 200, "You will hear of it")
		l.is(l.ask("GET", "/status/public", nil), 200, "does not work at all", "Doors &lt;i&gt;stay&lt;/i&gt; closed", "Out")
		l.tell(id, incident.PhaseMonitoring, org.Degraded, "They open slowly")
		mails = nil
		for _, m := range l.step() {
			if m.Purpose == escalate.News {
				mails = append(mails, m)
			}
		}
		if len(mails) != 1 || !strings.Contains(channel.Headline(mails[0]), "Doors are closed") || mails[0].LeaveURL == "" {
			t.Fatalf("told %+v", mails)
		}
		leave := aLink.FindString(mails[0].LeaveURL)
		l.is(l.ask("GET", leave, nil), 200, "No more updates about Example?")
		l.is(l.ask("POST", leave, url.Values{"List-Unsubscribe": {"One-Click"}}), 200, "nothing more is sent")
		l.is(l.ask("POST", leave, nil), 200, "nothing more is sent")
		l.is(l.ask("GET", strings.Replace(leave, ".", ".x", 1), nil), 404)
		l.withoutDatabase()
	})
}

// tell publishes an update.
func (l *lobby) tell(id incident.ID, phase incident.Phase, state org.ComponentState, says string) {
	l.Helper()
	_, err := l.engine.Do(l.Context(), id, "person:jane", l.engine.Now(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		last, _ := in.LastUpdate()
		return []incident.Fact{incident.Updated{
			N: last.N + 1, Phase: phase, Condition: says, To: []string{"status:public"}, Affected: []incident.Affected{{Page: "public", Component: "doors", State: state}},
		}}, nil
	})
	if err != nil {
		l.Fatal(err)
	}
}

// withoutDatabase: after a start the page is served from its copy, whatever the database
// does, until the page is retired.
func (l *lobby) withoutDatabase() {
	l.Helper()
	l.step()
	l.store.Close()
	l.open()
	for path, says := range map[string]string{"/status/public": "They open slowly", "/status/public/feed.atom": "They open slowly", "/status/public/status.json": `"state": "degraded"`} {
		l.is(l.ask("GET", path, nil), http.StatusOK, says)
	}
	l.is(l.ask("GET", "/status/none", nil), 404)
}
