package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/alert"
)

// TestPayloads reads the samples of a folder that is not part of the repository. What
// it must get right are the samples of the dialects we speak; the others go through
// the generic source, and their outcome is printed for whoever improves it.
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
		File, Kind, Summary, Severity string
		Inbound                       bool
		Expect                        struct{ Action *string }
	}
	if err := json.Unmarshal(index, &samples); err != nil {
		t.Fatal(err)
	}
	ours := []string{"alertmanager", "pagerduty_events_v2", "generic", "generic_formatted"}
	cases, passed, others, understood := 0, 0, 0, 0
	for _, s := range samples {
		if !s.Inbound {
			continue
		}
		body, err := os.ReadFile(filepath.Join(folder, s.File))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(s.File, "/")
		name := map[string]string{"alertmanager": "alertmanager", "pagerduty_events_v2": "pagerduty"}[kind]
		if name == "" {
			name = "generic"
		}
		src, _ := Named(name)
		events, err := src.Parse(nil, body)
		ok := err == nil && len(events) > 0
		for _, ev := range events {
			t.Logf("%-55s %-8s %-40.40s %-4s %.60s", s.File, ev.Action, ev.Key, ev.Severity, ev.Title)
			ok = ok && (s.Expect.Action == nil || ev.Action == alert.Action(*s.Expect.Action)) && ev.Key != ""
			sound(t, ev)
		}
		if len(events) == 0 {
			t.Logf("%-55s not understood: %v", s.File, err)
		}
		if !slices.Contains(ours, kind) {
			if others++; ok {
				understood++
			} else {
				t.Logf("%-55s expected %v", s.File, *cmpOr(s.Expect.Action))
			}
			continue
		}
		if cases++; ok {
			passed++
		} else {
			t.Errorf("%s: not as expected (%v)", s.File, err)
		}
	}
	t.Logf("cases: %d passed: %d", cases, passed)
	t.Logf("other dialects through generic: %d with the expected action: %d", others, understood)
}

func cmpOr(s *string) *string {
	if s == nil {
		any := "(any)"
		return &any
	}
	return s
}
