package escalate

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incident"
	"tocsin/org"
)

// More traces, one rule each, in the same format as testdata/escalation_traces.json.
var rules = []string{
	`{"id":"a snooze ends and starts over","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]}]},
	  "inputs":{"events":[[60,"snooze",600]],"horizon":700},
	  "expect":[[0,"notify","alice"],[60,"snooze",660],[660,"retrigger"],[660,"notify","alice"]]}`,
	`{"id":"a resolve clears a snooze","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]}]},
	  "inputs":{"events":[[60,"snooze",600],[100,"resolve",null]]},
	  "expect":[[0,"notify","alice"],[60,"snooze",660],[100,"resolve"]]}`,
	`{"id":"giving back starts over","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]},{"id":"b","delay":300,"targets":["bob"]}]},
	  "inputs":{"events":[[60,"ack","alice"],[120,"unack",null]]},
	  "expect":[[0,"notify","alice"],[60,"ack","alice"],[120,"retrigger"],[120,"notify","alice"],[720,"notify","bob"],[1020,"exhausted"]]}`,
	`{"id":"an ack timeout calls the acker and who is on call then","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["schedule:p"]},{"id":"b","delay":300,"targets":["bob"]}]},
	  "inputs":{"events":[[60,"ack","alice"]],"ack_timeout":1000,"oncall":{"p":[[0,500,"alice"],[500,9000,"carol"]]}},
	  "expect":[[0,"notify","alice"],[60,"ack","alice"],[1060,"retrigger"],[1060,"notify","alice"],[1060,"notify","carol"],[1660,"notify","bob"],[1960,"exhausted"]]}`,
	`{"id":"low calls the first level once","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]},{"id":"b","delay":300,"targets":["bob"]}],"repeat":{"count":3}},
	  "inputs":{"urgency":"low"},"expect":[[0,"notify","alice"]]}`,
	`{"id":"round robin moves on with each round","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["alice","bob","carol"],"strategy":"round_robin"}],"repeat":{"count":3}},
	  "inputs":{},"expect":[[0,"notify","alice"],[60,"notify","bob"],[120,"notify","carol"],[180,"notify","alice"],[240,"exhausted"]]}`,
	`{"id":"a level waits for more than two alerts in five minutes","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["alice"],"min_alerts":{"count":2,"minutes":5}}]},
	  "inputs":{"alerts":[400,500,600]},"expect":[[600,"notify","alice"],[660,"exhausted"]]}`,
	`{"id":"a level that waited for alerts and finds nobody gives way at once","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["schedule:p"],"min_alerts":{"count":2,"minutes":5}},{"id":"b","delay":60,"targets":["bob"]}]},
	  "inputs":{"alerts":[400,500,600]},"expect":[[600,"skip_empty","a"],[600,"notify","bob"],[660,"exhausted"]]}`,
	`{"id":"a wait, and starting over at most twice","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["alice"]},{"id":"w","type":"wait","delay":30},{"id":"r","type":"repeat","max":2}]},
	  "inputs":{},"expect":[[0,"notify","alice"],[90,"notify","alice"],[180,"notify","alice"],[270,"exhausted"]]}`,
	`{"id":"resolve wins over a late answer","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["alice"]}]},
	  "inputs":{"events":[[30,"resolve",null],[40,"ack","alice"]]},"expect":[[0,"notify","alice"],[30,"resolve"]]}`,
	`{"id":"one person behind several targets is called once","model":{"mode":"rel","steps":[{"id":"a","delay":60,"targets":["alice","schedule:p"]}]},
	  "inputs":{"oncall":{"p":[[0,9999,"alice"]]}},"expect":[[0,"notify","alice"],[60,"exhausted"]]}`,
	`{"id":"escalate now past the end exhausts","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]}]},
	  "inputs":{"events":[[60,"ack","alice"],[90,"escalate",null]]},"expect":[[0,"notify","alice"],[60,"ack","alice"],[90,"exhausted"]]}`,
	`{"id":"an offset level that is empty gives way at once, the others keep their offsets","model":{"mode":"abs","steps":[{"id":"a","at":0,"targets":["schedule:p"]},{"id":"b","at":300,"targets":["bob"]},{"id":"c","at":600,"targets":["carol"]}]},
	  "inputs":{},"expect":[[0,"skip_empty","a"],[0,"notify","bob"],[600,"notify","carol"]]}`,
	`{"id":"an offset policy may begin later","model":{"mode":"abs","steps":[{"id":"a","at":120,"targets":["alice"]}],"repeat":{"count":1,"wait":60}},
	  "inputs":{},"expect":[[120,"notify","alice"],[300,"notify","alice"]]}`,
	`{"id":"reassign clears a snooze, and a timeout calls again","model":{"mode":"rel","steps":[{"id":"a","delay":600,"targets":["alice"]}]},
	  "inputs":{"events":[[10,"snooze",600],[20,"reassign","dave"],[30,"ack","dave"]],"ack_timeout":100},
	  "expect":[[0,"notify","alice"],[10,"snooze",610],[20,"notify","dave"],[30,"ack","dave"],[130,"retrigger"],[130,"notify","dave"]]}`,
}

func TestRules(t *testing.T) {
	for _, text := range rules {
		var tr trace
		if err := json.Unmarshal([]byte(text), &tr); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		t.Run(tr.ID, func(t *testing.T) {
			if got, want := sorted(tr.play()), sorted(tr.Expect); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// However late and irregularly the engine looks: every level of every round is called,
// in order, one at a time, with its full time to answer; looked after on time, the
// times are exact.
func TestNextSkipsNobody(t *testing.T) {
	start := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{ID: "p", Version: 1, Repeat: Repeat{Count: rapid.IntRange(0, 2).Draw(t, "repeats")}}
		for range rapid.IntRange(1, 5).Draw(t, "levels") {
			wait := time.Duration(rapid.IntRange(1, 30).Draw(t, "wait")) * time.Minute
			p.Levels = append(p.Levels, Level{Targets: []org.Target{{Kind: "person", ID: "a"}}, Wait: org.Duration(wait)})
		}
		punctual := rapid.Bool().Draw(t, "punctual")
		w := everyone(p, nil, start)
		in, now := incident.Incident{}, start
		var calls []incident.Entry
		add := func(f incident.Fact) {
			e := incident.Entry{Seq: in.Seq + 1, At: now, By: incident.Engine, Fact: f}
			in = in.After(e)
			if _, ok := f.(incident.Called); ok {
				calls = append(calls, e)
			}
		}
		add(incident.Opened{Severity: org.SEV1, Priority: org.High})
		add(incident.Asked{Run: 1, Policy: "p", Version: 1, Priority: org.High})
		for range 200 {
			facts, due := Next(in, w, now)
			for _, f := range facts {
				add(f)
			}
			if due.IsZero() {
				break
			}
			now = due
			if !punctual {
				now = now.Add(time.Duration(rapid.IntRange(-10, 200).Draw(t, "off")) * time.Minute)
			}
			if now.Before(in.At) {
				now = in.At // time does not go back within a log
			}
		}
		if want := len(p.Levels) * (1 + p.Repeat.Count); len(calls) != want {
			t.Fatalf("%d levels called, want %d", len(calls), want)
		}
		exact := start
		for i, e := range calls {
			c := e.Fact.(incident.Called)
			wait := p.Levels[i%len(p.Levels)].Wait.D()
			if c.Level != i%len(p.Levels) || c.Round != i/len(p.Levels) || c.Until.Sub(e.At) < wait-Late {
				t.Fatalf("call %d: %+v at %v, wait %v", i, c, e.At, wait)
			}
			if i > 0 && e.At.Before(calls[i-1].Fact.(incident.Called).Until) {
				t.Fatalf("call %d at %v, before the level above had its time", i, e.At)
			}
			if punctual && !e.At.Equal(exact) {
				t.Fatalf("call %d at %v, want %v", i, e.At, exact)
			}
			exact = exact.Add(wait)
		}
		if in.Runs[0].Settled != "exhausted" {
			t.Fatalf("settled %q", in.Runs[0].Settled)
		}
	})
}

// Whatever is done to it in whatever order: the climb ends its work in a bounded number
// of facts, and two folds of the same log agree.
func TestNextAndVerbsInAnyOrder(t *testing.T) {
	start := time.Date(2026, 3, 27, 22, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(rules).Draw(t, "policy")
		var tr trace
		if err := json.Unmarshal([]byte(text), &tr); err != nil {
			t.Fatal(err)
		}
		p := tr.policy()
		w := everyone(p, tr.Inputs.OnCall, start)
		var log incident.Log
		var in incident.Incident
		now := start
		add := func(by incident.Actor, facts ...incident.Fact) {
			for _, f := range facts {
				e := incident.Entry{Seq: in.Seq + 1, At: now, By: by, Fact: f}
				log, in = append(log, e), in.After(e)
			}
		}
		add("source:x", incident.Opened{Severity: org.SEV1, Priority: org.High})
		add(incident.Engine, Begin(in, w, "p")...)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "pass")) * time.Second)
			what := rapid.SampledFrom([]string{"ack", "unack", "resolve", "snooze", "escalate", "reassign", "alert", "step", "hold", "release", "hand", "add", "out"}).Draw(t, "what")
			switch what {
			case "step":
			case "hold":
				add(incident.Engine, incident.Held{Why: "silence"})
			case "release":
				add(incident.Engine, incident.Released{})
			case "hand":
				add(incident.Engine, incident.Handed{Schedule: "p", From: []org.PersonID{"alice"}, To: []org.PersonID{"zoe"}})
			case "add":
				facts, _ := AddResponders(in, []org.Target{{Kind: "person", ID: "eve"}}, "")
				add("person:someone", facts...)
			case "out":
				for _, r := range in.Runs {
					for _, c := range r.Calls {
						add(incident.Engine, incident.Unreached{Run: r.ID, Epoch: r.Epoch, Round: r.Round, Level: r.Level, Person: c.Person})
					}
				}
			default:
				var arg any = "dave"
				if what == "snooze" {
					arg = 300.0
				}
				facts, by := tr.event([3]any{0.0, what, arg}, in, w, now)
				add(by, facts...)
			}
			facts, due := Next(in, w, now)
			add(incident.Engine, facts...)
			if more, again := Next(in, w, now); len(facts) < atOnce && (len(more) > 0 || !again.Equal(due)) {
				t.Fatalf("Next had more to say: %v, %v then %v", more, due, again)
			}
			if !due.IsZero() && due.Before(now) {
				t.Fatalf("due %v lies before now %v", due, now)
			}
			if !in.Status.Open() && !due.IsZero() {
				t.Fatalf("it is %s and due %v", in.Status, due)
			}
		}
		if again := incident.Fold(log); !reflect.DeepEqual(again, in) {
			t.Fatalf("the fold from line one differs")
		}
	})
}

// A policy that would fill the log ends before it does, and people can still answer.
func TestCrowdedLog(t *testing.T) {
	start := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	p := Policy{ID: "p", Version: 1, Repeat: Repeat{Count: 1000}}
	for range 20 {
		p.Levels = append(p.Levels, Level{Targets: []org.Target{{Kind: "person", ID: "a"}}, Wait: org.Duration(time.Minute)})
	}
	w := everyone(p, nil, start)
	in, now := incident.Incident{}, start
	add := func(facts ...incident.Fact) {
		for _, f := range facts {
			in = in.After(incident.Entry{Seq: in.Seq + 1, At: now, By: incident.Engine, Fact: f})
		}
	}
	add(incident.Opened{Severity: org.SEV1, Priority: org.High})
	add(Begin(in, w, "p")...)
	for {
		facts, due := Next(in, w, now)
		add(facts...)
		if due.IsZero() {
			break
		}
		now = due
	}
	if in.Seq > incident.Crowded+10 || in.Runs[0].Settled != "exhausted" {
		t.Fatalf("%d lines, settled %q", in.Seq, in.Runs[0].Settled)
	}
	if facts, err := Acknowledge(in, w, "", now); err != nil || len(facts) != 1 {
		t.Errorf("nobody can answer: %v", err)
	}
}
