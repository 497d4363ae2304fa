package investigate

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

// A room is an incident that people work on, line by line.
type room struct {
	t   *testing.T
	in  incident.Incident
	now time.Time
}

func enter(t *testing.T) *room {
	r := &room{t: t, now: night}
	r.add("source:prom", incident.Opened{Title: "db-1 is down", Service: "db", Severity: org.SEV1, Priority: org.High})
	return r
}

func (r *room) add(by incident.Actor, facts ...incident.Fact) {
	for _, f := range facts {
		r.in = r.in.After(incident.Entry{Seq: r.in.Seq + 1, At: r.now, By: by, Fact: f})
	}
}

// does is a verb that somebody does, and what it said.
func (r *room) does(p org.PersonID, facts []incident.Fact, err error) (said string) {
	r.t.Helper()
	if err != nil {
		if _, ok := errors.AsType[incident.Refusal](err); !ok {
			r.t.Fatalf("%v is no refusal", err)
		}
		return "no: " + err.Error()
	}
	r.add(incident.ByPerson(p), facts...)
	for _, f := range facts {
		said += f.String() + "\n"
	}
	return strings.TrimSpace(said)
}

func (r *room) says(want, got string) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("it says %q, want %q", got, want)
	}
}

func must(facts []incident.Fact, err error) func(r *room, p org.PersonID) string {
	return func(r *room, p org.PersonID) string { return r.does(p, facts, err) }
}

func TestRolesGoFromHandToHand(t *testing.T) {
	r := enter(t)
	r.says("jane is commander", must(Give(r.in, Commander, "jane"))(r, "jane"))
	r.says("", must(Give(r.in, Commander, "jane"))(r, "jane"))
	r.says("omar is commander, after jane", must(Give(r.in, Commander, "omar"))(r, "jane"))
	r.says("mia is scribe", must(Give(r.in, Scribe, "mia"))(r, "omar"))
	r.says("no: nobody is liaison", must(Give(r.in, Liaison, ""))(r, "omar"))
	if got := must(Give(r.in, "Big Boss", "omar"))(r, "omar"); !strings.HasPrefix(got, "no: role:") {
		t.Error(got)
	}
	r.says("takes part", must(Come(r.in, "omar"))(r, "omar"))
	r.says("", must(Come(r.in, "omar"))(r, "omar"))
	r.says("omar is not commander any longer\ntakes part no longer", must(Go(r.in, "omar"))(r, "omar"))
	if r.in.Has(Commander) != "" || r.in.Has(Scribe) != "mia" || len(r.in.Room.Present) != 0 {
		t.Errorf("%+v", r.in.Room)
	}
	r.add("person:mia", incident.Ended{})
	r.says("no: it is resolved", must(Give(r.in, Commander, "jane"))(r, "jane"))
}

func TestTasks(t *testing.T) {
	r := enter(t)
	r.says("task 1: Restart it, mia, by 2026-11-23 02:10 UTC", must(AddTask(r.in, Wish{Title: " Restart  it ", Owner: "mia", Due: night.Add(10 * time.Minute)}, r.now))(r, "jane"))
	r.says("task 2: Ring the ward", must(AddTask(r.in, Wish{Title: "Ring the ward"}, r.now))(r, "jane"))
	owner, none := org.PersonID("omar"), time.Time{}
	r.says("task 2 is now: Ring the ward, omar", must(ChangeTask(r.in, 2, Change{Owner: &owner}, r.now))(r, "jane"))
	r.says("", must(ChangeTask(r.in, 2, Change{Owner: &owner, Due: &none}, r.now))(r, "jane"))
	r.says("done: Ring the ward: they know", must(FinishTask(r.in, 2, "they know"))(r, "omar"))
	r.says("", must(FinishTask(r.in, 2, ""))(r, "omar"))
	r.says("no: task 2 is done already", must(DropTask(r.in, 2, ""))(r, "omar"))
	r.says("not done: Ring the ward: nobody answered", must(ReopenTask(r.in, 2, "nobody answered"))(r, "omar"))
	r.says("no: there is no task 3", must(FinishTask(r.in, 3, ""))(r, "omar"))
	r.now = night.Add(time.Hour) // its time has passed, which does not stop anybody from giving it away
	r.says("task 1 is now: Restart it, omar, by 2026-11-23 02:10 UTC", must(ChangeTask(r.in, 1, Change{Owner: &owner}, r.now))(r, "jane"))
	for range mostTasks - 2 {
		must(AddTask(r.in, Wish{Title: "One more"}, r.now))(r, "jane")
	}
	r.says("no: there are 100 tasks already", must(AddTask(r.in, Wish{Title: "One more"}, r.now))(r, "jane"))
}

func TestLinks(t *testing.T) {
	r := enter(t)
	r.says("The bridge: https://meet.example.org/x", must(Link(r.in, "The bridge", "https://meet.example.org/x"))(r, "jane"))
	r.says("", must(Link(r.in, "Again", "https://meet.example.org/x"))(r, "jane"))
	for _, bad := range []string{"", "meet", "javascript:alert(1)", "https://", "file:///etc/passwd", "https://x/" + strings.Repeat("y", 2000)} {
		if got := must(Link(r.in, "", bad))(r, "jane"); !strings.HasPrefix(got, "no: url:") {
			t.Errorf("%.40q: %s", bad, got)
		}
	}
}

// Whatever people do, and however late the house looks: a task is asked after no sooner
// than its time, never twice within ten minutes, only while it is to be done, and the
// state is the one that a fold from the first line gives.
func TestNextIsPatient(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		r := enter(t)
		people := []org.PersonID{"", "jane", "omar", "mia"}
		last := map[int]time.Time{}
		for range 80 {
			r.now = r.now.Add(time.Duration(rnd.IntN(40)) * time.Minute)
			p, id := people[1+rnd.IntN(3)], 1+rnd.IntN(4)
			switch rnd.IntN(7) {
			case 0:
				must(AddTask(r.in, Wish{Title: fmt.Sprint("Task ", seed), Owner: people[rnd.IntN(4)], Due: r.now.Add(time.Duration(rnd.IntN(90)+1) * time.Minute)}, r.now))(r, p)
			case 1:
				must(FinishTask(r.in, id, ""))(r, p)
			case 2:
				if must(ReopenTask(r.in, id, ""))(r, p); r.in.Status.Open() {
					delete(last, id)
				}
			case 3:
				due := r.now.Add(time.Duration(rnd.IntN(60)+1) * time.Minute)
				must(ChangeTask(r.in, id, Change{Owner: &people[rnd.IntN(4)], Due: &due}, r.now))(r, p)
				delete(last, id)
			case 4:
				must(Give(r.in, Commander, people[rnd.IntN(4)]))(r, p)
			}
			facts, _ := Next(r.in, org.Guideline{}, r.now)
			for _, f := range facts {
				f := f.(incident.TaskOverdue)
				task, _ := r.in.Task(f.Task)
				if task.State != incident.ToDo || task.Due.After(r.now) || task.Due.IsZero() {
					t.Fatalf("seed %d: %s is asked after at %s: %+v", seed, f.Title, r.now, task)
				}
				if at, ok := last[f.Task]; ok && r.now.Sub(at) < 10*time.Minute {
					t.Fatalf("seed %d: %s is asked after again after %s", seed, f.Title, r.now.Sub(at))
				}
				if task.Owner != "" && !slices.Contains(f.To, task.Owner) {
					t.Fatalf("seed %d: its owner does not hear of it: %+v", seed, f)
				}
				last[f.Task] = r.now
			}
			r.add(incident.Engine, facts...)
			more, due := Next(r.in, org.Guideline{}, r.now)
			if len(more) > 0 || !due.IsZero() && !due.After(r.now) {
				t.Fatalf("seed %d: it is not content: %v, %s", seed, more, due)
			}
		}
	}
}

// Nobody is asked after what they did, and nobody hears of their own deeds.
func TestTell(t *testing.T) {
	r := enter(t)
	hears := func(by org.PersonID, f incident.Fact) (said []string) {
		for _, n := range Tell(r.in, incident.Entry{At: r.now, By: incident.ByPerson(by), Fact: f}) {
			said = append(said, string(n.Person)+": "+n.Text)
		}
		return said
	}
	must(AddTask(r.in, Wish{Title: "Restart it", Owner: "mia"}, r.now))(r, "jane")
	for _, c := range []struct {
		by   org.PersonID
		f    incident.Fact
		want []string
	}{
		{"jane", incident.RoleGiven{Role: Scribe, To: "jane"}, nil},
		{"jane", incident.RoleGiven{Role: Scribe, To: "omar", From: "mia"}, []string{"omar: you are scribe", "mia: you are scribe no longer"}},
		{"jane", incident.TaskAdded{Task: 2, Title: "Ring", Owner: "omar"}, []string{"omar: a task for you: Ring"}},
		{"omar", incident.TaskAdded{Task: 2, Title: "Ring", Owner: "omar"}, nil},
		{"jane", incident.TaskChanged{Task: 1, Title: "Restart it", Owner: "mia"}, nil},
		{"jane", incident.TaskChanged{Task: 1, Title: "Restart it", Owner: "omar"}, []string{"omar: a task for you: Restart it", "mia: no longer yours: Restart it"}},
		{"", incident.TaskOverdue{Task: 1, Title: "Restart it", To: []org.PersonID{"mia", "jane"}}, []string{"mia: overdue: Restart it", "jane: overdue: Restart it"}},
	} {
		if got := hears(c.by, c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.f, got, c.want)
		}
	}
}

// Whoever has it is asked for the roles that its severity wants, three times at most, with
// pauses; a role that gets free again is asked for at once.
func TestRolesAreWanted(t *testing.T) {
	r := enter(t)
	r.add("person:omar", incident.Raised{Severity: org.SEV1, Why: "it is", Needs: &incident.Needs{Roles: []string{Commander, Scribe}}})
	asks := func() (said []string) {
		facts, due := Next(r.in, org.Guideline{}, r.now)
		r.add(incident.Engine, facts...)
		for _, f := range facts {
			said = append(said, f.String())
		}
		if !due.IsZero() {
			said = append(said, due.Sub(r.now).String())
		}
		return said
	}
	is := func(want ...string) {
		t.Helper()
		if got := asks(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	is() // people are called for it first
	r.add("person:jane", incident.AcknowledgedBy{})
	is("nobody is commander, scribe; asked jane")
	is("10m0s")
	must(Give(r.in, Commander, "omar"))(r, "jane")
	r.now = r.now.Add(10 * time.Minute)
	is("nobody is scribe; asked jane, omar")
	r.now = r.now.Add(20 * time.Minute)
	is("nobody is scribe; asked jane, omar")
	r.now = r.now.Add(24 * time.Hour)
	is()
	must(Give(r.in, Commander, ""))(r, "omar")
	is("nobody is commander, scribe; asked jane")
	must(Give(r.in, Commander, "mia"))(r, "jane")
	must(Give(r.in, Scribe, "mia"))(r, "jane")
	is()
}
