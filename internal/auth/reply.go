package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
)

const mostBody = 64 << 10

// A Route is one handler and where it stands. Who may use it the handler asks itself.
type Route struct {
	Method, Pattern string
	Access          Access
	Dialect         string // "problem" or "html"
	Serve           http.HandlerFunc
}

// Access says who may use a route.
type Access string

const (
	Anyone    Access = "anyone"     // what proves something stands in the body or the path
	Known     Access = "known"      // a person or an API key
	OwnPerson Access = "own person" // a person with a session, about themselves
)

// Routes are all handlers, for a table of routes.
func (a *Auth) Routes() []Route {
	return []Route{
		{"POST", "/api/v1/session", Anyone, "problem", a.SignIn},
		{"GET", "/api/v1/signin", Anyone, "problem", a.Ways},
		{"GET", "/api/v1/session", Known, "problem", a.ShowSession},
		{"DELETE", "/api/v1/session", OwnPerson, "problem", a.SignOut},
		{"GET", "/api/v1/sessions", OwnPerson, "problem", a.ListSessions},
		{"DELETE", "/api/v1/sessions/{id}", OwnPerson, "problem", a.EndSession},
		{"POST", "/api/v1/session/challenge", Anyone, "problem", a.PasskeyChallenge},
		{"POST", "/api/v1/session/passkey", Anyone, "problem", a.PasskeySignIn},
		{"GET", "/api/v1/passkeys", OwnPerson, "problem", a.ListPasskeys},
		{"POST", "/api/v1/passkeys", OwnPerson, "problem", a.BeginPasskey},
		{"POST", "/api/v1/passkeys/challenge", OwnPerson, "problem", a.ConfirmChallenge},
		{"POST", "/api/v1/passkeys/confirm", OwnPerson, "problem", a.AddPasskey},
		{"PATCH", "/api/v1/passkeys/{id}", OwnPerson, "problem", a.RenamePasskey},
		{"POST", "/api/v1/passkeys/{id}/remove", OwnPerson, "problem", a.RemovePasskey},
		{"POST", "/api/v1/setup", Anyone, "problem", a.Setup},
		{"POST", "/api/v1/password", Anyone, "problem", a.Password},
		{"GET", "/login", Anyone, "html", a.SignInPage},
		{"POST", "/login", Anyone, "html", a.SignInPage},
		{"GET", "/setup/{token}", Anyone, "html", a.SetupPage},
		{"POST", "/setup/{token}", Anyone, "html", a.SetupPage},
		{"GET", "/password/{token}", Anyone, "html", a.PasswordPage},
		{"POST", "/password/{token}", Anyone, "html", a.PasswordPage},
		{"POST", "/api/v1/totp", OwnPerson, "problem", a.EnrolTOTP},
		{"POST", "/api/v1/totp/confirm", OwnPerson, "problem", a.ConfirmTOTP},
		{"POST", "/api/v1/totp/remove", OwnPerson, "problem", a.RemoveTOTP},
	}
}

// readBody reads JSON, strictly: fields we do not know, and anything after, are
// refused.
func readBody(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		problem(w, http.StatusRequestEntityTooLarge, "", "the body is too large")
		return false
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "", "the body ended too early")
		return false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		problem(w, http.StatusUnprocessableEntity, "", "the body: "+strings.TrimPrefix(err.Error(), "json: "))
		return false
	}
	if _, err := d.Token(); err != io.EOF {
		problem(w, http.StatusUnprocessableEntity, "", "the body: something follows the JSON value")
		return false
	}
	return true
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("auth: reply: " + err.Error()) // our own types always have a JSON form
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body) // whoever has gone will ask again
}

// problem tells a fault as RFC 9457 wants it. code is a word for programs; "" is none.
func problem(w http.ResponseWriter, status int, code, detail string) {
	body, _ := json.Marshal(struct { // texts and a number
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string `json:"code,omitempty"`
	}{http.StatusText(status), status, detail, code})
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}

// later refuses a try that came too soon.
func later(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	problem(w, http.StatusTooManyRequests, "throttled", "too many tries: wait a little. Links in messages work meanwhile.")
}

// fail tells an error.
func (a *Auth) fail(w http.ResponseWriter, err error) {
	if refused, ok := errors.AsType[incident.Refusal](err); ok {
		problem(w, http.StatusUnprocessableEntity, "", refused.Text)
		return
	}
	switch {
	case errors.Is(err, ErrNoCredentials), errors.Is(err, ErrBadCredentials):
		problem(w, http.StatusUnauthorized, "credentials", err.Error())
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, "", "too many sign-ins at once: try again")
	case notFound(err):
		problem(w, http.StatusNotFound, "", "there is no such thing")
	default:
		a.log.Error("access", "error", err)
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, "", "that could not be done now: try again")
	}
}

// foreign refuses what a browser sends for another site.
func (a *Auth) foreign(w http.ResponseWriter, r *http.Request) bool {
	if a.cross.Check(r) == nil {
		return false
	}
	problem(w, http.StatusForbidden, "cross-origin", "the request comes from another site")
	return true
}

// someone is who sends the request; otherwise it is answered.
func (a *Auth) someone(w http.ResponseWriter, r *http.Request) (Identity, bool) {
	id, err := a.Identify(r)
	if err != nil {
		a.fail(w, err)
	}
	return id, err == nil
}

// person is the person whose session it is. A key has no password to change.
func (a *Auth) person(w http.ResponseWriter, r *http.Request) (Identity, bool) {
	id, ok := a.someone(w, r)
	if ok && id.Person == "" {
		problem(w, http.StatusForbidden, "", "this is for a person who signed in, not for an API key")
		return id, false
	}
	return id, ok
}
