package engine

import (
	"cmp"
	"slices"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// graphMost is how many alerts a picture of the graph looks at.
const graphMost = 50_000

// A Standing is a thing that alerts are about, what it depends on, and how it is now.
type Standing struct {
	ID, Name  string
	Kind      string // service, node, any_of
	Tier      string
	DependsOn []string
	Child     string   // of an any-of group: who needs it
	Members   []string // of which one is enough
	Firing    int
	Worst     org.Severity
	Incident  incident.ID // of its worst alert that pages
	Beneath   int         // alerts elsewhere that it explains
	Under     string      // what explains its alerts, if anything does
}

// Graph is everything that depends on something or is depended on, and every service,
// with what fires on it. Alerts of services that are left out are not looked at.
func Graph(tx *store.Tx, e *Engine, without []org.ServiceID) ([]Standing, error) {
	s, err := e.current(tx)
	if err != nil {
		return nil, err
	}
	at := map[string]*Standing{}
	node := func(id, name, kind string) *Standing {
		if at[id] == nil {
			at[id] = &Standing{ID: id, Name: name, Kind: kind}
		}
		return at[id]
	}
	for id, v := range s.services {
		if v.Retired || slices.Contains(without, id) {
			continue
		}
		n := node(string(id), s.serviceName(id), "service")
		for _, d := range v.DependsOn {
			n.DependsOn = append(n.DependsOn, string(d))
		}
	}
	for _, v := range s.sifting.Nodes {
		n := node(v.ID, cmp.Or(v.Name, v.ID), "node")
		n.Tier, n.DependsOn = v.Tier, append(n.DependsOn, v.DependsOn...)
	}
	for _, g := range s.sifting.AnyOf {
		n := node(g.ID, g.ID, "any_of")
		n.Child, n.Members = g.Child, g.Members
	}
	if err := s.stand(tx, at, without); err != nil {
		return nil, err
	}
	for _, g := range s.sifting.AnyOf {
		at[g.ID].fails(at)
	}
	out := make([]Standing, 0, len(at))
	for _, n := range at {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b Standing) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// fails says how a group is whose members all fail: nothing fires on it itself.
func (n *Standing) fails(at map[string]*Standing) {
	under, firing := "", 0
	for i, id := range n.Members {
		m := at[id]
		if m == nil || m.Firing == 0 && m.Under == "" {
			return
		}
		if firing += m.Firing; i == 0 {
			under = m.Under
		} else if m.Under != under {
			under = ""
		}
	}
	n.Firing, n.Under = firing, under
}

// stand puts what fires on its nodes.
func (s *setup) stand(tx *store.Tx, at map[string]*Standing, without []org.ServiceID) error {
	of := map[string]string{}    // node by alert
	under := map[string]string{} // cause by symptom
	looked := 0
	for after := (store.AlertKey{}); looked < graphMost; {
		some, err := tx.FiringAfter(after, readAtATime)
		if err != nil {
			return err
		}
		for _, a := range some {
			after = store.AlertKey{Integration: a.Integration, Key: a.Key}
			if looked++; slices.Contains(without, a.Service) {
				continue
			}
			in := s.integrations[a.Integration]
			in.ID = a.Integration
			of[a.ID] = s.sieve.Tree(&a, in).Node
			if n := at[of[a.ID]]; n != nil {
				n.fire(a)
			}
			if a.Sifted.Stage == alert.Symptom {
				under[a.ID] = a.Sifted.Cause
			}
		}
		if len(some) < readAtATime {
			break
		}
	}
	for symptom, cause := range under {
		if n := at[of[cause]]; n != nil {
			n.Beneath++
		}
		if n := at[of[symptom]]; n != nil && of[cause] != of[symptom] && (n.Under == "" || of[cause] < n.Under) {
			n.Under = of[cause]
		}
	}
	return nil
}

func (n *Standing) fire(a alert.Alert) {
	n.Firing++
	if n.Worst == "" || alert.Worse(a.Severity, n.Worst) || n.Incident == "" && a.Severity == n.Worst {
		n.Worst = a.Severity
		if a.Subject != "" {
			n.Incident = a.Subject
		}
	}
}
