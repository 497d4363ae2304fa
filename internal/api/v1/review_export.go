package v1

import (
	"context"
	"mime"
	"strings"

	"tocsin/internal/paper"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/review"
)

type exportingReview struct {
	IncidentID
	For    org.Audience `query:"for" enum:"administration,board,customers" default:"administration"`
	Format string       `query:"format" enum:"pdf,markdown" default:"pdf"`
	Zone   string       `query:"zone" maxLength:"64" doc:"IANA name of the zone of its times; your own without"`
}

type fileOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

// exportReview is a version of a retrospective as a file.
func (a *API) exportReview(ctx context.Context, in *exportingReview) (*fileOut, error) {
	c, zone := asking(ctx), a.zone(ctx)
	if in.Zone != "" {
		var err error
		if zone, err = org.Zone(in.Zone); err != nil {
			return nil, wrong("query.zone", "is no zone such as Europe/Prague")
		}
	}
	var v review.Version
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		sub, err := visible(tx, c.setup, c.Identity, in.ID)
		if err != nil {
			return err
		}
		if sub.Retro() == "" {
			return store.ErrNotFound
		}
		d, err := a.engine.RetroDocument(tx, sub.Incident, zone)
		v = d.Version(in.For)
		return err
	})
	if err != nil {
		return nil, err
	}
	name := "retrospective-" + strings.ToLower(string(in.ID[max(len(in.ID)-6, 0):])) + "-" + string(in.For)
	out := &fileOut{Cache: "no-store"}
	if in.Format == "markdown" {
		out.ContentType, out.Body = "text/markdown; charset=utf-8", []byte(v.Markdown())
		name += ".md"
	} else {
		out.ContentType = "application/pdf"
		name += ".pdf"
		if out.Body, err = a.paper(v); err != nil {
			return nil, err
		}
	}
	out.Disposition = mime.FormatMediaType("attachment", map[string]string{"filename": name})
	return out, nil
}

// paper is a version as a PDF.
func (a *API) paper(v review.Version) ([]byte, error) {
	p := paper.New(v.Title, a.now())
	for _, n := range v.Notes {
		p.Note(n)
	}
	for _, part := range v.Parts {
		p.Heading(1, part.Title)
		p.Markdown(part.Text)
	}
	if v.Signed != "" {
		p.Rule()
		p.Note("Signed by " + v.Signed)
	}
	return p.Bytes()
}
