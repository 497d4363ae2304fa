package incident

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

var update = flag.Bool("update", false, "write what is as what is expected; read the difference")

var night = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

// opened is the beginning of every log here.
func opened() Incident {
	return Fold(Log{
		{1, night, "source:prom", Opened{Title: "db-1 is down", Service: "db", Severity: org.SEV1, Priority: org.High}},
		{2, night, Engine, Asked{Run: 1, Policy: "p", Version: 1, Priority: org.High}},
	})
}

// The table of statuses, written once in incident.go, drawn here from the fold itself.
func TestStatuses(t *testing.T) {
	verbs := []struct {
		name string
		fact Fact
	}{
		{"acknowledged", AcknowledgedBy{}}, {"snoozed", SnoozedUntil{Until: night.Add(time.Hour)}}, {"retriggered", Retriggered{}},
		{"unacknowledged", Unacknowledged{}}, {"escalated", Escalated{Run: 1}}, {"resolved", Ended{}}, {"reopened", Reopened{}}, {"closed", Filed{}},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s", "")
	for _, v := range verbs {
		fmt.Fprintf(&b, "%-15s", v.name)
	}
	for _, from := range []Status{Triggered, Acknowledged, Snoozed, Resolved, Closed} {
		fmt.Fprintf(&b, "\n%-14s", from)
		for _, v := range verbs {
			in := opened()
			in.Status = from
			fmt.Fprintf(&b, "%-15s", in.After(Entry{3, night, ByPerson("jane"), v.fact}).Status)
		}
	}
	golden(t, "testdata/statuses.txt", b.String()+"\n")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, " \n", "\n")
	for strings.Contains(got, " \n") {
		got = strings.ReplaceAll(got, " \n", "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// Every fact comes back from the log as it went in, and has its line for the timeline.
func TestFactsComeBack(t *testing.T) {
	for _, f := range all {
		kind, body, err := Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(kind, body)
		if err != nil || !reflect.DeepEqual(f, back) {
			t.Errorf("%s came back as %#v, %v", kind, back, err)
		}
		if f.String() == "" {
			t.Errorf("%s has no line", kind)
		}
		if step, verb, ok := strings.Cut(kind, "."); !ok || step == "" || verb == "" {
			t.Errorf("%s is not <step>.<verb>", kind)
		}
	}
}

func TestUnknownFactSurvives(t *testing.T) {
	f, err := Decode("resolve.teleported", `{"to":"mars"}`)
	if err != nil {
		t.Fatal(err)
	}
	before := opened()
	after := before.After(Entry{3, night.Add(time.Minute), Engine, f})
	before.Seq, before.At = after.Seq, after.At
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("an unknown fact changed the state:\n%s", d)
	}
	if kind, body, _ := Encode(f); kind != "resolve.teleported" || body != `{"to":"mars"}` {
		t.Errorf("it went back as %s %s", kind, body)
	}
}

func TestKnownKindWithBrokenBodyIsAnError(t *testing.T) {
	if _, err := Decode("escalate.called", `{"run":"one"}`); err == nil {
		t.Error("no error")
	}
}

// A log of each released version folds to what it folded to then.
func TestOldLogsFold(t *testing.T) {
	body, err := os.ReadFile("testdata/log-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines []struct {
		Seq  int
		At   time.Time
		By   Actor
		Kind string
		Body json.RawMessage
	}
	if err := json.Unmarshal(body, &lines); err != nil {
		t.Fatal(err)
	}
	var l Log
	for _, x := range lines {
		f, err := Decode(x.Kind, string(x.Body))
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, Entry{x.Seq, x.At, x.By, f})
	}
	state, err := json.MarshalIndent(Fold(l), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/log-v1.folded.json", string(state)+"\n")
	var text strings.Builder
	for _, e := range l {
		fmt.Fprintf(&text, "%s %s: %s\n", e.At.Format(time.TimeOnly), e.By.Name(), e.Fact)
	}
	golden(t, "testdata/log-v1.timeline.txt", text.String())
}

// After does not write into what its receiver shares.
func TestAfterLeavesItsReceiver(t *testing.T) {
	call := func(p org.PersonID) Entry {
		return Entry{3, night, Engine, Called{Run: 1, Calls: []Call{{Person: p}}, Until: night.Add(time.Minute), Base: night}}
	}
	base := opened().After(call("jane"))
	text := func(in Incident) string { b, _ := json.Marshal(in); return string(b) }
	was := text(base)
	for _, f := range all {
		base.After(Entry{4, night, ByPerson("omar"), f})
	}
	a, b := base.After(call("a")), base.After(call("b"))
	if text(base) != was || a.Called[1] != "a" || b.Called[1] != "b" {
		t.Error("two futures of one state write into each other")
	}
}

// A fold of anything that decodes neither panics nor goes back in number.
func FuzzFold(f *testing.F) {
	for _, fact := range all {
		kind, body, _ := Encode(fact)
		f.Add(kind, body, kind, body)
	}
	f.Add("escalate.called", `{"run":1,"calls":[{"person":"jane"}],"level":-7}`, "escalate.unreached", `{"run":1,"person":"jane","level":-7}`)
	f.Fuzz(func(t *testing.T, kind1, body1, kind2, body2 string) {
		in := opened()
		for i, x := range [][2]string{{kind1, body1}, {kind2, body2}} {
			fact, err := Decode(x[0], x[1])
			if err != nil {
				continue
			}
			_ = fact.String()
			in = in.After(Entry{3 + i, night, ByPerson("jane"), fact})
		}
		if b, err := json.Marshal(in); err == nil {
			var back Incident
			if err := json.Unmarshal(b, &back); err != nil {
				t.Fatalf("the state does not come back: %v", err)
			}
		}
	})
}
