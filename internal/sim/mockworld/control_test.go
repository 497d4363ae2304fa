package mockworld_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/internal/sim/mockworld"
)

// People of a demo let a provider fail and see what it was sent.
func TestControl(t *testing.T) {
	w := mockworld.New()
	do := func(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out
	}
	page := func() int { return do(w, "POST", "/teams/workflows/1", `{"type":"message","attachments":[]}`).Code }
	if got := page(); got != 202 {
		t.Error(got)
	}
	for _, m := range mockworld.Modes {
		name := strings.ReplaceAll(string(m), " ", "%20")
		if m == mockworld.OK {
			name = "ok"
		}
		if res := do(w.Control(), "POST", "/teams/"+name, ""); res.Code != 200 {
			t.Error(name, res.Code, res.Body)
		}
	}
	do(w.Control(), "POST", "/teams/failing", "")
	if got := page(); got != 503 {
		t.Error(got)
	}
	for _, bad := range []string{"/teams/sulking", "/nobody/ok"} {
		if res := do(w.Control(), "POST", bad, ""); res.Code != 404 {
			t.Error(bad, res.Code)
		}
	}
	if got := do(w.Control(), "GET", "/teams", "").Body.String(); strings.Count(got, "\n") != 2 || !strings.HasPrefix(got, "202 POST /workflows/1 {") {
		t.Errorf("%q", got)
	}
}
