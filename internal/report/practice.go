package report

import (
	"net/http"
	"net/url"

	"tocsin/incident"
	"tocsin/internal/status"
)

// A form is practised behind ?drill in its address, or ?drill=ID as a part of a drill that
// goes on. Its pages say so at their top, and what is sent opens a drill of its own or joins
// that one: nobody is called, and nothing is counted.
//
// What decides is what the person saw: the mark of a form that was shown for practice is
// good for practice alone, and that of a real one for a real report.
type practice struct {
	on   bool
	into incident.ID
}

const drillParam = "drill"

// practised reads it from an address.
func practised(r *http.Request) practice {
	q := r.URL.Query()
	return practice{on: q.Has(drillParam), into: incident.ID(q.Get(drillParam))}
}

// purpose is what marks are signed for.
func (p practice) purpose() string {
	if p.on {
		return "report form for practice"
	}
	return "report form"
}

// query is the end of each address that belongs to it.
func (p practice) query() string {
	switch {
	case !p.on:
		return ""
	case p.into == "":
		return "?" + drillParam
	}
	return "?" + drillParam + "=" + url.QueryEscape(string(p.into))
}

// said is what stands at the top of its pages.
func (p practice) said(w status.Words) string {
	switch {
	case !p.on:
		return ""
	case p.into == "":
		return w.T("practice.lead")
	}
	return w.T("practice.among")
}

// markedFor says for which of the two a mark was signed, by the address it came to where it
// is neither's: of an emergency the address decides.
func (d *Desk) markedFor(r *http.Request, mark string) practice {
	p := practised(r)
	for _, on := range []bool{false, true} {
		one := practice{on: on, into: p.into}
		if _, _, ok := d.marked(mark, d.engine.Now(), one); ok {
			return one
		}
	}
	return p
}
