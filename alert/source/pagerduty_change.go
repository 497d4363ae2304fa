package source

import (
	"tocsin/alert"
)

// PagerDutyChange reads PagerDuty's change events: something was deployed, merged or
// configured. Nobody is told; whoever looks for the cause of an incident will want to
// know. Its keys are those of integrations whose source is PagerDuty.
type PagerDutyChange struct{}

func (PagerDutyChange) Name() string { return "pagerduty" }

type pagerDutyChange struct {
	Links   any               `json:"links"`
	Images  any               `json:"images"`
	Payload *pagerDutyPayload `json:"payload"`
}

func (PagerDutyChange) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	var e pagerDutyChange
	if err := decode(body, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Payload == nil:
		return nil, &Invalid{[]string{"'payload' is missing or blank"}}
	case blank(e.Payload.Summary):
		return nil, &Invalid{[]string{"'payload.summary' is missing or blank"}}
	}
	ev := alert.Event{Action: alert.Change}
	e.Payload.say(&ev)
	pagerDutyLinks(&ev, e.Links, e.Images)
	return []alert.Event{ev}, nil
}
