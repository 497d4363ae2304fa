package sim

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

var (
	simulatedChannels = []string{"push", "sms", "voice", "email"}
	simulatedPeople   = []org.PersonID{"ana", "bo", "cy", "dee", "eli", "fay", "gus", "hal"}
	simulatedZones    = []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia"}
)

// houseParts is the configuration that was last written.
type houseParts struct {
	people    map[org.PersonID]org.Person
	policies  map[org.PolicyID]escalate.Policy
	schedules map[org.ScheduleID]oncall.Schedule
}

func minutes(n int) org.Duration { return org.Duration(time.Duration(n) * time.Minute) }

func target(text string) (t org.Target) {
	if err := t.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return t
}

func targets(texts ...string) (list []org.Target) {
	for _, t := range texts {
		list = append(list, target(t))
	}
	return list
}

// settleIn writes the configuration that a life begins with.
func (s *simulator) settleIn() error {
	s.people, s.policies, s.schedules = map[org.PersonID]org.Person{}, map[org.PolicyID]escalate.Policy{}, map[org.ScheduleID]oncall.Schedule{}
	var all []store.Change
	for i, id := range simulatedPeople {
		p := org.Person{ID: id, Name: "Dr " + string(id), Zone: simulatedZones[i]}
		p.Methods, p.Rules = s.drawMethods(i), s.drawRules(i)
		s.people[id] = p
		all = append(all, s.change("person", string(id), p))
	}
	s.policies = s.drawPolicies()
	for _, id := range []org.PolicyID{"ladder", "offset", "odd", "turns", "catch-all"} {
		p := s.policies[id]
		if err := p.Validate(); err != nil {
			return fmt.Errorf("policy %s: %w", id, err)
		}
		all = append(all, s.change("policy", string(id), p))
	}
	day := s.now.AddDate(0, 0, -10).Format("2006-01-02")
	s.schedules["first"] = oncall.Schedule{ID: "first", TZ: "Europe/Berlin", Layers: []oncall.Layer{
		{ID: "a", People: []org.PersonID{"ana", "bo", "cy"}, Every: "1 day", From: oncall.Moment(day + "T02:30")},
	}}
	s.schedules["second"] = oncall.Schedule{ID: "second", TZ: "America/New_York", Layers: []oncall.Layer{
		{ID: "b", People: []org.PersonID{"dee", "eli"}, Every: "1 week", From: oncall.Moment(day + "T09:00")},
		{ID: "nights", Band: 1, People: []org.PersonID{"fay", "gus"}, Every: "12 hours", From: oncall.Moment(day + "T01:30"), Hours: oncall.Lines{"20:00-02:00"}},
	}}
	// Nobody at all for half of the day.
	s.schedules["gaps"] = oncall.Schedule{ID: "gaps", TZ: "Australia/Lord_Howe", Layers: []oncall.Layer{
		{ID: "c", People: []org.PersonID{"cy", "hal"}, Every: "1 day", From: oncall.Moment(day + "T08:00"), Hours: oncall.Lines{"08:00-20:00"}},
	}}
	for _, id := range []org.ScheduleID{"first", "second", "gaps"} {
		if _, err := oncall.Compile(s.schedules[id]); err != nil {
			return fmt.Errorf("schedule %s: %w", id, err)
		}
		all = append(all, s.change("schedule", string(id), s.schedules[id]))
	}
	zero := org.Duration(0)
	all = append(all,
		s.change("team", "web", org.Team{ID: "web", Name: "Web", Members: []org.PersonID{"dee", "eli", "gus"}}),
		s.change("service", "shop", org.Service{ID: "shop", Name: "Shop", Team: "web", Policy: "ladder"}),
		s.change("service", "db", org.Service{ID: "db", Name: "Database", Policy: "offset"}),
		s.change("service", "mail", org.Service{ID: "mail", Name: "Mail", Policy: "odd", Reopen: &zero}),
		s.change("service", "build", org.Service{ID: "build", Name: "Build", Policy: "turns"}),
		s.change("service", "rest", org.Service{ID: "rest", Name: "Everything else", Policy: "catch-all"}),
		s.change("integration", "prom", org.Integration{ID: "prom", Name: "prom", Source: "alertmanager", Service: "shop"}),
		s.change("integration", "pager", org.Integration{ID: "pager", Name: "pager", Source: "pagerduty", Service: "db"}),
		s.change("integration", "hook", org.Integration{ID: "hook", Name: "hook", Source: "generic"}),
		s.change("settings", "", org.Settings{CatchAll: "rest"}),
		s.change("rules", "", []alert.Rule{
			{Name: "mail", Match: []string{`room="mail"`}, Service: "mail"},
			{Name: "build", Match: []string{`room="build"`}, Service: "build"},
			{Name: "quiet", Match: []string{`room="attic"`}, Record: true},
		}),
	)
	if s.sifts = s.chance(0.6); s.sifts {
		all = append(all, s.drawSifting()...)
	}
	return s.write(all...)
}

// drawSifting is how things hang together in some houses: services on hosts and on each
// other, a pair of which one is enough, an inhibition, groups, waits, a storm guard, and
// what is planned.
func (s *simulator) drawSifting() []store.Change {
	short := minutes(1)
	build := org.Sift{Group: &org.Grouping{Key: "{room}"}}
	mail := org.Sift{Transient: &short, Flapping: &org.Flapping{}}
	shop := org.Sift{Storm: &org.StormGuard{Incidents: 3 + s.rng.IntN(5)}}
	zero := org.Duration(0)
	services := map[org.ServiceID]org.Service{
		"shop":  {ID: "shop", Name: "Shop", Team: "web", Policy: "ladder", DependsOn: []org.ServiceID{"db"}, Sift: shop},
		"mail":  {ID: "mail", Name: "Mail", Policy: "odd", Reopen: &zero, Sift: mail},
		"build": {ID: "build", Name: "Build", Policy: "turns", Sift: build},
		"db":    {ID: "db", Name: "Database", Policy: "offset"},
	}
	in := sift.Sifting{
		Nodes:   []sift.Node{{ID: "host-1", DependsOn: []string{"room"}}, {ID: "host-2", DependsOn: []string{"room"}}, {ID: "db", DependsOn: []string{"host-1"}}, {ID: "mail", DependsOn: []string{"host-2"}}},
		AnyOf:   []sift.AnyOf{{ID: "pair", Child: "build", Members: []string{"host-1", "host-2"}}},
		About:   []sift.NodeRule{{Match: []string{`host!=""`}, Node: "{host}"}},
		Inhibit: []cause.Inhibition{{Name: "hall", Source: []string{`room="hall"`}, Target: []string{`room="mail"`}}},
	}
	post := services["mail"]
	s.plan(&in, &post)
	services["mail"] = post
	var faults []sift.Fault
	if s.sieve, faults = sift.Compile(in, services, org.Settings{}); len(faults) > 0 {
		panic(fmt.Sprint(faults))
	}
	changes := []store.Change{s.change("sifting", "", in)}
	for _, id := range []org.ServiceID{"shop", "mail", "build"} {
		changes = append(changes, s.change("service", string(id), services[id]))
	}
	return changes
}

// drawMethods: hal has only what was switched off, and nobody can reach them.
func (s *simulator) drawMethods(i int) (list []org.Method) {
	for _, c := range simulatedChannels {
		if c == "push" || s.chance(0.7) {
			list = append(list, org.Method{
				ID: org.MethodID(c), Channel: c, Address: fmt.Sprintf("%s@%s.example", simulatedPeople[i], c), Verified: true, Disabled: i == 7,
			})
		}
	}
	return list
}

func (s *simulator) drawRules(i int) (list []org.NotificationRule) {
	if i == 4 {
		return nil // everything at once
	}
	list = append(list, org.NotificationRule{Method: "push"})
	if s.chance(0.5) {
		list[0].Every, list[0].For = minutes(1+s.rng.IntN(5)), minutes(10+s.rng.IntN(60))
	}
	for _, m := range []org.MethodID{"sms", "voice", "email"} {
		r := org.NotificationRule{Method: m, After: minutes(s.rng.IntN(8))}
		if s.chance(0.3) {
			r.Priority = org.High
		}
		list = append(list, r)
	}
	return list
}

func (s *simulator) drawPolicies() map[org.PolicyID]escalate.Policy {
	day := escalate.When{Window: &escalate.Window{From: minutes(9 * 60), To: minutes(17 * 60), Skip: s.chance(0.5)}}
	list := []escalate.Policy{
		{ID: "ladder", Name: "Ladder", AckTimeout: minutes(30), Repeat: escalate.Repeat{Count: 2, Wait: minutes(s.rng.IntN(2) * 10)},
			FailOver: targets("person:gus"), Report: targets("team:web", "email:boss@example.org"),
			Levels: []escalate.Level{
				{ID: "one", Targets: targets("schedule:first"), Wait: minutes(5)},
				{ID: "gap", Targets: targets("schedule:gaps"), Wait: minutes(5)},
				{ID: "two", Targets: targets("person:dee", "schedule:second"), Wait: minutes(1 + s.rng.IntN(10))},
				{ID: "all", Targets: targets("team:web"), Wait: minutes(15), Each: true},
			}},
		{ID: "offset", Name: "Offset", Offset: true, Zone: "Europe/Berlin", Repeat: escalate.Repeat{Count: 1},
			Levels: []escalate.Level{
				{Targets: targets("schedule:second"), At: minutes(s.rng.IntN(3))},
				{Targets: targets("person:ana"), At: minutes(8)},
				{Targets: targets("person:bo"), At: minutes(20), Unresolved: true, Wait: minutes(5)},
			}},
		{ID: "odd", Name: "Odd", Zone: "Pacific/Apia", AckTimeout: minutes(45), FailOver: targets("schedule:first"),
			Levels: []escalate.Level{
				{ID: "many", Targets: targets("person:eli"), Wait: minutes(3), When: escalate.When{MinAlerts: &escalate.MinAlerts{Count: 2, Within: minutes(30)}}},
				{ID: "bad", Targets: targets("person:fay"), Wait: minutes(3), When: escalate.When{Severities: []org.Severity{org.SEV1, org.SEV2}}},
				{ID: "day", Targets: targets("person:cy", "person:hal"), Wait: minutes(7), When: day},
				{ID: "wait", Wait: minutes(2)},
				{ID: "nobody", Targets: targets("person:hal")},
				{ID: "last", Targets: targets("schedule:first", "schedule:second"), Wait: minutes(9)},
			}},
		{ID: "turns", Name: "Turns", AckTimeout: minutes(20),
			Levels: []escalate.Level{
				{ID: "r", Targets: targets("team:web", "person:hal"), Strategy: "round_robin", Wait: minutes(4)},
				{ID: "x", Targets: targets("person:ana", "person:bo", "person:cy"), Strategy: "random", Wait: minutes(6)},
				{ID: "again", RepeatAll: &escalate.Passes{Max: 2}},
				{ID: "end", Targets: targets("person:fay"), Wait: minutes(6)},
			}},
		{ID: "catch-all", Name: "Catch-all", Repeat: escalate.Repeat{Count: 1, Wait: minutes(20)},
			Levels: []escalate.Level{{Targets: targets("person:ana", "person:gus"), Wait: minutes(20)}}},
	}
	m := map[org.PolicyID]escalate.Policy{}
	for _, p := range list {
		m[p.ID] = p
	}
	return m
}

func (s *simulator) change(kind, id string, v any) store.Change {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return store.Change{Kind: kind, ID: id, Body: b, By: incident.Engine}
}

func (s *simulator) write(changes ...store.Change) error {
	return s.store.Write(s.ctx, store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(s.now, changes...)
		return err
	})
}

// edit changes something of the house while it is at work.
func (s *simulator) edit() {
	var c store.Change
	switch id := simulatedPeople[s.rng.IntN(7)]; s.rng.IntN(6) {
	case 0: // leaves, and comes back some day
		c = store.Change{Kind: "person", ID: string(id), By: incident.Engine}
		s.after(s.within(24*time.Hour, 2), func() { s.rewrite(s.change("person", string(id), s.people[id])) })
	case 1: // switches a method off, or all on
		p := s.people[id]
		p.Methods = append([]org.Method(nil), p.Methods...)
		for i := range p.Methods {
			p.Methods[i].Disabled = s.chance(0.3)
		}
		s.people[id] = p
		c = s.change("person", string(id), p)
	case 2:
		p := s.people[id]
		p.Rules = s.drawRules(s.rng.IntN(7))
		s.people[id] = p
		c = s.change("person", string(id), p)
	case 3, 4:
		p := s.policies[[]org.PolicyID{"ladder", "offset", "odd", "turns"}[s.rng.IntN(4)]]
		p.Levels = append([]escalate.Level(nil), p.Levels...)
		if n := len(p.Levels); n > 2 && s.chance(0.3) {
			p.Levels = p.Levels[:n-1]
		} else {
			p.Levels[0].Wait += minutes(s.rng.IntN(3))
		}
		s.policies[p.ID] = p
		c = s.change("policy", string(p.ID), p)
	default:
		v := s.schedules["first"]
		v.Patches = append([]oncall.Patch(nil), v.Patches...)
		v.Patches = append(v.Patches, oncall.Patch{
			Op: "set", Start: oncall.Instant(s.now), End: oncall.Instant(s.now.Add(8 * time.Hour)), Users: oncall.Names{id}, Seq: int64(len(v.Patches)),
		})
		s.schedules["first"] = v
		c = s.change("schedule", "first", v)
	}
	s.rewrite(c)
}

// rewrite writes a change until it is written.
func (s *simulator) rewrite(c store.Change) {
	err := s.write(c)
	s.say("edit %s %s: %v", c.Kind, c.ID, err)
	if err != nil {
		s.after(5*time.Second, func() { s.rewrite(c) })
	}
}
