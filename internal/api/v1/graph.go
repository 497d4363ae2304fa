package v1

import (
	"context"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// A GraphNode is a service, another thing, or a group of which one is enough: what it
// depends on, and how it is at this moment.
type GraphNode struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind" enum:"service,node,any_of"`
	Tier      string       `json:"tier,omitempty"`
	DependsOn []string     `json:"depends_on" nullable:"false"`
	Child     string       `json:"child,omitempty" doc:"Of a group: who needs one of its members"`
	Members   []string     `json:"members,omitempty"`
	Firing    int          `json:"firing" doc:"Alerts about it that fire"`
	Worst     org.Severity `json:"worst,omitempty"`
	Incident  incident.ID  `json:"incident,omitempty"`
	Beneath   int          `json:"beneath" doc:"Alerts elsewhere that are folded beneath its own"`
	Under     string       `json:"under,omitempty" doc:"The node that explains its alerts"`
}

// graph is what stands on what, with live health and what is folded under what.
func (a *API) graph(ctx context.Context, _ *only) (*pageOf[GraphNode], error) {
	c := asking(ctx)
	out := &pageOf[GraphNode]{Body: page[GraphNode]{Items: []GraphNode{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := engine.Graph(tx, a.engine, c.setup.hidden(c.Identity))
		for _, n := range all {
			if n.DependsOn == nil {
				n.DependsOn = []string{}
			}
			out.Body.Items = append(out.Body.Items, GraphNode(n))
		}
		return err
	})
}
