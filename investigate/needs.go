package investigate

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// mostAsks is how often somebody is asked for the same roles.
const mostAsks = 3

// Missing are the roles that the severity asks for (org.Response) and nobody has.
func Missing(in incident.Incident) (roles []string) {
	for _, r := range in.Roles {
		if in.Has(r) == "" && !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles
}

// wantRoles asks for them: whoever has it as soon as they do, and the commander too from
// the second time on. What is missing anew is asked for at once. Before somebody has it,
// people are called; while it is snoozed, it is quiet.
func wantRoles(in incident.Incident, now time.Time) (facts []incident.Fact, due time.Time) {
	missing := Missing(in)
	if len(missing) == 0 || in.Status != incident.Acknowledged {
		return nil, due
	}
	n, to := 0, []org.PersonID{in.Owner}
	if r := in.Room; r != nil && !r.WantedAt.Before(in.OwnedAt) && !slices.ContainsFunc(missing, func(m string) bool { return !slices.Contains(r.Wanted, m) }) {
		n, to = r.WantNags, append(to, in.Has(Commander))
		due = r.WantedAt.Add(nag.After[min(n, len(nag.After)-1)])
	}
	switch {
	case n >= mostAsks:
		return nil, time.Time{}
	case due.After(now):
		return nil, due
	}
	return []incident.Fact{incident.RolesWanted{Roles: missing, Nth: n + 1, To: askedOf(in, to...)}}, time.Time{}
}
