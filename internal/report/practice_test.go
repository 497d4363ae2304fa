package report

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/org"
	"tocsin/review/drill"
)

// A form is practised from the first page to the private one: every page says so, nobody is
// called or written to, and what a person saw decides which of the two it is.
func TestPractising(t *testing.T) {
	l := newLobby(t, "")
	const mark = "This is practice."
	for _, at := range []string{"/report/desk?drill", "/report/desk/door?drill", "/report/desk/emergency?drill"} {
		l.is(l.ask("GET", at, nil), 200, mark, "Is something really wrong? Report it here.", `href="/report/desk"`)
	}
	for _, at := range []string{"/report/desk", "/report/desk/door", "/report/desk/emergency"} {
		if body := l.ask("GET", at, nil).Body.String(); strings.Contains(body, mark) {
			t.Errorf("%s is no practice: %s", at, body)
		}
	}
	l.is(l.ask("GET", "/report/desk", nil), 200, `href="/report/desk?drill"`)
	l.is(l.ask("GET", "/report/desk?drill", nil), 200, `href="/report/desk/door?drill"`, `href="/report/desk/emergency?drill"`)
	if a, b := l.ask("GET", "/report/desk/qr.svg", nil).Body.String(), l.ask("GET", "/report/desk/qr.svg?drill", nil).Body.String(); a == b {
		t.Error("the code of the practice leads to the form")
	}

	heard := func() []channel.Message {
		if _, err := l.engine.Step(t.Context(), l.engine.Now()); err != nil {
			t.Fatal(err)
		}
		return l.step()
	}
	marked := func(on bool) string { return l.desk.mark(l.engine.Now().Add(-time.Minute), practice{on: on}) }
	send := func(at string, on bool, more url.Values) (link string, in incident.Incident) {
		t.Helper()
		said := url.Values{"mark": {marked(on)}, "q.where": {"West"}, "q.who": {"1"}, "contact": {"pat@example.org"}}
		for name, v := range more {
			said[name] = v
		}
		w := l.ask("POST", at, said)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", at, w.Code, w.Body)
		}
		link, _, _ = strings.Cut(w.Header().Get("Location"), "?")
		return link, l.incident(l.reported(link).Subject)
	}
	// The address says one thing and the page that was seen another: the page holds.
	link, in := send("/report/desk/door", true, nil)
	if !in.IsDrill() || in.Title != "DRILL: A door: West" || len(in.Runs) > 0 || in.Service != "security" || in.Severity != org.SEV2 {
		t.Errorf("practised: %+v", in)
	}
	if _, in := send("/report/desk/emergency?drill", true, url.Values{"where": {"Lift"}, "happened": {"Smoke"}}); !in.IsDrill() || len(in.Called) > 0 {
		t.Errorf("a practised emergency: %+v", in)
	}
	if mails := heard(); len(mails) > 0 {
		t.Errorf("somebody heard of practice: %+v", mails)
	}
	l.is(l.ask("GET", link+"?new=1", nil), 200, "This is practice.", "Well done.", "Nobody was called, because you practise")
	l.is(l.ask("POST", link, url.Values{"text": {"Still closed"}}), 303)
	l.is(l.ask("GET", "/report/desk/door", nil), 200)
	if body := l.ask("GET", "/report/desk/door", nil).Body.String(); strings.Contains(body, "Others have reported") {
		t.Error("the form knows of practice")
	}
	if mails := heard(); len(mails) > 0 {
		t.Errorf("somebody heard of practice: %+v", mails)
	}
	// A real one sent to the address of the practice is real.
	l.from = "192.0.2.9:1000"
	if _, in := send("/report/desk/door?drill", false, nil); in.IsDrill() || len(in.Runs) == 0 {
		t.Errorf("a real report: %+v", in)
	}
	if mails := heard(); !slices.ContainsFunc(mails, func(m channel.Message) bool { return m.To == "jane@example.org" && m.Purpose == escalate.Alarm }) {
		t.Errorf("nobody is called for the real one: %+v", mails)
	}
	// Behind the id of a drill it is a part of that, as long as that goes on.
	s, _ := drill.BuiltInNamed("reception", "en")
	id, err := l.engine.StartDrill(t.Context(), "person:jane", engine.Rehearsal{Plan: drill.Plan{Scenario: s, Service: "help", People: []org.PersonID{"jane"}, AsReal: true}}, l.engine.Now())
	if err != nil {
		t.Fatal(err)
	}
	at := "/report/desk/door?drill=" + string(id)
	l.is(l.ask("GET", at, nil), 200, mark, "Only those who practise with you read it.")
	if _, in := send(at, true, nil); in.ID != id {
		t.Errorf("it is a part of %s", in.ID)
	}
	if err := l.engine.StopDrill(t.Context(), id, "person:jane", "", l.engine.Now()); err != nil {
		t.Fatal(err)
	}
	if _, in := send(at, true, nil); in.ID == id || !in.IsDrill() {
		t.Errorf("after its end it is %+v", in)
	}
}
