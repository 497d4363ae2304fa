package source

import (
	"strings"

	"tocsin/alert"
)

// Grafana reads the webhook of Grafana's own alerting (version 8 and later), which is
// Alertmanager's with more about each alert: its measurements, the panel, a picture, a
// link to silence it. Every alert is an event of its own, known by its fingerprint.
// What an older Grafana sends to this address is read as GrafanaLegacy.
type Grafana struct{}

func (Grafana) Name() string { return "grafana" }

func (Grafana) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	root, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	if likeGrafanaLegacy(root) {
		return grafanaRule(root)
	}
	return grafanaAlerts(root)
}

func grafanaAlerts(root object) ([]alert.Event, error) {
	if lookup(root, "alerts") == nil {
		return nil, &Unreadable{"there are no alerts in the body"}
	}
	if text(lookup(root, "status")) == "" && strings.EqualFold(text(lookup(root, "state")), "ok") {
		root["status"] = "resolved"
	}
	events, err := notification(root)
	for i := range events {
		ev := &events[i]
		// A rule that found no data or failed fires under another name; whoever is
		// called wants to know which rule.
		if rule, name := ev.Labels["rulename"], ev.Labels["alertname"]; rule != "" && strings.HasPrefix(name, "Datasource") {
			ev.Title = line(rule+": "+name, maxTitle)
		}
		for _, name := range []string{"orgId", "receiver"} {
			putDetail(ev, name, text(lookup(root, name)))
		}
	}
	return events, err
}
