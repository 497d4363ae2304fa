package v1

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

type exportingTalk struct {
	TalkID
	Zone string `query:"zone" maxLength:"64" doc:"IANA name of the zone of the times in the Markdown; UTC without"`
}

// An ExportedTalk is conversation.json in an export.
type ExportedTalk struct {
	Conversation Conversation             `json:"conversation"`
	At           time.Time                `json:"at"`
	Messages     []TalkMessage            `json:"messages"`
	Versions     map[int][]MessageVersion `json:"versions,omitempty"`
	Marks        []MarkOf                 `json:"marks"`
	Files        map[string]string        `json:"files,omitempty"` // by id, where in the zip
}

// exportTalk is served outside of the recorder: it may be large.
func (a *API) exportTalk(_ context.Context, in *exportingTalk) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(h huma.Context) {
		r, w := humago.Unwrap(h)
		if err := a.sendExport(w, r, in); err != nil {
			a.answer(w, r, err)
		}
	}}, nil
}

// sendExport reads the conversation as it is at one moment, and then writes it. After the
// first byte nothing can be refused any more: a file that cannot be read is left out, and
// said in the log.
func (a *API) sendExport(w http.ResponseWriter, r *http.Request, in *exportingTalk) error {
	c := asking(r.Context())
	zone, err := org.Zone(in.Zone)
	if err != nil {
		return wrong("query.zone", "is no zone such as Europe/Prague")
	}
	out := ExportedTalk{At: a.now(), Messages: []TalkMessage{}, Versions: map[int][]MessageVersion{}, Files: map[string]string{}}
	text := talk.Written{At: out.At, Zone: zone, Versions: map[int][]talk.Version{}, Name: func(by string) string { return c.setup.actor(incident.Actor(by)) }}
	var files []store.Attachment
	err = a.store.Read(r.Context(), func(tx *store.Tx) (err error) {
		files, err = gather(tx, c, in.ID, &out, &text)
		return err
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "conversation-" + in.ID + ".zip"}))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	z := zip.NewWriter(w)
	body, _ := json.MarshalIndent(out, "", "  ") // our own types
	err = errors.Join(zipped(z, "conversation.json", out.At, append(body, '\n')), zipped(z, "conversation.md", out.At, []byte(text.Markdown())))
	for _, f := range files {
		if err != nil || a.cabinet == nil {
			break
		}
		plain, lost := a.cabinet.Bytes(r.Context(), f, false)
		if lost != nil {
			a.log.Warn("an attachment was left out of an export", "attachment", f.ID, "error", lost)
			continue
		}
		err = zipped(z, out.Files[f.ID], f.At, plain)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		a.log.Debug("an export was given up", "error", err)
	}
	return nil
}

// gather reads all of a conversation.
func gather(tx *store.Tx, c *caller, id string, out *ExportedTalk, text *talk.Written) (files []store.Attachment, err error) {
	if out.Conversation, err = showTalk(tx, c, talk.Conversation{ID: id}); err != nil {
		return nil, err
	}
	members, err := tx.Members(id)
	if err != nil {
		return nil, err
	}
	out.Marks = c.setup.marks(members)
	text.Title, text.Kind = out.Conversation.Title, out.Conversation.Kind
	for _, p := range out.Conversation.People {
		text.People = append(text.People, p.Name)
	}
	for after := 0; ; {
		some, err := tx.MessagesAfter(id, after, 500)
		if err != nil || len(some) == 0 {
			return files, err
		}
		for _, m := range some {
			after = m.Seq
			out.Messages, text.Messages = append(out.Messages, c.setup.message(m)), append(text.Messages, m)
			versions, err := tx.Versions(m)
			if err != nil {
				return nil, err
			}
			for _, v := range versions {
				text.Versions[m.Seq] = append(text.Versions[m.Seq], v)
				out.Versions[m.Seq] = append(out.Versions[m.Seq], MessageVersion{v.Version, v.At, v.Text})
			}
			for _, f := range m.Files {
				one, err := tx.Attachment(f.ID)
				if errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return nil, err
				}
				out.Files[f.ID] = talk.FileName(m, f)
				files = append(files, one)
			}
		}
	}
}

func zipped(z *zip.Writer, name string, at time.Time, body []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err == nil {
		_, err = w.Write(body)
	}
	return err
}
