package alert_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/org"
)

// The scenarios are correlations as rules in prose make them, worked out by somebody
// else; the format is explained in testdata/README.md.
type scenario struct {
	ID       string `json:"id"`
	Topology struct {
		Depends map[string][]string `json:"depends"`
		AnyOf   []cause.AnyOf       `json:"any_of"`
	} `json:"topology"`
	Params struct {
		Late   *int `json:"late_window_s"`
		Hold   *int `json:"hold_s"`
		Settle int  `json:"settle_s"`
	} `json:"params"`
	Events []struct {
		T        float64 `json:"t"`
		Op       string  `json:"op"`
		Alert    string  `json:"alert"`
		Node     string  `json:"node"`
		Class    string  `json:"class"`
		Severity int     `json:"severity"`
	} `json:"events"`
	Expect struct {
		Roots []struct {
			T     float64           `json:"t"`
			Roots map[string]string `json:"roots"`
		} `json:"root_of_after_each_event"`
		Pages []scenarioPage `json:"pages"`
	} `json:"expect"`
}

type scenarioPage struct {
	T          float64  `json:"t"`
	Root       string   `json:"root"`
	Supersedes []string `json:"supersedes"`
}

// world is the set-up of a scenario: everything is one service, and labels say which
// node an alert is about.
func (s scenario) world(t *testing.T) sift.World {
	var setup sift.Setup
	for node, on := range s.Topology.Depends {
		setup.Nodes = append(setup.Nodes, sift.Node{ID: node, DependsOn: on})
	}
	setup.AnyOf = s.Topology.AnyOf
	setup.About = []sift.NodeRule{{Node: "{node}"}}
	seconds := func(n int) *org.Duration { d := org.Duration(time.Duration(n) * time.Second); return &d }
	w := sift.World{Services: map[org.ServiceID]org.Service{"x": {ID: "x"}}, Settings: org.Settings{CatchAll: "x"}}
	w.Settings.Sift.Settle = seconds(s.Params.Settle)
	if s.Params.Hold != nil {
		w.Settings.Sift.Hold = seconds(*s.Params.Hold)
	}
	if s.Params.Late != nil {
		w.Settings.Sift.Late = seconds(*s.Params.Late)
	}
	var faults []sift.Fault
	if w.Sieve, faults = sift.Compile(setup, w.Services, w.Settings); len(faults) > 0 {
		t.Fatal(faults)
	}
	return w
}

func (s scenario) play(t *testing.T) {
	began := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	at := func(sec float64) time.Time { return began.Add(time.Duration(sec * float64(time.Second))) }
	var pages []scenarioPage
	h := sift.NewHouse(s.world(t), func(p sift.Page) {
		page := scenarioPage{T: p.At.Sub(began).Seconds(), Root: p.Alert.Key, Supersedes: []string{}}
		for _, id := range p.Supersedes {
			a, _ := h0.Alert(id)
			page.Supersedes = append(page.Supersedes, a.Key)
		}
		slices.Sort(page.Supersedes)
		pages = append(pages, page)
	})
	h0 = h
	for i, e := range s.Events {
		ev := alert.Event{Key: e.Alert, Title: e.Alert, Labels: map[string]string{"node": e.Node, "class": e.Class}}
		switch e.Op {
		case "fire":
			ev.Action = alert.Trigger
			if e.Severity < 1 || e.Severity > 5 {
				t.Fatalf("event %d: severity %d", i, e.Severity)
			}
			ev.Severity = org.Severity(fmt.Sprintf("SEV%d", 6-e.Severity))
		case "resolve":
			ev.Action = alert.Resolve
		default:
			t.Fatalf("event %d: op %q", i, e.Op)
		}
		if err := h.Hear("mon", ev, at(e.T)); err != nil {
			t.Fatal(err)
		}
		if i < len(s.Expect.Roots) {
			if d := diff.Diff(s.Expect.Roots[i].Roots, h.Roots()); d != "" {
				t.Fatalf("roots after event %d:\n%s", i, d)
			}
		}
	}
	if err := h.Until(at(24 * 3600)); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(s.Expect.Pages)
	for _, list := range [][]scenarioPage{want, pages} {
		slices.SortFunc(list, func(a, b scenarioPage) int { return cmp.Or(cmp.Compare(a.T, b.T), cmp.Compare(a.Root, b.Root)) })
	}
	for i := range want {
		slices.Sort(want[i].Supersedes)
	}
	if d := diff.Diff(want, pages); d != "" {
		t.Fatalf("pages:\n%s", d)
	}
}

var h0 *sift.House // of the scenario that plays

func TestScenarios(t *testing.T) {
	dir := "testdata"
	if d := os.Getenv("TOCSIN_CASES"); d != "" {
		dir = d
	}
	body, err := os.ReadFile(filepath.Join(dir, "correlation_scenarios.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Scenarios []scenario `json:"scenarios"`
		Flapping  []struct {
			Algo    string  `json:"algo"`
			Bits    []int   `json:"bits"`
			States  []int   `json:"states"`
			Percent float64 `json:"expect_percent"`
		} `json:"flapping"`
	}
	if err := json.Unmarshal(body, &file); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, s := range file.Scenarios {
		t.Run(s.ID, func(t *testing.T) {
			s.play(t)
			passed++
		})
	}
	for i, f := range file.Flapping {
		t.Run(fmt.Sprintf("flapping-%d-%s", i+1, f.Algo), func(t *testing.T) {
			var changed []bool
			var got float64
			switch f.Algo {
			case "icinga2":
				for _, b := range f.Bits {
					changed = append(changed, b != 0)
				}
				got = sift.Percent(changed, 0.80, 1.18)
			case "nagios":
				for i := range len(f.States) - 1 {
					changed = append(changed, f.States[i] != f.States[i+1])
				}
				got = sift.Percent(changed, 0.75, 1.25)
			default:
				t.Fatalf("algorithm %q", f.Algo)
			}
			if math.Abs(got-f.Percent) > 0.001 {
				t.Fatalf("%f per cent, want %f", got, f.Percent)
			}
			passed++
		})
	}
	n := len(file.Scenarios) + len(file.Flapping)
	fmt.Printf("cases: %d passed: %d\n", n, passed)
	if n == 0 || passed < n {
		t.Fail()
	}
}
