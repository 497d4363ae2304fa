package resolve

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/investigate"
	"tocsin/org"
)

var ground = Ground{
	Rules: NewRules(&org.ChangeRules{
		Board:  "board",
		Grants: []org.Grant{{Class: org.StandardChange, To: org.Target{Kind: "team", ID: "dba"}, Services: []org.ServiceID{"db"}}},
		Freezes: []org.Freeze{
			{ID: "close", Services: []org.ServiceID{"db"}, Start: "2026-11-27T18:00", Zone: "Europe/Prague", For: org.Duration(60 * time.Hour), Repeat: "FREQ=WEEKLY", Why: "the books are closed"},
		},
	}),
	Team: "dba", Teams: []org.TeamID{"dba"}, Board: 3,
}

func wish(class org.ChangeClass, in time.Duration, services ...org.ServiceID) Request {
	return Request{Title: "More  connections", Class: class, Plan: "set it", BackOut: "set it back", Services: services, Starts: night.Add(in), Ends: night.Add(in + time.Hour)}
}

// A change is asked of the board, of those who are named, or of nobody, when a grant says so.
func TestPropose(t *testing.T) {
	for name, c := range map[string]struct {
		r    Request
		g    Ground
		want string
	}{
		"board": {wish(org.NormalChange, time.Hour, "db"), ground, "opened: More connections (db, , high); asked for a normal change of db from 2026-11-23 03:00 UTC to 2026-11-23 04:00 UTC; " +
			"asked for one of 2 answers: normal change of db, 2026-11-23 03:00 UTC to 2026-11-23 04:00 UTC; asked for policy board, version 3: a change waits for approval"},
		"granted": {wish(org.StandardChange, time.Hour, "db"), ground, "opened: More connections (db, , high); asked for a standard change of db from 2026-11-23 03:00 UTC to 2026-11-23 04:00 UTC; " +
			"approved without asking: team:dba may make standard changes"},
		"frozen":   {wish(org.StandardChange, 5*24*time.Hour, "db"), ground, "no: starts: nothing is changed then: close is from 2026-11-27 17:00 UTC to 2026-11-30 05:00 UTC: the books are closed"},
		"nobody":   {wish(org.NormalChange, time.Hour, "db"), Ground{}, "no: approvers: name somebody: no board is set up"},
		"planless": {Request{Title: "x", Class: org.NormalChange, Services: []org.ServiceID{"db"}, Starts: night, Ends: night.Add(time.Hour)}, ground, "no: plan: what is done, in which order?"},
		"past":     {wish(org.NormalChange, -2*time.Hour, "db"), ground, "no: ends: is over already"},
	} {
		facts, err := Propose(c.r, "jane", c.g, night)
		said := make([]string, len(facts))
		for i, f := range facts {
			said[i] = f.String()
		}
		got := strings.Join(said, "; ")
		if err != nil {
			got = "no: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	r := wish(org.NormalChange, time.Hour, "db")
	r.Approvers = []org.Target{{Kind: "person", ID: "jane"}}
	if _, err := Propose(r, "jane", ground, night); err == nil {
		t.Error("somebody asks themselves")
	}
	if facts, err := Propose(wish(org.EmergencyChange, 5*24*time.Hour, "db"), "jane", ground, night); err != nil || len(facts) != 4 {
		t.Errorf("a freeze holds an emergency: %v", err)
	}
}

// Whatever people do, in whatever order and however late the house looks: nobody's own
// word approves their change, one denial denies it, it is made only when it may be, and
// while nobody has decided somebody is asked or its time runs out.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	people := []org.PersonID{"jane", "omar", "mia", "ben", ""}
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 10))
		g := ground
		g.Rules.Approvals = rnd.IntN(3)
		r := wish(org.ChangeClasses[rnd.IntN(3)], time.Duration(rnd.IntN(72))*time.Hour, []org.ServiceID{"db", "house"}[rnd.IntN(2)])
		r.Owner = people[rnd.IntN(5)]
		if rnd.IntN(2) == 0 {
			r.Approvers = []org.Target{{Kind: "person", ID: "ben"}}
		}
		by := people[rnd.IntN(3)]
		facts, err := Propose(r, by, g, night)
		if err != nil {
			continue
		}
		x := &trouble{t: t, now: night}
		x.add(incident.ByPerson(by), facts...)
		own := map[org.PersonID]bool{by: true, x.in.Change.Owner: true}
		byRule := slices.ContainsFunc(facts, func(f incident.Fact) bool { _, ok := f.(incident.ChangeApproved); return ok })
		said, denied := map[org.PersonID]bool{}, false
		for range 30 {
			x.now = x.now.Add(time.Duration(rnd.IntN(240)) * time.Minute)
			p := people[rnd.IntN(5)]
			was := x.in.Change.State
			switch rnd.IntN(7) {
			case 0, 1:
				facts, err = Decide(x.in, true, p, true, "", "")
				for range facts {
					said[p] = true
				}
			case 2:
				if facts, err = Decide(x.in, false, p, true, "", ""); rnd.IntN(4) > 0 {
					facts = nil
				}
				denied = denied || len(facts) > 0
			case 3, 4:
				facts, err = Start(x.in, g.Rules, false, x.now)
			case 5:
				facts, err = Finish(x.in, incident.Outcomes[rnd.IntN(3)], "so it went")
			case 6:
				if facts, err = Cancel(x.in, ""); rnd.IntN(8) > 0 {
					facts = nil
				}
			}
			if err != nil && len(facts) > 0 {
				t.Fatalf("seed %d: it is refused and done", seed)
			}
			x.add(incident.ByPerson(p), facts...)
			next, due := ChangeNext(x.in, func(org.PolicyID) int { return 3 }, x.now)
			for range 9 {
				if len(next) == 0 {
					break
				}
				x.add(incident.Engine, next...)
				next, due = ChangeNext(x.in, func(org.PolicyID) int { return 3 }, x.now)
			}
			c := *x.in.Change
			for _, a := range c.Approvals {
				if a.How == incident.ByPeople && (own[a.Person] || a.Person == "" || !said[a.Person]) {
					t.Fatalf("seed %d: %q approved the change of %v", seed, a.Person, own)
				}
			}
			for q := range own {
				if said[q] {
					t.Fatalf("seed %d: %s decided about their own", seed, q)
				}
			}
			if denied && c.State != incident.ChangeMayNot {
				t.Fatalf("seed %d: it was denied, and is %s", seed, c.State)
			}
			may := c.State == incident.ChangeMay || c.State == incident.ChangeBegun || c.State == incident.ChangeIsDone
			if may && !byRule && len(c.Approvals) < c.Enough() {
				t.Fatalf("seed %d: %d approvals of %d make it %s", seed, len(c.Approvals), c.Enough(), c.State)
			}
			if c.State == incident.ChangeBegun && was != incident.ChangeBegun && (x.now.Add(early).Before(c.Starts) || !x.now.Before(c.Ends)) {
				t.Fatalf("seed %d: it began at %s, outside of %s to %s", seed, x.now, c.Starts, c.Ends)
			}
			if waits := c.State == incident.ChangeWaits; waits != x.in.Status.Open() || waits && (due.IsZero() || !due.After(x.now)) {
				t.Fatalf("seed %d: it is %s and %s, due %s at %s", seed, c.State, x.in.Status, due, x.now)
			}
		}
	}
}

// An override always leaves a fact and a review, which nobody ends but another person with
// a word on it.
func TestOverridesAreReviewed(t *testing.T) {
	people := []org.PersonID{"jane", "omar", "mia", ""}
	for seed := range uint64(1000) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		x := begin(t)
		x.in.Severity = []org.Severity{org.SEV1, org.SEV2, org.SEV3, ""}[rnd.IntN(4)]
		overridden := 0
		for range 25 {
			x.now = x.now.Add(time.Duration(rnd.IntN(60)) * time.Minute)
			p := people[rnd.IntN(4)]
			var facts []incident.Fact
			n := 1 + rnd.IntN(3)
			switch rnd.IntN(8) {
			case 0, 1:
				f := incident.Overridden{Reason: []string{"", "the disk fills in minutes"}[rnd.IntN(2)], Until: x.now.Add(time.Duration(rnd.IntN(300)) * time.Minute)}
				var err error
				if facts, err = Override(x.in, ground.Rules, p, nil, f, x.now); err == nil {
					overridden++
					if p == "" || x.in.Severity == "" || x.in.Severity > org.SEV2 || !x.in.Status.Open() || f.Reason == "" || f.Until.Sub(x.now) > 4*time.Hour {
						t.Fatalf("seed %d: %+v is allowed to %q in %s %s", seed, f, p, x.in.Severity, x.in.Status)
					}
				}
			case 2:
				facts, _ = Review(x.in, n, p, true, "looked at", x.now)
			case 3:
				facts, _ = EndOverride(x.in, n, "", x.now)
			case 4:
				facts, _ = investigate.FinishTask(x.in, n, "")
			case 5:
				facts, _ = investigate.DropTask(x.in, n, "")
			case 6:
				facts, _ = investigate.ReopenTask(x.in, n, "")
			case 7:
				if rnd.IntN(3) == 0 {
					facts, _ = Resolve(x.in, "")
				}
			}
			x.add(incident.ByPerson(p), facts...)
			tasks, open := 0, 0
			if x.in.Room != nil {
				for _, task := range x.in.Room.Tasks {
					if o, ok := x.in.Override(task.Override); ok {
						tasks++
						if task.State == incident.ToDo {
							open++
						} else if o.Review == nil || o.Review.By == o.By || o.Review.By == "" {
							t.Fatalf("seed %d: the review of %+v is %s", seed, o, task.State)
						}
					}
				}
			}
			if len(x.in.Overrides) != overridden || tasks != overridden || open != len(OverridesUnreviewed(x.in)) {
				t.Fatalf("seed %d: %d overrides, %d facts, %d tasks, %d of them open, %d unreviewed", seed, overridden, len(x.in.Overrides), tasks, open, len(OverridesUnreviewed(x.in)))
			}
		}
	}
}

func TestSuspects(t *testing.T) {
	services := map[org.ServiceID]org.Service{
		"shop": {DependsOn: []org.ServiceID{"db", "pay"}}, "db": {DependsOn: []org.ServiceID{"disk"}}, "disk": {DependsOn: []org.ServiceID{"shop"}},
	}
	near := Near([]org.ServiceID{"shop"}, services)
	if near["shop"] != 0 || near["db"] != 1 || near["disk"] != 2 || len(near) != 4 {
		t.Errorf("%v", near)
	}
	ago := func(d time.Duration) time.Time { return night.Add(-d) }
	all := Suspects(night, near, []Changed{
		{ID: "far", Title: "of another", Services: []org.ServiceID{"mail"}, At: ago(time.Minute)},
		{ID: "old", Title: "long ago", Services: []org.ServiceID{"shop"}, At: ago(25 * time.Hour), Until: ago(25 * time.Hour)},
		{ID: "shop", Kind: "deployment", Title: "shop 4", Services: []org.ServiceID{"shop"}, At: ago(4 * time.Minute), Until: ago(4 * time.Minute)},
		{ID: "db", Kind: "change", Title: "an index", Services: []org.ServiceID{"mail", "db"}, At: ago(time.Hour), Until: ago(10 * time.Minute), Outcome: incident.ChangeBackedOut},
		{ID: "disk", Kind: "change", Title: "new disks", Services: []org.ServiceID{"disk"}, At: ago(3 * time.Hour)},
		{ID: "after", Kind: "deployment", Title: "pay 2", Services: []org.ServiceID{"pay"}, At: ago(-3 * time.Minute), Until: ago(-3 * time.Minute)},
	})
	var got []string
	for _, s := range all {
		got = append(got, s.ID+": "+strings.Join(s.Why, ", "))
	}
	want := []string{
		"shop: of shop itself, 4m before it began", "db: of db, which it needs, 10m before it began, backed out",
		"disk: of disk, which it needs 2 steps below, was being made when it began", "after: of pay, which it needs, reported 3m after it began",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
