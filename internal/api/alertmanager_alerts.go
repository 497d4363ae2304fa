package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// posted reads what is posted to the API, where others give us a Source: when it is read
// decides what still fires.
type posted struct{ now time.Time }

func (posted) Name() string { return "alertmanager" }

func (p posted) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	return source.PostedAlerts(body, p.now)
}

// post hears alerts. Good ones are kept, whatever the answer to the others is.
func (c *amCall) post() error {
	b, body, err := c.ingest.memory.read(c.w, c.r, maxBatch)
	defer b.done()
	if err != nil && !isUnreadable(err) {
		return err
	}
	var events []alert.Event
	if err == nil {
		events, err = c.ingest.parse(posted{c.at}, c.r.Header, body)
	}
	fault := err
	if !isUnreadable(err) {
		fault = nil
	}
	if len(events) > 0 || fault != nil {
		if !c.ingest.hear(c.w, c.r, c.in, amDialect, events, body, fault) {
			return nil // it has been answered
		}
	} else if err == nil {
		c.ingest.results[amDialect][accept].Inc()
	}
	var post *source.PostFault
	switch {
	case err == nil:
		return c.nothing()
	case !errors.As(err, &post): // the reader failed, or the compression
		return &amFault{http.StatusBadRequest, http.StatusBadRequest, err.Error()}
	case fault == nil:
		c.ingest.results[amDialect][invalid].Inc()
	}
	return post
}

// An amAlert is an alert on the wire.
type amAlert struct {
	Annotations  map[string]string `json:"annotations"`
	EndsAt       amTime            `json:"endsAt"`
	Fingerprint  string            `json:"fingerprint"`
	Receivers    []amReceiver      `json:"receivers"`
	StartsAt     amTime            `json:"startsAt"`
	Status       amStatus          `json:"status"`
	UpdatedAt    amTime            `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	Labels       map[string]string `json:"labels"`

	of alert.Alert
}

type amReceiver struct {
	Name string `json:"name"`
}

type amStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"`
}

// An amFilter is what a query wants to see.
type amFilter struct {
	matchers  labels.Matchers
	receiver  *regexp.Regexp
	receivers labels.Matchers
	active    bool
	silenced  bool
	inhibited bool
	muted     bool
}

func (c *amCall) filter() (f amFilter, err error) {
	f.active, f.silenced = c.flag("active"), c.flag("silenced")
	f.inhibited, f.muted = c.flag("inhibited"), c.flag("muted")
	if f.matchers, err = amMatchers(c.query["filter"]); err != nil {
		return f, err
	}
	if f.receivers, err = amMatchers(c.query["receiver_matchers"]); err != nil {
		return f, err
	}
	if r := c.query.Get("receiver"); r != "" {
		if f.receiver, err = regexp.Compile("^(?:" + r + ")$"); err != nil {
			return f, amWrong("failed to parse receiver param: %v", err)
		}
	}
	return f, nil
}

// flag is a parameter that is true unless it says that it is not.
func (c *amCall) flag(name string) bool {
	return !slices.Contains([]string{"false", "0", "no", "f", "off", "n", "disabled"}, strings.ToLower(c.query.Get(name)))
}

// toReceiver says whether a receiver is wanted.
func (f amFilter) toReceiver(name string) bool {
	return (f.receiver == nil || f.receiver.MatchString(name)) && matchesAll(f.receivers, map[string]string{"name": name})
}

func (f amFilter) wants(a amAlert) bool {
	switch {
	case a.Status.State == "active" && !f.active,
		len(a.Status.SilencedBy) > 0 && !f.silenced,
		len(a.Status.MutedBy) > 0 && !f.inhibited,
		!f.toReceiver(a.Receivers[0].Name):
		return false
	}
	return matchesAll(f.matchers, a.Labels)
}

// firing are the integration's alerts that fire and are wanted, by fingerprint. What was
// posted a moment ago is among them.
func (c *amCall) firing(f amFilter) ([]amAlert, error) {
	if _, err := c.engine.Until(c.r.Context(), seesItself, func(tx *store.Tx) (bool, error) {
		waits, err := tx.Waits(c.in.ID, "", c.at)
		return !waits, err
	}); err != nil {
		return nil, err
	}
	out := []amAlert{}
	err := c.engine.Read(c.r.Context(), func(tx *store.Tx) error {
		out = out[:0]
		list, err := tx.SilencesAt(c.at)
		if err != nil {
			return err
		}
		silences := alert.CompileSilences(list)
		after := store.AlertKey{Integration: c.in.ID}
		for {
			some, err := tx.FiringAlerts(c.in.ID, after, listDeep)
			if err != nil {
				return err
			}
			for _, a := range some {
				after.Key = a.Key
				if one := c.seen(a, silences); (a.Until.IsZero() || a.Until.After(c.at)) && f.wants(one) {
					out = append(out, one)
				}
			}
			if len(some) < listDeep {
				return nil
			}
		}
	})
	slices.SortStableFunc(out, func(a, b amAlert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return out, err
}

// seen is an alert as Alertmanager would show it. Its receiver is the service it is of,
// and what holds its incident beside a silence mutes it.
func (c *amCall) seen(a store.Firing, silences alert.Silences) amAlert {
	began, ends := a.Last.At, a.Until
	if began.IsZero() {
		began = a.FirstAt
	}
	if ends.IsZero() {
		ends = c.at.Add(source.ResolveTimeout)
	}
	out := amAlert{
		Annotations: orEmpty(a.Last.Details), Labels: orEmpty(a.Last.Labels), Fingerprint: source.Fingerprint(a.Last.Labels),
		StartsAt: amTime(began), EndsAt: amTime(ends), UpdatedAt: amTime(a.LastAt),
		Receivers: []amReceiver{{string(a.Service)}},
		Status:    amStatus{InhibitedBy: []string{}, MutedBy: []string{}, SilencedBy: []string{}, State: "active"},
		of:        a.Alert,
	}
	for _, l := range a.Last.Links {
		if l.Text == "source" {
			out.GeneratorURL = l.Href
		}
	}
	for _, s := range silences.Over(a.Alert, c.at) {
		out.Status.SilencedBy = append(out.Status.SilencedBy, s.ID)
	}
	if a.Held != "" && len(out.Status.SilencedBy) == 0 {
		out.Status.MutedBy = append(out.Status.MutedBy, a.Held)
	}
	if len(out.Status.SilencedBy)+len(out.Status.MutedBy) > 0 {
		out.Status.State = "suppressed"
	}
	return out
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (c *amCall) alerts() error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	all, err := c.firing(f)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, all)
}

// An amGroup is an incident: what it is of is what its alerts have in common.
type amGroup struct {
	Alerts      []amAlert         `json:"alerts"`
	Labels      map[string]string `json:"labels"`
	Receiver    amReceiver        `json:"receiver"`
	RouteLabels map[string]string `json:"routeLabels"`
}

func (c *amCall) groups() error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	all, err := c.firing(f)
	if err != nil {
		return err
	}
	by := map[incident.ID][]amAlert{}
	for _, a := range all {
		by[a.of.Subject] = append(by[a.of.Subject], a)
	}
	groups := []amGroup{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		g := amGroup{Alerts: by[id], Receiver: by[id][0].Receivers[0], RouteLabels: map[string]string{}}
		if !f.muted && !slices.ContainsFunc(g.Alerts, func(a amAlert) bool { return a.Status.State == "active" }) {
			continue
		}
		members := make([]alert.Alert, len(g.Alerts))
		for i, a := range g.Alerts {
			members[i] = a.of
		}
		g.Labels = alert.CommonLabels(members)
		groups = append(groups, g)
	}
	slices.SortStableFunc(groups, func(a, b amGroup) int {
		return cmp.Or(strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels)), strings.Compare(a.Receiver.Name, b.Receiver.Name))
	})
	return c.answer(http.StatusOK, groups)
}

// services are the names of those that alerts go to, first the one that the
// integration's go to unless a rule says otherwise.
func (c *amCall) services() (names []string, err error) {
	first := string(c.in.Service)
	err = c.engine.Read(c.r.Context(), func(tx *store.Tx) error {
		names = names[:0]
		if c.in.Service == "" {
			var settings org.Settings
			rows, err := tx.ConfigOf("settings")
			for _, r := range rows {
				err = errors.Join(err, json.Unmarshal(r.Body, &settings))
			}
			if first = string(settings.CatchAll); err != nil {
				return err
			}
		}
		rows, err := tx.ConfigOf("service")
		for _, r := range rows {
			if !r.Retired {
				names = append(names, r.ID)
			}
		}
		return err
	})
	if i := slices.Index(names, first); i > 0 {
		names[0], names[i] = names[i], names[0]
		slices.Sort(names[1:])
	}
	return names, err
}

func (c *amCall) receivers() error {
	names, err := c.services()
	if err != nil {
		return err
	}
	type receiver struct {
		Labels map[string]string `json:"labels"`
		Name   string            `json:"name"`
	}
	all := []receiver{}
	f, err := c.filter()
	for _, name := range names {
		if f.toReceiver(name) {
			all = append(all, receiver{map[string]string{"name": name}, name})
		}
	}
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, all)
}

// amVersion is the Alertmanager whose API this is. Clients compare it with their own.
const amVersion = "0.34.2"

func (c *amCall) status() error {
	names, err := c.services()
	if err != nil {
		return err
	}
	type peer struct {
		Address string `json:"address"`
		Name    string `json:"name"`
	}
	return c.answer(http.StatusOK, map[string]any{
		"cluster": map[string]any{"name": "tocsin", "status": "ready", "peers": []peer{{c.r.Host, "tocsin"}}},
		"config":  map[string]string{"original": amConfig(names)},
		"uptime":  amTime(c.began),
		"versionInfo": map[string]string{
			"branch": "tocsin", "buildDate": "", "buildUser": "tocsin", "goVersion": runtime.Version(), "revision": c.version, "version": amVersion,
		},
	})
}

// amConfig is a configuration of an Alertmanager that would do what the integration
// does: everything goes to its service. Who is called then is not Alertmanager's to know.
func amConfig(services []string) string {
	if len(services) == 0 {
		services = []string{"tocsin"}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "route:\n  receiver: %q\nreceivers:\n", services[0])
	for _, name := range services {
		fmt.Fprintf(&b, "  - name: %q\n", name)
	}
	return b.String()
}
