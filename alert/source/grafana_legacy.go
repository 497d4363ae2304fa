package source

import (
	"strings"

	"tocsin/alert"
)

// GrafanaLegacy reads the webhook of dashboard alerts, as Grafana sent it up to version
// 8 and with the old alerting later. An alert is known by its rule. A rule without data
// fires, like one that alerts: Grafana tells it only when it was asked to. A rule that
// is paused or pending is a note, for it says nothing about what it watches.
type GrafanaLegacy struct{}

func (GrafanaLegacy) Name() string { return "grafana-legacy" }

func (GrafanaLegacy) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	root, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	if lookup(root, "alerts") != nil {
		return grafanaAlerts(root)
	}
	return grafanaRule(root)
}

// likeGrafanaLegacy says whether an object is about a rule of a dashboard.
func likeGrafanaLegacy(o object) bool {
	_, matches := lookup(o, "evalMatches").([]any)
	return lookup(o, "alerts") == nil && lookup(o, "ruleId") != nil && lookup(o, "state") != nil && (matches || lookup(o, "ruleName") != nil)
}

func grafanaRule(root object) ([]alert.Event, error) {
	rule, name := text(lookup(root, "ruleId")), text(lookup(root, "ruleName"))
	title := either(text(lookup(root, "title")), name)
	if blank(title) && blank(rule) {
		return nil, &Unreadable{"neither a rule nor a title"}
	}
	ev := alert.Event{
		Action: grafanaState(text(lookup(root, "state"))),
		Title:  line(either(title, "rule "+rule), maxTitle),
		Text:   clean(text(lookup(root, "message")), maxText),
	}
	if ev.Key = dedupKey(rule); ev.Key == "" || rule == "0" { // 0: a test
		ev.Key = dedupKey("rule " + either(name, stableTitle(title), rule))
	}
	tags := pairs(lookup(root, "tags"))
	for _, k := range sorted(tags) {
		putLabel(&ev, k, tags[k])
	}
	ev.Severity = Severity(either(tags["severity"], tags["priority"], tags["level"]))
	if name != "" {
		putLabel(&ev, "rulename", name)
	}
	for _, v := range elements(lookup(root, "evalMatches")) {
		if m, ok := v.(object); ok {
			putDetail(&ev, text(lookup(m, "metric")), text(lookup(m, "value")))
		}
	}
	for _, k := range []string{"orgId", "dashboardId", "panelId", "state"} {
		putDetail(&ev, k, text(lookup(root, k)))
	}
	putLink(&ev, text(lookup(root, "ruleUrl")), "rule", false)
	putLink(&ev, text(lookup(root, "imageUrl")), "image", true)
	return []alert.Event{ev}, nil
}

func grafanaState(s string) alert.Action {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "ok":
		return alert.Resolve
	case "paused", "pending":
		return alert.Note
	}
	return alert.Trigger
}
