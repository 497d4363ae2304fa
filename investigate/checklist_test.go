package investigate

import (
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var lists = []org.Checklist{
	{ID: "major", Name: "Major incident", Severities: []org.Severity{"SEV1", "SEV2"}, Tasks: []org.ChecklistTask{
		{Title: "Open the bridge", Role: Commander, Due: org.Duration(5 * time.Minute)}, {Title: "Tell the ward", Role: Communications},
	}},
	{ID: "power", Name: "Power", Services: []org.ServiceID{"mains"}, Tasks: []org.ChecklistTask{{Title: "Start the generator"}}},
	{ID: "back", Name: "Way back", Severities: []org.Severity{"SEV1"}, Stage: "recover", Tasks: []org.ChecklistTask{{Title: "Count what was lost", Stage: "recover"}}},
	{ID: "hand", Name: "By hand", Tasks: []org.ChecklistTask{{Title: "Look for the key"}}},
}

func TestChecklists(t *testing.T) {
	r := enter(t)
	r.add(incident.Engine, Attach(r.in, lists, r.now)...)
	r.says("Open the bridge (commander)\nTell the ward (communications)", tasks(r.in))
	if facts := Attach(r.in, lists, r.now); facts != nil {
		t.Errorf("it is there twice: %v", facts)
	}
	r.says("jane is commander", must(Give(r.in, Commander, "jane"))(r, "omar"))
	if task, _ := r.in.Task(1); task.Owner != "jane" || task.Role != Commander || !task.Due.Equal(night.Add(5*time.Minute)) {
		t.Errorf("%+v", task)
	}
	owner := org.PersonID("mia")
	must(ChangeTask(r.in, 1, Change{Owner: &owner}, r.now))(r, "jane")
	r.says("omar is commander, after jane", must(Give(r.in, Commander, "omar"))(r, "jane"))
	if task, _ := r.in.Task(1); task.Owner != "mia" {
		t.Errorf("who was named has lost it: %+v", task)
	}
	r.add("person:jane", incident.Staged{Stage: incident.Fix})
	if facts := Attach(r.in, lists, r.now); facts != nil {
		t.Error(facts)
	}
	r.add("person:jane", incident.Staged{Stage: incident.Recover})
	r.add(incident.Engine, Attach(r.in, lists, r.now)...)
	if task, ok := r.in.Task(3); !ok || task.Stage != incident.Recover || task.List != "back" {
		t.Errorf("%+v", task)
	}
	r.says("checklist: By hand, 1 task\ntask 4: Look for the key", must(AddList(r.in, lists[3], r.now))(r, "jane"))
	r.says("no: By hand is there already", must(AddList(r.in, lists[3], r.now))(r, "jane"))
}

// tasks are the tasks in a few words.
func tasks(in incident.Incident) string {
	var b strings.Builder
	if in.Room == nil {
		return ""
	}
	for _, t := range in.Room.Tasks {
		b.WriteString(t.Title + " (" + t.Role + ")\n")
	}
	return strings.TrimSpace(b.String())
}

// It stays with whoever has it until the other has answered; then their roles and tasks
// go along.
func TestHandOn(t *testing.T) {
	r := enter(t)
	r.says("no: nobody has it: reassign it", must(HandOn(r.in, "omar", ""))(r, "jane"))
	r.add("person:omar", incident.AcknowledgedBy{})
	r.add("person:jane", incident.AcknowledgedBy{})
	r.says("no: to: omar has it", must(HandOn(r.in, "omar", ""))(r, "omar"))
	must(Give(r.in, Commander, "omar"))(r, "omar")
	must(AddTask(r.in, Wish{Title: "Ring the ward", Owner: "omar"}, r.now))(r, "omar")
	r.says("hands it over to jane: the fuse is ordered", must(HandOn(r.in, "jane", "the fuse is ordered"))(r, "omar"))
	if facts, _ := Next(r.in, org.Guideline{}, r.now); facts != nil || r.in.Owner != "omar" {
		t.Errorf("%v, %s", facts, r.in.Owner)
	}
	r.add("person:jane", incident.AcknowledgedBy{})
	facts, _ := Next(r.in, org.Guideline{}, r.now)
	r.add(incident.Engine, facts...)
	task, _ := r.in.Task(1)
	if r.in.Owner != "jane" || r.in.Has(Commander) != "jane" || task.Owner != "jane" || r.in.Heir != nil {
		t.Errorf("%s %+v", r.in.Owner, r.in.Room)
	}
	if more, _ := Next(r.in, org.Guideline{}, r.now); more != nil {
		t.Error(more)
	}
}
