package escalate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// The traces are other products' policies, restated, and what our rules make of them.
// The format is explained in testdata/README.md.

type trace struct {
	ID    string `json:"id"`
	Model struct {
		Mode   string       `json:"mode"`
		Steps  []traceLevel `json:"steps"`
		Repeat struct {
			Count int  `json:"count"`
			Wait  int  `json:"wait"`
			Close bool `json:"close"`
		} `json:"repeat"`
	} `json:"model"`
	Inputs struct {
		Events     [][3]any            `json:"events"`
		OnCall     map[string][][3]any `json:"oncall"`
		Urgency    string              `json:"urgency"`
		Alerts     []int               `json:"alerts"`
		AckTimeout int                 `json:"ack_timeout"`
		StartOfDay int                 `json:"start_of_day"`
		Horizon    int                 `json:"horizon"`
	} `json:"inputs"`
	Expect [][]any `json:"expect"`
}

type traceLevel struct {
	ID         string   `json:"id"`
	Delay      int      `json:"delay"`
	At         int      `json:"at"`
	Targets    []string `json:"targets"`
	Strategy   string   `json:"strategy"`
	Cond       string   `json:"cond"`
	Window     []int    `json:"window"`
	WindowMode string   `json:"window_mode"`
	Type       string   `json:"type"`
	Max        int      `json:"max"`
	MinAlerts  *struct {
		Count   int `json:"count"`
		Minutes int `json:"minutes"`
	} `json:"min_alerts"`
}

func seconds(n int) org.Duration { return org.Duration(time.Duration(n) * time.Second) }

func (tr trace) policy() Policy {
	p := Policy{ID: "p", Version: 1, Offset: tr.Model.Mode == "abs", AckTimeout: seconds(tr.Inputs.AckTimeout)}
	p.Repeat = Repeat{Count: tr.Model.Repeat.Count, Wait: seconds(tr.Model.Repeat.Wait)}
	if tr.Model.Repeat.Close {
		p.Repeat.Then = "resolve"
	}
	for _, s := range tr.Model.Steps {
		l := Level{ID: s.ID, Wait: seconds(s.Delay), At: seconds(s.At), Strategy: s.Strategy, Unresolved: s.Cond == "unclosed"}
		for _, name := range s.Targets {
			var target org.Target
			if err := target.UnmarshalText([]byte(name)); err != nil {
				panic(err)
			}
			l.Targets = append(l.Targets, target)
		}
		if len(s.Window) == 2 {
			l.When.Window = &Window{From: seconds(s.Window[0]), To: seconds(s.Window[1]), Skip: s.WindowMode == "skip"}
		}
		if s.MinAlerts != nil {
			l.When.MinAlerts = &MinAlerts{Count: s.MinAlerts.Count, Within: seconds(60 * s.MinAlerts.Minutes)}
		}
		if s.Type == "repeat" {
			l.RepeatAll = &Passes{Max: s.Max}
		}
		p.Levels = append(p.Levels, l)
	}
	return p
}

// everyone is a world in which whoever is named can be reached, and schedules stand in
// a table of seconds since start.
func everyone(p Policy, oncall map[string][][3]any, start time.Time) World {
	turns := map[int]int{}
	return World{
		Policy:   func(id org.PolicyID, _ int) (Policy, bool) { return p, id == p.ID },
		CatchAll: func() (Policy, bool) { return Policy{}, false },
		Who: func(t org.Target, at time.Time) (a Answer) {
			for _, shift := range oncall[t.ID] {
				from, to := start.Add(time.Duration(shift[0].(float64))*time.Second), start.Add(time.Duration(shift[1].(float64))*time.Second)
				if !at.Before(from) && at.Before(to) {
					a.People = append(a.People, org.PersonID(shift[2].(string)))
				}
			}
			return a
		},
		Person: func(id org.PersonID) (org.Person, bool) {
			return org.Person{ID: id, Methods: []org.Method{{ID: "m", Channel: "push", Address: string(id), Verified: true}}}, true
		},
		Turn: func(_ org.PolicyID, level int) int { turns[level]++; return turns[level] - 1 },
		Pick: func(int) int { return 0 },
	}
}

// play runs a trace through the verbs and Next, and writes down what is comparable.
func (tr trace) play() (got [][]any) {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(tr.Inputs.StartOfDay) * time.Second)
	p := tr.policy()
	w := everyone(p, tr.Inputs.OnCall, start)
	in := incident.Incident{ID: "i"}
	now := start
	add := func(by incident.Actor, facts ...incident.Fact) {
		for _, f := range facts {
			e := incident.Entry{Seq: in.Seq + 1, At: now, By: by, Fact: f}
			got = append(got, lines(e, p, int(now.Sub(start)/time.Second))...)
			in = in.After(e)
		}
	}
	step := func(until time.Time) {
		for {
			facts, due := Next(in, w, now)
			add(incident.Engine, facts...)
			if due.IsZero() || due.After(until) {
				break
			}
			now = due
		}
		now = until
	}
	priority := org.High
	if tr.Inputs.Urgency == "low" {
		priority = org.Low
	}
	add("source:x", incident.Opened{Title: "t", Severity: org.SEV2, Priority: priority})
	add(incident.Engine, incident.Asked{Run: 1, Policy: "p", Version: 1, Priority: priority})
	events := tr.Inputs.Events
	for _, at := range tr.Inputs.Alerts {
		events = append(slices.Clip(events), [3]any{float64(at), "alert", nil})
	}
	sort.SliceStable(events, func(i, j int) bool { return events[i][0].(float64) < events[j][0].(float64) })
	for _, ev := range events {
		at := start.Add(time.Duration(ev[0].(float64)) * time.Second)
		step(at)
		facts, by := tr.event(ev, in, w, now)
		add(by, facts...)
	}
	horizon := tr.Inputs.Horizon
	if horizon == 0 {
		horizon = 7 * 86400
	}
	step(start.Add(time.Duration(horizon) * time.Second))
	return got
}

func (trace) event(ev [3]any, in incident.Incident, w World, now time.Time) (facts []incident.Fact, by incident.Actor) {
	arg, _ := ev[2].(string)
	by = incident.ByPerson("someone")
	var err error
	switch ev[1] {
	case "ack":
		by = incident.ByPerson(org.PersonID(arg))
		facts, err = Acknowledge(in, w, "", now)
	case "unack":
		facts, err = Unacknowledge(in, "")
	case "resolve":
		if in.Status.Open() {
			facts = []incident.Fact{incident.Ended{}}
		}
	case "snooze":
		facts, err = Snooze(in, now.Add(time.Duration(ev[2].(float64))*time.Second), now)
	case "escalate":
		facts, err = EscalateNow(in, "")
	case "reassign":
		facts, err = Reassign(in, w, org.Target{Kind: "person", ID: arg}, "", now)
	case "alert":
		facts = []incident.Fact{incident.Joined{Alert: "a", Alerts: in.Alerts + 1}}
	default:
		panic(fmt.Sprint("unknown event ", ev))
	}
	if err != nil {
		return nil, by // refused: nothing happens
	}
	return facts, by
}

// lines are the words of the traces for a fact.
func lines(e incident.Entry, p Policy, at int) (out [][]any) {
	t := float64(at)
	switch f := e.Fact.(type) {
	case incident.Called:
		for _, c := range f.Calls {
			name := string(c.Person)
			if c.Email != "" {
				name = "email:" + c.Email
			}
			out = append(out, []any{t, "notify", name})
		}
	case incident.AcknowledgedBy:
		if !f.Late {
			out = append(out, []any{t, "ack", string(e.By.Person())})
		}
	case incident.Retriggered, incident.Unacknowledged:
		out = append(out, []any{t, "retrigger"})
	case incident.SnoozedUntil:
		out = append(out, []any{t, "snooze", t + f.Until.Sub(e.At).Seconds()})
	case incident.Ended:
		out = append(out, []any{t, "resolve"})
	case incident.Skipped:
		if f.Empty {
			out = append(out, []any{t, "skip_empty", p.Levels[f.Level].ID})
		}
	case incident.Settled:
		if f.How == "exhausted" || f.How == "nobody" {
			out = append(out, []any{t, "exhausted"})
		}
	}
	return out
}

// sorted puts the notifications of one instant into the order of their names: who of
// several is called first within a second says nothing.
func sorted(lines [][]any) [][]any {
	out := slices.Clone(lines)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		return a[0] == b[0] && a[1] == "notify" && b[1] == "notify" && a[2].(string) < b[2].(string)
	})
	return out
}

func TestTraces(t *testing.T) {
	dir := "testdata"
	if d := os.Getenv("TOCSIN_CASES"); d != "" {
		dir = d
	}
	body, err := os.ReadFile(filepath.Join(dir, "escalation_traces.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Traces []trace `json:"traces"`
	}
	if err := json.Unmarshal(body, &file); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, tr := range file.Traces {
		t.Run(tr.ID, func(t *testing.T) {
			if got, want := sorted(tr.play()), sorted(tr.Expect); !reflect.DeepEqual(got, want) {
				t.Fatalf("got  %v\nwant %v", got, want)
			}
			passed++
		})
	}
	fmt.Printf("cases: %d passed: %d\n", len(file.Traces), passed)
	if len(file.Traces) == 0 || passed < len(file.Traces) {
		t.Fail()
	}
}
