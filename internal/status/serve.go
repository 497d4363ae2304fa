package status

import (
	"net/http"
	"strings"

	"tocsin/internal/web"
)

// A Route is one handler and where it stands.
type Route struct {
	Method, Pattern string
	// Link says that what allows it is the token in its path; otherwise anybody may.
	Link  bool
	Serve http.HandlerFunc
}

// Routes are all handlers, for a table of routes.
func (s *Site) Routes() []Route {
	return []Route{
		{"GET", "/status/{page}", false, s.copy(pageFile, "text/html; charset=utf-8")},
		{"GET", "/status/{page}/" + atomFile, false, s.copy(atomFile, atomType+"; charset=utf-8")},
		{"GET", "/status/{page}/" + jsonFile, false, s.copy(jsonFile, "application/json")},
		{"GET", "/status/{page}/subscribe", false, s.subscribe},
		{"POST", "/status/{page}/subscribe", false, s.subscribe},
		{"GET", "/follow/feed/{token}", true, s.personal},
		{"GET", "/follow/confirm/{token}", true, s.confirm},
		{"POST", "/follow/confirm/{token}", true, s.confirm},
		{"GET", "/follow/leave/{token}", true, s.leave},
		{"POST", "/follow/leave/{token}", true, s.leave},
	}
}

// allowed is the page that a request is for, if whoever asks may see it. One that they may
// not is not there.
func (s *Site) allowed(r *http.Request) (*copied, bool) {
	c, ok := s.page(r.PathValue("page"))
	if !ok || c.page.Internal && !s.inside(r) {
		return nil, false
	}
	return c, true
}

// copy answers with a file of a page as it was made last.
func (s *Site) copy(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := s.allowed(r)
		if !ok {
			web.Fault(w, http.StatusNotFound)
			return
		}
		h := w.Header()
		guard(h, c.page.Internal)
		h.Set("Content-Type", kind)
		h.Set("ETag", c.tags[name])
		if web.Has(r, c.tags[name]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			w.Write(c.small[name])
			return
		}
		w.Write(c.files[name])
	}
}

// guard sets the headers of everything here. What everybody may see may be kept for a
// little, and longer when we do not answer.
func guard(h http.Header, private bool) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400")
	if private {
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex, nofollow")
	}
}

func (s *Site) show(w http.ResponseWriter, status int, a asking) {
	guard(w.Header(), true)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(render("ask", a))
}
