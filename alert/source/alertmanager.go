package source

import (
	"fmt"
	"strings"

	"tocsin/alert"
)

// Alertmanager reads the webhook of Prometheus' Alertmanager, versions 3 and 4, and of
// what speaks like it. Every alert of a notification is an event of its own, known by
// its fingerprint or, in old versions, by its labels; never by the group, which may
// hold anything. The status decides between firing and resolved, not the end time.
type Alertmanager struct{}

func (Alertmanager) Name() string { return "alertmanager" }

func (Alertmanager) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	root, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	if lookup(root, "alerts") == nil {
		return nil, &Unreadable{"there are no alerts in the body"}
	}
	return notification(root)
}

// notification reads the alerts of a group; those that are none are counted in the
// error.
func notification(root object) ([]alert.Event, error) {
	var events []alert.Event
	var bad []string
	all := elements(lookup(root, "alerts"))
	for i, v := range all {
		ev, fault := firing(v, root)
		if fault != "" {
			bad = append(bad, fmt.Sprintf("alert %d: %s", i+1, fault))
			continue
		}
		events = append(events, ev)
	}
	if len(bad) > 0 {
		return events, &Unreadable{fmt.Sprintf("%d of %d alerts (%s)", len(bad), len(all), clean(strings.Join(bad, "; "), maxDetail))}
	}
	return events, nil
}

// firing reads one alert.
func firing(v any, root object) (ev alert.Event, fault string) {
	a, ok := v.(object)
	if !ok {
		return ev, "not a JSON object"
	}
	labels, notes := pairs(lookup(a, "labels")), pairs(lookup(a, "annotations"))
	fingerprint := text(lookup(a, "fingerprint"))
	if len(labels) == 0 && len(notes) == 0 && fingerprint == "" {
		return ev, "it has neither labels nor annotations nor a fingerprint"
	}

	status := text(lookup(a, "status"))
	if status == "" {
		status = text(lookup(root, "status"))
	}
	began, ended := when(text(lookup(a, "startsAt"))), when(text(lookup(a, "endsAt")))
	ev = alert.Event{Action: alert.Trigger, At: began, Since: began}
	if strings.EqualFold(strings.TrimSpace(status), "resolved") {
		ev.Action, ev.At = alert.Resolve, ended
	}

	ev.Key = dedupKey(fingerprint)
	if ev.Key == "" && len(labels) > 0 {
		ev.Key = labelsKey(labels)
	}
	if ev.Key == "" {
		ev.Key = labelsKey(notes)
	}
	describe(&ev, labels, notes)
	if n := text(lookup(root, "truncatedAlerts")); n != "" && n != "0" {
		putDetail(&ev, "truncatedAlerts", n)
	}
	putDetail(&ev, "values", text(lookup(a, "values")))
	putDetail(&ev, "valueString", text(lookup(a, "valueString")))
	alertLinks(&ev, a, notes)
	return ev, ""
}

// describe says what an alert's labels and annotations say.
func describe(ev *alert.Event, labels, notes map[string]string) {
	ev.Title = line(alertTitle(labels, notes), maxTitle)
	ev.Text = clean(either(notes["description"], notes["message"]), maxText)
	ev.Severity = Severity(either(labels["severity"], labels["priority"], labels["level"]))
	for _, k := range sorted(labels) {
		putLabel(ev, k, labels[k])
	}
	for _, k := range sorted(notes) {
		putDetail(ev, k, notes[k])
	}
}

// alertTitle is what people wrote for people, or else the alert's name and place.
func alertTitle(labels, notes map[string]string) string {
	if s := either(notes["summary"], notes["title"], notes["message"]); s != "" {
		return s
	}
	name := either(labels["alertname"], "alert without a name")
	if on := either(labels["instance"], labels["host"], labels["service"], labels["job"]); on != "" {
		return name + " on " + on
	}
	return name
}

func alertLinks(ev *alert.Event, a object, notes map[string]string) {
	putLink(ev, notes["runbook_url"], "runbook", false)
	putLink(ev, notes["runbook"], "runbook", false)
	putLink(ev, either(notes["dashboard_url"], notes["dashboard"]), "dashboard", false)
	putLink(ev, text(lookup(a, "dashboardURL")), "dashboard", false)
	putLink(ev, text(lookup(a, "panelURL")), "panel", false)
	putLink(ev, text(lookup(a, "generatorURL")), "source", false)
	putLink(ev, text(lookup(a, "silenceURL")), "silence", false)
	putLink(ev, text(lookup(a, "imageURL")), "image", true)
	putLink(ev, either(notes["image_url"], notes["image"]), "image", true)
}

// pairs are an object's scalar fields.
func pairs(v any) map[string]string {
	o, ok := v.(object)
	if !ok {
		return nil
	}
	m := make(map[string]string, len(o))
	for k, v := range o {
		if s := text(v); s != "" {
			m[k] = s
		}
	}
	return m
}

// either is the first text that is not blank.
func either(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}
