package status

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/internal/web"
	"tocsin/org"
)

// Limits of what anybody may ask for.
var (
	perNetwork = throttle.Limit{Burst: 10, Every: time.Minute}
	perAddress = throttle.Limit{Burst: 3, Every: 20 * time.Minute}
)

const (
	mostForm  = 16 << 10
	quickest  = 2 * time.Second // a person takes longer to write an address
	longest   = 24 * time.Hour
	askAgain  = 10 * time.Minute
	mostAsked = 5
)

// An asking is a page that asks for something, or says what was done.
type asking struct {
	sheet
	Lead, Done, Wrong, Button, Back string
	Ways                            []way
	Address, Shown                  string
}

type way struct {
	ID, Name string
	Chosen   bool
}

// Shown is when a form was shown, so that nobody can say so but we.
func (s *Site) shown(now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 36)
	return at + "." + s.ring.Token("form shown", at)
}

// patient says whether a form was shown long enough ago, and not too long.
func (s *Site) patient(shown string, now time.Time) bool {
	at, mac, _ := strings.Cut(shown, ".")
	n, err := strconv.ParseInt(at, 36, 64)
	if err != nil || !s.ring.TokenOK("form shown", at, mac) {
		return false
	}
	since := now.Sub(time.Unix(n, 0))
	return since >= quickest && since < longest
}

// subscribe takes an address that is to have the updates of a page.
func (s *Site) subscribe(w http.ResponseWriter, r *http.Request) {
	c, ok := s.allowed(r)
	if !ok || len(c.page.Subscribe) == 0 {
		web.Fault(w, http.StatusNotFound)
		return
	}
	now := s.engine.Now()
	a := s.asking(c.page, "subscribe.title", "subscribe.lead")
	a.Button, a.Back, a.Shown = a.Words.T("subscribe"), a.At, s.shown(now)
	by := c.page.Subscribe[0]
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if one := r.PostFormValue("by"); slices.Contains(c.page.Subscribe, one) {
			by = one
		}
	}
	for _, one := range c.page.Subscribe {
		a.Ways = append(a.Ways, way{one, a.Words.T("by." + one), one == by})
	}
	if r.Method != http.MethodPost {
		s.show(w, http.StatusOK, a)
		return
	}
	a.Address = r.PostFormValue("address")
	address, err := config.Address(by, a.Address)
	switch {
	case err != nil:
		a.Wrong = a.Words.T("again", err.Error())
	case r.PostFormValue("website") != "" || !s.patient(r.PostFormValue("shown"), now):
		a.Wrong = a.Words.T("slow")
	default:
		if _, wait := s.tries.Take(now, throttle.Claim{Key: "network " + throttle.Network(throttle.Address(r)), Limit: perNetwork},
			throttle.Claim{Key: "address " + address, Limit: perAddress}); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
			a.Wrong = a.Words.T("busy")
			s.show(w, http.StatusTooManyRequests, a)
			return
		}
	}
	if a.Wrong != "" {
		s.show(w, http.StatusUnprocessableEntity, a)
		return
	}
	err = s.ask(r.Context(), store.Subscriber{Scope: store.StatusScope(c.page.ID), Channel: by, Address: address}, now)
	if err != nil {
		s.fault(w, r, err)
		return
	}
	a.Done = a.Words.T("subscribed") // whether it was new, nobody learns
	s.show(w, http.StatusOK, a)
}

// ReportLink is the private link of whoever reported something.
func ReportLink(ring *secret.Ring, public, id string) string {
	return public + "/r/" + id + "." + ring.Token("report", id)
}

// Ask asks an address whether it wants to hear of something.
func (s *Site) Ask(ctx context.Context, one store.Subscriber, now time.Time) error {
	return s.ask(ctx, one, now)
}

// ask asks an address whether it wants something. One that has it already, or was just
// asked, hears nothing.
func (s *Site) ask(ctx context.Context, one store.Subscriber, now time.Time) error {
	return s.store.Write(ctx, store.People, func(tx *store.Tx) error {
		was, err := tx.SubscriberAt(one)
		switch {
		case errors.Is(err, store.ErrNotFound):
			one.ID, one.At = s.engine.NewID(now), now
		case err != nil:
			return err
		case was.Active, now.Sub(was.Sent) < askAgain, was.Asked >= mostAsked:
			return nil
		default:
			one = was
		}
		one.Sent, one.Asked = now, one.Asked+1
		if err := tx.PutSubscriber(one); err != nil {
			return err
		}
		return tx.AddLetter(store.Letter{
			ID: one.ID + "-" + strconv.Itoa(one.Asked), Subscriber: one.ID, Kind: store.LetterConfirm, At: now, WakeAt: now,
		})
	})
}

func (s *Site) asking(p org.StatusPage, title, lead string) asking {
	a := asking{sheet: s.sheet(p)}
	a.Hidden = true
	a.Title, a.Lead = a.Words.T(title), a.Words.T(lead, p.Name)
	return a
}

// linkOf is a link by which a subscriber does something.
func (s *Site) linkOf(verb, id string) string {
	return s.public + "/follow/" + verb + "/" + id + "." + s.ring.Token("follow "+verb, id)
}

// subscriber is whose link it is.
func (s *Site) subscriber(r *http.Request, verb string) (one store.Subscriber, err error) {
	id, mac, _ := strings.Cut(r.PathValue("token"), ".")
	if !s.ring.TokenOK("follow "+verb, id, mac) {
		return one, store.ErrNotFound
	}
	err = s.store.Read(r.Context(), func(tx *store.Tx) (err error) { one, err = tx.Subscriber(id); return err })
	return one, err
}

// about is what a subscriber follows, as people call it, and the page that says so.
func (s *Site) about(ctx context.Context, one store.Subscriber) (p org.StatusPage, err error) {
	if id, ok := strings.CutPrefix(one.Scope, "status:"); ok {
		if c, ok := s.page(id); ok {
			return c.page, nil
		}
	}
	p.Name = one.Scope
	if id, ok := strings.CutPrefix(one.Scope, "service:"); ok {
		err = s.store.Read(ctx, func(tx *store.Tx) error {
			service, err := s.engine.Service(tx, org.ServiceID(id))
			p.Name = service.Name
			return err
		})
	}
	if one.Report != "" {
		p.Language = one.Language
		p.Name = Speak(p.Language).T("report")
	}
	return p, err
}

// confirm is the answer of an address. Opening the link shows a button, pressing it acts.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "confirm", "confirmed", func(tx *store.Tx, one store.Subscriber, now time.Time) error {
		if one.Active {
			return nil
		}
		one.Active, one.At = true, now
		return tx.PutSubscriber(one)
	})
}

// leave ends it. A mail program may do so with one press (RFC 8058).
func (s *Site) leave(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, "leave", "left", func(tx *store.Tx, one store.Subscriber, _ time.Time) error { return tx.DropSubscriber(one.ID) })
}

func (s *Site) answer(w http.ResponseWriter, r *http.Request, verb, done string, do func(*store.Tx, store.Subscriber, time.Time) error) {
	one, err := s.subscriber(r, verb)
	if err != nil {
		if verb == "leave" && errors.Is(err, store.ErrNotFound) && s.ours(r, verb) { // twice is once
			a := s.asking(org.StatusPage{}, "leave", "leave.lead")
			a.Done = a.Words.T(done)
			s.show(w, http.StatusOK, a)
			return
		}
		s.fault(w, r, err)
		return
	}
	p, err := s.about(r.Context(), one)
	if err != nil {
		s.fault(w, r, err)
		return
	}
	a := s.asking(p, verb+".title", verb+".lead")
	a.Title, a.Lead, a.Button = a.Words.T(verb+".title", p.Name), a.Words.T(verb+".lead", veiled(one)), a.Words.T(verb)
	if p.ID != "" {
		a.Back = a.At
	}
	if r.Method == http.MethodPost {
		now := s.engine.Now()
		if err := s.store.Write(r.Context(), store.People, func(tx *store.Tx) error { return do(tx, one, now) }); err != nil {
			s.fault(w, r, err)
			return
		}
		a.Done = a.Words.T(done)
	}
	s.show(w, http.StatusOK, a)
}

// ours says whether a link is one that we made.
func (s *Site) ours(r *http.Request, verb string) bool {
	id, mac, _ := strings.Cut(r.PathValue("token"), ".")
	return s.ring.TokenOK("follow "+verb, id, mac)
}

// veiled is an address as its owner knows it and nobody else learns it.
func veiled(one store.Subscriber) string {
	at := strings.LastIndexByte(one.Address, '@')
	switch {
	case one.Person != "":
		return string(one.Person)
	case one.Channel == "email" && at > 0:
		return one.Address[:1] + "…" + one.Address[at:]
	case len(one.Address) > 6:
		return one.Address[:3] + "…" + one.Address[len(one.Address)-3:]
	}
	return one.Channel
}

func (s *Site) fault(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusNotFound
	if !errors.Is(err, store.ErrNotFound) {
		status = http.StatusServiceUnavailable
		if r.Context().Err() == nil {
			s.log.Error("a page for people outside failed", "path", r.URL.Path, "error", err)
		}
	}
	web.Fault(w, status)
}
