package convert

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/org"
)

// What we read of an alertmanager.yml.
type (
	amFile struct {
		Route         *amRoute     `yaml:"route"`
		InhibitRules  []amInhibit  `yaml:"inhibit_rules"`
		Receivers     []amReceiver `yaml:"receivers"`
		TimeIntervals []amInterval `yaml:"time_intervals"`
		MuteIntervals []amInterval `yaml:"mute_time_intervals"` // the older name
	}
	amRoute struct {
		Receiver       string            `yaml:"receiver"`
		GroupBy        []string          `yaml:"group_by"`
		GroupWait      string            `yaml:"group_wait"`
		GroupInterval  string            `yaml:"group_interval"`
		RepeatInterval string            `yaml:"repeat_interval"`
		Matchers       []string          `yaml:"matchers"`
		Match          map[string]string `yaml:"match"`
		MatchRE        map[string]string `yaml:"match_re"`
		Continue       bool              `yaml:"continue"`
		Mute           []string          `yaml:"mute_time_intervals"`
		Active         []string          `yaml:"active_time_intervals"`
		Routes         []amRoute         `yaml:"routes"`
	}
	amInhibit struct {
		Name           string            `yaml:"name"`
		SourceMatchers []string          `yaml:"source_matchers"`
		TargetMatchers []string          `yaml:"target_matchers"`
		SourceMatch    map[string]string `yaml:"source_match"`
		SourceMatchRE  map[string]string `yaml:"source_match_re"`
		TargetMatch    map[string]string `yaml:"target_match"`
		TargetMatchRE  map[string]string `yaml:"target_match_re"`
		Equal          []string          `yaml:"equal"`
	}
	amReceiver struct {
		Name string `yaml:"name"`
	}
	amInterval struct {
		Name      string   `yaml:"name"`
		Intervals []amSpan `yaml:"time_intervals"`
	}
	amSpan struct {
		Times    []amTimes `yaml:"times"`
		Weekdays []string  `yaml:"weekdays"`
		Days     []string  `yaml:"days_of_month"`
		Months   []string  `yaml:"months"`
		Years    []string  `yaml:"years"`
		Location string    `yaml:"location"`
	}
	amTimes struct {
		Start string `yaml:"start_time"`
		End   string `yaml:"end_time"`
	}
)

// MaxFile is how long a file may be.
const MaxFile = 4 << 20

// Alertmanager turns an alertmanager.yml into a set-up: each receiver is a service, each
// route a rule that leads to it, group_by the key of its groups, group_wait its hold;
// inhibit_rules are inhibitions, and intervals in which a route is mute are maintenance
// windows of its service. Integration is the door through which its Prometheus will
// speak ("": any), policy what the services climb, from the day on which the windows
// begin.
func Alertmanager(text []byte, integration org.IntegrationID, policy org.PolicyID, from time.Time) (Result, error) {
	if len(text) > MaxFile {
		return Result{}, fmt.Errorf("the file is longer than %d bytes", MaxFile)
	}
	var file amFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return Result{}, fmt.Errorf("it cannot be read as YAML: %w", err)
	}
	if file.Route == nil && len(file.InhibitRules) == 0 {
		return Result{}, errors.New("it has neither route nor inhibit_rules: is it an alertmanager.yml?")
	}
	c := &converter{file: file, integration: integration, policy: policy, from: from, sifting: &sift.Sifting{}, services: map[string]*org.Service{}}
	c.inhibitions()
	if file.Route != nil {
		c.route(*file.Route, "route", nil, amRoute{GroupWait: "30s", GroupInterval: "5m", RepeatInterval: "4h"})
	}
	for _, r := range file.Receivers {
		c.left("receivers", "%s: its notifiers are not taken over: people and their contact methods are set up here", r.Name)
	}
	c.out.Setup.Rules, c.out.Setup.Sifting = &c.rules, c.sifting
	for _, name := range c.order {
		c.out.Setup.Services = append(c.out.Setup.Services, *c.services[name])
	}
	return c.out, nil
}

type converter struct {
	file        amFile
	integration org.IntegrationID
	policy      org.PolicyID
	from        time.Time
	out         Result
	sifting     *sift.Sifting
	rules       []alert.Rule
	services    map[string]*org.Service
	order       []string
}

func (c *converter) left(where, format string, args ...any) {
	c.out.Left = append(c.out.Left, where+": "+fmt.Sprintf(format, args...))
}

// id makes an id of a name.
func id(name string) string {
	out := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
	if len(out) > 60 {
		out = out[:60]
	}
	if out == "" {
		out = "unnamed"
	}
	return out
}

func older(match, re map[string]string) (out []string) {
	for _, k := range sorted(match) {
		out = append(out, k+"="+strconv.Quote(match[k]))
	}
	for _, k := range sorted(re) {
		out = append(out, k+"=~"+strconv.Quote(re[k]))
	}
	return out
}

func sorted(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (c *converter) inhibitions() {
	for i, r := range c.file.InhibitRules {
		where := fmt.Sprintf("inhibit_rules[%d]", i)
		one := cause.Inhibition{
			Name:   r.Name,
			Source: append(slices.Clone(r.SourceMatchers), older(r.SourceMatch, r.SourceMatchRE)...),
			Target: append(slices.Clone(r.TargetMatchers), older(r.TargetMatch, r.TargetMatchRE)...),
			Equal:  r.Equal,
		}
		if _, err := cause.CompileRules([]cause.Inhibition{one}); err != nil {
			c.left(where, "left out: %v", err)
			continue
		}
		c.sifting.Inhibit = append(c.sifting.Inhibit, one)
	}
}

// deepest is how far routes may stand beneath each other.
const deepest = 64

// route turns a route into rules, those beneath it first: the first that matches decides,
// as in Alertmanager.
func (c *converter) route(r amRoute, where string, above []string, parent amRoute) {
	match := append(slices.Clip(above), r.Matchers...)
	match = append(match, older(r.Match, r.MatchRE)...)
	inherit(&r, parent)
	if strings.Count(where, ".routes") > deepest {
		c.left(where, "left out: it stands more than %d routes deep", deepest)
		return
	}
	for i, sub := range r.Routes {
		c.route(sub, fmt.Sprintf("%s.routes[%d]", where, i), match, r)
	}
	if r.Receiver == "" {
		c.left(where, "left out: it has no receiver")
		return
	}
	if r.Continue {
		c.left(where, "continue: an alert belongs to one service here; it goes to the first that matches")
	}
	rule := alert.Rule{Name: where + " to " + r.Receiver, Integration: c.integration, Match: match, Service: c.service(r, where)}
	if _, err := alert.CompileRules([]alert.Rule{rule}); err != nil {
		c.left(where, "left out: %v", err)
		return
	}
	c.rules = append(c.rules, rule)
}

// inherit fills what a route leaves to the one above it.
func inherit(r *amRoute, p amRoute) {
	for _, f := range []struct{ own, above *string }{
		{&r.Receiver, &p.Receiver}, {&r.GroupWait, &p.GroupWait}, {&r.GroupInterval, &p.GroupInterval}, {&r.RepeatInterval, &p.RepeatInterval},
	} {
		if *f.own == "" {
			*f.own = *f.above
		}
	}
	if r.GroupBy == nil {
		r.GroupBy = p.GroupBy
	}
}

// service is that of a route: one for each receiver and way of grouping and muting.
func (c *converter) service(r amRoute, where string) org.ServiceID {
	kind := fmt.Sprint(r.Receiver, "\x00", r.GroupBy, r.GroupWait, r.Mute, r.Active)
	if s, ok := c.services[kind]; ok {
		return s.ID
	}
	name := id(r.Receiver)
	for n := 2; slices.ContainsFunc(c.order, func(k string) bool { return c.services[k].ID == org.ServiceID(name) }); n++ {
		name = fmt.Sprint(id(r.Receiver), "-", n)
	}
	s := &org.Service{ID: org.ServiceID(name), Name: r.Receiver, Policy: c.policy}
	c.services[kind] = s
	c.order = append(c.order, kind)
	if key, ok := groupKey(r.GroupBy); ok {
		s.Sift.Group = &org.Grouping{Key: key}
		if d, err := duration(r.GroupInterval); err == nil && d > 0 && d <= 24*time.Hour {
			s.Sift.Group.Window = org.Duration(d)
		} else {
			c.left(where, "group_interval: %q is not taken over", r.GroupInterval)
		}
	}
	switch d, err := duration(r.GroupWait); {
	case err != nil || d > 15*time.Minute:
		c.left(where, "group_wait: %q is not taken over", r.GroupWait)
	default:
		hold := org.Duration(d)
		s.Sift.Hold = &hold
	}
	c.left(where, "repeat_interval: %s: the policy of service %s says how often people are called", r.RepeatInterval, s.ID)
	for _, name := range r.Mute {
		c.mute(name, s.ID, where, false)
	}
	for _, name := range r.Active {
		c.mute(name, s.ID, where, true)
	}
	return s.ID
}

// groupKey is group_by as the key of groups; by all labels there are none.
func groupKey(by []string) (key string, ok bool) {
	if slices.Contains(by, "...") {
		return "", false
	}
	if len(by) == 0 {
		return "all", true
	}
	var parts []string
	for _, l := range by {
		parts = append(parts, "{"+l+"}")
	}
	return strings.Join(parts, "/"), true
}

// duration reads Prometheus's durations: 1h30m, 5m, 2d.
func duration(text string) (total time.Duration, err error) {
	rest := text
	for rest != "" {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		count, err := strconv.Atoi(rest[:n])
		if err != nil || count > 1_000_000 {
			return 0, fmt.Errorf("%q is no duration", text)
		}
		rest = rest[n:]
		unit := 0
		for unit < len(rest) && (rest[unit] < '0' || rest[unit] > '9') {
			unit++
		}
		size, ok := map[string]time.Duration{
			"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
		}[rest[:unit]]
		if !ok {
			return 0, fmt.Errorf("%q is no duration", text)
		}
		total += time.Duration(count) * size
		rest = rest[unit:]
	}
	return total, nil
}
