package engine

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/oncall"
	"tocsin/org"
	"tocsin/resolve"
)

// A setup is the configuration of one moment, ready to be asked.
type setup struct {
	seq          int64
	settings     org.Settings
	people       map[org.PersonID]org.Person
	teams        map[org.TeamID]org.Team
	services     map[org.ServiceID]org.Service
	policies     map[org.PolicyID]escalate.Policy // current versions
	schedules    map[org.ScheduleID]*oncall.Compiled
	versions     map[org.ScheduleID]int // of schedules
	integrations map[org.IntegrationID]org.Integration
	byKey        map[string]org.IntegrationID // by the keyed hash of the key
	heartbeats   map[org.HeartbeatID]org.Heartbeat
	beats        map[beatName]org.HeartbeatID // those that are not retired
	runbooks     map[string]book              // those that are not retired
	rules        alert.Rules
	changes      resolve.Rules
	sifting      sift.Sifting
	sieve        *sift.Sieve
	providers    map[string][]provider // by channel, in their order
}

// current is the configuration as the transaction sees it. It is read anew only when
// it has changed.
func (e *Engine) current(tx *store.Tx) (*setup, error) {
	seq, err := tx.ConfigSeq()
	if err != nil {
		return nil, err
	}
	e.setup.Lock()
	s := e.setup.setup
	e.setup.Unlock()
	if s != nil && s.seq == seq {
		return s, nil
	}
	rows, err := tx.Config()
	if err != nil {
		return nil, err
	}
	s, err = e.compile(rows)
	if err != nil {
		return nil, err
	}
	s.seq = seq
	e.setup.Lock()
	e.setup.setup = s
	e.setup.Unlock()
	return s, nil
}

// serviceName is what people call a service.
func (s *setup) serviceName(id org.ServiceID) string { return cmp.Or(s.services[id].Name, string(id)) }

// policyOf is what is climbed for a service: the policy that the severity asks for, or
// else its own.
func (s *setup) policyOf(v org.Service, asks org.Response) org.PolicyID {
	if p, ok := s.policies[asks.Policy]; ok && !p.Retired {
		return asks.Policy
	}
	return v.Policy
}

// compile makes a setup of what the store holds. What cannot be read is left out and
// told: one bad row must not stop the house.
func (e *Engine) compile(rows []store.ConfigRow) (*setup, error) {
	s := &setup{
		people: map[org.PersonID]org.Person{}, teams: map[org.TeamID]org.Team{}, services: map[org.ServiceID]org.Service{},
		policies: map[org.PolicyID]escalate.Policy{}, schedules: map[org.ScheduleID]*oncall.Compiled{}, versions: map[org.ScheduleID]int{},
		integrations: map[org.IntegrationID]org.Integration{}, byKey: map[string]org.IntegrationID{},
		heartbeats: map[org.HeartbeatID]org.Heartbeat{}, beats: map[beatName]org.HeartbeatID{}, runbooks: map[string]book{},
	}
	for _, r := range rows {
		if err := s.add(r); err != nil {
			e.log.Error("configuration cannot be read", "kind", r.Kind, "id", r.ID, "version", r.Version, "error", err)
		}
	}
	s.changes = resolve.NewRules(s.settings.Changes)
	e.equip(s, rows)
	for id, p := range s.people { // a method on a channel that is not set up reaches nobody
		p.Methods = slices.Clone(p.Methods)
		for i := range p.Methods {
			if s.providers[p.Methods[i].Channel] == nil {
				p.Methods[i].Disabled = true
			}
		}
		s.people[id] = p
	}
	var faults []sift.Fault
	s.sieve, faults = sift.Compile(s.sifting, s.services, s.settings)
	s.sieve.Monitor(s.rules, s.integrations, s.heartbeats, s.settings)
	for _, f := range faults {
		e.log.Error("a part of sifting cannot be used", "field", f.Field, "error", f.Err)
	}
	return s, nil
}

func (s *setup) add(r store.ConfigRow) error {
	var err error
	switch r.Kind {
	case "person":
		p, e := read[org.Person](r)
		p.Retired, err = r.Retired, e
		s.people[org.PersonID(r.ID)] = p
	case "team":
		t, e := read[org.Team](r)
		t.Retired, err = r.Retired, e
		s.teams[org.TeamID(r.ID)] = t
	case "service":
		v, e := read[org.Service](r)
		v.Retired, err = r.Retired, e
		s.services[org.ServiceID(r.ID)] = v
	case "policy":
		p, e := read[escalate.Policy](r)
		p.Retired, p.Version, err = r.Retired, r.Version, e
		s.policies[org.PolicyID(r.ID)] = p
	case "schedule":
		v, e := read[oncall.Schedule](r)
		if e != nil || r.Retired {
			return e
		}
		c, e := oncall.Compile(v)
		if e != nil {
			return e
		}
		s.schedules[org.ScheduleID(r.ID)], s.versions[org.ScheduleID(r.ID)] = c, r.Version
	case "integration":
		i, e := read[org.Integration](r)
		i.Retired, err = r.Retired, e
		s.integrations[i.ID] = i
		if !r.Retired && i.KeyHash != "" {
			s.byKey[i.KeyHash] = i.ID
		}
	case "heartbeat":
		b, e := read[org.Heartbeat](r)
		b.Retired, err = r.Retired, e
		s.heartbeats[org.HeartbeatID(r.ID)] = b
		if !r.Retired {
			s.beats[beatName{b.Integration, b.Name}] = b.ID
		}
	case "runbook":
		b, e := read[runbook.Runbook](r)
		if e != nil || r.Retired {
			return e
		}
		c, e := runbook.Compile(b)
		if e != nil {
			return e
		}
		s.runbooks[r.ID] = book{c, r.Version}
	case "rules":
		list, e := read[[]alert.Rule](r)
		if e != nil || r.Retired {
			return e
		}
		s.rules, err = alert.CompileRules(list)
	case "sifting":
		v, e := read[sift.Sifting](r)
		if e != nil || r.Retired {
			return e
		}
		s.sifting = v
	case "settings":
		s.settings, err = read[org.Settings](r)
	}
	return err
}

func read[T any](r store.ConfigRow) (v T, err error) {
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return v, fmt.Errorf("%s %s: %w", r.Kind, r.ID, err)
	}
	return v, nil
}

// world is what the climb may ask, inside a transaction.
func (e *Engine) world(tx *store.Tx, s *setup) escalate.World {
	return escalate.World{
		Policy: func(id org.PolicyID, version int) (escalate.Policy, bool) {
			p, ok := s.policies[id]
			if !ok || version == 0 || version == p.Version {
				return p, ok
			}
			r, err := tx.ConfigVersion("policy", string(id), version)
			if err != nil {
				if !errors.Is(err, store.ErrNotFound) {
					e.log.Error("policy version cannot be read", "policy", id, "version", version, "error", err)
				}
				return p, ok // the version is gone: today's is better than none
			}
			p, err = read[escalate.Policy](r)
			p.Version = version
			return p, err == nil
		},
		CatchAll: func() (escalate.Policy, bool) {
			p, ok := s.policies[s.services[s.settings.CatchAll].Policy]
			return p, ok && !p.Retired
		},
		Who:    s.who,
		Person: func(id org.PersonID) (org.Person, bool) { p, ok := s.people[id]; return p, ok },
		Turn: func(id org.PolicyID, level int) int {
			n, err := tx.Turn(id, level)
			if err != nil {
				e.log.Error("round robin pointer", "policy", id, "error", err)
			}
			return n
		},
		Pick: e.pick,
	}
}

// pick draws one of n.
func (e *Engine) pick(n int) int {
	var b [8]byte
	if _, err := (drawing{e}).Read(b[:]); err != nil || n < 1 {
		return 0
	}
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n))
}

// register knows who stands behind the members of schedules.
func (s *setup) register() oncall.Register {
	return oncall.Register{
		Team: func(id org.TeamID) []org.PersonID {
			if t := s.teams[id]; !t.Retired {
				return t.Members
			}
			return nil
		},
		Schedule: func(id org.ScheduleID) *oncall.Compiled { return s.schedules[id] },
		Policy: func(id org.PolicyID) []org.Target {
			if p := s.policies[id]; !p.Retired && len(p.Levels) > 0 {
				return p.Levels[0].Targets
			}
			return nil
		},
	}
}

// who stands behind a schedule or a team.
func (s *setup) who(t org.Target, at time.Time) escalate.Answer {
	switch t.Kind {
	case "schedule":
		id, place := t.Place()
		c, ok := s.schedules[org.ScheduleID(id)]
		if !ok {
			return escalate.Answer{Why: "there is no such schedule"}
		}
		shift := s.register().Place(c, place, at)
		return escalate.Answer{People: shift.People, Why: shift.Why, Until: shift.Until}
	case "team":
		team, ok := s.teams[org.TeamID(t.ID)]
		if !ok || team.Retired {
			return escalate.Answer{Why: "there is no such team"}
		}
		return escalate.Answer{People: team.Members, Why: "member of " + team.Name}
	}
	return escalate.Answer{Why: "nobody stands behind " + t.Kind}
}
