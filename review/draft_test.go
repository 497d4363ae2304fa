package review

import (
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

func name(p org.PersonID) string {
	return map[org.PersonID]string{"jane": "Jane Doe", "omar": "Omar"}[p]
}

// A draft says what the log says, in numbers that were counted by hand.
func TestDraft(t *testing.T) {
	a := begin(t)
	at := func(after time.Duration, by incident.Actor, facts ...incident.Fact) {
		a.now = night.Add(after)
		a.add(by, facts...)
	}
	at(0, incident.Engine, incident.Called{Calls: []incident.Call{{Person: "jane"}}})
	at(5*time.Minute, incident.Engine, incident.Called{Level: 1, Calls: []incident.Call{{Person: "omar"}}})
	at(20*time.Minute, "person:omar", incident.AcknowledgedBy{})
	at(22*time.Minute, "person:omar", incident.Updated{N: 1, Phase: incident.PhaseInvestigating, Condition: "Nobody can log in"})
	at(25*time.Minute, "person:omar", incident.Staged{Stage: incident.Fix})
	at(30*time.Minute, "person:omar", incident.Overridden{Override: 1, Reason: "nobody can log in", Until: night.Add(90 * time.Minute)})
	at(40*time.Minute, "person:omar", incident.ChangeNoted{Title: "Another fuse", What: "worked"})
	at(95*time.Minute, "person:omar", incident.Ended{Why: "a new fuse", Cause: "a fuse blew", Category: "hardware"})
	at(96*time.Minute, "person:omar", incident.ActionAdded{Action: 1, Title: "Spare fuses", Owner: "omar", Due: night.AddDate(0, 0, 9)})
	c := Case{In: a.in, Log: a.log, Name: name, Service: "Databases", Zone: time.UTC}
	for kind, want := range map[string]string{
		"summary": "2026-11-23 02:00 UTC: db-1 is down. It hit Databases with severity SEV1. It was over at 2026-11-23 03:35 UTC, after 1 h 35 min. The cause: a fuse blew. What ended it: a new fuse.",
		"impact": "| What | How much |\n|---|---|\n| Severity | SEV1 |\n| Began | 2026-11-23 02:00 UTC |\n| Over | 2026-11-23 03:35 UTC |\n| Lasted | 1 h 35 min |\n| First call after | 0 s |\n" +
			"| First answer after | 20 min |\n| Stage fix after | 25 min |\n| People called | 2 |\n| Alerts | 1 |\n| Updates to those concerned | 1 |\n| Emergency overrides | 1 |\n\nWhat those concerned were told last: Nobody can log in",
		"timeline": "**2026-11-23 UTC**\n\n- 02:00:00 opened: db-1 is down (db, SEV1, high)\n- 02:00:00 level 1 called: Jane Doe\n- 02:05:00 level 2 called: Omar\n- 02:20:00 Omar: acknowledged\n" +
			"- 02:22:00 Omar: update 1, investigating: Nobody can log in\n- 02:25:00 Omar: stage: fix\n- 02:30:00 Omar: emergency override 1 until 2026-11-23 03:30 UTC: nobody can log in\n- 02:40:00 Omar: change worked: Another fuse\n- 03:35:00 Omar: resolved: a new fuse; cause: a fuse blew (hardware)",
		"factors":   "- a fuse blew. (hardware)\n- Nobody answered for 20 min.",
		"actions":   "- [ ] Spare fuses, Omar, by 2026-12-02",
		"customers": "From 2026-11-23 02:00 UTC to 2026-11-23 03:35 UTC (1 h 35 min) Databases did not work as it should.\n\n- 02:22: Nobody can log in",
		"none":      "",
	} {
		if got := c.Draft(kind); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", kind, got, want)
		}
	}
}

// Each audience reads its own version: nobody's name to customers, nothing internal to
// the board.
func TestVersions(t *testing.T) {
	a := over(t)
	a.add("person:jane", incident.RetroDrafted{Template: "usual", Sections: org.UsualRetrospective.Sections}, incident.RetroWritten{}, incident.RetroSubmitted{To: []org.PersonID{"omar"}})
	a.add("person:omar", incident.RetroSigned{Last: true})
	d := Document{
		In: a.in, Name: name, People: map[org.PersonID]string{"jane": "Jane Doe", "omar": "Omar"}, Service: "Databases", Zone: time.UTC,
		Texts: map[string]string{
			"summary": "Jane Doe found it.\n\n:::internal\nThe password was written on the wall.\n:::\nIt is well.\n:::board\nIt cost 40,000.\n:::", "timeline": "- 02:00 down", "hard": " ",
			"customers": "Jane Doe and Omar mended it. A janet is no name.\n:::board\nNot for them.",
		},
	}
	inside, board, customers := d.Version(org.Administration), d.Version(org.Board), d.Version(org.Customers)
	var titles []string
	for _, v := range []Version{inside, board, customers} {
		for _, p := range v.Parts {
			titles = append(titles, string(v.For)+": "+p.Title)
		}
	}
	if got := strings.Join(titles, ", "); got != "administration: Summary, administration: Timeline, administration: For those concerned, board: Summary, customers: For those concerned" {
		t.Error(got)
	}
	d.In.Review.Actions = []incident.ReviewAction{{ID: 1, Title: "Spare fuses", Owner: "omar", State: incident.Done}}
	d.In.Review.Lessons = []incident.Lesson{{ID: 1, Text: "Fuses age"}}
	if got := d.Version(org.Administration).Body(); !strings.Contains(got, "## What we do about it\n\n- [x] Spare fuses, Omar\n") || !strings.HasSuffix(got, "## Lessons\n\n- Fuses age\n") {
		t.Error(got)
	}
	if got := d.Version(org.Customers).Body(); strings.Contains(got, "Spare fuses") || strings.Contains(got, "Fuses age") {
		t.Error(got)
	}
	if got := Marked("a\n:::board\nb\n:::\nc"); got != "a\n\n> **board**\n>\n> b\n\nc" {
		t.Errorf("%q", got)
	}
	if got := inside.Parts[0].Text; !strings.Contains(got, "the wall") || strings.Contains(got, ":::") {
		t.Error(got)
	}
	if got := board.Parts[0].Text; got != "Jane Doe found it.\n\nIt is well.\nIt cost 40,000." {
		t.Error(got)
	}
	if got := customers.Parts[0].Text; got != "a responder and a responder mended it. A janet is no name." {
		t.Error(got)
	}
	if text := customers.Markdown(); strings.Contains(text, "Omar") || strings.Contains(text, "SEV1") || !strings.Contains(inside.Markdown(), "Signed by Omar on 2026-11-23") {
		t.Error(text)
	}
}
