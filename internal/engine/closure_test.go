package engine

import (
	"testing"

	"tocsin/incident"
	"tocsin/review"
)

// Who went before the rules of changes does not leave the review behind by a merge.
func TestOverridesAreOwedThoughMerged(t *testing.T) {
	in := incident.Incident{ID: "a", Status: incident.Resolved, Merged: "b", Overrides: []incident.Override{{ID: 1, By: "jane"}}}
	s := &setup{}
	if _, err := review.Close(in, s.gate(in), ""); err == nil {
		t.Error("an incident with an override that nobody reviewed is closed")
	}
	in.Overrides[0].Review = &incident.Reviewed{By: "omar", Right: true}
	if facts, err := review.Close(in, s.gate(in), ""); err != nil || len(facts) == 0 {
		t.Error(facts, err)
	}
}
