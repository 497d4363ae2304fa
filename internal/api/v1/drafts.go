package v1

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// drafting is a policy that is not written yet, and a moment to try it at.
type drafting struct {
	Body struct {
		Policy   policyDraft  `json:"policy" doc:"As it would be written"`
		At       time.Time    `json:"at,omitzero" doc:"Now, when it is left out"`
		Severity org.Severity `json:"severity,omitempty" enum:"SEV1,SEV2,SEV3,SEV4,SEV5" default:"SEV1"`
		Priority org.Priority `json:"priority,omitempty" enum:"high,low" default:"high"`
	}
}

// A policyDraft is a policy in a body beside other things. Its schema is that of policies.
type policyDraft struct{ json.RawMessage }

func (policyDraft) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Ref: "#/components/schemas/Policy"}
}

// previewDraft is preview of what is not written yet.
func (a *API) previewDraft(ctx context.Context, in *drafting) (*pageOf[Foreseen], error) {
	var p escalate.Policy
	if err := json.Unmarshal(in.Body.Policy.RawMessage, &p); err != nil {
		return nil, wrong("body.policy", err.Error())
	}
	if p.ID == "" {
		p.ID = "draft"
	}
	p.Version = -1 // none that is kept
	one := config.Setup{Policies: []escalate.Policy{p}}
	if err := one.Validate(config.Read(asking(ctx).setup.items(thing{config.Policy, string(p.ID)}))); err != nil {
		return nil, inPart(err, "body.policy")
	}
	m := Moment{At: in.Body.At}
	at, err := m.or(a.now())
	if err != nil {
		return nil, wrong("body.at", "must be between 1990 and 2200")
	}
	return a.foreseen(ctx, p, in.Body.Severity, in.Body.Priority, at)
}

// inPart names a field within a part of the body.
func inPart(err error, part string) error {
	problems, ok := errors.AsType[*config.Problems](err)
	if !ok {
		return err
	}
	first := problems.List[0]
	i := strings.IndexAny(first.Path+".", "[.")
	return wrong(part+strings.TrimPrefix(first.Path[i:], "[0]"), first.Text)
}

// foreseen is the engine's own climb over something that is made up.
func (a *API) foreseen(ctx context.Context, p escalate.Policy, severity org.Severity, priority org.Priority, at time.Time) (*pageOf[Foreseen], error) {
	out := &pageOf[Foreseen]{Body: page[Foreseen]{Items: []Foreseen{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		w, err := a.engine.World(tx)
		if err != nil {
			return err
		}
		for _, f := range escalate.Preview(p, severity, priority, w, at) {
			out.Body.Items = append(out.Body.Items, Foreseen{At: f.At, Kind: f.Fact.Kind(), Text: f.Fact.String(), Fact: f.Fact})
		}
		return nil
	})
}

// A Follower is an open incident that climbs a policy.
type Follower struct {
	Incident
	Run     int  `json:"run"`
	Version int  `json:"version" doc:"Of the policy, that it follows"`
	Behind  bool `json:"behind" doc:"There is a newer version"`
}

// mostFollowers is how many open incidents are moved at once.
const mostFollowers = 500

type (
	followersOut struct {
		Body struct {
			Version int        `json:"version" doc:"The newest of the policy"`
			Items   []Follower `json:"items" nullable:"false"`
			More    bool       `json:"more,omitempty" doc:"There are others"`
		}
	}
	pinning struct {
		ThingID
		Body *struct {
			IDs []incident.ID `json:"ids,omitempty" maxItems:"500" nullable:"false" doc:"Only these; without them, all that are behind"`
		} `required:"false"`
	}
	pinned struct {
		Body struct {
			Results []BulkResult `json:"results" nullable:"false"`
		}
	}
)

// followers are the open incidents that climb a policy, as far as one may see them.
func (a *API) followers(ctx context.Context, in *ThingID) (*followersOut, error) {
	c := asking(ctx)
	p, err := c.setup.policy(in.ID)
	if err != nil {
		return nil, err
	}
	out := &followersOut{}
	out.Body.Version, out.Body.Items = p.Version, []Follower{}
	f := store.Filter{Open: true, Hidden: c.setup.hidden(c.Identity), Limit: 500}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		for {
			rows, err := tx.Subjects(f)
			if err != nil {
				return err
			}
			ids := make([]incident.ID, len(rows))
			for i, r := range rows {
				ids[i] = r.ID
			}
			if err := tx.Preload(ids); err != nil {
				return err
			}
			for _, id := range ids {
				sub, err := tx.Subject(id)
				if err != nil {
					return err
				}
				for _, r := range sub.Runs {
					if !r.Open() || r.Policy != p.ID {
						continue
					}
					if len(out.Body.Items) == mostFollowers {
						out.Body.More = true
						return nil
					}
					one, err := a.seen(tx, c, sub.Incident)
					if err != nil {
						return err
					}
					out.Body.Items = append(out.Body.Items, Follower{one, r.ID, r.Version, r.Version != p.Version})
				}
			}
			if len(rows) < f.Limit {
				return nil
			}
			f.Before = rows[len(rows)-1].ID
		}
	})
}

// pin lets open incidents follow the newest version of a policy. Each climbs on where it
// was, and pages again.
func (a *API) pin(ctx context.Context, in *pinning) (*pinned, error) {
	c := asking(ctx)
	all, err := a.followers(ctx, &in.ThingID)
	if err != nil {
		return nil, err
	}
	wanted := map[incident.ID]bool{}
	if in.Body != nil {
		for _, id := range in.Body.IDs {
			wanted[id] = true
		}
	}
	out := &pinned{}
	out.Body.Results = []BulkResult{}
	for _, f := range all.Body.Items {
		if len(wanted) > 0 && !wanted[f.ID] || !f.Behind {
			continue
		}
		r := BulkResult{ID: f.ID, Status: 200}
		_, err := a.engine.Do(ctx, f.ID, c.Actor(), a.now(), func(now incident.Incident, w escalate.World) ([]incident.Fact, error) {
			from, _ := w.Policy(org.PolicyID(in.ID), f.Version)
			to, ok := w.Policy(org.PolicyID(in.ID), 0)
			if !ok {
				return nil, store.ErrNotFound
			}
			facts, err := escalate.Pin(now, f.Run, from, to)
			for _, fact := range facts {
				r.Said = fact.String()
			}
			return facts, err
		})
		var refused incident.Refusal
		if errors.As(err, &refused) {
			r.Status, r.Said = 409, refused.Text
		} else if err != nil {
			return nil, err
		}
		out.Body.Results = append(out.Body.Results, r)
	}
	return out, nil
}
