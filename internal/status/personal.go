package status

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/web"
	"tocsin/org"
)

// FeedTokens is the domain in which the tokens of feeds are hashed.
const FeedTokens = "follow/feed"

const (
	atomType = "application/atom+xml"
	feedDays = 90
	mostTold = 5000 // updates that one look goes through
)

// FeedURL is the private address of a feed, by its token.
func FeedURL(public, token string) string { return public + "/follow/feed/" + token + ".atom" }

// personal answers with what somebody follows, to whoever knows the address. What its
// owner may not see any longer is not in it; a feed of somebody who may see nothing is not
// there.
func (s *Site) personal(w http.ResponseWriter, r *http.Request) {
	now := s.engine.Now()
	var f store.UpdateFeed
	var body []byte
	token, ok := strings.CutSuffix(r.PathValue("token"), ".atom")
	err := error(store.ErrNotFound)
	if ok && len(token) <= 64 {
		err = s.store.Read(r.Context(), func(tx *store.Tx) (err error) {
			if f, err = tx.UpdateFeedOf(s.ring.Hash(FeedTokens, token)); err == nil {
				body, err = s.feedOf(tx, f, FeedURL(s.public, token), now)
			}
			return err
		})
	}
	if err != nil {
		s.fault(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	guard(h, true)
	h.Set("Cache-Control", "private, no-cache") // asked again each time: a right may be gone
	h.Set("ETag", tag)
	if web.Has(r, tag) {
		w.WriteHeader(http.StatusNotModified)
	} else {
		h.Set("Content-Type", atomType+"; charset=utf-8")
		w.Write(body)
	}
	if now.Sub(f.UsedAt) < time.Hour {
		return
	}
	if err := s.store.Write(r.Context(), store.Background, func(tx *store.Tx) error { return tx.UpdateFeedUsed(f.ID, now) }); err != nil && r.Context().Err() == nil {
		s.log.Warn("the use of a feed was not noted", "feed", f.ID, "error", err)
	}
}

// feedOf writes a feed as it is now.
func (s *Site) feedOf(tx *store.Tx, f store.UpdateFeed, address string, now time.Time) ([]byte, error) {
	see, zone, err := s.eyes(tx, f.Owner)
	if err != nil {
		return nil, err
	}
	all, err := services(tx)
	if err != nil {
		return nil, err
	}
	w := Speak(f.Language)
	out := atomFeed{
		Lang: w.Lang, ID: uuid("feed " + f.ID), Title: w.T("atom.all"), Updated: instant(f.MadeAt), Author: atomAuthor{"Tocsin"},
		Links: []atomLink{{Rel: "self", Type: atomType, Href: address}, {Rel: "alternate", Type: "text/html", Href: s.public + "/incidents"}},
	}
	followed := []org.ServiceID{f.Service}
	if f.Service != "" {
		if v := all[f.Service]; see(v) {
			out.Title = w.T("atom.of", nameOf(v, f.Service))
		}
	} else if followed, err = follows(tx, f.Owner); err != nil {
		return nil, err
	}
	beneath := beneath(all, slices.DeleteFunc(followed, func(id org.ServiceID) bool { return all[id].Retired || !see(all[id]) }))
	told, err := tx.ToldSince(now.AddDate(0, 0, -feedDays), mostTold)
	if err != nil {
		return nil, err
	}
	logs := map[incident.ID]incident.Log{}
	for _, t := range told {
		if len(out.Entries) == mostEntries {
			break
		}
		v := all[t.Service]
		if !slices.Contains(beneath, t.Service) || !see(v) {
			continue
		}
		if _, read := logs[t.Subject]; !read {
			if logs[t.Subject], err = tx.Log(t.Subject); err != nil {
				return nil, err
			}
		}
		if e, ok := s.entry(logs[t.Subject], t, v.Secure, w, zone); ok {
			out.Entries = append(out.Entries, e)
		}
	}
	if len(out.Entries) > 0 && out.Entries[0].Updated > out.Updated {
		out.Updated = out.Entries[0].Updated
	}
	return out.write(), nil
}

// Feed writes a feed as it is at a moment.
func (s *Site) Feed(ctx context.Context, f store.UpdateFeed, now time.Time) (body []byte, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		body, err = s.feedOf(tx, f, FeedURL(s.public, "token"), now)
		return err
	})
	return body, err
}

// entry is one update, if it was for those who follow and is not taken back.
func (s *Site) entry(log incident.Log, t store.ToldOf, secure bool, w Words, zone *time.Location) (e atomEntry, ok bool) {
	title := ""
	for _, line := range log {
		switch f := line.Fact.(type) {
		case incident.Opened:
			title = f.Title
		case incident.Updated:
			if f.Title != "" && line.Seq <= t.Seq {
				title = f.Title
			}
			if line.Seq != t.Seq || !slices.Contains(f.To, org.ToFollowers) {
				continue
			}
			text := plain(f, w)
			if !f.Next.IsZero() {
				text += "\n" + w.T("next", w.Moment(f.Next, zone))
			}
			e, ok = atomEntry{
				ID: uuid(fmt.Sprintf("update %s %d", t.Subject, f.N)), Title: w.T("letter.update", w.Phase(f.Phase), title), Updated: instant(line.At),
				Link: atomLink{Rel: "alternate", Type: "text/html", Href: s.public + "/incidents/" + string(t.Subject)}, Content: atomText{"text", text},
			}, true
			if secure {
				e.Title, e.Content.Text = w.T("atom.secure"), w.T("atom.secure.text")
			}
		}
	}
	return e, ok
}

// eyes are what somebody may see, and the zone that they live in. Who may see nothing is
// not found.
func (s *Site) eyes(tx *store.Tx, id org.PersonID) (see func(org.Service) bool, zone *time.Location, err error) {
	world, err := s.engine.World(tx)
	if err != nil {
		return nil, nil, err
	}
	all, err := teams(tx)
	if err != nil {
		return nil, nil, err
	}
	p, ok := world.Person(id)
	access := org.AccessOf(p, all)
	if !ok || p.Retired || !access.May(org.ReadIncidents, "") {
		return nil, nil, store.ErrNotFound
	}
	if zone, err = org.Zone(p.Zone); err != nil {
		zone = time.UTC
	}
	return func(v org.Service) bool { return !v.Sensitive || access.May(org.ReadSensitive, v.Team) }, zone, nil
}

// follows are the services that somebody follows.
func follows(tx *store.Tx, p org.PersonID) (out []org.ServiceID, err error) {
	mine, err := tx.SubscribersBy(p)
	for _, one := range mine {
		if id, ok := strings.CutPrefix(one.Scope, "service:"); ok && one.Active {
			out = append(out, org.ServiceID(id))
		}
	}
	return out, err
}

func nameOf(v org.Service, id org.ServiceID) string {
	if v.Name != "" {
		return v.Name
	}
	return string(id)
}
