package api

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// called opens an incident and returns the paths of the links that Jane and Omar got.
func called(h *house) (jane, omar string) {
	h.t.Helper()
	if w := h.do("POST", "/v2/enqueue", event); w.Code != 202 {
		h.t.Fatal(w.Code, w.Body)
	}
	h.step()
	for _, m := range h.sent {
		path := strings.TrimPrefix(m.AckURL, "https://tocsin.example")
		switch m.To {
		case "jane":
			jane = path
		case "omar":
			omar = path
		}
	}
	if jane == "" || omar == "" {
		h.t.Fatalf("not both were called: %v", h.sent)
	}
	return jane, omar
}

func (h *house) status(link string) incident.Status {
	h.t.Helper()
	_, in, err := h.engine.AckPage(h.t.Context(), strings.TrimPrefix(link, "/a/"))
	if err != nil {
		h.t.Fatal(err)
	}
	return in.Status
}

func wants(t *testing.T, body string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
}

// A robot that opens the link changes nothing; the button does.
func TestLink(t *testing.T) {
	h := open(t)
	jane, omar := called(h)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "GET"} {
		h.do(method, jane, "", "Accept", "text/html")
	}
	if s := h.status(jane); s != incident.Triggered {
		t.Fatalf("opening the link made it %s", s)
	}
	w := h.do("GET", jane, "")
	wants(t, w.Body.String(), "db-1 is down", "SEV1", "The &lt;i&gt;database&lt;/i&gt;", "Nobody has answered yet.", `<form method="post">`, "Acknowledge</button>", "Jane Doe", " CE")
	if w := h.do("POST", jane, "", "Accept", "text/html,*/*"); w.Code != 200 {
		t.Errorf("%d", w.Code)
	} else {
		wants(t, w.Body.String(), "You have it.", "You have it, since")
		if strings.Contains(w.Body.String(), "<button") {
			t.Error("the button is still there")
		}
	}
	if s := h.status(jane); s != incident.Acknowledged {
		t.Errorf("it is %s", s)
	}
	wants(t, h.do("GET", omar, "").Body.String(), "Jane Doe has it", "Acknowledge too")
	w = h.do("POST", omar, `{"any":"thing"}`, "Content-Type", "application/json")
	if w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("a button that reads no HTML got %s", w.Header().Get("Content-Type"))
	}
	wants(t, w.Body.String(), "Jane Doe answered", "before you")
	wants(t, h.do("POST", jane, "").Body.String(), "You have it already.")

	h.do("POST", "/v2/enqueue", strings.Replace(event, "trigger", "resolve", 1))
	h.step()
	w = h.do("GET", omar, "")
	wants(t, w.Body.String(), "It is over, since")
	if strings.Contains(w.Body.String(), "<button") {
		t.Error("what is over can be acknowledged")
	}
	wants(t, h.do("POST", omar, "").Body.String(), "already over")
}

// Forged, cut and unknown links are the same page as nothing at all.
func TestForgedLink(t *testing.T) {
	h := open(t)
	jane, omar := called(h)
	mac := jane[strings.IndexByte(jane, '.'):]
	nothing := h.do("GET", "/a/x", "").Body.String()
	for _, link := range []string{
		jane[:len(jane)-1], jane + "x", "/a/" + strings.Repeat("x", 10000), "/a/.", "/a/" + mac, omar[:strings.IndexByte(omar, '.')] + mac, "/a/\xff.\x00",
	} {
		for _, method := range []string{"GET", "POST"} {
			w := h.do(method, link, "", "Accept", "text/html")
			if w.Code != 404 || w.Body.String() != nothing {
				t.Errorf("%s %.80s: %d", method, link, w.Code)
			}
		}
	}
	if s := h.status(jane); s != incident.Triggered {
		t.Errorf("it is %s", s)
	}
}

// Nobody may keep, frame, list or script the page, and its own style is allowed by the
// hash of what is really in it.
func TestPageHeaders(t *testing.T) {
	h := open(t)
	jane, _ := called(h)
	for _, path := range []string{jane, "/a/nothing"} {
		w := h.do("GET", path, "")
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		css := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
		if css == nil {
			t.Fatalf("%s has no style", path)
		}
		sum := sha256.Sum256([]byte(css[1]))
		wants(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'", "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "frame-ancestors 'none'")
		if regexp.MustCompile(`(?i)<script| style=| on\w+=|https?://`).MatchString(w.Body.String()) {
			t.Errorf("%s has something the policy forbids", path)
		}
	}
}

// When the answer cannot be written, nobody is told that they have it.
func TestLinkWhenDatabaseFails(t *testing.T) {
	h := open(t)
	jane, _ := called(h)
	h.fault = errFull{}
	for _, accept := range []string{"text/html", "*/*"} {
		w := h.do("POST", jane, "", "Accept", accept)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "ou have it") {
			t.Errorf("%s: %d %s", accept, w.Code, w.Body)
		}
	}
	h.fault = nil
	if s := h.status(jane); s != incident.Triggered {
		t.Errorf("it is %s", s)
	}
	wants(t, h.do("POST", jane, "").Body.String(), "You have it.")
}

type errFull struct{}

func (errFull) Error() string { return "disk full" }

// The link of a page by hand shows its answers, and the answer may be changed.
func TestLinkOfAPageByHand(t *testing.T) {
	h := open(t)
	_, err := h.engine.Call(t.Context(), incident.ByPerson("omar"), escalate.Call{
		Title: "Who comes in?", Text: "The lift is stuck.", Targets: []org.Target{{Kind: "person", ID: "jane"}, {Kind: "person", ID: "omar"}},
		Choices: []incident.Choice{{Text: "I do", Positive: true}, {Text: "<cannot>"}},
	}, h.engine.Now())
	if err != nil {
		t.Fatal(err)
	}
	h.step()
	link := strings.TrimPrefix(h.sent[0].AckURL, "https://tocsin.example")
	wants(t, h.do("GET", link, "").Body.String(), "Who comes in?", "The lift is stuck.", `name="choice" value="1">I do</button>`, `value="2">&lt;cannot&gt;</button>`, "/calls/")
	w := h.do("POST", link, "choice=2", "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded")
	wants(t, w.Body.String(), "Thank you.", "You answered: &lt;cannot&gt;")
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	wants(t, h.do("POST", link, "choice=1", form...).Body.String(), "Thank you.")
	wants(t, h.do("GET", link, "").Body.String(), "You answered: I do")
	if w := h.do("POST", link, "choice=3", form...); w.Code != 409 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Whoever reads a message about a service that must not be spoken of may open its link.
func TestLinkOfASecureService(t *testing.T) {
	h := open(t)
	jane, _ := called(h)
	body := h.do("GET", jane, "").Body.String()
	wants(t, body, "/incidents/")
	h.configure(map[string]any{"service/db": org.Service{ID: "db", Name: "Vault", Policy: "p", Secure: true}})
	body = h.do("GET", jane, "").Body.String()
	wants(t, body, "a secure message waits", "/incidents/")
	for _, secret := range []string{"db-1 is down", "Vault"} {
		if strings.Contains(body, secret) {
			t.Errorf("it says %q", secret)
		}
	}
}
