package source

import (
	"strings"

	"tocsin/alert"
)

// PagerDuty reads events of the PagerDuty Events API v2. Key is empty when the sender
// gave none: the caller makes one and tells it to the sender. A body that is not an
// event object is *Unreadable; an event PagerDuty would refuse is *Invalid, with
// PagerDuty's texts. Where meaning is clear we are milder: a numeric source, a
// capitalised severity or action, and a summary that is too long are taken.
//
// The routing key is the caller's: see RoutingKey. PagerDutyV1 and PagerDutyChange read
// the other dialects of the same integration.
type PagerDuty struct{}

func (PagerDuty) Name() string { return "pagerduty" }

// pagerDutyEvent has any for every leaf: a leaf of the wrong type must not cost the
// event.
type pagerDutyEvent struct {
	Action    any               `json:"event_action"`
	Key       any               `json:"dedup_key"`
	Client    any               `json:"client"`
	ClientURL any               `json:"client_url"`
	Images    any               `json:"images"`
	Links     any               `json:"links"`
	Payload   *pagerDutyPayload `json:"payload"`
}

type pagerDutyPayload struct {
	Summary   any `json:"summary"`
	Source    any `json:"source"`
	Severity  any `json:"severity"`
	Timestamp any `json:"timestamp"`
	Component any `json:"component"`
	Group     any `json:"group"`
	Class     any `json:"class"`
	Details   any `json:"custom_details"`
}

func (PagerDuty) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	var e pagerDutyEvent
	if err := decode(body, &e); err != nil {
		return nil, err
	}
	action := strings.ToLower(strings.TrimSpace(text(e.Action)))
	ev := alert.Event{Action: alert.Action(action), Key: dedupKey(text(e.Key))}
	faults := e.faults(ev)
	if len(faults) > 0 {
		return nil, &Invalid{faults}
	}
	if p := e.Payload; p != nil {
		p.say(&ev)
	}
	pagerDutyLinks(&ev, e.Links, e.Images)
	pagerDutyClient(&ev, e.Client, e.ClientURL)
	return []alert.Event{ev}, nil
}

func (p *pagerDutyPayload) say(ev *alert.Event) {
	severity := strings.TrimSpace(text(p.Severity))
	ev.Title = line(text(p.Summary), maxTitle)
	ev.Severity = Severity(severity)
	ev.At = when(text(p.Timestamp))
	putLabel(ev, "source", text(p.Source))
	putLabel(ev, "component", text(p.Component))
	putLabel(ev, "group", text(p.Group))
	putLabel(ev, "class", text(p.Class))
	putLabel(ev, "severity", strings.ToLower(severity))
	if p.Details != nil {
		flatten(ev, "", p.Details, 2)
	}
}

// faults are PagerDuty's own words for what it would refuse.
func (e *pagerDutyEvent) faults(ev alert.Event) (faults []string) {
	missing := func(v any, name string) bool {
		if !blank(v) {
			return false
		}
		faults = append(faults, "'"+name+"' is missing or blank")
		return true
	}
	switch ev.Action {
	case alert.Trigger:
		p := e.Payload
		if p == nil {
			return []string{"'payload' is missing or blank"}
		}
		missing(p.Summary, "payload.summary")
		missing(p.Source, "payload.source")
		if !missing(p.Severity, "payload.severity") && !pagerDutySeverity(text(p.Severity)) {
			faults = append(faults, "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")
		}
	case alert.Acknowledge, alert.Resolve:
		missing(e.Key, "dedup_key")
	case "":
		missing(nil, "event_action")
	default:
		faults = append(faults, "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')")
	}
	return faults
}

func pagerDutySeverity(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "critical", "error", "warning", "info":
		return true
	}
	return false
}

// blank says whether a field says nothing.
func blank(v any) bool { return strings.TrimSpace(text(v)) == "" }

// pagerDutyLinks adds {href, text} and {src, href, alt}.
func pagerDutyLinks(ev *alert.Event, links, images any) {
	for _, v := range elements(links) {
		if l, ok := v.(object); ok {
			putLink(ev, text(l["href"]), text(l["text"]), false)
		}
	}
	for _, v := range elements(images) {
		if i, ok := v.(object); ok {
			words := either(text(i["alt"]), text(i["text"]))
			putLink(ev, text(i["src"]), words, true)
			putLink(ev, text(i["href"]), words, false)
		}
	}
}

// pagerDutyClient adds the program that sent the event.
func pagerDutyClient(ev *alert.Event, name, address any) {
	client := text(name)
	putLink(ev, text(address), client, false)
	if client != "" {
		putDetail(ev, "client", client)
	}
}

// RoutingKey is the key in the body of an event, found without decoding the rest; ""
// when there is none.
func RoutingKey(body []byte) string { return topLevelString(body, "routing_key") }

// RoutingKeyFault is what PagerDuty says against a routing key, or "".
func RoutingKeyFault(key string) string {
	switch {
	case blank(key):
		return "'routing_key' is missing or blank"
	case !alphanumeric(key):
		return "'routing_key' cannot contain non-alphanumeric characters."
	case len(key) != pagerDutyKey:
		return "Length of 'routing_key' is incorrect (should be 32 characters)"
	}
	return ""
}

// pagerDutyKey is how long PagerDuty's keys are.
const pagerDutyKey = 32

func alphanumeric(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}
