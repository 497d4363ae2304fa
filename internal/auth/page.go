package auth

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/web"
	"tocsin/org"
)

var newPasswordField = web.Field{
	Name: "password", Label: "Password", Hint: "at least 12 characters; several words are fine", Type: "password",
	Complete: "new-password", Required: true, Least: shortest,
}

// SetupPage answers GET and POST /setup/{token}.
func (a *Auth) SetupPage(w http.ResponseWriter, r *http.Request) {
	f := web.Form{
		Title: "Set up Tocsin", Lead: "Make the first administrator. Everybody else is invited later. This link works once.", Button: "Set up",
		Next: a.public + "/", On: "Open Tocsin",
		Fields: []web.Field{
			{Name: "person", Label: "Your id", Hint: "short, such as jane; it stands in logs and links", Complete: "username", Required: true},
			{Name: "name", Label: "Name", Complete: "name"},
			{Name: "email", Label: "E-mail", Hint: "where pages may reach you", Type: "email", Complete: "email"},
			newPasswordField,
		},
	}
	a.form(w, r, f, func() (string, error) {
		p, session, err := a.setUp(r, Newcomer{
			Token: r.PathValue("token"), Person: org.PersonID(r.PostFormValue("person")), Name: r.PostFormValue("name"),
			Email: r.PostFormValue("email"), Password: r.PostFormValue("password"),
		})
		if err == nil {
			a.letIn(w, p.ID, session)
		}
		return "You are signed in as " + string(p.ID) + ", the first administrator.", err
	})
}

// SignInPage answers GET and POST /login: signing in where there is no JavaScript. It
// leads to where the app stands.
func (a *Auth) SignInPage(w http.ResponseWriter, r *http.Request) {
	f := web.Form{
		Title: "Sign in", Button: "Sign in",
		Fields: []web.Field{
			{Name: "person", Label: "Name", Hint: "your id or mail address", Complete: "username", Required: true},
			{Name: "password", Label: "Password", Type: "password", Complete: "current-password", Required: true},
			{Name: "totp", Label: "Code", Hint: "only if you set up an authenticator app", Complete: "one-time-code"},
		},
	}
	if r.Method != http.MethodPost {
		f.Show(w, http.StatusOK)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	f.Fields[0].Value = r.PostFormValue("person")
	if a.cross.Check(r) != nil {
		f.Wrong = "This form was sent from another site: fill it in here."
		f.Show(w, http.StatusForbidden)
		return
	}
	if f.Fields[0].Value == "" || r.PostFormValue("password") == "" { // nobody tried anything
		f.Wrong, f.Fields[0].Wrong = "Write your name and your password.", true
		f.Show(w, http.StatusUnprocessableEntity)
		return
	}
	p, token, why, err := a.enter(r, r.PostFormValue("person"), r.PostFormValue("password"), r.PostFormValue("totp"))
	status := http.StatusUnauthorized
	switch {
	case err != nil && !errors.Is(err, ErrBadCredentials):
		a.log.Error("access", "error", err)
		f.Wrong, status = "That could not be done now: try again.", http.StatusServiceUnavailable
	case why.wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(why.wait/time.Second)))
		f.Wrong, status = "Too many tries: wait a little. Links in messages work meanwhile.", http.StatusTooManyRequests
	case why.code == "totp":
		f.Wrong, f.Fields[2].Required, f.Fields[2].Wrong = strings.ToUpper(why.text[:1])+why.text[1:]+".", true, true
	case err != nil || why.code != "":
		f.Wrong, f.Fields[1].Wrong = "The name or the password is wrong.", true
	default:
		a.letIn(w, p.ID, token)
		http.Redirect(w, r, a.path, http.StatusSeeOther)
		return
	}
	f.Show(w, status)
}

// PasswordPage answers GET and POST /password/{token}.
func (a *Auth) PasswordPage(w http.ResponseWriter, r *http.Request) {
	f := web.Form{
		Title: "Set your password", Lead: "This link works once.", Button: "Set password", Fields: []web.Field{newPasswordField},
		Next: a.public + "/sign-in", On: "Sign in",
	}
	a.form(w, r, f, func() (string, error) {
		return "Your password is set. Sign in with it.", a.byLink(r, r.PathValue("token"), r.PostFormValue("password"))
	})
}

// form shows a form, and does what it is for when it comes back. Of what was written
// only the password is asked again.
func (a *Auth) form(w http.ResponseWriter, r *http.Request, f web.Form, do func() (string, error)) {
	if r.Method != http.MethodPost {
		f.Show(w, http.StatusOK)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	done, err := do()
	if err == nil {
		f.Done = done
		f.Show(w, http.StatusOK)
		return
	}
	status := http.StatusUnprocessableEntity
	if refused, ok := errors.AsType[incident.Refusal](err); ok {
		f.Wrong = refused.Text
	} else {
		a.log.Error("access", "error", err)
		f.Wrong, status = "That could not be done now: try again.", http.StatusServiceUnavailable
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Type != "password" {
			field.Value = r.PostFormValue(field.Name)
		}
		if of, said, ok := strings.Cut(f.Wrong, ": "); ok && of == field.Name {
			field.Wrong, f.Wrong = true, field.Label+": "+said
		}
	}
	f.Show(w, status)
}
