package escalate

import (
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// The rest between two rounds is kept although nobody of the round before could be
// reached: the next round is for when they can be again. Who asks for the next level
// does not wait.
func TestRestOutlastsAnOutage(t *testing.T) {
	start := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	p := Policy{ID: "p", Version: 1, Repeat: Repeat{Count: 1, Wait: org.Duration(10 * time.Minute)}, Levels: []Level{
		{Targets: []org.Target{{Kind: "person", ID: "a"}}, Wait: org.Duration(5 * time.Minute)},
		{Targets: []org.Target{{Kind: "schedule", ID: "gap"}}},
	}}
	w := everyone(p, nil, start)
	in := incident.Incident{}
	add := func(at time.Time, facts ...incident.Fact) {
		for _, f := range facts {
			in = in.After(incident.Entry{Seq: in.Seq + 1, At: at, By: incident.Engine, Fact: f})
		}
	}
	tend := func(at time.Time) time.Time {
		facts, due := Next(in, w, at)
		add(at, facts...)
		return due
	}
	add(start, incident.Opened{Title: "db", Priority: org.High}, incident.Asked{Run: 1, Policy: "p", Version: 1, Priority: org.High})
	tend(start)
	out := start.Add(time.Minute)
	add(out, incident.Unreached{Run: 1, Person: "a", Why: "push: refused"})
	if due, want := tend(out), out.Add(10*time.Minute); !due.Equal(want) || in.Runs[0].Round != 0 {
		t.Fatalf("in round %d, due at %s; want round 0, due at %s", in.Runs[0].Round, due, want)
	}
	before := in
	if tend(out.Add(10 * time.Minute)); in.Runs[0].Round != 1 || in.Runs[0].Level != 0 {
		t.Errorf("after the rest: round %d, level %d", in.Runs[0].Round, in.Runs[0].Level)
	}
	in = before
	facts, err := EscalateNow(in, "now")
	if err != nil {
		t.Fatal(err)
	}
	add(out.Add(time.Minute), facts...)
	if tend(out.Add(time.Minute)); in.Runs[0].Round != 1 || in.Runs[0].Level != 0 {
		t.Errorf("asked for: round %d, level %d", in.Runs[0].Round, in.Runs[0].Level)
	}
}
