package review

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// An affair is an incident, line by line.
type affair struct {
	t   *testing.T
	in  incident.Incident
	log incident.Log
	now time.Time
}

func begin(t *testing.T) *affair {
	a := &affair{t: t, now: night}
	a.add("source:prom", incident.Opened{Title: "db-1 is down", Service: "db", Team: "dba", Severity: org.SEV1, Priority: org.High})
	return a
}

func over(t *testing.T) *affair {
	a := begin(t)
	a.now = night.Add(10 * time.Minute)
	a.add("person:jane", incident.AcknowledgedBy{})
	a.now = night.Add(time.Hour)
	a.add("person:jane", incident.Ended{Why: "the disk was full"})
	return a
}

func (a *affair) add(by incident.Actor, facts ...incident.Fact) {
	for _, f := range facts {
		e := incident.Entry{Seq: a.in.Seq + 1, At: a.now, By: by, Fact: f}
		a.in, a.log = a.in.After(e), append(a.log, e)
	}
}

// does is what a person does, and what it said.
func (a *affair) does(p org.PersonID, want string) func([]incident.Fact, error) {
	return func(facts []incident.Fact, err error) {
		a.t.Helper()
		var said []string
		if err != nil {
			if _, ok := errors.AsType[incident.Refusal](err); !ok {
				a.t.Fatalf("%v is no refusal", err)
			}
			said = append(said, "no: "+err.Error())
		}
		a.add(incident.ByPerson(p), facts...)
		for _, f := range facts {
			said = append(said, f.String())
		}
		if got := strings.Join(said, "; "); got != want {
			a.t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// From a draft to a signed retrospective, and back when something changes.
func TestRetrospective(t *testing.T) {
	a := begin(t)
	a.does("jane", "no: it is not over yet: triggered")(Begin(a.in, org.UsualRetrospective))
	a = over(t)
	a.does("jane", "no: it is a draft: ask for signatures first")(nil, func() error {
		b := over(t)
		b.does("jane", "retrospective drafted, by the template usual")(Begin(b.in, org.UsualRetrospective))
		_, err := Sign(b.in, "omar", "", 1)
		return err
	}())
	a.does("jane", "no: there is no retrospective yet: draft it first")(Write(a.in, "summary", "x", "jane"))
	a.does("jane", "retrospective drafted, by the template usual")(Begin(a.in, org.UsualRetrospective))
	a.does("jane", "no: there is a retrospective already")(Begin(a.in, org.UsualRetrospective))
	a.does("jane", `no: section: there is no "gossip"`)(Write(a.in, "gossip", "x", "jane"))
	a.does("jane", "writes in the retrospective")(Write(a.in, "summary", "The disk was full.", "jane"))
	a.does("jane", "")(Write(a.in, "impact", "Nobody could log in.", "jane"))
	a.does("jane", "no: to: jane is its only author, and somebody else must sign it")(Submit(a.in, []org.PersonID{"jane"}, "", "jane"))
	a.does("jane", "retrospective to be signed by jane, omar")(Submit(a.in, []org.PersonID{"jane", "omar", "omar"}, "", "jane"))
	a.does("jane", "no: you are its only author: somebody else must sign it")(Sign(a.in, "jane", "", 2))
	a.does("", "no: only a person signs")(Sign(a.in, "", "", 2))
	a.does("omar", "signed the retrospective")(Sign(a.in, "omar", "", 2))
	a.does("omar", "")(Sign(a.in, "omar", "", 2))
	a.does("mia", "retrospective to be worked on: it was changed after it was signed; writes in the retrospective")(Write(a.in, "hard", "x", "mia"))
	if a.in.Retro() != incident.RetroDraft || len(a.in.Review.Signed) != 0 {
		t.Errorf("what was signed before still holds: %+v", a.in.Review)
	}
	a.does("jane", "retrospective to be signed by omar")(Submit(a.in, []org.PersonID{"omar"}, "", "jane"))
	a.does("jane", "signed the retrospective")(Sign(a.in, "jane", "", 2)) // no longer its only author
	a.does("omar", "no: it is not signed off yet")(Publish(a.in, incident.RetroPublished{For: org.Board, Text: "x"}))
	a.does("omar", "signed the retrospective, which is signed off: so it was")(Sign(a.in, "omar", "so it was", 2))
	a.does("jane", "no: it is signed off: take it up again to change it")(Write(a.in, "summary", "No.", "jane"))
	a.does("omar", "no: pages: on status pages stands what is for customers")(Publish(a.in, incident.RetroPublished{For: org.Board, Pages: []org.StatusPageID{"public"}, Text: "x"}))
	a.does("omar", "no: the version for customers is empty: write a section that it shows")(Publish(a.in, incident.RetroPublished{For: org.Customers}))
	a.does("omar", "retrospective published for customers on public")(Publish(a.in, incident.RetroPublished{For: org.Customers, Pages: []org.StatusPageID{"public"}, Text: "x"}))
	a.add("source:prom", incident.Reopened{})
	if a.in.Retro() != incident.RetroDraft {
		t.Errorf("it is %s although it came back", a.in.Retro())
	}
}

// What is missing is named, all of it; what is complete lets it through.
func TestGate(t *testing.T) {
	all := org.Closure{Retrospective: "published", Actions: "done", Cause: true, Updates: true, Tasks: true, Lessons: 1}
	a := begin(t)
	a.does("jane", "no: it is not over yet: triggered")(Close(a.in, Gate(a.in, org.Closure{}), ""))
	a.add("person:jane", incident.TaskAdded{Task: 1, Title: "Restart"}, incident.ActionAdded{Action: 1, Title: "Alert on it"}, incident.ActionAdded{Action: 2, Title: "Write it down"}, incident.Ended{})
	a.does("jane", "no: it cannot be closed yet. Missing: publish the retrospective for customers; finish the actions, or say that they need not be done: 2 are open; "+
		"write down what was learned: 1 lesson; say what it was, and of which category; tell those concerned that it is over; finish the tasks, or drop them: 1 is open")(Close(a.in, Gate(a.in, all), ""))
	a.does("jane", "no: it cannot be closed yet. Missing: give each action somebody and a time: 2 actions have none")(Close(a.in, Gate(a.in, org.Closure{Actions: "owned"}), ""))
	a.does("jane", "no: it cannot be closed yet. Missing: have the retrospective signed off: 2 signatures")(Close(a.in, Gate(a.in, org.Closure{Retrospective: "signed", Signatures: 2}), ""))
	a.add("person:jane",
		incident.RetroDrafted{Template: "usual", Sections: org.UsualRetrospective.Sections}, incident.RetroWritten{}, incident.RetroSubmitted{To: []org.PersonID{"omar"}},
		incident.ActionDone{Action: 1}, incident.ActionDropped{Action: 2, Why: "no"}, incident.TaskDone{Task: 1}, incident.Explained{Cause: "a fuse", Category: "hardware"},
		incident.Updated{N: 1, Phase: incident.PhaseResolved}, incident.LessonLearned{Lesson: 1, Text: "Look at the fuse"})
	a.add("person:omar", incident.RetroSigned{Last: true})
	a.does("jane", "no: it cannot be closed yet. Missing: publish the retrospective for customers")(Close(a.in, Gate(a.in, all), ""))
	a.add("person:omar", incident.RetroPublished{For: org.Board})
	if len(Left(Gate(a.in, all))) != 1 {
		t.Error("what the board has is not what customers have")
	}
	a.add("person:omar", incident.RetroPublished{For: org.Customers})
	owed := Need{Code: "override", Text: "review the override"}
	a.does("jane", "no: it cannot be closed yet. Missing: review the override")(Close(a.in, Gate(a.in, all, owed), ""))
	owed.Met = true
	a.does("jane", "closed: well done (retrospective.published, actions.done, lessons, cause, updates, tasks, override)")(Close(a.in, Gate(a.in, all, owed), "well done"))
	if a.in.Status != incident.Closed {
		t.Error(a.in.Status)
	}
	a.does("jane", "")(Close(a.in, nil, ""))
	merged := over(t)
	merged.in.Merged = "other"
	if len(Gate(merged.in, all)) != 0 {
		t.Error("what goes on elsewhere has its gate there")
	}
}

// A law: however people go about it, what is closed has passed its gate at that moment,
// and what was signed was signed by somebody who is not its only author.
func TestClosedHasPassedItsGate(t *testing.T) {
	closed := 0
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 15))
		pick := func(n int) bool { return rnd.IntN(n) == 0 }
		c := org.Closure{
			Retrospective: org.RetroGates[rnd.IntN(4)], Actions: org.ActionGates[rnd.IntN(3)], Cause: pick(2), Updates: pick(3), Tasks: pick(2), Lessons: rnd.IntN(2), Signatures: rnd.IntN(3),
		}
		a := begin(t)
		for range 120 {
			a.now = a.now.Add(time.Duration(rnd.IntN(60)) * time.Minute)
			p := []org.PersonID{"jane", "omar", "mia"}[rnd.IntN(3)]
			was := a.in
			var facts []incident.Fact
			switch rnd.IntN(14) {
			case 0:
				if a.in.Status.Open() {
					facts = []incident.Fact{incident.Ended{}}
				} else if pick(5) {
					facts = []incident.Fact{incident.Reopened{}}
				}
			case 1:
				facts, _ = Begin(a.in, org.UsualRetrospective)
			case 2:
				facts, _ = Write(a.in, "summary", "x", p)
			case 3:
				facts, _ = Submit(a.in, []org.PersonID{"omar", "mia"}, "", p)
			case 4, 5:
				facts, _ = Sign(a.in, p, "", c.Signatures)
				if len(facts) > 0 && slices.Equal(a.in.Review.Authors, []org.PersonID{p}) {
					t.Fatalf("seed %d: %s signed what they alone wrote", seed, p)
				}
			case 6:
				facts, _ = Publish(a.in, incident.RetroPublished{For: org.Audiences[rnd.IntN(3)], Text: "x"})
			case 7:
				facts, _ = Add(a.in, Wish{Title: "Do it", Owner: p, Due: a.now.Add(time.Hour)}, a.now)
			case 8:
				if a.in.Review != nil && len(a.in.Review.Actions) > 0 {
					facts, _ = Finish(a.in, 1+rnd.IntN(len(a.in.Review.Actions)), "")
				}
			case 9:
				facts, _ = Learn(a.in, "Look", nil)
			case 10:
				facts = []incident.Fact{incident.Explained{Cause: "a fuse", Category: "hardware"}}
			case 11:
				facts = []incident.Fact{incident.Updated{N: 1, Phase: incident.PhaseResolved}}
			case 12:
				if pick(4) {
					facts, _ = Return(a.in, "no")
				}
			case 13:
				facts, _ = Close(a.in, Gate(a.in, c), "")
			}
			a.add(incident.ByPerson(p), facts...)
			if a.in.Status == incident.Closed && was.Status != incident.Closed {
				closed++
				if left := Left(Gate(was, c)); len(left) > 0 || was.Status != incident.Resolved {
					t.Fatalf("seed %d: closed from %s with %v left", seed, was.Status, left)
				}
			}
		}
	}
	if closed < 50 {
		t.Errorf("only %d were closed: the law was hardly tried", closed)
	}
}

// Who has an action is reminded, then asked; later the leads are too. After an outage it
// is said once.
func TestOverdueActions(t *testing.T) {
	a := over(t)
	leads := func() []org.PersonID { return []org.PersonID{"lea"} }
	due := a.now.Add(10 * day)
	a.does("jane", "action 1: Alert on it, omar, by 2026-12-03 03:00 UTC")(Add(a.in, Wish{Title: " Alert  on it ", Owner: "omar", Due: due}, a.now))
	a.does("jane", "action 2: Nobody's, by 2026-12-03 03:00 UTC")(Add(a.in, Wish{Title: "Nobody's", Due: due}, a.now))
	a.does("jane", "no: due: 2026-11-23T03:00:00Z is not in the future")(Add(a.in, Wish{Title: "x", Due: a.now}, a.now))
	var said []string
	run := func(until time.Time) {
		for {
			facts, next := Next(a.in, leads, a.now)
			for _, f := range facts {
				said = append(said, a.now.Sub(due).String()+" "+f.String())
				for _, n := range Tell(a.in, incident.Entry{At: a.now, By: incident.Engine, Fact: f}) {
					said = append(said, "> "+string(n.Person)+" "+n.Text)
				}
			}
			a.add(incident.Engine, facts...)
			if len(facts) > 0 {
				continue
			}
			if next.IsZero() || next.After(until) {
				a.now = until
				return
			}
			a.now = next
		}
	}
	run(due.Add(3 * time.Hour))
	a.does("jane", "closed")(Close(a.in, Gate(a.in, org.Closure{}), ""))
	run(due.Add(day + time.Hour))
	a.now = a.now.Add(30 * day) // the house was off
	run(a.now.Add(time.Hour))
	a.does("omar", "action done: Alert on it: it pages at 80 %")(Finish(a.in, 1, "it pages at 80 %"))
	a.does("omar", "no: why: say why it need not be done")(Drop(a.in, 2, " "))
	a.does("omar", "action need not be done: Nobody's: it is gone")(Drop(a.in, 2, "it is gone"))
	a.does("omar", "no: action 2 is dropped already")(Finish(a.in, 2, ""))
	run(a.now.Add(100 * day))
	want := []string{
		"-48h0m0s action due 2026-12-03 03:00 UTC: Alert on it; told omar", "> omar your action is due 2026-12-03: Alert on it",
		"0s action overdue: Alert on it; told omar", "> omar action overdue: Alert on it",
		"0s action overdue: Nobody's; told lea", "> lea action overdue: Nobody's",
		"24h0m0s action overdue: Alert on it; told omar, lea", "> omar action overdue: Alert on it", "> lea action overdue: Alert on it",
		"24h0m0s action overdue: Nobody's; told lea", "> lea action overdue: Nobody's",
		"745h0m0s action overdue: Alert on it; told omar, lea", "> omar action overdue: Alert on it", "> lea action overdue: Alert on it",
		"745h0m0s action overdue: Nobody's; told lea", "> lea action overdue: Nobody's",
	}
	if !slices.Equal(said, want) {
		t.Errorf("it says\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	title := "Anew"
	a.does("omar", "action not done: Nobody's")(Reopen(a.in, 2, ""))
	a.does("omar", "action 2 is now: Anew, by 2026-12-03 03:00 UTC")(Alter(a.in, 2, Change{Title: &title}, a.now))
}

func TestLike(t *testing.T) {
	past := Likeness{Service: "db", Category: "storage", Roots: []org.ServiceID{"rack"}, Words: []string{"disk", "full", "postgres"}}
	for _, c := range []struct {
		fresh Likeness
		want  string
	}{
		{Likeness{Service: "db", Category: "storage"}, "the same service and category: db, storage"},
		{Likeness{Service: "db", Category: "network"}, ""},
		{Likeness{Service: "shop", Roots: []org.ServiceID{"rack", "net"}}, "both stand on rack"},
		{Likeness{Service: "shop", Words: []string{"disk", "full"}}, "in both titles: disk, full"},
		{Likeness{Service: "shop", Words: []string{"disk", "slow", "again"}}, ""},
		{Likeness{Service: "db", Category: "storage", Roots: []org.ServiceID{"rack"}, Words: []string{"postgres", "disk"}}, "the same service and category: db, storage; in both titles: postgres, disk"},
		{Likeness{}, ""},
	} {
		if got := strings.Join(Like(c.fresh, past), "; "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.fresh, got, c.want)
		}
	}
	if got := Like(Likeness{Service: "db"}, Likeness{Service: "db"}); len(got) != 1 || got[0] != "the same service: db" {
		t.Error(got)
	}
	if got := Like(Likeness{Words: []string{"disk"}}, Likeness{Words: []string{"disk"}}); len(got) != 0 {
		t.Errorf("one word is no likeness: %v", got)
	}
}

// An action names each incident like it once, and tells its owner ever more rarely.
func TestRecur(t *testing.T) {
	a := over(t)
	a.does("jane", "action 1: Alert on it, omar")(Add(a.in, Wish{Title: "Alert on it", Owner: "omar"}, a.now))
	told := 0
	for n := range 20 {
		id := incident.ID(fmt.Sprint("again-", n))
		for range 2 {
			facts := Recur(a.in, 1, id, "db-2 is down", []string{"the same service: db"})
			for _, f := range facts {
				told += len(Tell(a.in, incident.Entry{At: a.now, By: incident.Engine, Fact: f}))
			}
			a.add(incident.Engine, facts...)
		}
	}
	if got, _ := a.in.Action(1); len(got.Again) != 20 || told != 5 {
		t.Errorf("came again %d times, told %d times", len(got.Again), told)
	}
	a.does("omar", "action done: Alert on it")(Finish(a.in, 1, ""))
	if facts := Recur(a.in, 1, "later", "x", nil); facts != nil {
		t.Error(facts)
	}
}
