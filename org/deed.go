package org

// Needs is the least role that may do the deed, and whether it must be the role in the
// team that the thing belongs to. A deed that is not known needs a role nobody has.
func (d Deed) Needs() (least Role, inTeam bool) {
	n := deedRole[d]
	return n.least, n.inTeam
}

// MaySomewhere says whether the deed may be done to anything at all.
func (a Access) MaySomewhere(d Deed) bool {
	if a.May(d, "") {
		return true
	}
	for team := range a.Teams {
		if a.May(d, team) {
			return true
		}
	}
	return false
}
