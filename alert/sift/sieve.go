// Package sift decides which alerts page. What fires goes through stages in one order:
// it may go by itself (transient), it was not heard often enough (threshold), another
// explains it (symptom), its cause may still come (hold), others say the same (group),
// there is too much at once (storm); and what nothing held back opens an incident. Before
// that its event is enriched; silences and maintenance windows hold the incident, not
// the alert, so that what is silenced still explains others. Whatever is held back says
// by which stage, rule and cause, since when and until when.
//
// A Sieve is the set-up, ready to be asked. It is pure: what it must know of the house
// comes with the Case. Sift is for an alert that no incident answers for yet; Resift for
// one that has its incident, when what explains it has changed. The engine carries the
// verdicts out and keeps the state in rows; a House does the same in memory, to replay
// what was heard under another set-up before it is saved.
package sift

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/matcher/parse"
	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/org"
)

// AnyOf is a child that needs any one of some members.
type AnyOf = cause.AnyOf

// A Sifting is what is known of how things hang together, and which rules hold alerts back.
type Sifting struct {
	Nodes   []Node             `json:"nodes,omitempty" yaml:"nodes,omitempty"`
	AnyOf   []AnyOf            `json:"any_of,omitempty" yaml:"any_of,omitempty"`
	About   []NodeRule         `json:"about,omitempty" yaml:"about,omitempty"`
	Inhibit []cause.Inhibition `json:"inhibit,omitempty" yaml:"inhibit,omitempty"`
	Windows []Maintenance      `json:"windows,omitempty" yaml:"windows,omitempty"`
	Enrich  []Enrichment       `json:"enrich,omitempty" yaml:"enrich,omitempty"`
	Actions []Action           `json:"actions,omitempty" yaml:"actions,omitempty"`
}

// A Node is a thing that alerts are about and others depend on: a host, a switch, a
// room. Services are nodes too, by their ids; naming one here adds to its dependencies.
type Node struct {
	ID        string   `json:"id" yaml:"id"`
	Name      string   `json:"name,omitempty" yaml:"name,omitempty"`
	Tier      string   `json:"tier,omitempty" yaml:"tier,omitempty"` // as people call its layer: "network", "host"
	DependsOn []string `json:"depends_on,omitempty" yaml:"depends_on,omitempty"`
}

// A NodeRule says which node an alert is about, or how far gone it is. The first rule that
// matches and says so decides. Without one an alert is about its service; its class is
// the label class (down, degraded or warning) if it has one, and else SEV1 and SEV2 are
// down, SEV3 is degraded, SEV4 and SEV5 are warnings.
type NodeRule struct {
	Match []string `json:"match,omitempty" yaml:"match,omitempty"`
	Node  string   `json:"node,omitempty" yaml:"node,omitempty"` // a template: "host-{instance}"
	Class string   `json:"class,omitempty" yaml:"class,omitempty"`
}

// A Sieve is a Sifting with the services and settings, ready to be asked. The nil Sieve
// lets everything through.
type Sieve struct {
	graph    *cause.Graph
	rules    *cause.Rules
	about    []nodeRule
	windows  []window
	enrich   []enrichment
	actions  []action
	services map[org.ServiceID]org.Sift
	keys     map[org.ServiceID]template
	settings org.Sift
	watched  map[string]bool // nodes that an alert can be about; nil: all
}

type nodeRule struct {
	NodeRule
	matchers labels.Matchers
	node     template
	class    cause.Class
}

// A Fault is a field of a Sifting that cannot be understood.
type Fault struct {
	Field string // "windows[0]"
	Err   error
}

// Compile makes a sieve ready. The faults name every field that cannot be understood;
// what is left works without it.
func Compile(in Sifting, services map[org.ServiceID]org.Service, settings org.Settings) (*Sieve, []Fault) {
	s := &Sieve{services: map[org.ServiceID]org.Sift{}, keys: map[org.ServiceID]template{}, settings: settings.Sift}
	var faults []Fault
	fault := func(err error, field string, args ...any) bool {
		if err != nil {
			faults = append(faults, Fault{fmt.Sprintf(field, args...), err})
		}
		return err != nil
	}
	depends := map[string][]string{}
	for id, v := range services {
		if v.Retired {
			continue
		}
		for _, d := range v.DependsOn {
			depends[string(id)] = append(depends[string(id)], string(d))
		}
	}
	for i, n := range in.Nodes {
		if n.ID == "" {
			fault(errors.New("a node has an id"), "nodes[%d].id", i)
			continue
		}
		depends[n.ID] = append(depends[n.ID], n.DependsOn...)
	}
	var err error
	if s.graph, err = cause.NewGraph(depends, in.AnyOf); err != nil {
		fault(err, "nodes")
	}
	for i, r := range in.About {
		if c, err := compileNodeRule(r); !fault(err, "about[%d]", i) {
			s.about = append(s.about, c)
		}
	}
	var good []cause.Inhibition
	for i, r := range in.Inhibit {
		if r.Name == "" {
			r.Name = fmt.Sprintf("inhibit %d", i+1)
		}
		_, err := cause.CompileRules([]cause.Inhibition{r})
		if err != nil {
			err = errors.New(strings.TrimPrefix(err.Error(), r.Name+", "))
		}
		if !fault(err, "inhibit[%d]", i) {
			good = append(good, r)
		}
	}
	s.rules, _ = cause.CompileRules(good)
	seen := map[string]bool{}
	for i, w := range in.Windows {
		c, err := compileWindow(w)
		if err == nil && (w.ID == "" || seen[w.ID]) {
			err = errors.New("id: a window has one of its own")
		}
		if seen[w.ID] = true; !fault(err, "windows[%d]", i) {
			c.services = s.Covered(w, services)
			s.windows = append(s.windows, c)
		}
	}
	for i, e := range in.Enrich {
		if c, err := compileEnrichment(e); !fault(err, "enrich[%d]", i) {
			s.enrich = append(s.enrich, c)
		}
	}
	ids := map[string]bool{}
	for i, a := range in.Actions {
		c, err := compileAction(a)
		if err == nil && ids[a.ID] {
			err = errors.New("id: an action has one of its own")
		}
		if ids[a.ID] = true; !fault(err, "actions[%d]", i) {
			s.actions = append(s.actions, c)
		}
	}
	for id, v := range services {
		sift := v.Sift.Or(settings.Sift)
		s.services[id] = sift
		if sift.Group != nil && sift.Group.Key != "" {
			if t, err := parseTemplate(sift.Group.Key); !fault(err, "service %s, sift.group.key", id) {
				s.keys[id] = t
			}
		}
	}
	return s, faults
}

// CheckSift refuses what no sieve could work with.
func CheckSift(s org.Sift) error {
	switch {
	case s.Transient != nil && s.Transient.D() > 15*time.Minute:
		return errors.New("transient: at most 15m")
	case s.Hold != nil && s.Hold.D() > 15*time.Minute:
		return errors.New("hold: at most 15m")
	case s.Settle != nil && s.Settle.D() > time.Hour:
		return errors.New("settle: at most 1h")
	case s.Threshold != nil && (s.Threshold.Count < 1 || s.Threshold.Count > 100 || s.Threshold.Within <= 0):
		return errors.New("threshold: a count of 1 to 100 within some time")
	case s.Flapping != nil && (s.Flapping.High < 0 || s.Flapping.High > 99 || s.Flapping.Low < 0 || s.Flapping.High > 0 && s.Flapping.Low > s.Flapping.High):
		return errors.New("flapping: low to high, in per cent")
	case s.Storm != nil && (s.Storm.Incidents < 0 || s.Storm.Incidents > 1000 || s.Storm.Within < 0):
		return errors.New("storm: at most 1000 incidents")
	case s.Group != nil && s.Group.Window.D() > 24*time.Hour:
		return errors.New("group.window: at most 24h")
	}
	if s.Group != nil {
		if _, err := parseTemplate(s.Group.Key); err != nil {
			return fmt.Errorf("group.key: %w", err)
		}
	}
	return nil
}

func compileNodeRule(r NodeRule) (c nodeRule, err error) {
	c.NodeRule = r
	for _, text := range r.Match {
		ms, err := parse.Matchers(text)
		if err != nil {
			return c, fmt.Errorf("match: %q: %w", text, err)
		}
		c.matchers = append(c.matchers, ms...)
	}
	if c.node, err = parseTemplate(r.Node); err != nil {
		return c, fmt.Errorf("node: %w", err)
	}
	var ok bool
	if c.class, ok = cause.ClassOf(r.Class); !ok && r.Class != "" {
		return c, fmt.Errorf("class: %q is none of down, degraded, warning", r.Class)
	}
	if r.Node == "" && r.Class == "" {
		return c, errors.New("node: the rule says nothing")
	}
	return c, nil
}

// of is how a service's alerts are sifted.
func (s *Sieve) of(id org.ServiceID) org.Sift {
	if v, ok := s.services[id]; ok {
		return v
	}
	return s.settings
}

// Explains says whether any alert might be the symptom of another.
func (s *Sieve) Explains() bool { return s != nil && (!s.graph.Empty() || s.rules.Len() > 0) }

// Counts says whether an alert of a service must be looked at each time it is heard.
func (s *Sieve) Counts(id org.ServiceID) bool { return s != nil && s.of(id).Threshold != nil }

// Graph is who depends on whom.
func (s *Sieve) Graph() *cause.Graph { return s.graph }

// Forest is an empty forest for what fires.
func (s *Sieve) Forest(pairs []cause.Pair) *cause.Forest {
	return cause.NewForest(s.graph, cause.Options{Late: given(s.settings.Late, cause.Late), Rules: s.rules, Pairs: pairs})
}

// severities as a forest knows them, where greater is worse.
var severities = []org.Severity{org.SEV5, org.SEV4, org.SEV3, org.SEV2, org.SEV1}

// Tree is an alert as a forest knows it: its node, its class, since when.
func (s *Sieve) Tree(a *alert.Alert, in org.Integration) cause.Alert {
	t := cause.Alert{
		ID: a.ID, Name: NameOf(a), Node: string(a.Service), Severity: slices.Index(severities, a.Severity) + 1,
		Start: a.FirstAt, Labels: a.Last.Labels, Pinned: a.Sifted.Pinned,
	}
	if since := a.Last.Since; !since.IsZero() && since.Before(t.Start) {
		t.Start = since
	}
	var named bool
	for i := range s.about {
		r := &s.about[i]
		if named && (r.class == 0 || t.Class != 0) || !r.matches(&a.Last, &in) {
			continue
		}
		if r.Node != "" && !named {
			if n, found := r.node.fill(valuesOf(&a.Last, &in)); found {
				t.Node, named = n, true
			}
		}
		if t.Class == 0 {
			t.Class = r.class
		}
	}
	if t.Class == 0 {
		t.Class, _ = cause.ClassOf(a.Last.Labels["class"])
	}
	if t.Class == 0 {
		switch a.Severity {
		case org.SEV1, org.SEV2:
			t.Class = cause.Down
		case org.SEV3:
			t.Class = cause.Degraded
		default:
			t.Class = cause.Warning
		}
	}
	return t
}

func (r *nodeRule) matches(ev *alert.Event, in *org.Integration) bool {
	for _, m := range r.matchers {
		if !m.Matches(alert.Value(ev, in, m.Name)) {
			return false
		}
	}
	return true
}

// Matching notes which node rules and actions match an event, in the order of the set-up.
// What cannot be understood counts as matched: it was told of elsewhere.
func (s *Sieve) Matching(ev *alert.Event, in *org.Integration, abouts, actions []bool) {
	for i := range abouts {
		abouts[i] = abouts[i] || len(s.about) != len(abouts) || s.about[i].matches(ev, in)
	}
	for i := range actions {
		actions[i] = actions[i] || len(s.actions) != len(actions) || s.actions[i].fits(ev, in)
	}
}

// NameOf is what hands name an alert by; it stays when the alert comes back.
func NameOf(a *alert.Alert) string { return string(a.Integration) + "/" + a.Key }

// Durations that hold where nothing is set.
const (
	holdFor   = 30 * time.Second
	settleFor = 2 * time.Minute
	groupFor  = 5 * time.Minute
	groupCap  = 24 * time.Hour
	groupMost = 1000
	// UpdateWithin: who was paged for a symptom so lately hears of its cause as news and
	// not as another alarm.
	UpdateWithin = 10 * time.Minute
)

func given(d *org.Duration, standard time.Duration) time.Duration {
	if d == nil {
		return standard
	}
	return d.D()
}

// Settle is how long what outlives its cause may take to follow it.
func (s *Sieve) Settle(id org.ServiceID) time.Duration { return given(s.of(id).Settle, settleFor) }

// StormGuard is the guard of a service's team, if there is one.
func (s *Sieve) StormGuard(id org.ServiceID) (org.StormGuard, bool) {
	if s == nil {
		return org.StormGuard{}, false
	}
	g := s.of(id).Storm
	if g == nil || g.Off {
		return org.StormGuard{}, false
	}
	return *g, true
}

// Heard notes that an alert was heard, for its threshold.
func (s *Sieve) Heard(a *alert.Alert, now time.Time) {
	if s == nil {
		return
	}
	if t := s.of(a.Service).Threshold; t != nil {
		a.Sifted.Heard = note(a.Sifted.Heard, now, t.Count)
	} else {
		a.Sifted.Heard = nil
	}
}

func byWorst(a, b *alert.Alert) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), a.FirstAt.Compare(b.FirstAt), cmp.Compare(a.ID, b.ID))
}

// WorstFirst orders alerts for who may only page one by one.
func WorstFirst(list []alert.Alert) {
	slices.SortFunc(list, func(a, b alert.Alert) int { return byWorst(&a, &b) })
}
