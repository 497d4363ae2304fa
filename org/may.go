package org

import "slices"

// A Role says what somebody may do, in one team or everywhere. Each may do what the one
// below it may.
type Role string

const (
	Admin       Role = "admin"       // everything, everywhere
	Manager     Role = "manager"     // changes what belongs to the team, and answers
	Responder   Role = "responder"   // answers for incidents, covers shifts
	Observer    Role = "observer"    // reads
	Stakeholder Role = "stakeholder" // reads incidents, and nothing of how the house is set up
)

// roleRank orders the roles; what is no role is below them all.
var roleRank = map[Role]int{Stakeholder: 1, Observer: 2, Responder: 3, Manager: 4, Admin: 5}

// Valid says whether the role is one of the five.
func (r Role) Valid() bool { return roleRank[r] > 0 }

// AtLeast says whether the role may do what the other may.
func (r Role) AtLeast(other Role) bool { return roleRank[r] >= roleRank[other] }

// A Deed is a kind of thing that can be done, as permissions know it.
type Deed string

const (
	ReadIncidents Deed = "read incidents" // but for sensitive ones, which ask for ReadSensitive
	ReadSetup     Deed = "read setup"     // people, teams, services, policies, schedules, rules
	ReadSensitive Deed = "read sensitive incidents"
	KeepKeys      Deed = "keep keys"    // API keys of one's own
	KeepProfile   Deed = "keep profile" // one's own contact methods, notification rules, name, time off and calendars
	Talk          Deed = "talk"         // write to people, directly and in groups, and read what they write
	Respond       Deed = "respond"      // acknowledge, resolve, note, escalate, ...
	Configure     Deed = "configure"    // change what belongs to a team
	Administer    Deed = "administer"   // people, keys of others, settings, audit
)

// deedRole is the least role that may do a deed, and whether it must be the role in the
// team that the thing belongs to: reading is organization-wide, writing is the team's.
var deedRole = map[Deed]struct {
	least  Role
	inTeam bool
}{
	ReadIncidents: {Stakeholder, false},
	ReadSetup:     {Observer, false},
	ReadSensitive: {Responder, true},
	KeepKeys:      {Stakeholder, false},
	KeepProfile:   {Stakeholder, false},
	Talk:          {Stakeholder, false},
	Respond:       {Responder, true},
	Configure:     {Manager, true},
	Administer:    {Admin, false},
}

// Deeds are all there are, the harmless ones first.
func Deeds() []Deed {
	return []Deed{ReadIncidents, ReadSetup, ReadSensitive, KeepKeys, KeepProfile, Talk, Respond, Configure, Administer}
}

// An Access is what somebody may do: a person, or an API key.
type Access struct {
	Everywhere Role            // the role in no particular team
	Teams      map[TeamID]Role // the roles in teams
	// Deeds narrows an API key to some deeds; nil narrows nothing.
	Deeds []Deed
}

// AccessOf is what a person may do: their own role holds for what belongs to no team
// and for the teams they are members of; a team may give them another in it. In other
// teams they read. Somebody who is retired may do nothing.
func AccessOf(p Person, teams []Team) Access {
	if p.Retired {
		return Access{}
	}
	role := p.Role
	if role == "" {
		role = Responder
	}
	a := Access{Everywhere: role, Teams: map[TeamID]Role{}}
	for _, t := range teams {
		if t.Retired {
			continue
		}
		for _, m := range t.Members {
			if m == p.ID {
				a.Teams[t.ID] = role
			}
		}
		if r, ok := t.Roles[p.ID]; ok {
			a.Teams[t.ID] = r
		}
	}
	return a
}

// May says whether the deed may be done to something that belongs to a team, or to
// nobody ("").
func (a Access) May(d Deed, team TeamID) bool {
	needs, known := deedRole[d]
	if !known || a.Everywhere == "" {
		return false
	}
	if a.Deeds != nil && !slices.Contains(a.Deeds, d) {
		return false
	}
	role := a.Everywhere
	if needs.inTeam && team != "" && role != Admin {
		role = a.Teams[team]
	}
	return role.AtLeast(needs.least)
}
