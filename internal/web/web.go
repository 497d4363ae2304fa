// Package web serves the app (app.go), and the pages that people open without signing
// in: behind the link in a page (escalate.Page) the one where they say that they have
// it.
//
// An acknowledge link is good for one subject, one person and one verb. Opening it
// never acts, because mail scanners and chat previews open every link they see: GET
// shows a form, POST acts. Twice is once. A link that is not ours, and one whose page
// is gone, look the same.
//
// The pages are plain HTML: no script, no font, no picture, nothing from elsewhere;
// one style sheet inside, allowed by its hash. They must open on a bad line at three
// in the morning, be read in the dark, and be hit with a thumb.
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
	"strconv"
	"strings"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
)

// Options are what the pages are made of.
type Options struct {
	Engine *engine.Engine
	Log    *slog.Logger
}

// Pages are the handlers.
type Pages struct {
	engine *engine.Engine
	log    *slog.Logger
}

// New makes the pages.
func New(o Options) *Pages {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Pages{engine: o.Engine, log: o.Log}
}

//go:embed style.css
var ownStyle string

// style is that of all pages, and policy theirs.
var style, policy = Style(ownStyle)

//go:embed pages.html
var pages string

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
	"inc":   func(i int) int { return i + 1 },
}).Parse(pages))

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A plain page says one thing.
type plain struct{ Title, Text string }

// Fault tells a person what went wrong. A link that is unknown, forged or out of date
// gets the same page as any address where nothing is.
func Fault(w http.ResponseWriter, status int) {
	page := plain{http.StatusText(status), "That did not work."}
	switch status {
	case http.StatusNotFound:
		page = plain{"Nothing here", "There is nothing at this address. If you came by a link in a message, open the newest message, or answer in another way."}
	case http.StatusMethodNotAllowed:
		page = plain{"Not like this", "This address cannot be used in this way."}
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
		page = plain{"Not saved", "Tocsin could not write down your answer. Nothing has changed: go back and try again, or answer in another way."}
	}
	render(w, status, "plain", page)
}

// Has says whether whoever asks has what an ETag stands for.
func Has(r *http.Request, tag string) bool {
	list := r.Header.Get("If-None-Match")
	if strings.TrimSpace(list) == "*" {
		return true
	}
	for one := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == tag {
			return true
		}
	}
	return false
}

// Link shows what a person was called for, and the button.
func (p *Pages) Link(w http.ResponseWriter, r *http.Request) {
	page, in, err := p.engine.AckPage(r.Context(), token(r))
	if err != nil {
		p.fault(w, r, err)
		return
	}
	v, err := p.view(r.Context(), page, in)
	if err != nil {
		p.fault(w, r, err)
		return
	}
	render(w, http.StatusOK, "link", v)
}

// Answer is the person's answer. It takes a form from a browser and anything from a
// button in a notification, and answers each in its way.
func (p *Pages) Answer(w http.ResponseWriter, r *http.Request) {
	page, in, err := p.engine.AckPage(r.Context(), token(r))
	if err != nil {
		p.fault(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
	choice, err := strconv.Atoi(r.FormValue("choice"))
	if err != nil {
		choice = 0
	}
	said, err := p.engine.Answer(r.Context(), page, choice, p.engine.Now())
	status := http.StatusOK
	var refused incident.Refusal
	if errors.As(err, &refused) {
		said, status, err = refused.Text, http.StatusConflict, nil
	}
	if err != nil {
		p.fault(w, r, err)
		return
	}
	if !wantsHTML(r) {
		text(w, status, said)
		return
	}
	// What is shown is read again; that it cannot be read does not undo the answer.
	if _, now, err := p.engine.AckPage(r.Context(), token(r)); err == nil {
		in = now
	}
	v, err := p.view(r.Context(), page, in)
	if err != nil {
		p.log.Warn("an answer was taken, and its page could not be shown in full", "subject", page.Subject, "error", err)
		v = view{Title: "Tocsin"}
	}
	v.Said, v.Button, v.Choices = said, "", nil
	render(w, status, "link", v)
}

// Act is what a notification does by itself, without a page.
func (p *Pages) Act(w http.ResponseWriter, r *http.Request) {
	said, err := p.engine.Act(r.Context(), token(r), p.engine.Now())
	var refused incident.Refusal
	switch {
	case errors.As(err, &refused):
		text(w, http.StatusConflict, refused.Text)
	case err != nil:
		p.fault(w, r, err)
	default:
		text(w, http.StatusOK, said)
	}
}

// Trial shows a test page, and the button.
func (p *Pages) Trial(w http.ResponseWriter, r *http.Request) {
	t, err := p.engine.Tried(r.Context(), token(r))
	if err != nil {
		p.fault(w, r, err)
		return
	}
	v := view{Title: "Test page", Status: incident.Triggered, State: "Nothing is wrong: this is only a test.", Button: "Acknowledge"}
	if !t.AnsweredAt.IsZero() {
		v.Status, v.State, v.Button = incident.Resolved, "You have answered this test.", ""
	}
	render(w, http.StatusOK, "link", v)
}

// AnswerTrial is the answer to a test page.
func (p *Pages) AnswerTrial(w http.ResponseWriter, r *http.Request) {
	t, err := p.engine.Tried(r.Context(), token(r))
	if err == nil {
		err = p.engine.AnswerTrial(r.Context(), t, p.engine.Now())
	}
	const said = "It works: your answer came in."
	switch {
	case err != nil:
		p.fault(w, r, err)
	case wantsHTML(r):
		render(w, http.StatusOK, "link", view{Said: said, Title: "Test page", Status: incident.Resolved})
	default:
		text(w, http.StatusOK, said)
	}
}

const maxAnswer = 64 << 10 // bytes of what comes with an answer

// token is that of the link. Ours are never long.
func token(r *http.Request) string {
	t := r.PathValue("token")
	return t[:min(len(t), 256)]
}

// fault answers what went wrong.
func (p *Pages) fault(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusNotFound
	if !errors.Is(err, store.ErrNotFound) {
		status = http.StatusServiceUnavailable
		if r.Context().Err() == nil {
			p.log.Error("an acknowledge link failed", "error", err)
		}
	}
	if r.Method != http.MethodPost || wantsHTML(r) {
		Fault(w, status)
		return
	}
	if status == http.StatusNotFound {
		text(w, status, "This link is not known.")
		return
	}
	w.Header().Set("Retry-After", "5")
	text(w, status, "The answer could not be written down. Try again.")
}

func wantsHTML(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html")
}

// guard sets the headers of everything here: nobody keeps it, frames it, lists it or
// learns its address.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

func text(w http.ResponseWriter, status int, said string) {
	guard(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(said + "\n"))
}

func render(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("web: " + name + ": " + err.Error()) // our own template, our own struct
	}
	guard(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
