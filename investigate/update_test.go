package investigate

import (
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var severe = org.Guideline{
	ID: "severe", First: org.Duration(10 * time.Minute), Every: org.Duration(30 * time.Minute),
	Require: []string{org.Condition, org.Actions}, Channels: []string{"followers"}, Escalate: []org.Target{{Kind: "person", ID: "boss"}},
}

// What the guideline asks for must be there; the refusal names the field.
func TestPublishAsksForWhatTheGuidelineWants(t *testing.T) {
	r := enter(t)
	good := Update{Phase: incident.PhaseInvestigating, Condition: "It is slow", Actions: "We look", To: []string{"followers"}}
	for want, change := range map[string]func(*Update){
		"phase:":     func(u *Update) { u.Phase = "soon" },
		"condition:": func(u *Update) { u.Condition = " \n " },
		"actions:":   func(u *Update) { u.Actions = "" },
		"needs:":     func(u *Update) { u.Needs = strings.Repeat("x", maxSaid+1) },
		"to:":        func(u *Update) { u.To = nil },
		"to: \"x\"":  func(u *Update) { u.To = append(u.To, "x") },
		"next:":      func(u *Update) { u.Next = night.Add(31 * time.Minute) },
		"title:":     func(u *Update) { u.Title = strings.Repeat("x", maxTitle+1) },
		"affected:":  func(u *Update) { u.Affected = []incident.Affected{{Page: "public", Component: "a", State: "major"}} },
	} {
		u := good
		u.To = append([]string{}, good.To...)
		change(&u)
		if got := must(Publish(r.in, severe, u, r.now))(r, "jane"); !strings.HasPrefix(got, "no: "+want) {
			t.Errorf("%s: it says %q", want, got)
		}
	}
	r.says("update 1, investigating: It is slow; actions: We look (to followers); next by 02:30 UTC", must(Publish(r.in, severe, good, r.now))(r, "jane"))
	if r.in.News == nil || r.in.News.Last.N != 1 {
		t.Errorf("%+v", r.in.News)
	}
	u := good
	u.Phase, u.Actions, u.Title = incident.PhaseResolved, "", "Slow payments"
	r.says("update 2, resolved: It is slow (to followers)", must(Publish(r.in, severe, u, r.now))(r, "jane"))
	if r.in.News.Last.Title != "Slow payments" {
		t.Errorf("it is called %q", r.in.News.Last.Title)
	}
}

// Who speaks is asked when the guideline says so, the others too the second time, and the
// third time those are called whom it names; once. Who was told hears that it is over.
func TestUpdatesAreAskedFor(t *testing.T) {
	r := enter(t)
	r.add(incident.ByPerson("jane"), incident.AcknowledgedBy{})
	r.add(incident.ByPerson("jane"), incident.RoleGiven{Role: Communications, To: "mia"})
	asked, called := 0, 0
	for range 40 {
		facts, due := Next(r.in, severe, r.now)
		for _, f := range facts {
			switch f := f.(type) {
			case incident.UpdateOverdue:
				if asked++; asked == 1 && (len(f.To) != 1 || f.To[0] != "mia" || r.now.Before(night.Add(10*time.Minute))) {
					t.Errorf("%s at %s", f, r.now)
				}
				if asked == 2 && len(f.To) != 2 {
					t.Errorf("the second time: %s", f)
				}
			case incident.Asked:
				called++
			}
		}
		r.add(incident.Engine, facts...)
		if more, at := Next(r.in, severe, r.now); len(more) > 0 || !at.IsZero() && !at.After(r.now) {
			t.Fatalf("it is not content: %v, %s", more, at)
		}
		if due.IsZero() && len(facts) == 0 {
			break
		}
		r.now = r.now.Add(5 * time.Minute)
	}
	if asked < 3 || called != 1 {
		t.Errorf("asked %d times, called %d times", asked, called)
	}
	must(Publish(r.in, severe, Update{Phase: incident.PhaseIdentified, Condition: "x", Actions: "y", To: []string{"followers"}}, r.now))(r, "mia")
	if due := UpdateDue(r.in, severe); !due.Equal(r.now.Add(30 * time.Minute)) {
		t.Errorf("the next is due at %s", due)
	}
	r.add(incident.ByPerson("jane"), incident.Ended{})
	facts, _ := Next(r.in, severe, r.now)
	if len(facts) != 1 || facts[0].(incident.Updated).Phase != incident.PhaseResolved {
		t.Fatalf("they are told %v", facts)
	}
	r.add(incident.Engine, facts...)
	if more, _ := Next(r.in, severe, r.now); len(more) > 0 {
		t.Errorf("they are told twice: %v", more)
	}
}

// A draft says only what stands in the log, and is one that could be published.
func TestDraft(t *testing.T) {
	r := enter(t)
	var log incident.Log
	note := func(by incident.Actor, f incident.Fact) {
		log = append(log, incident.Entry{Seq: r.in.Seq + 1, At: r.now, By: by, Fact: f})
		r.add(by, f)
	}
	name := func(p org.PersonID) string { return strings.ToUpper(string(p)) }
	u := Draft(r.in, log, severe, name, time.UTC)
	if u.Phase != incident.PhaseInvestigating || u.Condition != "db-1 is down, since 02:00." || !strings.Contains(u.Needs, "Somebody to take it on") || u.To[0] != "followers" {
		t.Errorf("%+v", u)
	}
	note("person:jane", incident.AcknowledgedBy{})
	note("person:jane", incident.TaskAdded{Task: 1, Title: "Restart it", Owner: "mia"})
	note("person:jane", incident.TaskAdded{Task: 2, Title: "Ring the ward"})
	note("person:mia", incident.TaskDone{Task: 1, Title: "Restart it", Outcome: "it runs"})
	u = Draft(r.in, log, severe, name, time.UTC)
	if u.Phase != incident.PhaseIdentified || u.Actions != "Done: Restart it (it runs)" || u.Needs != "Somebody for: Ring the ward" {
		t.Errorf("%+v", u)
	}
	if _, err := Publish(r.in, severe, u, r.now); err != nil {
		t.Error(err)
	}
}
