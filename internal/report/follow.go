package report

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/internal/web"
	"tocsin/org"
)

// reported is the report of a private link.
func (d *Desk) reported(r *http.Request) (one store.Report, err error) {
	id, mac, _ := strings.Cut(r.PathValue("token"), ".")
	if !d.ring.TokenOK("report", id, mac) {
		return one, store.ErrNotFound
	}
	err = d.store.Read(r.Context(), func(tx *store.Tx) (err error) { one, err = tx.Report(id); return err })
	return one, err
}

// follow shows who reported something how it stands.
func (d *Desk) follow(w http.ResponseWriter, r *http.Request) {
	one, err := d.reported(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	v, err := d.standing(r, one)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	switch q := r.URL.Query(); {
	case q.Get("new") != "":
		if v.Done = v.Words.T("sent"); v.Practice != "" {
			v.Done = v.Words.T("practice.sent")
		}
		if q.Get("asked") != "" {
			v.Asked = v.Words.T("status.ask")
		}
	case q.Get("wrote") != "":
		v.Done = v.Words.T("wrote")
	}
	show(w, http.StatusOK, "status", v)
}

// write adds what they write.
func (d *Desk) write(w http.ResponseWriter, r *http.Request) {
	one, err := d.reported(r)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	now := d.engine.Now()
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		web.Fault(w, http.StatusRequestEntityTooLarge)
		return
	}
	text := clean(r.PostFormValue("text"), true)
	words := speak(one.Language)
	wrong, code := "", http.StatusUnprocessableEntity
	_, wait := d.tries.Take(now, throttle.Claim{Key: "report " + one.ID, Limit: perReport})
	switch {
	case wait > 0:
		wrong, code = words.T("busy"), http.StatusTooManyRequests
	case text == "":
		wrong = words.T("missing")
	case len([]rune(text)) > maxLong:
		wrong = words.T("long", maxLong)
	default:
		err = d.engine.WriteReport(r.Context(), one.ID, "", text, now)
		var refused incident.Refusal
		if errors.As(err, &refused) {
			wrong, code, err = words.T("busy"), http.StatusConflict, nil
		}
	}
	if err != nil {
		d.fault(w, r, err)
		return
	}
	if wrong == "" {
		http.Redirect(w, r, status.ReportLink(d.ring, d.base, one.ID)+"?wrote=1", http.StatusSeeOther)
		return
	}
	v, err := d.standing(r, one)
	if err != nil {
		d.fault(w, r, err)
		return
	}
	v.Wrong, v.Text = wrong, text
	show(w, code, "status", v)
}

// standing is how a report stands, in words.
func (d *Desk) standing(r *http.Request, one store.Report) (v standing, err error) {
	words, zone := speak(one.Language), zoneOf(one.Zone)
	v.Self = status.ReportLink(d.ring, d.base, one.ID)
	v.Photos = one.Photos
	v.Facts, v.Same, v.When = one.Answers, one.Same, words.T("reported", words.Moment(one.At, zone))
	err = d.store.Read(r.Context(), func(tx *store.Tx) error {
		f, err := formOf(tx, one.Form)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		sub, err := tx.Subject(one.Subject)
		if err != nil {
			return err
		}
		v.sheet = d.sheet(f, practice{on: sub.IsDrill()})
		v.Words, v.Title = words, v.title(one, f, words)
		v.Stands, v.State = words.T("is."+string(sub.Status)), stateOf(sub.Status)
		if sub.IsDrill() {
			v.Practice = words.T("practice.was")
			if sub.Drill != nil && sub.Drill.Guide == incident.GuideReport {
				v.Stands, v.State = words.T("practice.status"), "maintenance"
			}
		}
		log, err := tx.Log(one.Subject)
		if err != nil {
			return err
		}
		for i := len(log) - 1; i >= 0; i-- {
			if u, ok := log[i].Fact.(incident.Updated); ok && (slices.Contains(u.To, org.ToReporters) || outside(u.To)) {
				v.Updates = append(v.Updates, status.Tell(u, log[i].At, words, zone, len(v.Updates) == 0))
			}
		}
		return v.messages(tx, one, words, zone)
	})
	return v, err
}

func (v *standing) title(one store.Report, f org.Form, words status.Words) string {
	if one.Emergency {
		return words.T("emergency.title")
	}
	if c, ok := f.Category(one.Category); ok {
		return c.Name
	}
	return words.T("yours")
}

// messages are what was written about a report. Whoever answers speaks for the team.
func (v *standing) messages(tx *store.Tx, one store.Report, words status.Words, zone *time.Location) error {
	all, err := tx.ReportMessages(one.ID)
	for _, m := range all {
		who := words.T("you")
		if m.Person != "" {
			who = words.T("we")
		}
		v.Messages = append(v.Messages, messageView{Who: who, At: words.Moment(m.At, zone), Text: m.Text, We: m.Person != ""})
	}
	return err
}

// stateOf is how it stands as a colour and a shape of the status pages.
func stateOf(s incident.Status) string {
	switch s {
	case incident.Triggered:
		return "partial"
	case incident.Acknowledged, incident.Snoozed:
		return "degraded"
	}
	return "operational"
}
