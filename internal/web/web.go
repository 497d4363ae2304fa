// Package web serves the pages that people see without signing in: plain HTML by
// html/template, no script, one small style sheet inside.
//
// The acknowledge page is what the link in a mail opens. A GET shows what it is about
// and a button; only the POST of the button acts, because mail scanners follow links.
// The link is a page's own token: it can acknowledge that page's subject as that
// page's person, and nothing else. A token that is not ours, or whose page is gone, is
// answered alike.
package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageText))

// policy lets the page load nothing but its own style, and post only to us.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

// Pages answers for the public pages.
type Pages struct {
	engine *engine.Engine
	log    *slog.Logger
}

// New makes the public pages of an engine.
func New(e *engine.Engine, log *slog.Logger) *Pages { return &Pages{e, log} }

// A view is what a page shows.
type view struct {
	Style   template.CSS
	Title   string // of the document
	Head    string // the line in large
	Said    string // what the person did meant
	Rows    [][2]string
	Button  string // "" when there is nothing to do
	Over    bool
	Urgency string // a class: "high", "low" or ""
}

// Acknowledge is GET and POST /a/{token}.
func (p *Pages) Acknowledge(w http.ResponseWriter, r *http.Request) {
	paged, in, err := p.engine.AckPage(r.Context(), r.PathValue("token"))
	if errors.Is(err, store.ErrNotFound) {
		p.write(w, r, http.StatusNotFound, view{Title: "Not found", Head: "This link leads nowhere", Said: "It is not one of ours, or it is too old."})
		return
	}
	if err != nil {
		p.fault(w, r, err)
		return
	}
	if r.Method != http.MethodPost {
		p.write(w, r, http.StatusOK, p.about(paged, in, ""))
		return
	}
	said, err := p.engine.Answer(r.Context(), paged, p.engine.Now())
	if refusal, ok := errors.AsType[incident.Refusal](err); ok {
		p.write(w, r, http.StatusConflict, p.about(paged, in, refusal.Text))
		return
	}
	if err != nil {
		p.fault(w, r, err)
		return
	}
	if _, now, err := p.engine.AckPage(r.Context(), r.PathValue("token")); err == nil {
		in = now
	}
	v := p.about(paged, in, said)
	v.Button = ""
	p.write(w, r, http.StatusOK, v)
}

// about is what a page says of its subject.
func (p *Pages) about(paged store.PageRow, in incident.Incident, said string) view {
	zone, err := org.Zone(paged.Zone)
	if err != nil {
		zone = time.UTC
	}
	v := view{Title: in.Title, Head: in.Title, Said: said, Urgency: string(in.Priority), Over: !in.Status.Open()}
	v.Rows = [][2]string{
		{"Severity", string(in.Severity)},
		{"Service", string(in.Service)},
		{"Status", string(in.Status)},
		{"Since", in.OpenedAt.In(zone).Format("Mon 2 Jan 15:04:05 MST")},
	}
	if in.Owner != "" {
		v.Rows = append(v.Rows, [2]string{"Answered", string(in.Owner) + " at " + in.OwnedAt.In(zone).Format("15:04:05")})
	}
	switch {
	case v.Over && said == "":
		v.Said = "It is already over."
	case v.Over:
	case in.Status == incident.Acknowledged && in.Owner == paged.Person:
		if said == "" {
			v.Said = "You have it."
		}
	default:
		v.Button = "Acknowledge"
	}
	return v
}

// Home says that the house stands.
func (p *Pages) Home(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, view{Title: "Tocsin", Head: "Tocsin is running", Said: "Alerts come in and people are called. Set it up with a file: tocsin apply."})
}

func (p *Pages) fault(w http.ResponseWriter, r *http.Request, err error) {
	p.log.Error("a page could not be served", "route", r.Pattern, "error", err)
	w.Header().Set("Retry-After", "5")
	p.write(w, r, http.StatusServiceUnavailable, view{Title: "Not now", Head: "This did not work", Said: "Nothing was changed. Try again in a few seconds."})
}

// write answers with the page, or with its text for programs (a button in an app).
func (p *Pages) write(w http.ResponseWriter, r *http.Request, status int, v view) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		for _, line := range []string{v.Head, v.Said} {
			if line != "" {
				w.Write([]byte(line + "\n"))
			}
		}
		return
	}
	v.Style = template.CSS(style)
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		p.log.Error("a page could not be made", "route", r.Pattern, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
