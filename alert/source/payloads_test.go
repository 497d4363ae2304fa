package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/alert"
)

// TestPayloads reads the samples of a folder that is not part of the repository. The
// dialects we speak must be right; the others go through the generic source, and what
// is not as expected is printed for whoever improves it.
func TestPayloads(t *testing.T) {
	folder := os.Getenv("TOCSIN_PAYLOADS")
	if folder == "" {
		t.Skip("TOCSIN_PAYLOADS names no folder of samples")
	}
	index, err := os.ReadFile(filepath.Join(folder, "INDEX.json"))
	if err != nil {
		t.Fatal(err)
	}
	var samples []struct {
		File, HTTP string
		Inbound    bool
		Expect     struct{ Action *string }
	}
	if err := json.Unmarshal(index, &samples); err != nil {
		t.Fatal(err)
	}
	dialects := map[string]Source{
		"alertmanager": Alertmanager{}, "grafana_unified": Grafana{}, "grafana_legacy": GrafanaLegacy{}, "pagerduty_events_v2": PagerDuty{},
		"pagerduty_events_v1": PagerDutyV1{}, "pagerduty_change": PagerDutyChange{}, "generic": Generic{}, "generic_formatted": Generic{},
	}
	cases, passed := 0, 0
	for _, s := range samples {
		if !s.Inbound {
			continue
		}
		body, err := os.ReadFile(filepath.Join(folder, s.File))
		if err != nil {
			t.Logf("%-55s skipped: the folder does not have it", s.File)
			continue
		}
		kind, _, _ := strings.Cut(s.File, "/")
		src, ours := dialects[kind]
		if !ours {
			src = Generic{}
		}
		if what, ok := opsgenieCall(s.HTTP); ok {
			cases++
			if is := update(t, s.File, what, body); s.Expect.Action == nil || is == *s.Expect.Action {
				passed++
			} else {
				t.Logf("%-55s expected %s, but it is a call about an alert that goes on", s.File, *s.Expect.Action)
			}
			continue
		}
		events, err := src.Parse(nil, body)
		ok := err == nil && len(events) > 0
		for _, ev := range events {
			t.Logf("%-55s %-8s %-40.40s %-4s %.60s", s.File, ev.Action, ev.Key, ev.Severity, ev.Title)
			ok = ok && (s.Expect.Action == nil || ev.Action == alert.Action(*s.Expect.Action)) && (ev.Key != "" || ev.Action == alert.Change)
			sound(t, ev)
		}
		if len(events) == 0 {
			t.Logf("%-55s not understood: %v", s.File, err)
		}
		cases++
		switch {
		case ok:
			passed++
		case ours:
			t.Errorf("%s: not as expected (%v)", s.File, err)
		default:
			t.Logf("%-55s expected %v", s.File, *cmpOr(s.Expect.Action))
		}
	}
	t.Logf("cases: %d passed: %d", cases, passed)
}

// opsgenieCall says what a call to Opsgenie's API changes in an alert that is there:
// "message" for PUT /v2/alerts/{alias}/message?identifierType=alias. The alert is named
// in the address, so the body alone is no event.
func opsgenieCall(request string) (what string, ok bool) {
	rest, ok := strings.CutPrefix(request, "PUT /v2/alerts/")
	path, _, _ := strings.Cut(rest, "?")
	_, what, _ = strings.Cut(path, "/")
	return what, ok
}

// update reads a sample of such a call and says what it is.
func update(t *testing.T, file, what string, body []byte) (action string) {
	t.Helper()
	b, err := ReadOpsgenie(body)
	said := map[string]string{"message": b.Message, "description": b.Description, "priority": b.Priority}[what]
	if err != nil || said == "" {
		t.Errorf("%s: no %s: %v", file, what, err)
	}
	t.Logf("%-55s %-8s %-40s %-4s %.60s", file, "update", "(in the address)", "", line(said, maxTitle))
	return "update"
}

func cmpOr(s *string) *string {
	if s == nil {
		any := "(any)"
		return &any
	}
	return s
}
