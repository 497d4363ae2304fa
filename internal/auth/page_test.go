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

// Signing in works without JavaScript, and lets nobody guess faster than elsewhere.
func TestSignInPage(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		link, err := h.FirstLink(t.Context())
		ok(t, err)
		send := func(method, path string, form url.Values, head ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, "https://tocsin.example"+path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for i := 0; i+1 < len(head); i += 2 {
				r.Header.Set(head[i], head[i+1])
			}
			w := httptest.NewRecorder()
			h.mux.ServeHTTP(w, r)
			return w
		}
		if w := send("POST", strings.TrimPrefix(link, "https://tocsin.example"), url.Values{"person": {"jane"}, "password": {good}}); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		if w := send("GET", "/login", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `autocomplete="current-password"`) {
			t.Error(w.Code, w.Body)
		}
		form := url.Values{"person": {"jane"}, "password": {"wrong and wrong"}}
		if w := send("POST", "/login", form); w.Code != 401 || !strings.Contains(w.Body.String(), "The name or the password is wrong.") || !strings.Contains(w.Body.String(), `value="jane"`) || strings.Contains(w.Body.String(), "wrong and wrong") {
			t.Error(w.Code, w.Body)
		}
		form.Set("password", good)
		if w := send("POST", "/login", form, "Sec-Fetch-Site", "cross-site"); w.Code != 403 || len(w.Result().Cookies()) > 0 {
			t.Error(w.Code, w.Body)
		}
		w := send("POST", "/login", form, "Sec-Fetch-Site", "same-origin")
		if w.Code != 303 || w.Header().Get("Location") != "/" || len(w.Result().Cookies()) == 0 {
			t.Error(w.Code, w.Header())
		}
		form.Set("password", "wrong and wrong")
		for range 20 {
			w = send("POST", "/login", form)
		}
		if w.Code != 429 || w.Header().Get("Retry-After") == "" {
			t.Error(w.Code, w.Header())
		}
	})
}
