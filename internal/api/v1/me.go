package v1

import (
	"bytes"
	"context"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	shiftsAhead = 35 * 24 * time.Hour // in which one's next shift is looked for
	pagesBack   = 7 * 24 * time.Hour  // in which pages still wait for an answer
	mostWaiting = 50
)

// Me is who asks, and what waits for them.
type Me struct {
	Person  org.PersonID `json:"person,omitempty" doc:"With an API key, whom it acts for"`
	Key     string       `json:"key,omitempty" doc:"The API key, if it is one that asks"`
	Name    string       `json:"name"`
	Zone    string       `json:"zone" doc:"IANA name"`
	Role    org.Role     `json:"role"`
	Deeds   []org.Deed   `json:"deeds" nullable:"false" doc:"What may be done to what belongs to nobody, or to everything"`
	Teams   []MyTeam     `json:"teams" nullable:"false"`
	OnCall  []Duty       `json:"on_call" nullable:"false" doc:"Now"`
	Next    *Duty        `json:"next_shift,omitempty" doc:"The next shift that begins within 35 days"`
	Waiting []MyPage     `json:"waiting" nullable:"false" doc:"High pages that nobody has answered yet, newest first"`
	Has     auth.Has     `json:"has" doc:"What you sign in with"`
	Methods int          `json:"methods" doc:"Contact methods that a page may go out over"`
	Version string       `json:"version" doc:"Of Tocsin"`
	Now     time.Time    `json:"now"`
}

// MyTeam is a team in which one may do something.
type MyTeam struct {
	ID    org.TeamID `json:"id"`
	Name  string     `json:"name"`
	Role  org.Role   `json:"role"`
	Deeds []org.Deed `json:"deeds" nullable:"false"`
}

// A Duty is a shift of one's own.
type Duty struct {
	Schedule org.ScheduleID `json:"schedule"`
	Name     string         `json:"name"`
	Team     org.TeamID     `json:"team,omitempty"`
	Role     string         `json:"role,omitempty"`
	From     *time.Time     `json:"from,omitempty" doc:"Of a shift that is to come"`
	Until    *time.Time     `json:"until,omitempty"`
	Services []Answering    `json:"services" nullable:"false" doc:"Whose policy calls the schedule"`
	Why      string         `json:"why,omitempty"`
}

// Answering is a service that calls a schedule, and on which level it does.
type Answering struct {
	ID    org.ServiceID `json:"id"`
	Name  string        `json:"name"`
	Level int           `json:"level" doc:"From 1"`
}

// MyPage is an incident for which one was paged.
type MyPage struct {
	Incident incident.ID    `json:"incident"`
	Title    string         `json:"title"`
	Severity org.Severity   `json:"severity,omitempty"`
	Page     string         `json:"page" doc:"The last one"`
	Channel  string         `json:"channel"`
	State    escalate.State `json:"state" enum:"planned,claimed,sent,delivered,read,answered,failed,cancelled"`
	At       time.Time      `json:"at"`
}

func (a *API) me(ctx context.Context, _ *only) (*struct{ Body Me }, error) {
	c, now := asking(ctx), a.now()
	s, self := c.setup, c.self()
	out := &struct{ Body Me }{Me{
		Person: self, Key: c.Key, Name: c.Name, Zone: "UTC", Role: c.Everywhere, Deeds: c.deeds(""), Teams: []MyTeam{}, OnCall: []Duty{}, Waiting: []MyPage{},
		Version: a.version, Now: now,
	}}
	for id, role := range c.Teams {
		out.Body.Teams = append(out.Body.Teams, MyTeam{ID: id, Name: s.names[thing{config.Team, string(id)}], Role: role, Deeds: c.deeds(id)})
	}
	slices.SortFunc(out.Body.Teams, func(a, b MyTeam) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	if p, err := decoded[org.Person](s.rows[thing{config.Person, string(self)}]); err == nil {
		if p.Zone != "" {
			out.Body.Zone = p.Zone
		}
		for _, m := range p.Methods {
			if m.Usable() {
				out.Body.Methods++
			}
		}
	}
	a.duties(s, self, now, &out.Body)
	var err error
	if out.Body.Has, err = a.auth.HasOf(ctx, self); err != nil {
		return nil, err
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) (err error) {
		out.Body.Waiting, err = a.waiting(tx, c, now)
		return err
	})
}

// deeds are what the caller may do to what belongs to a team.
func (c *caller) deeds(team org.TeamID) (all []org.Deed) {
	all = []org.Deed{}
	for _, d := range org.Deeds() {
		if c.May(d, team) {
			all = append(all, d)
		}
	}
	return all
}

// duties are the shifts of somebody. Only schedules that name them are asked.
func (a *API) duties(s *setup, p org.PersonID, now time.Time, me *Me) {
	quoted := []byte(`"` + string(p) + `"`)
	for _, r := range s.all {
		if r.Kind != config.Schedule || r.Retired || p == "" || !bytes.Contains(r.Body, quoted) {
			continue
		}
		c, err := s.schedule(r.ID)
		if err != nil {
			continue // it calls nobody either
		}
		duty := Duty{Schedule: org.ScheduleID(r.ID), Name: s.names[thing{r.Kind, r.ID}], Team: s.teamOf(r.Kind, r.Body), Services: s.calls(org.Target{Kind: "schedule", ID: r.ID})}
		on := false
		for _, shift := range c.Render(now, now.Add(shiftsAhead)) {
			role, ok := roleIn(shift.People, shift.Roles, p)
			switch {
			case !ok:
				on = false
			case !shift.From.After(now):
				d := duty
				d.Role, d.Until, d.Why = role, shown(shift.Until), shift.Why
				me.OnCall, on = append(me.OnCall, d), true
			case on: // it goes on: only what was said of it changed
				me.OnCall[len(me.OnCall)-1].Until = shown(shift.Until)
			case me.Next == nil || shift.From.Before(*me.Next.From):
				d := duty
				d.Role, d.From, d.Until, d.Why = role, shown(shift.From), shown(shift.Until), shift.Why
				me.Next = &d
			}
			if ok && shift.From.After(now) && !on {
				break
			}
		}
	}
}

// roleIn is what somebody is in a shift; ok says whether they are in it at all.
func roleIn(people []org.PersonID, roles map[string][]org.PersonID, p org.PersonID) (role string, ok bool) {
	names := make([]string, 0, len(roles))
	for name := range roles {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(roles[name], p) && (role == "" || name == "primary") {
			role = name
		}
	}
	return role, role != "" || slices.Contains(people, p)
}

// calls are the services whose policy calls a target.
func (s *setup) calls(t org.Target) []Answering {
	all := []Answering{}
	for _, r := range s.all {
		if r.Kind != config.Service || r.Retired {
			continue
		}
		service := s.services[org.ServiceID(r.ID)]
		p, err := s.policy(string(service.Policy))
		if err != nil {
			continue
		}
		for i, l := range p.Levels {
			if slices.Contains(l.Targets, t) {
				all = append(all, Answering{service.ID, service.Name, i + 1})
				break
			}
		}
	}
	return all
}

// waiting are the incidents for which the caller was paged with high priority and that
// nobody has.
func (a *API) waiting(tx *store.Tx, c *caller, now time.Time) ([]MyPage, error) {
	all, seen := []MyPage{}, map[incident.ID]bool{}
	if c.self() == "" {
		return all, nil
	}
	pages, err := tx.Unanswered(c.self(), now.Add(-pagesBack), 10*mostWaiting)
	if err != nil {
		return all, err
	}
	for _, p := range pages {
		if seen[p.Subject] || len(all) == mostWaiting {
			continue
		}
		seen[p.Subject] = true
		sub, err := tx.Subject(p.Subject)
		if err != nil {
			return all, err
		}
		if !slices.Contains(waitsFor(sub.Incident), c.self()) || c.setup.hides(c.Identity, sub.Service) {
			continue
		}
		all = append(all, MyPage{Incident: p.Subject, Title: sub.Title, Severity: sub.Severity, Page: p.ID, Channel: p.Channel, State: p.State, At: p.At})
	}
	return all, nil
}
