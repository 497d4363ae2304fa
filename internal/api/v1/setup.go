package v1

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"

	"tocsin/escalate"
	"tocsin/internal/auth"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// A thing is one of the configuration by its name.
type thing struct{ kind, id string }

// A setup is the configuration of one moment. It never changes.
type setup struct {
	seq      int64
	all      []store.ConfigRow // by kind and id
	rows     map[thing]store.ConfigRow
	services map[org.ServiceID]org.Service
	names    map[thing]string

	compiled sync.Map // oncall.Compiled by schedule, as they are asked for
}

// setups keeps the newest setup, until it is not.
type setups struct {
	sync.Mutex
	last *setup
}

func (s *setups) now(ctx context.Context, st *store.Store) (now *setup, err error) {
	err = st.Read(ctx, func(tx *store.Tx) (err error) {
		now, err = s.in(tx)
		return err
	})
	return now, err
}

// in is the setup that a transaction sees.
func (s *setups) in(tx *store.Tx) (*setup, error) {
	seq, err := tx.ConfigSeq()
	if err != nil {
		return nil, err
	}
	s.Lock()
	last := s.last
	s.Unlock()
	if last != nil && last.seq == seq {
		return last, nil
	}
	rows, err := tx.Config()
	if err != nil {
		return nil, err
	}
	now := newSetup(seq, rows)
	s.Lock()
	s.last = now
	s.Unlock()
	return now, nil
}

func newSetup(seq int64, rows []store.ConfigRow) *setup {
	s := &setup{seq: seq, all: rows, rows: map[thing]store.ConfigRow{}, services: map[org.ServiceID]org.Service{}, names: map[thing]string{}}
	for _, r := range rows {
		s.rows[thing{r.Kind, r.ID}] = r
		var named struct{ Name string }
		if json.Unmarshal(r.Body, &named) == nil {
			s.names[thing{r.Kind, r.ID}] = named.Name
		}
		if r.Kind == config.Service {
			var v org.Service
			if json.Unmarshal(r.Body, &v) == nil {
				s.services[v.ID] = v
			}
		}
	}
	return s
}

// person is the name of somebody.
func (s *setup) person(id org.PersonID) string {
	if name := s.names[thing{config.Person, string(id)}]; name != "" {
		return name
	}
	return string(id)
}

// items are what is configured and not retired, but for one thing.
func (s *setup) items(but thing) (items []config.Item) {
	for _, r := range s.all {
		if !r.Retired && (thing{r.Kind, r.ID}) != but {
			items = append(items, config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body})
		}
	}
	return items
}

// hides says whether what happens to a service is kept from somebody.
func (s *setup) hides(who auth.Identity, service org.ServiceID) bool {
	v := s.services[service]
	return v.Sensitive && !who.May(org.ReadSensitive, v.Team)
}

// hidden are all services that are kept from somebody.
func (s *setup) hidden(who auth.Identity) (all []org.ServiceID) {
	for id := range s.services {
		if s.hides(who, id) {
			all = append(all, id)
		}
	}
	return all
}

// teamOf is the team that a thing of a kind belongs to: a team to itself, a service, a
// policy and a schedule to theirs, an integration to that of its service. A heartbeat and
// a webhook name their team, or belong to that of what they are about.
func (s *setup) teamOf(kind string, body []byte) org.TeamID {
	var v struct {
		ID      org.TeamID
		Team    org.TeamID
		Service org.ServiceID

		Integration org.IntegrationID
	}
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	switch kind {
	case config.Team:
		return v.ID
	case config.Integrating:
		return s.services[v.Service].Team
	case config.Heartbeat:
		if v.Team == "" && v.Service == "" {
			return s.teamOf(config.Integrating, s.rows[thing{config.Integrating, string(v.Integration)}].Body)
		}
		return cmp.Or(v.Team, s.services[v.Service].Team)
	case config.Webhook:
		return cmp.Or(v.Team, s.services[v.Service].Team)
	}
	return v.Team
}

// decoded is what a version of a thing says.
func decoded[T any](r store.ConfigRow) (v T, err error) {
	if r.Unreadable != nil {
		return v, r.Unreadable
	}
	return v, json.Unmarshal(r.Body, &v)
}

// schedule is a schedule, ready to be asked. One that is retired is not there.
func (s *setup) schedule(id string) (*oncall.Compiled, error) {
	if c, ok := s.compiled.Load(id); ok {
		return c.(*oncall.Compiled), nil
	}
	row, ok := s.rows[thing{config.Schedule, id}]
	if !ok || row.Retired {
		return nil, store.ErrNotFound
	}
	var v oncall.Schedule
	if err := json.Unmarshal(row.Body, &v); err != nil {
		return nil, err
	}
	c, err := oncall.Compile(v)
	if err == nil {
		s.compiled.Store(id, c)
	}
	return c, err
}

// integration is one by its id; without one, the zero Integration.
func (s *setup) integration(id org.IntegrationID) (v org.Integration) {
	row := s.rows[thing{config.Integrating, string(id)}]
	if row.ID == "" || json.Unmarshal(row.Body, &v) != nil {
		return org.Integration{}
	}
	v.ID, v.Retired = id, row.Retired
	return v
}

// policy is the current version of a policy.
func (s *setup) policy(id string) (p escalate.Policy, err error) {
	row, ok := s.rows[thing{config.Policy, id}]
	if !ok || row.Retired {
		return p, store.ErrNotFound
	}
	err = json.Unmarshal(row.Body, &p)
	p.Version = row.Version
	return p, err
}

// register knows who stands behind the members of schedules.
func (s *setup) register() oncall.Register {
	return oncall.Register{
		Team: func(id org.TeamID) []org.PersonID {
			var t org.Team
			row := s.rows[thing{config.Team, string(id)}]
			if row.Retired || json.Unmarshal(row.Body, &t) != nil {
				return nil
			}
			return t.Members
		},
		Schedule: func(id org.ScheduleID) *oncall.Compiled {
			c, err := s.schedule(string(id))
			if err != nil {
				return nil
			}
			return c
		},
		Policy: func(id org.PolicyID) []org.Target {
			p, err := s.policy(string(id))
			if err != nil || len(p.Levels) == 0 {
				return nil
			}
			return p.Levels[0].Targets
		},
	}
}
