package v1_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/client"
	"tocsin/org"
)

// as is the generated client, over a real connection, of somebody.
func (h *home) as(who string) *client.Client {
	h.t.Helper()
	server := httptest.NewServer(h.http)
	h.t.Cleanup(server.Close)
	c, err := client.New(server.URL+"/", who)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// whole fails for an answer that says more than its type holds.
func whole[T any](t *testing.T, raw json.RawMessage, out T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(new(T)); err != nil {
		t.Errorf("%T: %v\n%s", out, err, raw)
	}
	return out
}

func status(err error) int {
	if f, ok := errors.AsType[*client.Fault](err); ok {
		return f.Status
	}
	return 0
}

// What an admin, a responder and a stranger do, by the generated client alone.
func TestByTheGeneratedClient(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		ctx, ada, rita := t.Context(), h.as("ada"), h.as("rita")
		var raw json.RawMessage
		keep := client.Keep(&raw)

		made, err := ada.PostServices(ctx, client.Service{ID: "mail", Name: "Mail", Team: "dba", Policy: "p"}, keep)
		if s := whole(t, raw, made, err); s.Version != 1 || s.ChangedBy != "person:ada" {
			t.Errorf("%+v", s)
		}
		made.Sensitive = true
		if _, err := ada.PutServicesID(ctx, "mail", made, client.IfMatch(`"7"`)); status(err) != 412 {
			t.Errorf("another version: %v", err)
		}
		changed, err := ada.PutServicesID(ctx, "mail", made, client.IfMatch(`"1"`), keep)
		if s := whole(t, raw, changed, err); s.Version != 2 || !s.Sensitive {
			t.Errorf("%+v", s)
		}
		patched, err := ada.PatchServicesID(ctx, "mail", map[string]any{"sensitive": false}, keep)
		if s := whole(t, raw, patched, err); s.Sensitive {
			t.Errorf("%+v", s)
		}
		list, err := ada.GetServices(ctx, client.GetServicesQuery{Limit: 2, Q: "a"}, keep)
		if p := whole(t, raw, list, err); len(p.Items) != 2 || p.Next == "" {
			t.Errorf("%+v", p)
		}
		if err := ada.DeleteServicesID(ctx, "mail"); err != nil {
			t.Error(err)
		}
		key, err := ada.PostIntegrations(ctx, client.Integration{ID: "hooks", Source: "generic", Service: "db"}, keep)
		if i := whole(t, raw, key, err); len(i.Key) != 32 {
			t.Errorf("%+v", i)
		}

		opened, err := rita.PostIncidents(ctx, client.OpeningBody{Service: "db", Title: "Disk full", Text: "since noon"}, client.Once("k"), keep)
		id := whole(t, raw, opened, err).ID
		if twin, err := rita.PostIncidents(ctx, client.OpeningBody{Service: "db", Title: "Disk full", Text: "since noon"}, client.Once("k")); err != nil || twin.ID != id {
			t.Errorf("%v: opened twice: %s, %s", err, twin.ID, id)
		}
		said, err := rita.PostIncidentsIDAcknowledge(ctx, id, client.Why{}, keep)
		if s := whole(t, raw, said, err); s.Said != "You have it." || s.Incident.Owner != "rita" {
			t.Errorf("%+v", s)
		}
		said, err = rita.PostIncidentsIDSnooze(ctx, id, client.SnoozingBody{Until: time.Now().Add(time.Hour)}, keep)
		if s := whole(t, raw, said, err); s.Incident.Status != "snoozed" || s.Incident.SnoozeUntil == nil {
			t.Errorf("%+v", s)
		}
		bulk, err := rita.PostIncidentsBulk(ctx, client.Bulk{Verb: "resolve", IDs: []string{id, "none"}}, keep)
		if b := whole(t, raw, bulk, err); b.Results[0].Status != 200 || b.Results[1].Status != 404 {
			t.Errorf("%+v", b)
		}
		if _, err := h.engine.Step(ctx, h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		lines, err := rita.GetIncidentsIDTimeline(ctx, id, keep)
		whole(t, raw, lines, err)
		pages, err := rita.GetPages(ctx, client.GetPagesQuery{Incident: id}, keep)
		whole(t, raw, pages, err)
		found, err := rita.GetIncidents(ctx, client.GetIncidentsQuery{Status: []string{"resolved", "closed"}, OpenedAfter: time.Now().Add(-time.Hour)}, keep)
		if p := whole(t, raw, found, err); len(p.Items) != 1 {
			t.Errorf("%+v", p)
		}
		watch, err := rita.GetOncall(ctx, client.GetOncallQuery{At: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)}, keep)
		if w := whole(t, raw, watch, err); len(w.Items) != 1 || w.Items[0].People[0] != "rita" {
			t.Errorf("%+v", w)
		}
		shifts, err := rita.GetSchedulesIDShifts(ctx, "s", client.GetSchedulesIDShiftsQuery{}, keep)
		whole(t, raw, shifts, err)
		schedule, err := rita.GetSchedulesID(ctx, "s", keep)
		whole(t, raw, schedule, err)
		preview, err := rita.GetPoliciesIDPreview(ctx, "p", client.GetPoliciesIDPreviewQuery{Severity: string(org.SEV1)}, keep)
		if p := whole(t, raw, preview, err); len(p.Items) == 0 {
			t.Errorf("%+v", p)
		}
		file, err := ada.GetExport(ctx, keep)
		whole(t, raw, file, err)
		plan, err := ada.PostApply(ctx, client.ApplyingBody{YAML: file.YAML, Plan: true}, keep)
		whole(t, raw, plan, err)

		if _, err := rita.PostIncidentsIDSnooze(ctx, id, client.SnoozingBody{}); status(err) != 409 && status(err) != 422 {
			t.Errorf("snoozed until never: %v", err)
		}
		if _, err := rita.GetExport(ctx); status(err) != 403 || !strings.Contains(err.Error(), "for an admin") {
			t.Errorf("exported: %v", err)
		}
		if _, err := h.as("eve").GetIncidents(ctx, client.GetIncidentsQuery{}); status(err) != 401 || strings.Contains(err.Error(), "eve") {
			t.Errorf("eve: %v", err)
		}
	})
}
