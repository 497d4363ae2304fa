package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	ogalert "github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/opsgenie/opsgenie-go-sdk-v2/heartbeat"
	"github.com/sirupsen/logrus"
)

const opsgenieKey = "0123456789abcdef0123456789abcdef"

// opsgenieSetup is a house that Opsgenie's clients may speak to.
const opsgenieSetup = `
people:
  - {id: jane, name: Jane, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}
policies:
  - {id: p, levels: [{targets: ["person:jane"], wait: 5m}]}
services:
  - {id: db, policy: p}
integrations:
  - {id: og, source: opsgenie, service: db, key: ` + opsgenieKey + `}
settings: {catch_all: db}
`

// Opsgenie's own Go client.
func TestOpsgenieGo(t *testing.T) {
	s := start(t, opsgenieSetup)
	said := logrus.New()
	said.SetOutput(testLog{t})
	config := &client.Config{ApiKey: opsgenieKey, OpsGenieAPIURL: client.ApiUrl(strings.TrimPrefix(s.URL, "http://")), Logger: said}
	alerts, err := ogalert.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	created, err := alerts.Create(ctx, &ogalert.CreateAlertRequest{
		Message: "disk full", Alias: "disk/1", Description: "2% free", Priority: ogalert.P2, Tags: []string{"db", "eu"},
		Details: map[string]string{"free": "2%"}, Responders: []ogalert.Responder{{Type: ogalert.TeamResponder, Name: "dba"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, err := created.RetrieveStatus(ctx)
	if err != nil || !status.IsSuccess || status.AlertID == "" || status.Alias != "disk/1" {
		t.Fatalf("%+v %v", status, err)
	}
	id := status.AlertID
	done := func(what string, r *ogalert.AsyncAlertResult, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if status, err := r.RetrieveStatus(ctx); err != nil || !status.IsSuccess || status.AlertID != id {
			t.Errorf("%s: %+v %v", what, status, err)
		}
	}
	r, err := alerts.Acknowledge(ctx, &ogalert.AcknowledgeAlertRequest{IdentifierType: ogalert.ALIAS, IdentifierValue: "disk/1", User: "jane"})
	done("acknowledge", r, err)
	r, err = alerts.Unacknowledge(ctx, &ogalert.UnacknowledgeAlertRequest{IdentifierValue: id})
	done("unacknowledge", r, err)
	r, err = alerts.AddNote(ctx, &ogalert.AddNoteRequest{IdentifierValue: id, Note: "seen"})
	done("note", r, err)
	r, err = alerts.AddTags(ctx, &ogalert.AddTagsRequest{IdentifierValue: id, Tags: []string{"new"}})
	done("add tags", r, err)
	r, err = alerts.RemoveTags(ctx, &ogalert.RemoveTagsRequest{IdentifierValue: id, Tags: "eu"})
	done("remove tags", r, err)
	r, err = alerts.AddDetails(ctx, &ogalert.AddDetailsRequest{IdentifierValue: id, Details: map[string]string{"more": "1"}})
	done("add details", r, err)
	r, err = alerts.RemoveDetails(ctx, &ogalert.RemoveDetailsRequest{IdentifierValue: id, Keys: "free"})
	done("remove details", r, err)
	r, err = alerts.UpdatePriority(ctx, &ogalert.UpdatePriorityRequest{IdentifierValue: id, Priority: ogalert.P1})
	done("priority", r, err)
	r, err = alerts.UpdateMessage(ctx, &ogalert.UpdateMessageRequest{IdentifierValue: id, Message: "disk fuller"})
	done("message", r, err)
	r, err = alerts.UpdateDescription(ctx, &ogalert.UpdateDescriptionRequest{IdentifierValue: id, Description: "1% free"})
	done("description", r, err)
	r, err = alerts.Snooze(ctx, &ogalert.SnoozeAlertRequest{IdentifierValue: id, EndTime: time.Now().Add(time.Hour)})
	done("snooze", r, err)

	a, err := alerts.Get(ctx, &ogalert.GetAlertRequest{IdentifierType: ogalert.ALIAS, IdentifierValue: "disk/1"})
	if err != nil || a.Id != id || a.Message != "disk fuller" || a.Priority != ogalert.P1 || !a.Snoozed || a.SnoozedUntil.IsZero() ||
		strings.Join(a.Tags, " ") != "db new" || a.Details["more"] != "1" || len(a.Details) != 1 || a.Description != "1% free" {
		t.Errorf("%+v %v", a, err)
	}
	if b, err := alerts.Get(ctx, &ogalert.GetAlertRequest{IdentifierType: ogalert.TINYID, IdentifierValue: a.TinyId}); err != nil || b.Id != id {
		t.Errorf("by its tiny id: %+v %v", b, err)
	}
	list, err := alerts.List(ctx, &ogalert.ListAlertRequest{Query: "status: open AND tag: db", Limit: 10, Sort: ogalert.CreatedAt, Order: ogalert.Desc})
	if err != nil || len(list.Alerts) != 1 || list.Alerts[0].Id != id || list.Alerts[0].TinyID != a.TinyId {
		t.Errorf("list: %+v %v", list, err)
	}
	if n, err := alerts.CountAlerts(ctx, &ogalert.CountAlertsRequest{Query: "status: open"}); err != nil || n.Count != 1 {
		t.Errorf("count: %+v %v", n, err)
	}
	if notes, err := alerts.ListAlertNotes(ctx, &ogalert.ListAlertNotesRequest{IdentifierValue: id}); err != nil || len(notes.AlertLog) != 1 || notes.AlertLog[0].Note != "seen" {
		t.Errorf("notes: %+v %v", notes, err)
	}
	r, err = alerts.Close(ctx, &ogalert.CloseAlertRequest{IdentifierType: ogalert.ALIAS, IdentifierValue: "disk/1"})
	done("close", r, err)
	_, err = alerts.Get(ctx, &ogalert.GetAlertRequest{IdentifierValue: "nobody"})
	if fault, ok := errors.AsType[*client.ApiError](err); !ok || fault.StatusCode != 404 || fault.RequestId == "" {
		t.Errorf("of nobody: %v", err)
	}

	beats, err := heartbeat.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	on := true
	if b, err := beats.Add(ctx, &heartbeat.AddRequest{Name: "backup", Interval: 1, IntervalUnit: heartbeat.Hours, Enabled: &on, AlertPriority: "P2"}); err != nil || b.Name != "backup" || b.IntervalUnit != "hours" {
		t.Errorf("%+v %v", b, err)
	}
	if p, err := beats.Ping(ctx, "backup"); err != nil || !strings.HasPrefix(p.Message, "PONG") {
		t.Errorf("%+v %v", p, err)
	}
	if b, err := beats.Update(ctx, &heartbeat.UpdateRequest{Name: "backup", Interval: 5, IntervalUnit: heartbeat.Minutes}); err != nil || b.Name != "backup" {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := beats.Disable(ctx, "backup"); err != nil || b.Enabled {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := beats.Enable(ctx, "backup"); err != nil || !b.Enabled {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := beats.Get(ctx, "backup"); err != nil || b.Interval != 5 || !b.Enabled || b.Expired || b.AlertPriority != "P2" {
		t.Errorf("%+v %v", b, err)
	}
	if all, err := beats.List(ctx); err != nil || len(all.Heartbeats) != 1 {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := beats.Delete(ctx, "backup"); err != nil {
		t.Error(err)
	}
}

// testLog gives a client's complaints to the test.
type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "level=warning") {
		l.t.Errorf("the client complains: %s", p)
	}
	return len(p), nil
}

// Opsgenie's own JavaScript client.
func TestOpsgenieJS(t *testing.T) {
	dir := installJS(t)
	s := start(t, opsgenieSetup)
	runJS(t, dir, nil, "opsgenie.js", s.URL, opsgenieKey)
}

// Alertmanager's own receiver, with update_alerts: each notification is a create, a new
// message and a new description.
func TestOpsgenieAlertmanager(t *testing.T) {
	s := start(t, opsgenieSetup)
	am := startAlertmanager(t, fmt.Sprintf(`
route: {receiver: og, group_wait: 1s, group_interval: 1s}
receivers:
  - name: og
    opsgenie_configs:
      - {api_url: "%s/", api_key: %s, update_alerts: true, message: '[{{ .Status }}:{{ .Alerts.Firing | len }}]', priority: P2, responders: [{name: dba, type: team}], tags: 'a,b'}
`, s.URL, opsgenieKey))
	alerts, err := ogalert.NewClient(&client.Config{ApiKey: opsgenieKey, OpsGenieAPIURL: client.ApiUrl(strings.TrimPrefix(s.URL, "http://"))})
	if err != nil {
		t.Fatal(err)
	}
	await := func(message, status string) {
		t.Helper()
		var list *ogalert.ListAlertResult
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if list, err = alerts.List(t.Context(), &ogalert.ListAlertRequest{}); err != nil {
				t.Fatal(err)
			}
			if len(list.Alerts) == 1 && list.Alerts[0].Message == message && list.Alerts[0].Status == status && list.Alerts[0].Priority == ogalert.P2 {
				return
			}
		}
		t.Fatalf("want one alert %q, %s: %+v", message, status, list.Alerts)
	}
	am.fires(t, "DiskFull", "db-1")
	await("[firing:1]", "open")
	am.fires(t, "DiskFull", "db-2")
	await("[firing:2]", "open")
	am.resolves(t, "DiskFull", "db-1", "db-2")
	await("[firing:2]", "closed")
}
