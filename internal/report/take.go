package report

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/internal/web"
	"tocsin/org"
)

const mostForm = 26 << 20 // bytes of a form with its photo

// choose asks what it is about.
func (d *Desk) choose(w http.ResponseWriter, r *http.Request) {
	f, err := d.form(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	show(w, http.StatusOK, "choose", asking{sheet: d.sheet(f, practised(r)), Advice: written(f.Advice), Categories: f.Categories})
}

// ask asks the questions of a category, below what is known of it.
func (d *Desk) ask(w http.ResponseWriter, r *http.Request) {
	f, c, err := d.category(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	now := d.engine.Now()
	if r.PathValue("category") == Emergency {
		p := practised(r)
		show(w, http.StatusOK, "emergency", d.alarm(f, d.mark(now, p), p))
		return
	}
	read := Read(f, c, nil, speak(f.Language).T)
	for i := range read.Inputs {
		read.Inputs[i].Wrong = "" // nothing was asked yet
	}
	d.again(w, r, f, c, read, asking{}, practised(r), http.StatusOK)
}

// category is what a request is about.
func (d *Desk) category(r *http.Request) (f org.Form, c org.FormCategory, err error) {
	if f, err = d.form(r); err != nil {
		return f, c, err
	}
	if r.PathValue("category") == Emergency {
		if f.Emergency == nil {
			err = store.ErrNotFound
		}
		return f, c, err
	}
	c, ok := f.Category(r.PathValue("category"))
	if !ok {
		err = store.ErrNotFound
	}
	return f, c, err
}

func (d *Desk) alarm(f org.Form, mark string, p practice) asking {
	a := asking{sheet: d.sheet(f, p), Mark: mark, Contact: contact(f)}
	if a.Contact != "" {
		a.Contact = "optional"
	}
	a.Title = a.Words.T("emergency.title")
	return a
}

// again shows the questions, with what was written.
func (d *Desk) again(w http.ResponseWriter, r *http.Request, f org.Form, c org.FormCategory, read Reading, a asking, p practice, code int) {
	now := d.engine.Now()
	var known []Known
	var work []Planned
	err := d.store.Read(r.Context(), func(tx *store.Tx) (err error) { known, work, err = d.known(tx, f, c, now); return err })
	if err != nil {
		d.fault(w, r, err)
		return
	}
	a.sheet = d.sheet(f, p)
	a.Title, a.Advice, a.Inputs, a.Contact = c.Name, written(c.Advice), read.Inputs, contact(f)
	a.Known, a.Work = views(a.Words, zoneOf(f.Zone), known, work)
	if a.Mark == "" {
		a.Mark = d.mark(now, p)
	}
	a.Photo = d.files != nil && !f.NoPhotos
	show(w, code, "ask", a)
}

// take takes a report.
func (d *Desk) take(w http.ResponseWriter, r *http.Request) {
	f, c, err := d.category(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		web.Fault(w, http.StatusRequestEntityTooLarge)
		return
	}
	if r.PathValue("category") == Emergency {
		d.takeEmergency(w, r, f)
		return
	}
	words := speak(f.Language)
	now := d.engine.Now()
	read := Read(f, c, r.PostForm, words.T)
	a := asking{Who: clean(r.PostFormValue("name"), false), Reach: strings.TrimSpace(r.PostFormValue("contact"))}
	same := incident.ID(r.PostFormValue("same"))
	if same == "" {
		a.BadReach = d.badReach(f, a.Reach, words)
		if read.Wrong || a.BadReach != "" {
			a.Wrong = words.T("check")
		}
	}
	p := d.markedFor(r, r.PostFormValue("mark"))
	id, early, ok := d.marked(r.PostFormValue("mark"), now, p)
	switch {
	case a.Wrong != "":
		a.Mark = r.PostFormValue("mark")
	case !ok:
		a.Wrong = words.T("old")
	case early || r.PostFormValue("website") != "":
		a.Wrong, a.Mark = words.T("slow"), r.PostFormValue("mark")
	}
	if a.Wrong != "" {
		d.again(w, r, f, c, read, a, p, http.StatusUnprocessableEntity)
		return
	}
	if wait := d.wait(r, string(f.ID), false, now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
		a.Wrong, a.Mark = words.T("busy"), r.PostFormValue("mark")
		d.again(w, r, f, c, read, a, p, http.StatusTooManyRequests)
		return
	}
	report := engine.Complaint{
		Report: store.Report{ID: id, Form: f.ID, Category: c.ID, Answers: read.Answers, Name: a.Who, Contact: a.Reach, Language: f.Language, Zone: f.Zone},
		Title:  read.Title, Leads: read.Leads, Drill: p.on, Into: p.into,
	}
	if bad := d.photographed(r, f, &report.Report, now); bad != "" {
		a.Wrong, a.Mark = words.T("photo.wrong", bad), r.PostFormValue("mark")
		d.again(w, r, f, c, read, a, p, http.StatusUnprocessableEntity)
		return
	}
	if same != "" && !p.on {
		if report.Joins, err = d.fits(r, f, c, same, now); err != nil {
			d.fault(w, r, err)
			return
		}
	}
	d.complain(w, r, report, now)
}

// fits says that an incident is one of those that are shown: nobody joins another.
func (d *Desk) fits(r *http.Request, f org.Form, c org.FormCategory, id incident.ID, now time.Time) (incident.ID, error) {
	var all []Known
	err := d.store.Read(r.Context(), func(tx *store.Tx) (err error) { all, _, err = d.known(tx, f, c, now); return err })
	if err == nil && !slices.ContainsFunc(all, func(k Known) bool { return k.ID == id }) {
		return "", nil // it is over by now: it is a report like any other
	}
	return id, err
}

// badReach says what is wrong with an address.
func (d *Desk) badReach(f org.Form, reach string, words status.Words) string {
	switch _, _, ok := reachable(reach); {
	case contact(f) == "":
		return ""
	case reach == "" && contact(f) == "required":
		return words.T("missing")
	case reach != "" && !ok:
		return words.T("contact.wrong")
	}
	return ""
}

// takeEmergency calls people at once. Only the rate stands in between.
func (d *Desk) takeEmergency(w http.ResponseWriter, r *http.Request, f org.Form) {
	words, now := speak(f.Language), d.engine.Now()
	p := d.markedFor(r, r.PostFormValue("mark"))
	a := d.alarm(f, r.PostFormValue("mark"), p)
	a.Where, a.What = clean(r.PostFormValue("where"), false), clean(r.PostFormValue("happened"), false)
	a.Who, a.Reach = clean(r.PostFormValue("name"), false), strings.TrimSpace(r.PostFormValue("contact"))
	id, _, ok := d.marked(a.Mark, now, p)
	if !ok {
		id = d.engine.NewID(now)
	}
	code := http.StatusOK
	switch {
	case a.Where == "" && a.What == "":
		a.Wrong, code = words.T("check"), http.StatusUnprocessableEntity
	default:
		if wait := d.wait(r, string(f.ID), true, now); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
			a.Wrong, code = words.T("busy"), http.StatusTooManyRequests
		}
	}
	if a.Wrong != "" {
		show(w, code, "emergency", a)
		return
	}
	e := f.Emergency
	c := engine.Complaint{
		Report: store.Report{
			ID: id, Form: f.ID, Emergency: true, Name: a.Who, Contact: a.Reach, Language: f.Language, Zone: f.Zone,
			Answers: []store.Answered{{Ask: words.T("emergency.where"), Answer: a.Where}, {Ask: words.T("emergency.what"), Answer: a.What}},
		},
		Title: channel.OneLine(strings.Trim(a.What+", "+a.Where, ", "), maxTitle), Leads: org.Leads{Service: f.Service}, Worst: org.SEV1, Call: e.Call,
		Drill: p.on, Into: p.into,
	}
	if e.Service != "" {
		c.Leads.Service = e.Service
	}
	if e.Severity != "" {
		c.Worst = e.Severity
	}
	d.complain(w, r, c, now)
}

// complain hands a report in and leads to its private page.
func (d *Desk) complain(w http.ResponseWriter, r *http.Request, c engine.Complaint, now time.Time) {
	taken, err := d.engine.Complain(r.Context(), c, now)
	var refused incident.Refusal
	if errors.As(err, &refused) { // what it was to join ended just now
		c.Joins = ""
		taken, err = d.engine.Complain(r.Context(), c, now)
	}
	if err != nil {
		d.fault(w, r, err)
		return
	}
	query := url.Values{"new": {"1"}}
	if by, address, ok := reachable(c.Contact); ok && d.site != nil && !c.Drill {
		one := store.Subscriber{
			Scope: store.ReportScope(string(taken.Subject)), Channel: by, Address: address, Report: taken.ID, Language: c.Language,
		}
		if err := d.site.Ask(r.Context(), one, now); err != nil {
			d.log.Error("who reported something could not be asked whether they want to hear of it", "report", taken.ID, "error", err)
		} else {
			query.Set("asked", "1")
		}
	}
	http.Redirect(w, r, status.ReportLink(d.ring, d.base, taken.ID)+"?"+query.Encode(), http.StatusSeeOther)
}
