package web

import "net/http"

// A Form is a page that asks for a few things, without script: what stands behind links
// that work once, beside and before any app.
type Form struct {
	Title, Lead string
	Fields      []Field
	Button      string
	Wrong       string // why it was refused; what was written stays
	Done        string // what was done; then nothing is asked any more
	Next, On    string // where to go on then, and what that is called
}

// A Field is one input.
type Field struct {
	Name, Label, Hint string
	Type              string // "" is text
	Complete          string // what a browser may fill in
	Value             string
	Required, Wrong   bool
	Least             int // characters
}

// Show writes the form.
func (f Form) Show(w http.ResponseWriter, status int) { render(w, status, "form", f) }
