package report

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"
	"time"

	"tocsin/internal/prose"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/internal/web"
	"tocsin/org"
)

//go:embed style.css
var moreStyle string

//go:embed pages.html
var pages string

var style, policy = web.Style(status.OwnStyle() + moreStyle)

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(pages))

// A sheet is what every page here has.
type sheet struct {
	Words     status.Words
	Title     string
	Name      string // of the form
	At        string // its address
	Emergency *org.Emergency
	Practice  string // what stands at the top of pages on which people practise
	Drill     string // the end of the addresses that belong to it
}

// asking is a page that asks for something.
type asking struct {
	sheet
	Advice      template.HTML
	Categories  []org.FormCategory
	Known       []knownView
	Work        []workView
	Inputs      []Input
	Mark        string
	Photo       bool
	Contact     string // required, or anything else for as they like; "" asks for none
	Who, Reach  string
	BadReach    string
	Where, What string
	Wrong       string
}

type knownView struct{ ID, Title, Says, When string }
type workView struct{ Name, When string }

// standing is the page of one report.
type standing struct {
	sheet
	Self, Done, Wrong, Asked, Stands, State, When, Text, Mark string
	Same                                                      bool
	Facts                                                     []store.Answered
	Messages                                                  []messageView
	Updates                                                   []status.Told
	Photos                                                    []string
}

type messageView struct {
	Who, At, Text string
	We            bool
}

func (d *Desk) sheet(f org.Form, p practice) sheet {
	words := speak(f.Language)
	return sheet{Practice: p.said(words), Drill: p.query(), Words: words, Title: f.Name, Name: f.Name, At: d.base + "/report/" + string(f.ID), Emergency: f.Emergency}
}

// written is Markdown as it is shown: the sanitizer of the house has seen it.
func written(text string) template.HTML {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return template.HTML(prose.HTML(text))
}

func show(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("report: " + name + ": " + err.Error()) // our own template, our own struct
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy+"; img-src 'self'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	w.Write(b.Bytes())
}

func zoneOf(name string) *time.Location {
	zone, err := org.Zone(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// contact is whether a form asks how somebody is reached.
func contact(f org.Form) string {
	switch f.Contact {
	case "none":
		return ""
	case "required":
		return f.Contact
	}
	return "optional"
}

func views(w status.Words, zone *time.Location, known []Known, work []Planned) (k []knownView, p []workView) {
	for _, one := range known {
		v := knownView{ID: string(one.ID), Title: one.Title, Says: one.Says, When: w.T("since", w.Moment(one.Since, zone))}
		if v.Title == "" {
			v.Title = w.T("others")
		}
		switch {
		case one.Count == 1:
			v.When += ", " + w.T("once")
		case one.Count > 1:
			v.When += ", " + w.T("times", one.Count)
		}
		k = append(k, v)
	}
	for _, one := range work {
		p = append(p, workView{one.Name, w.T("from", w.Moment(one.Begin, zone), w.Moment(one.End, zone))})
	}
	return k, p
}
