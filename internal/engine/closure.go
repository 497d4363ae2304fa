package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
	"tocsin/resolve"
	"tocsin/review"
)

// leads are who leads the team of an incident: its managers, or else all its members.
func (s *setup) leads(in incident.Incident) (all []org.PersonID) {
	id := cmp.Or(in.Team, s.services[in.Service].Team)
	team := s.teams[id]
	if all = s.managers(id); len(all) == 0 && !team.Retired {
		for _, id := range team.Members {
			if p, ok := s.people[id]; ok && !p.Retired {
				all = append(all, id)
			}
		}
	}
	return all
}

// managers are those of a team.
func (s *setup) managers(id org.TeamID) (all []org.PersonID) {
	team := s.teams[id]
	if team.Retired {
		return nil
	}
	ids := slices.Clone(team.Members)
	for id := range team.Roles {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		p, ok := s.people[id]
		if role := cmp.Or(team.Roles[id], p.Role); ok && !p.Retired && role == org.Manager {
			all = append(all, id)
		}
	}
	return all
}

// gate is what an incident must have before it is closed.
func (s *setup) gate(in incident.Incident) []review.Need {
	return review.Gate(in, s.settings.Closure(in.Severity, in.Service, in.Team), owedToClose(in)...)
}

// owedToClose is what the other steps want to be complete before an incident is closed,
// whatever the set-up says.
func owedToClose(in incident.Incident) (needs []review.Need) {
	if len(in.Overrides) > 0 { // one that was reviewed stands among what the incident had to have
		n := len(resolve.OverridesUnreviewed(in))
		needs = append(needs, review.Need{Code: "overrides", Text: "have the emergency overrides reviewed by somebody else", Met: n == 0, N: n})
	}
	running := 0
	if in.Room != nil && in.Merged == "" {
		for _, r := range in.Room.Runbooks {
			if r.Open() {
				running++
			}
		}
	}
	if running > 0 {
		needs = append(needs, review.Need{Code: "runbooks", Text: "end the runbooks that are still followed", N: running})
	}
	return needs
}

// Gate is what an incident must have before it is closed, and whether it has.
func (e *Engine) Gate(tx *store.Tx, in incident.Incident) ([]review.Need, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	return s.gate(in), nil
}

// Leads are who leads the team of an incident.
func (e *Engine) Leads(tx *store.Tx, in incident.Incident) ([]org.PersonID, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	return s.leads(in), nil
}

// on does something to one subject in a transaction of its own, as Do does, with more of
// the house at hand.
func (e *Engine) on(ctx context.Context, id incident.ID, now time.Time, do func(t *tending) error) error {
	err := e.store.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		defer guard(&err)
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		sub, err := tx.Lock(id)
		if err != nil {
			return err
		}
		t := e.tend(tx, s, sub, now)
		if err := do(t); err != nil {
			return err
		}
		return t.settle()
	})
	if err == nil {
		e.hit("after do")
		e.Poke()
	}
	return err
}

// Close closes an incident, if its gate lets it through. There is no other way.
func (e *Engine) Close(ctx context.Context, id incident.ID, by incident.Actor, why string, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		facts, err := review.Close(t.in, t.s.gate(t.in), why)
		if err == nil {
			t.add(by, facts...)
		}
		return err
	})
}

// DraftRetro begins the retrospective of an incident by the template of its kind, with
// what its log has for each section.
func (e *Engine) DraftRetro(ctx context.Context, id incident.ID, by incident.Actor, zone *time.Location, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		template := t.s.settings.Retrospective(t.in.Severity, t.in.Service)
		facts, err := review.Begin(t.in, template)
		if err != nil {
			return err
		}
		log, err := t.tx.Log(id)
		if err != nil {
			return err
		}
		c := t.s.cased(t.in, log, zone)
		t.add(by, facts...)
		for _, section := range template.Sections {
			// What was written before is not lost: the draft follows it.
			was, err := t.tx.RetroSection(id, section.ID)
			if err != nil {
				return err
			}
			text := c.Draft(section.Draft)
			if text == "" && was.Version == 0 {
				continue
			}
			if err := t.tx.PutRetro(store.RetroText{Subject: id, Section: section.ID, Version: was.Version + 1, At: t.now, By: incident.Engine, Text: text}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *setup) cased(in incident.Incident, log incident.Log, zone *time.Location) review.Case {
	return review.Case{In: in, Log: log, Name: s.personName, Service: s.serviceName(in.Service), Zone: zone}
}

func (s *setup) personName(id org.PersonID) string { return cmp.Or(s.people[id].Name, string(id)) }

// Case is what drafts of an incident's retrospective are made of.
func (e *Engine) Case(tx *store.Tx, in incident.Incident, zone *time.Location) (c review.Case, err error) {
	s, err := e.current(tx)
	if err != nil {
		return c, err
	}
	log, err := tx.Log(in.ID)
	return s.cased(in, log, zone), err
}

// A Clash is that somebody else saved a section meanwhile: nothing was saved.
type Clash struct{ Now store.RetroText }

func (Clash) Error() string { return "somebody else saved it meanwhile" }

// WriteRetro saves a section of a retrospective, if it is still the version that whoever
// writes has seen. If not, the error is a Clash with what it says now.
func (e *Engine) WriteRetro(ctx context.Context, id incident.ID, section string, seen int, text string, by incident.Actor, now time.Time) (saved store.RetroText, err error) {
	err = e.on(ctx, id, now, func(t *tending) error {
		facts, err := review.Write(t.in, section, text, by.Person())
		if err != nil {
			return err
		}
		was, err := t.tx.RetroSection(id, section)
		switch {
		case err != nil:
			return err
		case was.Text == text && was.Version > 0: // twice is once, also after a clash
			saved = was
			return nil
		case was.Version != seen:
			return Clash{was}
		}
		t.add(by, facts...)
		saved = store.RetroText{Subject: id, Section: section, Version: was.Version + 1, At: t.now, By: by, Text: text}
		return t.tx.PutRetro(saved)
	})
	return saved, err
}

// SignRetro is somebody's word that a retrospective is right.
func (e *Engine) SignRetro(ctx context.Context, id incident.ID, by org.PersonID, note string, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		facts, err := review.Sign(t.in, by, note, t.s.settings.Closure(t.in.Severity, t.in.Service, t.in.Team).Signatures)
		if err == nil {
			t.add(incident.ByPerson(by), facts...)
		}
		return err
	})
}

// PublishRetro gives a version of a retrospective to those whom it is for.
func (e *Engine) PublishRetro(ctx context.Context, id incident.ID, by incident.Actor, a org.Audience, pages []org.StatusPageID, zone *time.Location, now time.Time) error {
	return e.on(ctx, id, now, func(t *tending) error {
		d, err := t.document(zone)
		if err != nil {
			return err
		}
		v := d.Version(a)
		facts, err := review.Publish(t.in, incident.RetroPublished{For: a, Pages: pages, Title: v.Title, Text: v.Body()})
		if err == nil {
			t.add(by, facts...)
		}
		return err
	})
}

func (t *tending) document(zone *time.Location) (review.Document, error) {
	texts, err := t.tx.Retro(t.in.ID)
	return t.s.document(t.in, texts, zone), err
}

func (s *setup) document(in incident.Incident, texts map[string]store.RetroText, zone *time.Location) review.Document {
	d := review.Document{In: in, Texts: map[string]string{}, Name: s.personName, People: map[org.PersonID]string{}, Service: s.serviceName(in.Service), Zone: zone}
	for id, r := range texts {
		d.Texts[id] = r.Text
	}
	for id, p := range s.people {
		d.People[id] = p.Name
	}
	return d
}

// RetroDocument is a retrospective as it is written.
func (e *Engine) RetroDocument(tx *store.Tx, in incident.Incident, zone *time.Location) (d review.Document, err error) {
	s, err := e.current(tx)
	if err != nil {
		return d, err
	}
	texts, err := tx.Retro(in.ID)
	return s.document(in, texts, zone), err
}

// reviewFact is the part of follow that is about closure: rows by which actions and lessons
// are found, and what stands on status pages.
func (t *tending) reviewFact(e incident.Entry) {
	action := func(n int) {
		t.then = append(t.then, func() error {
			a, ok := t.in.Action(n)
			if !ok {
				return nil
			}
			return t.tx.PutReviewAction(t.in, a)
		})
	}
	lesson := func(n int) {
		t.then = append(t.then, func() error {
			l, ok := t.in.Lesson(n)
			if !ok {
				return nil
			}
			return t.tx.PutLesson(t.in, l)
		})
	}
	switch f := e.Fact.(type) {
	case incident.ActionAdded:
		action(f.Action)
	case incident.ActionChanged:
		action(f.Action)
	case incident.ActionDone:
		action(f.Action)
	case incident.ActionDropped:
		action(f.Action)
	case incident.ActionReopened:
		action(f.Action)
	case incident.ActionRecurred:
		action(f.Action)
	case incident.LessonLearned:
		lesson(f.Lesson)
	case incident.LessonWithdrawn:
		lesson(f.Lesson)
	case incident.RetroPublished:
		for _, p := range f.Pages {
			t.then = append(t.then, func() error {
				return t.tx.Publish(store.Publication{Page: p, Subject: t.in.ID, Seq: e.Seq, At: e.At})
			})
		}
	case incident.Opened:
		if f.Sort == "" {
			t.then = append(t.then, t.remember)
		}
	}
}
