package auth

import (
	"errors"
	"net/http"
	"strings"

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
