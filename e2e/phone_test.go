package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A phone hears what is published to an ntfy topic: what a person is told in the end.
type phone struct {
	address string // for a contact method
	host    string // for --allow-network
	heard   chan string
}

func newPhone(t testing.TB) *phone {
	p := &phone{heard: make(chan string, 100)}
	l := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Title string }
		if err := json.NewDecoder(r.Body).Decode(&m); err == nil {
			p.heard <- m.Title
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"id":"one","event":"message"}`))
	}))
	t.Cleanup(l.Close)
	p.address, p.host = l.URL+"/jane", strings.TrimPrefix(l.URL, "http://")
	return p
}

// hears waits for a message whose title has these words; what else is heard before it
// is an error.
func (p *phone) hears(t testing.TB, words string) {
	t.Helper()
	select {
	case title := <-p.heard:
		if !strings.Contains(title, words) {
			t.Errorf("the phone says %q, want %q", title, words)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("the phone never says %q", words)
	}
}

// isQuiet says that nothing was heard that nobody waited for.
func (p *phone) isQuiet(t testing.TB) {
	t.Helper()
	for len(p.heard) > 0 {
		t.Errorf("the phone also says %q", <-p.heard)
	}
}
