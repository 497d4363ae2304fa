package auth

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"

	"tocsin/incident"
	"tocsin/org"
)

// The pages behind the links that work once: a form each, without script, so that a
// link works before and beside any app.
var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<h1>{{.Title}}</h1>
{{with .Said}}<p role="alert">{{.}}</p>{{end}}
{{if not .Done}}<form method="post">
{{if .Setup}}<p><label>Your id, such as jane<br><input name="person" required autocapitalize="none" autocomplete="username"></label>
<p><label>Name<br><input name="name" autocomplete="name"></label>
<p><label>E-mail<br><input name="email" type="email" autocomplete="email"></label>{{end}}
<p><label>Password, at least 12 characters<br><input name="password" type="password" required minlength="12" autocomplete="new-password"></label>
<p><button>{{.Title}}</button></form>{{end}}
`))

type form struct {
	Title, Said string
	Setup, Done bool
}

// SetupPage answers GET and POST /setup/{token}.
func (a *Auth) SetupPage(w http.ResponseWriter, r *http.Request) {
	a.page(w, r, form{Title: "Set up Tocsin", Setup: true}, func() (string, error) {
		p, session, err := a.setUp(r, Newcomer{
			Token: r.PathValue("token"), Person: org.PersonID(r.PostFormValue("person")), Name: r.PostFormValue("name"),
			Email: r.PostFormValue("email"), Password: r.PostFormValue("password"),
		})
		if err == nil {
			a.letIn(w, p.ID, session)
		}
		return "You are signed in as " + string(p.ID) + ", the first admin.", err
	})
}

// PasswordPage answers GET and POST /password/{token}.
func (a *Auth) PasswordPage(w http.ResponseWriter, r *http.Request) {
	a.page(w, r, form{Title: "Set your password"}, func() (string, error) {
		return "Your password is set. Sign in with it.", a.byLink(r, r.PathValue("token"), r.PostFormValue("password"))
	})
}

// page shows the form, and does what it is for when it comes back.
func (a *Auth) page(w http.ResponseWriter, r *http.Request, f form, do func() (string, error)) {
	status := http.StatusOK
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		said, err := do()
		refused, isRefusal := errors.AsType[incident.Refusal](err)
		switch {
		case err == nil:
			f.Said, f.Done = said, true
		case isRefusal:
			f.Said, status = refused.Text, http.StatusUnprocessableEntity
		default:
			a.log.Error("access", "error", err)
			f.Said, status = "That could not be done now: try again.", http.StatusServiceUnavailable
		}
	}
	var b bytes.Buffer
	if err := page.Execute(&b, f); err != nil {
		panic("auth: page: " + err.Error()) // texts
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b.Bytes()) // whoever has gone will ask again
}
