package status

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/web"
	"tocsin/org"
)

// The files of a page.
const (
	pageFile = "index.html"
	atomFile = "feed.atom"
	jsonFile = "status.json"
	metaFile = "page.json" // the page's set-up, so that it is served without the database
)

var files = []string{pageFile, atomFile, jsonFile, metaFile}

// copied is a page as it was made last.
type copied struct {
	page  org.StatusPage
	files map[string][]byte
	small map[string][]byte // the same, compressed
	tags  map[string]string // their ETags

	written bool // into the data folder
}

// page is a page by its id, as it was made last.
func (s *Site) page(id string) (*copied, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.pages[org.StatusPageID(id)]
	return c, ok
}

// Show is what a page says at a moment.
func (s *Site) Show(ctx context.Context, id org.StatusPageID, now time.Time) (m Model, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		all, err := configured(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p org.StatusPage) bool { return p.ID == id })
		if i < 0 {
			return store.ErrNotFound
		}
		seen, err := s.see(tx, all[i], now)
		if err == nil {
			m = Compute(seen, zoneOf(all[i]), now)
		}
		return err
	})
	return m, err
}

func zoneOf(p org.StatusPage) *time.Location {
	zone, err := org.Zone(p.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// make makes a page and says when it changes by itself.
func (s *Site) make(ctx context.Context, p org.StatusPage, now time.Time) (next time.Time, err error) {
	zone := zoneOf(p)
	var seen Seen
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) { seen, err = s.see(tx, p, now); return err })
	if err != nil {
		return next, err
	}
	m := Compute(seen, zone, now)
	set, err := json.Marshal(p)
	if err != nil {
		return next, fmt.Errorf("status: page %s: %w", p.ID, err)
	}
	made := map[string][]byte{pageFile: s.html(m, zone), atomFile: s.atom(m, zone), jsonFile: asJSON(m), metaFile: set}
	if was, ok := s.page(string(p.ID)); ok && was.written && same(was.files, made) {
		return m.Next, nil
	}
	s.keep(p, made, false) // it is shown, also where the disk is full
	if err := s.write(p, made); err != nil {
		return m.Next, err
	}
	s.keep(p, made, true)
	return m.Next, nil
}

// same says whether a page says what it said before. When it was made is no difference.
func same(a, b map[string][]byte) bool {
	for _, name := range files {
		if string(a[name]) != string(b[name]) {
			return false
		}
	}
	return true
}

func (s *Site) keep(p org.StatusPage, made map[string][]byte, written bool) {
	c := &copied{page: p, files: made, small: map[string][]byte{}, tags: map[string]string{}, written: written}
	for name, body := range made {
		c.small[name] = web.Compressed(body)
		sum := sha256.Sum256(body)
		c.tags[name] = `"` + hex.EncodeToString(sum[:8]) + `"`
	}
	s.mu.Lock()
	s.pages[p.ID] = c
	s.mu.Unlock()
}

// write puts the copy into the data folder: each file whole, or as it was.
func (s *Site) write(p org.StatusPage, made map[string][]byte) error {
	if s.dir == "" {
		return nil
	}
	dir := filepath.Join(s.dir, string(p.ID))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("status: the copy of %s: %w", p.ID, err)
	}
	for _, name := range files {
		if err := replace(filepath.Join(dir, name), made[name]); err != nil {
			return fmt.Errorf("status: the copy of %s: %w", p.ID, err)
		}
	}
	return nil
}

// replace writes a file so that whoever reads it, and whatever crashes, finds all of the
// old or all of the new.
func replace(path string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// reopen takes up the copies of before, for as long as the database does not say more.
func (s *Site) reopen() {
	if s.dir == "" {
		return
	}
	all, err := os.ReadDir(s.dir)
	if err != nil {
		return // none was written yet
	}
	for _, d := range all {
		made := map[string][]byte{}
		for _, name := range files {
			if body, err := os.ReadFile(filepath.Join(s.dir, d.Name(), name)); err == nil {
				made[name] = body
			}
		}
		var p org.StatusPage
		if len(made) == len(files) && json.Unmarshal(made[metaFile], &p) == nil && string(p.ID) == d.Name() {
			s.keep(p, made, true)
		}
	}
}

// forget takes away pages that are gone.
func (s *Site) forget(pages []org.StatusPage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.pages {
		if slices.ContainsFunc(pages, func(p org.StatusPage) bool { return p.ID == id }) {
			continue
		}
		delete(s.pages, id)
		if s.dir != "" {
			if err := os.RemoveAll(filepath.Join(s.dir, string(id))); err != nil {
				s.log.Error("the copy of a status page that is gone could not be removed", "page", id, "error", err)
			}
		}
	}
}

// see gathers what a page says.
func (s *Site) see(tx *store.Tx, p org.StatusPage, now time.Time) (Seen, error) {
	seen := Seen{Page: p, Auto: map[string][]Stretch{}}
	since := now.AddDate(0, 0, -historyDays)
	versions, err := tx.ConfigVersions("status_page", string(p.ID))
	if err != nil {
		return seen, err
	}
	for _, v := range versions {
		if seen.Since.IsZero() || v.At.Before(seen.Since) {
			seen.Since = v.At
		}
	}
	all, err := services(tx)
	if err != nil {
		return seen, err
	}
	if seen.Affairs, err = affairs(tx, p.ID, since, all); err != nil {
		return seen, err
	}
	for _, c := range p.Components {
		if c.Auto {
			if seen.Auto[c.ID], err = auto(tx, beneath(all, c.Services), all, since); err != nil {
				return seen, err
			}
		}
	}
	if seen.Work, err = s.work(tx, p, all, now); err != nil {
		return seen, err
	}
	return seen, nil
}

// affairs are the incidents of which a page was told something.
func affairs(tx *store.Tx, page org.StatusPageID, since time.Time, all map[org.ServiceID]org.Service) (out []Affair, err error) {
	told, err := tx.Publications(page, since)
	if err != nil {
		return nil, err
	}
	known := map[incident.ID]bool{}
	for _, p := range told {
		if known[p.Subject] {
			continue
		}
		known[p.Subject] = true
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return nil, err
		}
		log, err := tx.Log(p.Subject)
		if err != nil {
			return nil, err
		}
		a := Affair{ID: sub.ID, Title: sub.Title, Opened: sub.OpenedAt, Ended: sub.ResolvedAt}
		if all[sub.Service].Secure {
			a.Title = ""
		}
		for _, e := range log {
			switch f := e.Fact.(type) {
			case incident.NoticePosted:
				a.Form, a.Begins, a.Ends = f.Form, f.Begins, f.Ends
			case incident.NoticeMoved:
				a.Begins, a.Ends = f.Begins, f.Ends
			}
			if f, ok := e.Fact.(incident.RetroPublished); ok && slices.Contains(f.Pages, page) {
				a.Retro = Retro{e.At, f.Text}
				if f.Title != "" && !all[sub.Service].Secure {
					a.Title = f.Title
				}
			}
			u, ok := e.Fact.(incident.Updated)
			if !ok || !slices.Contains(u.To, org.ToStatus+string(page)) {
				continue
			}
			if u.Title != "" {
				a.Title = u.Title
			}
			a.Updates = append(a.Updates, Said{e.At, u})
		}
		if len(a.Updates) == 0 && a.Retro.At.IsZero() { // all of it was taken back
			continue
		}
		if a.Form != "" && a.Form != incident.PlannedWork {
			a.Opened = a.Updates[0].At // one that waited
		}
		out = append(out, a)
	}
	return out, nil
}

const mostAuto = 1000

// auto are the times in which something was open on services.
func auto(tx *store.Tx, ids []org.ServiceID, all map[org.ServiceID]org.Service, since time.Time) (out []Stretch, err error) {
	seen := map[incident.ID]bool{}
	for _, id := range ids {
		if all[id].Sensitive { // that something is wrong there is not for everybody
			continue
		}
		for _, f := range []store.Filter{{Service: id, Open: true, Limit: mostAuto}, {Service: id, OpenedAfter: since, Limit: mostAuto}} {
			rows, err := tx.Subjects(f)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				state := org.StateOf(r.Severity)
				if seen[r.ID] || r.Held != "" || state == org.Operational {
					continue
				}
				seen[r.ID] = true
				one := Stretch{From: r.OpenedAt, Until: r.ResolvedAt, State: state}
				if r.Status.Open() {
					one.Until = time.Time{}
				}
				out = append(out, one)
			}
		}
	}
	return out, nil
}

// ahead is how long before planned work is shown.
const ahead = 14 * 24 * time.Hour

// work is what is planned for the services of a page's components.
func (s *Site) work(tx *store.Tx, p org.StatusPage, all map[org.ServiceID]org.Service, now time.Time) (out []Work, err error) {
	windows, err := s.engine.Windows(tx, now)
	for _, o := range windows {
		if o.Over || o.Begin.After(now.Add(ahead)) {
			continue
		}
		w := Work{ID: o.ID, Name: o.Title(), Begin: o.Begin, End: o.End, On: o.On}
		for _, c := range p.Components {
			if slices.ContainsFunc(c.Services, func(id org.ServiceID) bool { return slices.Contains(o.Covers, id) }) {
				w.Components = append(w.Components, c.ID)
			}
		}
		if len(w.Components) > 0 {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b Work) int { return a.Begin.Compare(b.Begin) })
	return out, err
}
