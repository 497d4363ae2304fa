package sift

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"tocsin/alert"
	"tocsin/org"
)

// An Enrichment adds to what a source says before anything is decided: labels from a
// table, a label made of another one, a link to look further. One does one of these.
type Enrichment struct {
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// Label is the one that is looked at.
	Label string `json:"label,omitempty" yaml:"label,omitempty"`
	// Table gives the labels to add for each of its values.
	Table map[string]map[string]string `json:"table,omitempty" yaml:"table,omitempty"`
	// Match is a regular expression, anchored at both ends; To is the label that is made of
	// it, with the value With, where $1 is the first group.
	Match string `json:"match,omitempty" yaml:"match,omitempty"`
	To    string `json:"to,omitempty" yaml:"to,omitempty"`
	With  string `json:"with,omitempty" yaml:"with,omitempty"`
	// Link is a template of an address, and Text what is shown for it.
	Link string `json:"link,omitempty" yaml:"link,omitempty"`
	Text string `json:"text,omitempty" yaml:"text,omitempty"`
}

type enrichment struct {
	Enrichment
	match *regexp.Regexp
	link  template
}

func compileEnrichment(e Enrichment) (c enrichment, err error) {
	c.Enrichment = e
	kinds := 0
	for _, has := range []bool{len(e.Table) > 0, e.Match != "", e.Link != ""} {
		if has {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return c, fmt.Errorf("it has one of table, match and link")
	case e.Link == "" && e.Label == "":
		return c, fmt.Errorf("label: which one is to be looked at?")
	case e.Match != "" && e.To == "":
		return c, fmt.Errorf("to: which label is to be made of it?")
	}
	if e.Match != "" {
		if c.match, err = regexp.Compile(`^(?:` + e.Match + `)$`); err != nil {
			return c, fmt.Errorf("match: %w", err)
		}
	}
	if c.link, err = parseTemplate(e.Link); err != nil {
		return c, fmt.Errorf("link: %w", err)
	}
	return c, nil
}

// Enrich is the event with what the set-up knows about it. A link whose names are all
// empty is left out. Repetitions are still known by what the source said.
func (s *Sieve) Enrich(ev alert.Event, in org.Integration) alert.Event {
	if s == nil || len(s.enrich) == 0 || ev.Action == alert.Unreadable {
		return ev
	}
	ev = ev.AsHeard()
	ev.Labels, ev.Links = maps.Clone(ev.Labels), slices.Clip(ev.Links)
	if ev.Labels == nil {
		ev.Labels = map[string]string{}
	}
	for i := range s.enrich {
		e := &s.enrich[i]
		switch {
		case e.Link != "":
			if href, found := e.link.fill(valuesOf(&ev, &in)); found {
				ev.Links = append(ev.Links, alert.Link{Href: href, Text: e.Text})
			}
		case e.match != nil:
			v := alert.Value(&ev, &in, e.Label)
			if at := e.match.FindStringSubmatchIndex(v); at != nil {
				ev.Labels[e.To] = string(e.match.ExpandString(nil, e.With, v, at))
			}
		default:
			maps.Copy(ev.Labels, e.Table[alert.Value(&ev, &in, e.Label)])
		}
	}
	return ev
}
