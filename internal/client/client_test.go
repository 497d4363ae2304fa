package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const token = "toc_secret"

// What is no answer of a Tocsin server is ErrNoAnswer, what it refuses is a Fault, and
// neither holds the token.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		serve    http.HandlerFunc
		status   int // of a fault
		noAnswer bool
		want     string
	}{
		"a page of a proxy": {say(502, "text/html", "<h1>bad gateway</h1>"), 0, true, "502 Bad Gateway, and is no Tocsin server"},
		"another program":   {say(200, "text/html", "<h1>hello</h1>"), 0, true, "is no Tocsin server"},
		"a redirect":        {say(302, "text/html", ""), 0, true, "it redirects"},
		"half an answer":    {say(200, "application/json", `{"items":[`), 0, true, "that can be read"},
		"another shape":     {say(200, "application/json", `{"items":7}`), 0, true, "that can be read"},
		"a broken line":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, true, "EOF"},
		"a refusal":         {say(409, "application/problem+json", `{"title":"Conflict","status":409,"detail":"it is over already"}`), 409, false, "it is over already"},
		"a field":           {say(422, "application/problem+json", `{"detail":"validation failed","errors":[{"location":"body.to","message":"names nobody"},{"message":"and more"}]}`), 422, false, "to: names nobody\nand more"},
		"no words":          {say(503, "application/problem+json", `{"title":"Service Unavailable"}`), 503, false, "503 Service Unavailable"},
		"no object":         {say(500, "application/json", `[]`), 500, false, "500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.serve)
			defer server.Close()
			a, err := New(server.URL, token)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.GetIncidents(t.Context(), GetIncidentsQuery{})
			fault, isFault := errors.AsType[*Fault](err)
			if errors.Is(err, ErrNoAnswer) != c.noAnswer || isFault == c.noAnswer || isFault && fault.Status != c.status {
				t.Errorf("%#v", err)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), token) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func say(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "http://localhost:1/")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// What is asked reaches the server as the document says, below the path that the server
// is said to have.
func TestAsked(t *testing.T) {
	var got *http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, body = r, string(text)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	c, err := New(server.URL+"/tocsin/", token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetIncidents(t.Context(), GetIncidentsQuery{Open: true, Status: []string{"a", "b"}, Limit: 7, Q: "x & y"}); err != nil {
		t.Fatal(err)
	}
	if want := "/tocsin/api/v1/incidents?limit=7&open=true&q=x+%26+y&status=a%2Cb"; got.RequestURI != want || got.Header.Get("Authorization") != "Bearer "+token || got.Header.Get("Idempotency-Key") != "" {
		t.Errorf("%s %v", got.RequestURI, got.Header)
	}
	if _, err := c.PostIncidentsIDNotes(t.Context(), "a/../b", NotingBody{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if got.RequestURI != "/tocsin/api/v1/incidents/a%2F..%2Fb/notes" || body != `{"text":"x"}` || len(got.Header.Get("Idempotency-Key")) < 20 {
		t.Errorf("%s %s %v", got.RequestURI, body, got.Header)
	}
	if err := c.DeleteServicesID(t.Context(), "db", IfMatch(`"3"`), Once("k")); err != nil || got.Method != "DELETE" || got.Header.Get("If-Match") != `"3"` || got.Header.Get("Idempotency-Key") != "k" {
		t.Errorf("%v: %s %v", err, got.Method, got.Header)
	}
}

func TestNew(t *testing.T) {
	for _, server := range []string{"", "tocsin.example.org", "ftp://example.org", "http://", "http://me:word@example.org", "http://example.org?x", "http://example.org#x", "http://[::1"} {
		if _, err := New(server, token); err == nil || strings.Contains(err.Error(), "word") {
			t.Errorf("%s: %v", server, err)
		}
	}
	if _, err := New("http://example.org", token+"\nHost: x"); err == nil || strings.Contains(err.Error(), token) {
		t.Error(err)
	}
}
