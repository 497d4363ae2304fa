package source

import (
	"strings"

	"tocsin/alert"
)

// PagerDutyV1 reads events of the PagerDuty Events API v1, which older agents of
// monitoring still speak. It has no severity and calls the dedup key incident_key; the
// rest is as with PagerDuty. It is not a source of its own: its keys are those of
// integrations whose source is PagerDuty, see ServiceKey.
type PagerDutyV1 struct{}

func (PagerDutyV1) Name() string { return "pagerduty" }

type pagerDutyV1Event struct {
	Type        any `json:"event_type"`
	Key         any `json:"incident_key"`
	Description any `json:"description"`
	Details     any `json:"details"`
	Client      any `json:"client"`
	ClientURL   any `json:"client_url"`
	Contexts    any `json:"contexts"`
}

func (PagerDutyV1) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	var e pagerDutyV1Event
	if err := decode(body, &e); err != nil {
		return nil, err
	}
	ev := alert.Event{
		Action: alert.Action(strings.ToLower(strings.TrimSpace(text(e.Type)))),
		Key:    dedupKey(text(e.Key)),
		Title:  line(text(e.Description), maxTitle),
	}
	if faults := e.faults(ev.Action); len(faults) > 0 {
		return nil, &Invalid{faults}
	}
	if e.Details != nil {
		flatten(&ev, "", e.Details, 2)
	}
	for _, v := range elements(e.Contexts) {
		if c, ok := v.(object); ok {
			if strings.EqualFold(text(c["type"]), "image") {
				pagerDutyLinks(&ev, nil, c)
			} else {
				pagerDutyLinks(&ev, c, nil)
			}
		}
	}
	pagerDutyClient(&ev, e.Client, e.ClientURL)
	return []alert.Event{ev}, nil
}

// faults are the words of version 1 for what it would refuse.
func (e *pagerDutyV1Event) faults(action alert.Action) []string {
	switch action {
	case alert.Trigger:
		if blank(e.Description) {
			return []string{"Description is missing or blank"}
		}
	case alert.Acknowledge, alert.Resolve:
		if blank(e.Key) {
			return []string{"Incident key is missing or blank"}
		}
	case "":
		return []string{"Event type is missing or blank"}
	default:
		return []string{"Event type is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"}
	}
	return nil
}

// ServiceKey is the key in the body of an event of version 1; "" when there is none.
func ServiceKey(body []byte) string { return topLevelString(body, "service_key") }

// ServiceKeyFault is what version 1 says against a service key, or "".
func ServiceKeyFault(key string) string {
	switch {
	case blank(key):
		return "Service key is missing or blank"
	case len(key) != pagerDutyKey:
		return "Service key is the wrong length (should be 32 characters)"
	case !alphanumeric(key):
		return "Service key cannot contain non-alphanumeric characters"
	}
	return ""
}
