package org

import "testing"

func TestMay(t *testing.T) {
	teams := []Team{
		{ID: "dba", Members: []PersonID{"jane", "omar"}, Roles: map[PersonID]Role{"omar": Manager}},
		{ID: "web", Members: []PersonID{"omar"}},
		{ID: "old", Members: []PersonID{"jane"}, Retired: true},
	}
	jane := AccessOf(Person{ID: "jane"}, teams)
	omar := AccessOf(Person{ID: "omar", Role: Observer}, teams)
	boss := AccessOf(Person{ID: "boss", Role: Admin}, teams)
	guest := AccessOf(Person{ID: "guest", Role: Stakeholder}, teams)
	key := Access{Everywhere: Admin, Deeds: []Deed{ReadIncidents, Respond}}
	for _, c := range []struct {
		name string
		who  Access
		deed Deed
		team TeamID
		want bool
	}{
		{"a responder answers for her team", jane, Respond, "dba", true},
		{"and not for another", jane, Respond, "web", false},
		{"and not for one that is retired", jane, Respond, "old", false},
		{"what belongs to no team is everybody's who responds", jane, Respond, "", true},
		{"everybody reads", jane, ReadIncidents, "web", true},
		{"a responder changes nothing", jane, Configure, "dba", false},
		{"a team gives a role of its own", omar, Configure, "dba", true},
		{"in another team one's own role holds", omar, Respond, "web", false},
		{"an admin may everything", boss, Administer, "", true},
		{"in every team", boss, Configure, "web", true},
		{"a manager is no admin", omar, Administer, "dba", false},
		{"a stakeholder reads incidents", guest, ReadIncidents, "", true},
		{"but not the setup", guest, ReadSetup, "", false},
		{"a key is narrowed to its deeds", key, Administer, "", false},
		{"and may those", key, Respond, "web", true},
		{"who is retired may nothing", AccessOf(Person{ID: "x", Role: Admin, Retired: true}, teams), ReadIncidents, "", false},
		{"nobody may nothing", Access{}, ReadIncidents, "", false},
		{"what no deed is, nobody may", boss, "anything", "", false},
	} {
		if got := c.who.May(c.deed, c.team); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
