package report

import (
	"errors"
	"io"
	"net/http"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// photographed keeps the photo that comes with a report, encoded anew: what is no picture
// is not taken. It says what is wrong with it.
func (d *Desk) photographed(r *http.Request, f org.Form, report *store.Report, now time.Time) (wrong string) {
	file, head, err := r.FormFile("photo")
	if err != nil || head.Size == 0 || d.files == nil || f.NoPhotos {
		return "" // there is none
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		return speak(f.Language).T("photo.read")
	}
	id := report.ID + "-1" // pressing twice is once
	kept, err := d.files.Keep(r.Context(), id, incident.ByForm(f.ID), head.Filename, raw, now)
	var refused incident.Refusal
	switch {
	case errors.As(err, &refused):
		return refused.Text
	case err != nil:
		d.log.Error("a photo could not be kept", "form", f.ID, "error", err)
		return speak(f.Language).T("photo.read")
	case !kept.Image:
		return speak(f.Language).T("photo.kind")
	}
	report.Photos = []string{kept.ID}
	return ""
}

// photo shows who reported something what they sent.
func (d *Desk) photo(w http.ResponseWriter, r *http.Request) {
	one, err := d.reported(r)
	var a store.Attachment
	if err == nil {
		err = d.store.Read(r.Context(), func(tx *store.Tx) (err error) { a, err = tx.Attachment(r.PathValue("photo")); return err })
	}
	if err == nil && (a.PartOf != store.ReportPart(one.Subject, one.ID) || !a.Image || d.files == nil) {
		err = store.ErrNotFound
	}
	var body []byte
	if err == nil {
		body, err = d.files.Bytes(r.Context(), a, true)
	}
	if err != nil {
		d.fault(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, max-age=3600")
	w.Write(body)
}
