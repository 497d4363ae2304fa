package ical

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// What may become of a calendar.
const (
	AsLayers    = "layers"    // a layer for each event
	AsOverrides = "overrides" // each occurrence puts its people on call
	AsTimeOff   = "time_off"  // each occurrence is when its people are away
)

// An Absence is when somebody is away.
type Absence struct {
	Person      org.PersonID
	From, Until time.Time
}

// A Taken is what was made of a calendar.
type Taken struct {
	Layers   []oncall.Layer
	Patches  []oncall.Patch
	Away     []Absence
	Troubles []string // what was not understood, event by event

	prefix string
}

// Take makes of events what they are to be; occurrences are written out in [from, until).
// All that it makes is named with the prefix, so that it can be told from the rest.
func Take(events []Read, as, zone, prefix string, who Who, from, until time.Time) Taken {
	t := Taken{prefix: prefix}
	if as == AsLayers {
		t.Layers, t.Troubles = Layers(events, zone, who)
		for i := range t.Layers {
			t.Layers[i].ID = prefix + strings.TrimPrefix(t.Layers[i].ID, "ical-")
		}
		return t
	}
	for n, e := range events {
		if e.Cancelled {
			continue
		}
		people := who(e)
		if len(people) == 0 {
			t.Troubles = append(t.Troubles, fmt.Sprintf("event %q: nobody is known by %q", e.UID, e.Summary))
			continue
		}
		spans, err := Spans(e, events, zone, from, until)
		if err != nil {
			t.Troubles = append(t.Troubles, err.Error())
			continue
		}
		for i, s := range spans {
			if as == AsOverrides {
				t.Patches = append(t.Patches, oncall.Patch{ID: fmt.Sprintf("%s%d-%d", prefix, n+1, i+1), Op: "set", Users: people, Start: oncall.Instant(s.From), End: oncall.Instant(s.Until)})
				continue
			}
			for _, p := range people {
				t.Away = append(t.Away, Absence{p, s.From, s.Until})
			}
		}
	}
	return t
}

// Put puts the layers and overrides where those of the same calendar stood.
func (t Taken) Put(v *oncall.Schedule) {
	v.Layers = append(slices.DeleteFunc(slices.Clone(v.Layers), func(l oncall.Layer) bool { return strings.HasPrefix(l.ID, t.prefix) }), t.Layers...)
	v.Patches = slices.DeleteFunc(slices.Clone(v.Patches), func(p oncall.Patch) bool { return strings.HasPrefix(p.ID, t.prefix) })
	seq := int64(0)
	for _, p := range v.Patches {
		seq = max(seq, p.Seq)
	}
	for _, p := range t.Patches {
		seq++
		p.Seq = seq
		v.Patches = append(v.Patches, p)
	}
}

// Meant finds who an event means: by what is said of a word, by the addresses of those who
// take part, or by an id or name that its summary is or begins with.
func Meant(people []org.Person, said map[string]org.PersonID) Who {
	byWord := map[string]org.PersonID{}
	for _, p := range people {
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
	return func(e Read) (people []org.PersonID) {
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
