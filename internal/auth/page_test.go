package auth

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The form behind a link, as a browser without script sends it: what was written stays,
// but for the password, and the field at fault is marked.
func TestSetupPage(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		link, err := h.FirstLink(t.Context())
		ok(t, err)
		path := strings.TrimPrefix(link, "https://tocsin.example")
		send := func(method, body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, r)
			return w
		}
		wants := func(w *httptest.ResponseRecorder, status int, texts ...string) {
			t.Helper()
			for _, text := range texts {
				if w.Code != status || !strings.Contains(w.Body.String(), text) {
					t.Fatalf("%d, want %d with %q\n%s", w.Code, status, text, w.Body)
				}
			}
		}
		wants(send("GET", ""), 200, `name="person"`, `minlength="12"`)
		form := url.Values{"person": {"Jane <Doe>"}, "name": {"Jane"}, "email": {"jane@example.org"}, "password": {good}}
		w := send("POST", form.Encode())
		wants(w, 422, "Your id: write a-z", `value="Jane &lt;Doe&gt;"`, `value="jane@example.org"`, `aria-invalid="true"`)
		if strings.Contains(w.Body.String(), good) {
			t.Error("the password is in the page")
		}
		form.Set("person", "jane")
		w = send("POST", form.Encode())
		wants(w, 200, "You are signed in as jane")
		if len(w.Result().Cookies()) == 0 {
			t.Error("no session")
		}
		wants(send("POST", form.Encode()), 422, "the link is not good")
	})
}
