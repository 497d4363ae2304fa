package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync"

	"tocsin/web"
)

// Areas are the first segments of the app's own addresses. What stands behind one is
// the app's matter; what is none of them is not there.
var Areas = []string{"incidents", "services", "integrations", "heartbeats", "webhooks", "silences", "maintenance", "graph", "noise", "replay", "rules", "severities", "actions", "policies", "on-call", "people", "teams", "audit", "settings", "profile", "sign-in", "bedside", "channels", "calls", "status-pages", "forms", "runbooks", "messages", "lessons", "reports", "changes", "ticket-systems", "drills"}

// An asset is one file of the app, ready to be sent.
type asset struct {
	raw  []byte
	gz   func() []byte // compressed when it is first asked for: a start must not wait for it
	kind string
}

// App is the app, hashed and compressed once. Its files are fetched under the hash of
// all of them, so that browsers keep them for ever and a tab that is open across an
// upgrade never mixes two versions: its old address is 404, and it asks to be reloaded.
type App struct {
	version string
	index   []byte
	assets  map[string]asset
	dev     http.Handler // Vite, which has newer files than we
	known   func(*http.Request) bool
}

// appPolicy lets the app load what is ours alone, and set no HTML that did not pass
// through a policy of its own. Pictures of alerts may come from elsewhere, when somebody
// asks for one.
const appPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https: http:; connect-src 'self'; font-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html tocsin"

// NewApp reads the app. base is the path of the public URL, without a slash at its end;
// dev is where Vite serves the sources, or ""; known says whether somebody is signed in,
// which the page says so that the app need not ask in vain.
func NewApp(base, dev string, known func(*http.Request) bool) *App {
	a := &App{assets: map[string]asset{}, known: known}
	sum := sha256.New()
	files := web.Dist()
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, p)
		if err != nil {
			return err
		}
		sum.Write([]byte(p))
		sum.Write(b)
		kind := mime.TypeByExtension(path.Ext(p))
		if strings.HasSuffix(p, ".webmanifest") {
			kind = "application/manifest+json"
		}
		a.assets[p] = asset{b, sync.OnceValue(func() []byte { return Compressed(b) }), kind}
		return nil
	})
	if err != nil {
		panic("web: " + err.Error()) // it is inside the binary
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	at := html.EscapeString(base)
	a.index = bytes.ReplaceAll(a.assets["index.html"].raw, []byte(`="./`), []byte(`="`+at+"/assets/"+a.version+"/"))
	a.index = bytes.Replace(a.index, []byte(`name="base" content=""`), []byte(`name="base" content="`+at+`"`), 1)
	a.index = bytes.Replace(a.index, []byte(`name="version" content=""`), []byte(`name="version" content="`+a.version+`"`), 1)
	if to, err := url.Parse(dev); dev != "" && err == nil {
		a.dev = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	}
	return a
}

// Compressed is what a browser that takes gzip is sent.
func Compressed(b []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression) // the level is one
	w.Write(b)                                            // a buffer takes everything
	w.Close()
	return z.Bytes()
}

// Version names this build of the app.
func (a *App) Version() string { return a.version }

// Screen answers every address of the app: what is shown there the app decides.
func (a *App) Screen(w http.ResponseWriter, r *http.Request) {
	if a.dev != nil {
		a.dev.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", appPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Vary", "Cookie")
	index := a.index
	if a.known(r) {
		index = bytes.Replace(index, []byte(`name="known" content=""`), []byte(`name="known" content="yes"`), 1)
	}
	w.Write(index)
}

// Asset answers /assets/{version}/{file}.
func (a *App) Asset(w http.ResponseWriter, r *http.Request) {
	f, found := a.assets[r.PathValue("file")]
	if !found || r.PathValue("version") != a.version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, f)
}

// Fixed are the files that must have the same address for ever: the service worker,
// whose scope is where it lies, and what it shows.
var Fixed = []string{"sw.js", "icon-192.png", "badge.png"}

// File answers one of those.
func (a *App) File(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.dev != nil {
			a.dev.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", appPolicy)
		send(w, r, a.assets[name])
	}
}

// Current answers /assets/version: which build is served, for tabs that are open.
func (a *App) Current(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(a.version))
}

func send(w http.ResponseWriter, r *http.Request, f asset) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		w.Write(f.gz())
		return
	}
	w.Write(f.raw)
}
