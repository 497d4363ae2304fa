package resolve

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// A trouble is an incident, line by line.
type trouble struct {
	t   *testing.T
	in  incident.Incident
	now time.Time
}

func begin(t *testing.T) *trouble {
	x := &trouble{t: t, now: night}
	x.add("source:prom", incident.Opened{Title: "db-1 is down", Service: "db", Severity: org.SEV1, Priority: org.High})
	return x
}

func (x *trouble) add(by incident.Actor, facts ...incident.Fact) {
	for _, f := range facts {
		x.in = x.in.After(incident.Entry{Seq: x.in.Seq + 1, At: x.now, By: by, Fact: f})
	}
}

// does is what a person does, and what it said.
func (x *trouble) does(p org.PersonID, want string) func([]incident.Fact, error) {
	return func(facts []incident.Fact, err error) {
		x.t.Helper()
		var said []string
		if err != nil {
			if _, ok := errors.AsType[incident.Refusal](err); !ok {
				x.t.Fatalf("%v is no refusal", err)
			}
			said = append(said, "no: "+err.Error())
		}
		x.add(incident.ByPerson(p), facts...)
		for _, f := range facts {
			said = append(said, f.String())
		}
		if got := strings.Join(said, "; "); got != want {
			x.t.Errorf("it says %q, want %q", got, want)
		}
	}
}

func quiet() (int, error)  { return 0, nil }
func firing() (int, error) { return 2, nil }

func TestStages(t *testing.T) {
	x := begin(t)
	x.does("jane", "no: no stage has begun")(Confirm(x.in, "", "jane", ""))
	x.does("jane", "no: nobody has it, and somebody must watch it: acknowledge it first")(Advance(x.in, incident.Watch, UsualWatch, "", x.now))
	x.does("jane", "stage: contain: cut off the ward")(Advance(x.in, incident.Contain, 0, "cut off the ward", x.now))
	x.does("jane", "")(Advance(x.in, incident.Contain, 0, "", x.now))
	x.add("person:jane", incident.AcknowledgedBy{Until: night.Add(time.Hour)})
	x.does("jane", "contain confirmed: nobody else is hit")(Confirm(x.in, "", "jane", "nobody else is hit"))
	x.does("jane", "")(Confirm(x.in, incident.Contain, "jane", ""))
	x.does("omar", "contain confirmed")(Confirm(x.in, incident.Contain, "omar", ""))
	x.does("omar", "no: stage: fix has not begun")(Confirm(x.in, incident.Fix, "omar", ""))
	x.does("omar", "no: stage: want contain, fix, recover or watch")(Advance(x.in, "party", 0, "", x.now))
	x.does("omar", "stage: recover")(Advance(x.in, incident.Recover, 0, "", x.now))
	x.does("omar", "stage: fix: it was not the fuse")(Advance(x.in, incident.Fix, 0, "it was not the fuse", x.now))
	if n := len(x.in.Recovery.Confirmed); n != 2 {
		t.Errorf("%d confirmations of contain are left", n)
	}
	x.does("omar", "no: watch: between 1 minute and 7 days")(Advance(x.in, incident.Watch, time.Second, "", x.now))
	x.does("omar", "stage: watch until 2026-11-23 02:30 UTC")(Advance(x.in, incident.Watch, UsualWatch, "", x.now))
	if !x.in.AckUntil.IsZero() {
		t.Error("whoever watches is to acknowledge again")
	}
	if facts, due, err := Next(x.in, quiet, x.now); err != nil || len(facts) > 0 || !due.Equal(night.Add(UsualWatch)) {
		t.Error(facts, due, err)
	}
	x.now = night.Add(UsualWatch)
	facts, _, _ := Next(x.in, quiet, x.now)
	x.add(incident.Engine, facts...)
	if x.in.Status != incident.Resolved || facts[0].String() != "resolved: watched for 30m, and it did not come back" || x.in.Stage() != "" {
		t.Errorf("%s %v", x.in.Status, facts)
	}
	x.does("jane", "cause: a fuse (hardware)")(Explain(x.in, "a fuse", "hardware"))
	x.does("jane", "")(Explain(x.in, "a fuse", ""))
	x.does("jane", `no: category: "Hard Ware" is none: lower-case letters, digits and hyphens, at most 40`)(Explain(x.in, "", "Hard Ware"))
	x.does("jane", "no: it is resolved")(Advance(x.in, incident.Fix, 0, "", x.now))
}

// It comes back while it is watched, or still fires when the watch is over: somebody
// hears of it.
func TestWatchInVain(t *testing.T) {
	x := begin(t)
	x.add("person:jane", incident.AcknowledgedBy{})
	x.does("jane", "stage: watch until 2026-11-23 02:30 UTC")(Advance(x.in, incident.Watch, UsualWatch, "", x.now))
	before := x.in
	facts, _, _ := Next(x.in, firing, night.Add(UsualWatch))
	if len(facts) != 1 || facts[0].String() != "stage: recover: its watch is over, and 2 alerts still fire" {
		t.Error(facts)
	}
	told := Tell(before, incident.Entry{At: x.now, By: incident.Engine, Fact: facts[0]})
	if len(told) != 1 || told[0].Person != "jane" {
		t.Error(told)
	}
	x.add("source:prom", Back(x.in, "db-1 is down")...)
	if x.in.Status != incident.Triggered || x.in.Stage() != "" || x.in.Owner != "" || x.in.Recovery.Back != 1 {
		t.Errorf("%s %+v", x.in.Status, x.in.Recovery)
	}
	if facts := Back(x.in, "db-1 is down"); facts != nil {
		t.Error(facts)
	}
}

func TestWell(t *testing.T) {
	x := begin(t)
	said := func(watch time.Duration) string {
		facts := Well(x.in, watch, "monitoring reports it is well", x.now)
		if len(facts) == 0 {
			return ""
		}
		return facts[0].String()
	}
	const over, watched = "resolved: monitoring reports it is well", "stage: watch until 2026-11-23 02:30 UTC: monitoring reports it is well"
	for _, c := range []struct {
		then  []incident.Fact
		watch time.Duration
		want  string
	}{
		{nil, UsualWatch, over}, // nobody is there who would watch it
		{[]incident.Fact{incident.AcknowledgedBy{}}, 0, over},
		{nil, UsualWatch, watched},
		{[]incident.Fact{incident.Staged{Stage: incident.Fix}}, 0, watched},
		{[]incident.Fact{incident.Staged{Stage: incident.Watch, Until: night.Add(time.Hour)}}, 0, ""},
	} {
		x.add("person:jane", c.then...)
		if got := said(c.watch); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.then, c.watch, got, c.want)
		}
	}
}

// Whatever people do and however late the house looks: only what is acknowledged is
// watched, a watch never ends before its time nor while something fires, and what has
// come back is nobody's.
func TestStagesHold(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		x := begin(t)
		fires := 1
		for range 60 {
			x.now = x.now.Add(time.Duration(rnd.IntN(20)) * time.Minute)
			p := []org.PersonID{"jane", "omar"}[rnd.IntN(2)]
			var facts []incident.Fact
			switch rnd.IntN(8) {
			case 0:
				if x.in.Status.Open() {
					facts = []incident.Fact{incident.AcknowledgedBy{Until: x.now.Add(time.Hour)}}
				}
			case 1, 2:
				facts, _ = Advance(x.in, incident.Stages[rnd.IntN(4)], time.Duration(1+rnd.IntN(60))*time.Minute, "", x.now)
			case 3:
				facts, _ = Confirm(x.in, incident.Stages[rnd.IntN(4)], p, "")
			case 4:
				if fires > 0 {
					if fires--; fires == 0 && x.in.Status.Open() {
						facts = Well(x.in, 0, "well", x.now)
					}
				}
			case 5:
				fires++
				if facts = Back(x.in, "again"); !x.in.Status.Open() {
					facts = []incident.Fact{incident.Reopened{}}
				}
			case 6:
				facts, _ = Reopen(x.in, "")
			case 7:
				if x.in.Status.Open() {
					facts = []incident.Fact{incident.Unacknowledged{}}
				}
			}
			x.add(incident.ByPerson(p), facts...)
			next, due, _ := Next(x.in, func() (int, error) { return fires, nil }, x.now)
			for _, f := range next {
				if _, ended := f.(incident.Ended); ended && (fires > 0 || x.in.Recovery.Until.After(x.now)) {
					t.Fatalf("seed %d: %s at %s with %d firing until %s", seed, f, x.now, fires, x.in.Recovery.Until)
				}
			}
			x.add(incident.Engine, next...)
			if more, again, _ := Next(x.in, quiet, x.now); len(more) > 0 || !again.Equal(due) && len(next) == 0 {
				t.Fatalf("seed %d: it is not content: %v", seed, more)
			}
			if s := x.in.Stage(); s == incident.Watch && x.in.Status != incident.Acknowledged && x.in.Status != incident.Snoozed || s != "" && !x.in.Status.Open() {
				t.Fatalf("seed %d: stage %s while it is %s", seed, s, x.in.Status)
			}
		}
	}
}
