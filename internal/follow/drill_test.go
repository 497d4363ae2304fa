package follow

import (
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/engine"
	"tocsin/org"
	"tocsin/review/drill"
)

// A program hears of a drill, and that it is one; of an incident it hears no such thing.
func TestWebhooksHearThatItIsADrill(t *testing.T) {
	h, r := newHouse(t, filepath.Join(t.TempDir(), "house.db")), newReceiver(t)
	h.hook(org.Webhook{ID: "all", URL: r.URL, Kinds: []string{"alert.opened", "review.*"}})
	s, _ := drill.BuiltInNamed("payments", "en")
	_, err := h.StartDrill(t.Context(), "person:jane", engine.Rehearsal{Plan: drill.Plan{Scenario: s, Service: "db"}, Policy: true}, h.now)
	if err != nil {
		t.Fatal(err)
	}
	h.deliver()
	h.down("db", "db-1")
	h.deliver()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) != 3 {
		t.Fatalf("%d deliveries: %+v", len(r.got), r.got)
	}
	for i, p := range r.got {
		practised := i < 2
		if p.Incident.Drill != practised || strings.HasPrefix(p.Incident.Title, "DRILL: ") != practised {
			t.Errorf("%s: %+v", p.Type, p.Incident)
		}
	}
}
