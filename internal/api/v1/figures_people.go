package v1

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/oncall"
	"tocsin/org"
	"tocsin/review/figures"
)

type loadsAsked struct {
	FigureChoice
	Members org.TeamID `query:"members" maxLength:"64" doc:"Only the members of this team"`
}

type loadsOut struct{ Body LoadReport }

// A LoadReport is what being called came to for people.
type LoadReport struct {
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to"`
	Before  time.Time  `json:"before" doc:"Since when the period before is, which is as long"`
	Version int        `json:"version" doc:"Of the definitions"`
	Counted Counted    `json:"counted"`
	All     LoadLine   `json:"all" doc:"Of everybody whom it is about, also those whose own figures are not yours to see"`
	Teams   []LoadLine `json:"teams" nullable:"false" doc:"Of the members of each team, whoever's the incidents were"`
	People  []LoadLine `json:"people" nullable:"false" doc:"Who was called most first: yourself, and the members of teams that you manage"`
	Kept    int        `json:"kept" doc:"How many people's own figures are not yours to see"`
}

// A LoadLine is what being called came to for somebody, or for some.
type LoadLine struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Called   int         `json:"called"`
	Answered int         `json:"answered"`
	Missed   int         `json:"missed"`
	Past     int         `json:"past" doc:"Escalated past"`
	Levels   []LoadLevel `json:"levels" nullable:"false" doc:"The same by the level of the policy"`
	Working  int         `json:"working"`
	Evening  int         `json:"evening"`
	Weekend  int         `json:"weekend"`
	Sleep    int         `json:"sleep"`
	Alarms   int         `json:"alarms" doc:"That went out for the calls, over all channels"`
	ByHand   int         `json:"by_hand" doc:"Calls about no incident: by pages by hand, and for the approval of changes"`
	Answer   *float64    `json:"answer,omitempty" doc:"Seconds from the first alarm of a call to the answer, in the mean; absent without answers"`
	Hours    *float64    `json:"hours,omitempty" doc:"On call, by the on-call log; absent for teams"`
	Before   int         `json:"before" doc:"Calls in the period before"`
}

// A LoadLevel is what calls of one level came to.
type LoadLevel struct {
	Level    int `json:"level" doc:"From 1; 0 is by name: added, reassigned, by hand, or the last resort"`
	Called   int `json:"called"`
	Answered int `json:"answered"`
	Missed   int `json:"missed"`
	Past     int `json:"past"`
}

// mayCount says whether somebody's own figures are the caller's to see: theirs, or those of
// the members of a team that they manage.
func (c *caller) mayCount(p org.PersonID) bool {
	return p != "" && p == c.self() || c.leads(p) == nil
}

func (a *API) loads(ctx context.Context, in *loadsAsked) (*loadsOut, error) {
	c := asking(ctx)
	q, err := a.figureAsk(c, in.FigureChoice)
	if err != nil {
		return nil, err
	}
	n, err := a.counting(ctx, &q, nil, nil)
	if err != nil {
		return nil, err
	}
	teams := c.setup.teams()
	about := func(p org.PersonID) bool {
		return in.Members == "" || slices.Contains(teams[in.Members].Members, p)
	}
	out := &loadsOut{LoadReport{
		From: q.from, To: q.to, Before: q.from.Add(-q.to.Sub(q.from)), Version: figures.Version, Counted: counted(n.state), Teams: []LoadLine{}, People: []LoadLine{},
	}}
	r := &out.Body
	var all, allBefore figures.Load
	for p, l := range n.is.Loads.People {
		if about(p) {
			all.Plus(l)
		}
	}
	for p, l := range n.was.Loads.People {
		if about(p) {
			allBefore.Plus(l)
		}
	}
	r.All = loadLine("", "", &all, &allBefore)
	for id, t := range teams {
		var is, was figures.Load
		for _, p := range t.Members {
			if l := n.is.Loads.People[p]; l != nil {
				is.Plus(l)
			}
			if l := n.was.Loads.People[p]; l != nil {
				was.Plus(l)
			}
		}
		if (is.Paged > 0 || was.Paged > 0) && (in.Members == "" || in.Members == id) {
			r.Teams = append(r.Teams, loadLine(string(id), cmp.Or(t.Name, string(id)), &is, &was))
		}
	}
	hours, err := a.hoursOn(ctx, c.setup, q.from, q.to)
	if err != nil {
		return nil, err
	}
	people := map[org.PersonID]bool{}
	for p := range n.is.Loads.People {
		people[p] = true
	}
	for p := range hours {
		people[p] = true
	}
	for p := range people {
		switch {
		case !about(p):
		case !c.mayCount(p):
			r.Kept++
		default:
			line := loadLine(string(p), c.setup.person(p), n.is.Loads.People[p], n.was.Loads.People[p])
			on := hours[p].Hours()
			line.Hours = &on
			r.People = append(r.People, line)
		}
	}
	order := func(a, b LoadLine) int {
		return cmp.Or(cmp.Compare(b.Called, a.Called), strings.Compare(a.Name, b.Name))
	}
	slices.SortFunc(r.Teams, order)
	slices.SortFunc(r.People, order)
	return out, nil
}

// teams are those that are not retired.
func (s *setup) teams() map[org.TeamID]org.Team {
	all := map[org.TeamID]org.Team{}
	for _, r := range s.all {
		if r.Kind != config.Team || r.Retired {
			continue
		}
		if t, err := teamIn(r); err == nil {
			all[org.TeamID(r.ID)] = t
		}
	}
	return all
}

func loadLine(id, name string, l, before *figures.Load) LoadLine {
	out := LoadLine{ID: id, Name: name, Levels: []LoadLevel{}}
	if before != nil {
		out.Before = before.Paged
	}
	if l == nil {
		return out
	}
	out.Called, out.Answered, out.Missed, out.Past, out.Alarms, out.ByHand = l.Paged, l.Answered, l.Missed, l.Past, l.Alarms, l.Apart
	out.Working, out.Evening, out.Weekend, out.Sleep = l.Hours[figures.Working], l.Hours[figures.Evening], l.Hours[figures.Weekend], l.Hours[figures.Sleep]
	if l.Answered > 0 {
		mean := l.Answers.Seconds() / float64(l.Answered)
		out.Answer = &mean
	}
	for level, x := range l.Levels {
		out.Levels = append(out.Levels, LoadLevel{level, x.Paged, x.Answered, x.Missed, x.Past})
	}
	slices.SortFunc(out.Levels, func(a, b LoadLevel) int { return a.Level - b.Level })
	return out
}

// hoursOn is how long everybody was on call, by the on-call log: somebody who stood in two
// schedules at once, twice.
func (a *API) hoursOn(ctx context.Context, s *setup, from, to time.Time) (map[org.PersonID]time.Duration, error) {
	sums := map[org.PersonID]time.Duration{}
	to = sooner(to, a.now())
	if !from.Before(to) {
		return sums, nil
	}
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired {
			continue
		}
		c, err := s.schedule(r.ID)
		if err != nil {
			continue // one that cannot be read hides no other
		}
		shifts, err := a.was(ctx, s, c, r.ID, from, to)
		if err != nil {
			return nil, err
		}
		for _, st := range oncall.Stints(shifts) {
			if f, u := later(st.From, from), sooner(st.Until, to); st.Role != oncall.Shadow && f.Before(u) {
				sums[st.Person] += u.Sub(f)
			}
		}
	}
	return sums, nil
}
