package v1

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/oncall/ical"
	"tocsin/org"
)

const importAhead = 366 * 24 * time.Hour // how far overrides and time off are written out

type importingCalendar struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		ICS    string                  `json:"ics" maxLength:"1000000" doc:"The calendar, as text/calendar"`
		As     string                  `json:"as" enum:"layers,overrides,time_off" doc:"layers: a layer for each event; overrides: each occurrence of the next year puts its people on call; time_off: each occurrence is when its person is away"`
		People map[string]org.PersonID `json:"people,omitempty" doc:"Who is meant by a summary or an address; otherwise ids, names and mail addresses are tried"`
		Zone   string                  `json:"zone,omitempty" maxLength:"64" doc:"Of readings without a zone; that of the calendar, or of the schedule, when it is left out"`
		Plan   bool                    `json:"plan,omitempty" doc:"Only say what would come of it"`
	}
}

// An Imported says what came of a calendar.
type Imported struct {
	Layers    int      `json:"layers"`
	Overrides int      `json:"overrides"`
	TimeOff   int      `json:"time_off"`
	Troubles  []string `json:"troubles" nullable:"false" doc:"What was not understood, event by event"`
	Preview   *Preview `json:"preview,omitempty" doc:"What it does to the next eight weeks"`
}

// importCalendar takes a calendar in. What came from one before is replaced by it.
func (a *API) importCalendar(ctx context.Context, in *importingCalendar) (*pageless[Imported], error) {
	c := asking(ctx)
	schedule, err := c.setup.schedule(in.ID)
	if err != nil {
		return nil, err
	}
	events, zone, troubles, err := ical.Parse([]byte(in.Body.ICS))
	if err != nil {
		return nil, wrong("body.ics", err.Error())
	}
	for _, z := range []string{schedule.Schedule.TZ, schedule.Schedule.Zone, "UTC"} {
		if zone == "" {
			zone = z
		}
	}
	if in.Body.Zone != "" {
		zone = in.Body.Zone
	}
	if _, err := org.Zone(zone); err != nil {
		return nil, wrong("body.zone", err.Error())
	}
	take := &taken{a: a, s: c.setup, known: c.setup.meant(in.Body.People), zone: zone, events: events, now: a.now().Truncate(time.Second)}
	take.out.Troubles = append([]string{}, troubles...)
	next := schedule.Schedule
	switch in.Body.As {
	case "layers":
		take.layers(&next)
	case "overrides":
		take.overrides(&next)
	default:
		take.absences()
	}
	if in.Body.As != "time_off" {
		p, err := a.previewOf(ctx, c.setup, schedule, next, in.ID, take.now, take.now.Add(56*24*time.Hour))
		if err != nil {
			return nil, err
		}
		take.out.Preview = &p
	}
	out := &pageless[Imported]{Body: take.out}
	if in.Body.Plan {
		return out, nil
	}
	return out, a.takeIn(ctx, in.ID, in.Body.As, take)
}

// takeIn writes what was made of a calendar, as one change.
func (a *API) takeIn(ctx context.Context, id, as string, take *taken) error {
	c := asking(ctx)
	err := a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if as == "time_off" {
			source := "ical:" + id
			for _, o := range take.away {
				if err := c.leads(o.Person); err != nil {
					return err
				}
				if err := tx.DropTimeOffOf(o.Person, source); err != nil {
					return err
				}
			}
			for _, o := range take.away {
				o.ID, o.Source, o.By = a.engine.NewID(take.now), source, string(c.Actor())
				if err := tx.PutTimeOff(o); err != nil {
					return err
				}
			}
			return nil
		}
		k := *kindNamed("schedules")
		k.api = a
		_, err := k.changeIn(ctx, tx, id, func(was store.ConfigRow, there bool) (json.RawMessage, error) {
			var v oncall.Schedule
			if !there || was.Retired {
				return nil, store.ErrNotFound
			}
			if err := json.Unmarshal(was.Body, &v); err != nil {
				return nil, err
			}
			if as == "layers" {
				take.layers(&v)
			} else {
				take.overrides(&v)
			}
			return json.Marshal(v)
		}, "")
		return err
	})
	if err == nil {
		a.engine.Poke()
	}
	return err
}

// A taken is a calendar on its way in.
type taken struct {
	a      *API
	s      *setup
	known  func(ical.Read) []org.PersonID
	zone   string
	events []ical.Read
	now    time.Time
	away   []store.TimeOff
	out    Imported
}

// layers puts the events where layers of a calendar stood.
func (t *taken) layers(v *oncall.Schedule) {
	layers, troubles := ical.Layers(t.events, t.zone, t.known)
	t.out.Layers = len(layers)
	t.trouble(troubles)
	v.Layers = append(slices.DeleteFunc(slices.Clone(v.Layers), func(l oncall.Layer) bool { return strings.HasPrefix(l.ID, "ical-") }), layers...)
}

func (t *taken) trouble(more []string) {
	for _, x := range more {
		if !slices.Contains(t.out.Troubles, x) {
			t.out.Troubles = append(t.out.Troubles, x)
		}
	}
}

// overrides puts each occurrence of the next year where overrides of a calendar stood.
func (t *taken) overrides(v *oncall.Schedule) {
	patches := slices.DeleteFunc(slices.Clone(v.Patches), func(p oncall.Patch) bool { return strings.HasPrefix(p.ID, "ical-") })
	t.out.Overrides = 0
	t.each(func(n int, people []org.PersonID, spans []oncall.Stretch) {
		for i, s := range spans {
			patches = append(patches, oncall.Patch{ID: fmt.Sprintf("ical-%d-%d", n+1, i+1), Op: "set", Users: people, Start: oncall.Instant(s.From), End: oncall.Instant(s.Until)})
			t.out.Overrides++
		}
	})
	v.Patches = numberedAnew(nil, patches)
}

// absences notes each occurrence as time off of its people.
func (t *taken) absences() {
	t.each(func(_ int, people []org.PersonID, spans []oncall.Stretch) {
		for _, p := range people {
			for _, s := range spans {
				t.away = append(t.away, store.TimeOff{Person: p, From: s.From, Until: s.Until})
			}
		}
	})
	t.out.TimeOff = len(t.away)
}

// each visits the events that stand for people, with their occurrences of the next year.
func (t *taken) each(visit func(n int, people []org.PersonID, spans []oncall.Stretch)) {
	for n, e := range t.events {
		if e.Cancelled {
			continue
		}
		people := t.known(e)
		if len(people) == 0 {
			t.trouble([]string{fmt.Sprintf("event %q: nobody is known by %q", e.UID, e.Summary)})
			continue
		}
		spans, err := ical.Spans(e, t.events, t.zone, t.now, t.now.Add(importAhead))
		if err != nil {
			t.trouble([]string{err.Error()})
			continue
		}
		visit(n, people, spans)
	}
}

// meant finds who an event means: by what the request says, by the addresses of those who
// take part, or by an id or name that its summary is or begins with.
func (s *setup) meant(said map[string]org.PersonID) func(ical.Read) []org.PersonID {
	byWord := map[string]org.PersonID{}
	for _, r := range s.all {
		if r.Kind != config.Person || r.Retired {
			continue
		}
		p, _ := s.personOf(org.PersonID(r.ID))
		byWord[strings.ToLower(string(p.ID))] = p.ID
		if p.Name != "" {
			byWord[strings.ToLower(p.Name)] = p.ID
		}
		for _, m := range p.Methods {
			if m.Channel == "email" {
				byWord[strings.ToLower(m.Address)] = p.ID
			}
		}
	}
	for word, p := range said {
		byWord[strings.ToLower(word)] = p
	}
	return func(e ical.Read) (people []org.PersonID) {
		for _, address := range e.Attendees {
			if p, ok := byWord[address]; ok {
				people = append(people, p)
			}
		}
		if len(people) > 0 {
			return people
		}
		summary := strings.ToLower(e.Summary)
		if strings.HasPrefix(summary, "[l") {
			_, summary, _ = strings.Cut(summary, "]")
		}
		for _, end := range []string{"", ":", " -", ","} {
			word := summary
			if end != "" {
				word, _, _ = strings.Cut(summary, end)
			}
			if p, ok := byWord[strings.TrimSpace(word)]; ok {
				return []org.PersonID{p}
			}
		}
		for part := range strings.SplitSeq(summary, ",") {
			if p, ok := byWord[strings.TrimSpace(part)]; ok {
				people = append(people, p)
			}
		}
		return people
	}
}
