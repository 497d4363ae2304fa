package source

import (
	"errors"
	"strings"
	"testing"

	"tocsin/alert"
)

// What Alertmanager sends with update_alerts, after it has created an alert: a new
// message and a new description. They are no events, and least of all the end of one.
func TestOpsgenieUpdates(t *testing.T) {
	message, err := ReadOpsgenie(captured(t, "opsgenie_message.json"))
	if err != nil || message.Message != "[FIRING:2] DiskFull eu1 (/dev/sda1 critical)" {
		t.Errorf("%+v %v", message, err)
	}
	description, err := ReadOpsgenie(captured(t, "opsgenie_description.json"))
	if err != nil || description.Message != "" || !strings.HasPrefix(description.Description, "Only 2% free https://runbooks.example/disk\nAlerts Firing:\n") {
		t.Errorf("%+v %v", description, err)
	}
	// Sent where an alert is created, the one is an alert and the other is refused.
	if events, err := (Opsgenie{}).Parse(nil, captured(t, "opsgenie_message.json")); err != nil || len(events) != 1 || events[0].Action != alert.Trigger {
		t.Errorf("%+v %v", events, err)
	}
	var refused *Unprocessable
	if events, err := (Opsgenie{}).Parse(nil, captured(t, "opsgenie_description.json")); !errors.As(err, &refused) || refused.Fields["message"] == "" {
		t.Errorf("%+v %v", events, err)
	}
}
