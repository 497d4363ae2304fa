package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Whoever takes somebody's place stands everywhere that they stood, and nothing that
// did not name them is touched.
func TestReplace(t *testing.T) {
	const file = `
people: [{id: jane}, {id: omar}, {id: rita}]
teams:
  - {id: dba, members: [jane, rita], roles: {jane: manager}}
  - {id: web, members: [jane, omar]}
  - {id: ops, members: [rita]}
policies:
  - {id: p, levels: [{targets: [jane, rita]}, {targets: [omar, jane]}, {targets: ['schedule:s']}], fail_over: [jane]}
  - {id: q, levels: [{targets: [rita]}]}
schedules:
  - id: s
    layers: [{id: l, people: [rita, jane, omar], every: 1 week, from: "2026-01-05T08:00"}]
    patches: [{id: x, op: set, start: "2026-01-05T08:00", end: "2026-01-06T08:00", users: [jane, omar]}]
`
	s, err := Parse("x.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	before := s.Items(nil)
	got := s.Replace("jane", "omar")
	want, err := Parse("x.yaml", []byte(`
teams:
  - {id: dba, members: [omar, rita]}
  - {id: web, members: [omar]}
policies:
  - {id: p, levels: [{targets: [omar, rita]}, {targets: [omar]}, {targets: ['schedule:s']}], fail_over: [omar]}
schedules:
  - id: s
    layers: [{id: l, people: [rita, omar, omar], every: 1 week, from: "2026-01-05T08:00"}]
    patches: [{id: x, op: set, start: "2026-01-05T08:00", end: "2026-01-06T08:00", users: [omar]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Setup{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(s); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, s.Items(nil)); diff != "" {
		t.Errorf("the old one was written to: %s", diff)
	}
	for _, c := range got.Covers("jane") {
		t.Errorf("still there: %s", c)
	}
}
