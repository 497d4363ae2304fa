package v1

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/store"
	"tocsin/org"
)

type (
	uploading struct {
		Name    string `query:"name" maxLength:"400" doc:"What it is called"`
		RawBody []byte `contentType:"application/octet-stream"`
	}
	uploaded struct {
		Location string `header:"Location"`
		Body     FileOf
	}
	downloading struct {
		ID       string `path:"id" maxLength:"64"`
		Small    bool   `query:"small" doc:"The small picture, if there is one"`
		Download bool   `query:"download" doc:"As a file, even if it could be shown"`
	}
)

// upload takes a file that a message will have. What no message takes within a day is
// dropped.
func (a *API) upload(ctx context.Context, in *uploading) (*uploaded, error) {
	if a.cabinet == nil {
		return nil, huma.Error503ServiceUnavailable("there is no place for attachments here")
	}
	c := asking(ctx)
	now := a.now()
	kept, err := a.cabinet.Keep(ctx, a.engine.NewID(now), incident.ByPerson(c.self()), in.Name, in.RawBody, now)
	if err != nil {
		return nil, err
	}
	return &uploaded{Prefix + "/attachments/" + kept.ID, FileOf(kept.File())}, nil
}

// seesAttachment finds nothing for whoever may not read what a file is part of. One that
// is part of nothing yet is for who brought it.
func seesAttachment(a *API, r *http.Request, s *setup, who auth.Identity) (org.TeamID, error) {
	return "", a.store.Read(r.Context(), func(tx *store.Tx) error {
		one, err := tx.Attachment(r.PathValue("id"))
		if err != nil {
			return err
		}
		c := caller{Identity: who}
		if one.PartOf == "" {
			if one.By != incident.ByPerson(c.self()) {
				return store.ErrNotFound
			}
			return nil
		}
		parts := strings.Split(one.PartOf, "/")
		if parts[0] == "report" && len(parts) == 3 { // a photo that somebody reported with
			_, err := visible(tx, s, who, incident.ID(parts[1]))
			return err
		}
		if parts[0] != "message" || len(parts) != 3 {
			return store.ErrNotFound // it has a door of its own
		}
		_, _, err = entered(tx, s, who, parts[1])
		return err
	})
}

// download is served outside of the recorder: it may be large. What we did not encode
// ourselves is never shown, only saved.
func (a *API) download(_ context.Context, in *downloading) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(h huma.Context) {
		r, w := humago.Unwrap(h)
		if err := a.sendAttachment(w, r, in); err != nil {
			a.answer(w, r, err)
		}
	}}, nil
}

func (a *API) sendAttachment(w http.ResponseWriter, r *http.Request, in *downloading) error {
	var one store.Attachment
	err := a.store.Read(r.Context(), func(tx *store.Tx) (err error) {
		one, err = tx.Attachment(in.ID)
		return err
	})
	if err != nil {
		return err
	}
	etag := fmt.Sprintf("%q", fmt.Sprint(one.ID, in.Small))
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache") // asked again each time: it may have been redacted
	h.Set("ETag", etag)
	if known(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if a.cabinet == nil {
		return store.ErrNotFound
	}
	body, err := a.cabinet.Bytes(r.Context(), one, in.Small)
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrNotFound
	}
	if err != nil {
		h.Del("ETag")
		return err
	}
	how, kind := "attachment", "application/octet-stream"
	if one.Image {
		kind = one.Type
		if !in.Download {
			how = "inline"
		}
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", fmt.Sprint(len(body)))
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": one.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body) // whoever has gone will ask again
	}
	return nil
}
