package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func ask(do http.HandlerFunc, path string, values map[string]string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for name, value := range values {
		r.SetPathValue(name, value)
	}
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	do(w, r)
	return w
}

// The page of the app may be neither framed nor listed, runs no script but ours, sets no
// HTML that our own policy did not pass, and is asked for anew each time.
func TestAppHeaders(t *testing.T) {
	w := ask(NewApp("", "").Screen, "/incidents", nil)
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache", "X-Robots-Tag": "noindex, nofollow", "X-Frame-Options": "DENY",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	if regexp.MustCompile(`(?i)<script>| style=| on\w+=`).MatchString(w.Body.String()) {
		t.Error("the page has something the policy forbids")
	}
}

// What the page loads stands under the hash of this build, below the public URL, and is
// kept for ever; under any other hash there is nothing.
func TestAppAssets(t *testing.T) {
	a := NewApp("/tocsin", "")
	page := ask(a.Screen, "/", nil).Body.String()
	loads := regexp.MustCompile(`(?:src|href)="/tocsin/assets/([0-9a-f]{12})/([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(loads) < 2 {
		t.Fatalf("the page loads %d files", len(loads))
	}
	for _, l := range loads {
		w := ask(a.Asset, "/", map[string]string{"version": l[1], "file": l[2]}, "Accept-Encoding", "gzip")
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %q", l[2], w.Code, w.Header().Get("Cache-Control"))
		}
		if w.Header().Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err == nil {
				_, err = io.Copy(io.Discard, z)
			}
			if err != nil {
				t.Errorf("%s: %v", l[2], err)
			}
		}
		if w := ask(a.Asset, "/", map[string]string{"version": "000000000000", "file": l[2]}); w.Code != 404 {
			t.Errorf("%s of another build: %d", l[2], w.Code)
		}
	}
}
