// Package report takes reports from people who are not IT: a form without login, behind a
// link or a QR code (org.Form).
//
// First it asks what sort of trouble it is, then the questions of that sort, in plain
// words. Before anything is sent it shows what is known already and fits (known.go): open
// incidents that those outside were told of, what others reported, planned work; whoever
// has the same trouble says so with one press, and joins. What is answered leads to a
// service, an impact and an urgency, and by the matrix to a severity
// (engine.Complain). An emergency goes past all questions: its people are called at once.
//
// Whoever reported something gets a private link: how it stands, in words; what those
// concerned are told; answers, and room to write back. With an address, which is asked
// first, they hear of it too.
//
// What keeps machines out asks nobody else: each form carries when it was shown, signed, and
// one that comes back sooner than a person can write is shown once more; a field that
// people do not see must stay empty; networks and forms have a rate (internal/throttle).
// Each shown form is also the id of the report that comes of it, so that pressing twice is
// once. Nothing of an emergency waits for any of this but the rate: what people do
// not see a browser may fill in for them.
//
// Whoever wants to can practise it (practice.go): the same pages, marked, from which nobody
// is called.
//
// The pages are plain HTML without script.
package report

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/blob"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/internal/web"
	"tocsin/org"
)

// Options are what a desk is made of.
type Options struct {
	Engine    *engine.Engine
	Store     *store.Store
	Ring      *secret.Ring
	Site      *status.Site  // asks addresses whether they want to hear of it
	Cabinet   *blob.Cabinet // of photos; nil: none are taken
	PublicURL string        // without a slash at its end
	Log       *slog.Logger
}

// A Desk is where reports come in.
type Desk struct {
	engine *engine.Engine
	store  *store.Store
	ring   *secret.Ring
	site   *status.Site
	files  *blob.Cabinet
	public string
	base   string // the path of the public URL
	log    *slog.Logger
	tries  *throttle.Throttle
}

// New makes a desk.
func New(o Options) *Desk {
	d := &Desk{engine: o.Engine, store: o.Store, ring: o.Ring, site: o.Site, files: o.Cabinet, public: o.PublicURL, base: status.Base(o.PublicURL), log: o.Log, tries: throttle.New()}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Emergency is the last part of the address of the way past all questions.
const Emergency = "emergency"

// Routes are all handlers, for a table of routes.
func (d *Desk) Routes() []status.Route {
	return []status.Route{
		{Method: "GET", Pattern: "/report/{form}", Serve: d.choose},
		{Method: "GET", Pattern: "/report/{form}/qr.svg", Serve: d.code},
		{Method: "GET", Pattern: "/report/{form}/{category}", Serve: d.ask},
		{Method: "POST", Pattern: "/report/{form}/{category}", Serve: d.take},
		{Method: "GET", Pattern: "/r/{token}", Link: true, Serve: d.follow},
		{Method: "POST", Pattern: "/r/{token}", Link: true, Serve: d.write},
		{Method: "GET", Pattern: "/r/{token}/photo/{photo}", Link: true, Serve: d.photo},
	}
}

// form is the form of a request; store.ErrNotFound when there is none.
func (d *Desk) form(r *http.Request) (f org.Form, err error) {
	err = d.store.Read(r.Context(), func(tx *store.Tx) error {
		f, err = formOf(tx, org.FormID(r.PathValue("form")))
		return err
	})
	return f, err
}

func formOf(tx *store.Tx, id org.FormID) (f org.Form, err error) {
	rows, err := tx.ConfigOf("form")
	if err != nil {
		return f, err
	}
	for _, row := range rows {
		if row.ID == string(id) && !row.Retired {
			return f, json.Unmarshal(row.Body, &f)
		}
	}
	return f, store.ErrNotFound
}

// The limits of what one network, and everybody together, may send.
var (
	perNetwork   = throttle.Limit{Burst: 6, Every: 2 * time.Minute}
	perForm      = throttle.Limit{Burst: 100, Every: 5 * time.Second}
	perEmergency = throttle.Limit{Burst: 10, Every: 30 * time.Second}
	perReport    = throttle.Limit{Burst: 10, Every: time.Minute} // what is written about one
)

// wait says how long whoever asks has to wait: 0 is not at all.
func (d *Desk) wait(r *http.Request, form string, emergency bool, now time.Time) time.Duration {
	network := throttle.Network(throttle.Address(r))
	if emergency {
		_, wait := d.tries.Take(now, throttle.Claim{Key: "emergency " + network, Limit: perEmergency})
		return wait
	}
	_, wait := d.tries.Take(now, throttle.Claim{Key: "network " + network, Limit: perNetwork}, throttle.Claim{Key: "form " + form, Limit: perForm})
	return wait
}

const (
	quickest = 3 * time.Second
	longest  = 24 * time.Hour
)

// mark is what a shown form carries: the id of the report that comes of it, and when it
// was shown, so that only we can say either.
func (d *Desk) mark(now time.Time, p practice) string {
	text := d.engine.NewID(now) + "." + strconv.FormatInt(now.Unix(), 36)
	return text + "." + d.ring.Token(p.purpose(), text)
}

// marked reads a mark. ok is false for one that is none of ours, or too old; early says
// that no person is so quick. A form that was shown for practice has a mark of its own.
func (d *Desk) marked(text string, now time.Time, p practice) (id string, early, ok bool) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 || !d.ring.TokenOK(p.purpose(), text[:at], text[at+1:]) {
		return "", false, false
	}
	id, when, _ := strings.Cut(text[:at], ".")
	n, err := strconv.ParseInt(when, 36, 64)
	since := now.Sub(time.Unix(n, 0))
	return id, since < quickest, err == nil && since < longest
}

func (d *Desk) fault(w http.ResponseWriter, r *http.Request, err error) {
	code := http.StatusNotFound
	if !errors.Is(err, store.ErrNotFound) {
		code = http.StatusServiceUnavailable
		if r.Context().Err() == nil {
			d.log.Error("a report form failed", "path", r.URL.Path, "error", err)
		}
	}
	web.Fault(w, code)
}
