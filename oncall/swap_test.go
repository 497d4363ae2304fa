package oncall

import (
	"fmt"
	"strings"
	"testing"

	"tocsin/org"
)

func TestDiff(t *testing.T) {
	s := Schedule{Layers: []Layer{{ID: "l", People: []org.PersonID{"a", "b"}, Every: "1 day", From: "2026-01-01"}, {ID: "m", Role: "secondary", People: []org.PersonID{"c"}}}}
	before := compiled(t, s)
	s.Patches = []Patch{
		{Op: "replace", Old: Names{"a"}, Users: Names{"d"}, Start: "2026-01-01T06:00:00Z", End: "2026-01-02T06:00:00Z"},
		{Op: "remove", Old: Names{"c"}, Start: "2026-01-03T06:00:00Z", End: "2026-01-03T07:00:00Z"},
		{Op: "add", Users: Names{"e"}, Start: "2026-01-03T06:30:00Z", End: "2026-01-04T07:00:00Z"},
	}
	from, to := utc("2026-01-01T00:00:00Z"), utc("2026-01-05T00:00:00Z")
	var got []string
	for _, d := range Diff(before.Render(from, to), compiled(t, s).Render(from, to)) {
		got = append(got, fmt.Sprintf("%s %s..%s -%v +%v %t", d.Role, d.From.Format("02T15:04"), d.Until.Format("02T15:04"), d.Off, d.On, d.Nobody))
	}
	want := "primary 01T06:00..02T00:00 -[a] +[d] false; secondary 03T06:00..03T07:00 -[c] +[] true; primary 03T06:30..04T07:00 -[] +[e] false"
	if strings.Join(got, "; ") != want {
		t.Errorf("%s", strings.Join(got, "; "))
	}
	if d := Diff(before.Render(from, to), before.Render(from, to)); d != nil {
		t.Errorf("nothing changed: %+v", d)
	}
}

// A swap that is taken puts the taker where the owner stood, and of an exchange the other
// way round; one whose time has come, or whose schedule changed, is open no longer.
func TestSwap(t *testing.T) {
	s := Schedule{Layers: []Layer{{ID: "l", People: []org.PersonID{"a", "b", "c"}, Every: "1 day", From: "2026-01-01"}}}
	c := compiled(t, s)
	w := Swap{ID: "x", Owner: "a", From: utc("2026-01-04T06:00:00Z"), Until: utc("2026-01-05T00:00:00Z"), State: SwapOpen, Give: &Stretch{utc("2026-01-02T00:00:00Z"), utc("2026-01-03T00:00:00Z")}}
	for _, at := range []struct {
		when string
		c    *Compiled
		want SwapState
	}{
		{"2026-01-01T00:00:00Z", c, SwapOpen},
		{"2026-01-02T00:00:00Z", c, SwapPastDue}, // what would be given has begun
		{"2026-01-01T00:00:00Z", nil, SwapStale},
		{"2026-01-01T00:00:00Z", compiled(t, Schedule{Layers: []Layer{{ID: "l", People: []org.PersonID{"a", "b"}, Every: "1 day", From: "2026-01-01"}}}), SwapStale},
	} {
		if got := w.Lapse(Register{}, at.c, utc(at.when)); got != at.want {
			t.Errorf("at %s: %s, want %s", at.when, got, at.want)
		}
	}
	w.State = SwapTaken
	if got := w.Lapse(Register{}, nil, utc("2027-01-01T00:00:00Z")); got != SwapTaken {
		t.Errorf("what is taken stays: %s", got)
	}
	s.Patches = w.Overrides("b")
	after := compiled(t, s)
	for when, want := range map[string]string{"2026-01-02T12:00:00Z": "[a]", "2026-01-04T05:00:00Z": "[a]", "2026-01-04T07:00:00Z": "[b]", "2026-01-05T00:00:00Z": "[b]", "2026-01-07T12:00:00Z": "[a]"} {
		if got := fmt.Sprint(after.At(utc(when)).People); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	if (Swap{From: w.From}).Begins() != w.From || w.Begins() != w.Give.From || w.Begins().IsZero() {
		t.Error("begins")
	}
}
