package v1

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// workedWithin is how far back it is looked for when a method last worked.
const workedWithin = 90 * 24 * time.Hour

// A Profile is what somebody keeps about themselves.
type Profile struct {
	Person   org.PersonID           `json:"person"`
	Name     string                 `json:"name"`
	Zone     string                 `json:"zone,omitempty" doc:"IANA name; UTC, when it is absent"`
	Role     org.Role               `json:"role"`
	Methods  []OwnMethod            `json:"methods" nullable:"false"`
	Pending  []PendingMethod        `json:"pending" nullable:"false" doc:"Addresses whose code was not repeated yet: no page goes there"`
	Rules    []org.NotificationRule `json:"rules" nullable:"false"`
	Reach    org.Reach              `json:"reach" doc:"What limits what reaches you: quiet hours, vacations, caps, and how low priority comes"`
	Channels []string               `json:"channels" nullable:"false" doc:"Over which this installation can reach people"`
	Version  int                    `json:"version"`
}

// An OwnMethod is a contact method, and when it last worked.
type OwnMethod struct {
	ID            org.MethodID `json:"id"`
	Name          string       `json:"name,omitempty"`
	Channel       string       `json:"channel"`
	Address       string       `json:"address,omitempty" doc:"Absent where nobody can read it, as of push"`
	Disabled      bool         `json:"disabled,omitempty"`
	Missing       bool         `json:"missing,omitempty" doc:"The channel is not set up here: no page goes out over it"`
	LastSent      *time.Time   `json:"last_sent_at,omitempty" doc:"Within 90 days"`
	LastDelivered *time.Time   `json:"last_delivered_at,omitempty"`
	LastRead      *time.Time   `json:"last_read_at,omitempty"`
}

// A PendingMethod is one whose code is to be repeated.
type PendingMethod struct {
	ID      org.MethodID `json:"id"`
	Name    string       `json:"name,omitempty"`
	Channel string       `json:"channel"`
	Address string       `json:"address"`
	Tries   int          `json:"tries" doc:"That are left; at 0 another code must be sent"`
	Expires time.Time    `json:"expires_at"`
	Again   time.Time    `json:"again_at" doc:"When another code can be sent"`
}

type (
	profileOut struct {
		ETag string `header:"ETag"`
		// What waits for its code is no part of the version: whoever kept an answer would
		// be told that it still holds.
		Keep string `header:"Cache-Control"`
		Body Profile
	}
	profileChange struct {
		Match
		Body struct {
			Name string `json:"name,omitempty" minLength:"1" maxLength:"200"`
			Zone string `json:"zone,omitempty" maxLength:"100" doc:"IANA name, such as Europe/Prague"`
		}
	}
	reachChange struct {
		Match
		Body org.Reach
	}
	rulesChange struct {
		Match
		Body struct {
			Rules []org.NotificationRule `json:"rules" maxItems:"100" nullable:"false"`
		}
	}
)

// myself is the person who asks, with their row.
func (c *caller) myself() (p org.Person, row store.ConfigRow, err error) {
	row, ok := c.setup.rows[thing{config.Person, string(c.self())}]
	if !ok || row.Retired {
		return p, row, store.ErrNotFound
	}
	p, err = decoded[org.Person](row)
	return p, row, err
}

func (a *API) profile(ctx context.Context, _ *only) (*profileOut, error) {
	c := asking(ctx)
	p, row, err := c.myself()
	if err != nil {
		return nil, err
	}
	return a.shownProfile(ctx, c, p, row.Version)
}

func (a *API) shownProfile(ctx context.Context, c *caller, p org.Person, version int) (*profileOut, error) {
	out := &profileOut{ETag: tag(version), Keep: "no-store", Body: Profile{
		Person: p.ID, Name: p.Name, Zone: p.Zone, Role: c.Everywhere, Methods: []OwnMethod{}, Pending: []PendingMethod{}, Rules: p.Rules, Reach: p.Reach,
		Channels: a.engine.Channels(), Version: version,
	}}
	if p.Rules == nil {
		out.Body.Rules = []org.NotificationRule{}
	}
	now := a.now()
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		worked, err := tx.Worked(p.ID, now.Add(-workedWithin))
		if err != nil {
			return err
		}
		for _, m := range p.Methods {
			w := worked[m.ID]
			one := OwnMethod{
				ID: m.ID, Name: m.Name, Channel: m.Channel, Address: m.Address, Disabled: m.Disabled, Missing: !slices.Contains(a.engine.Channels(), m.Channel),
				LastSent: shown(w.SentAt), LastDelivered: shown(w.DeliveredAt), LastRead: shown(w.Read),
			}
			if m.Channel == config.Push {
				one.Address = ""
			}
			out.Body.Methods = append(out.Body.Methods, one)
		}
		proofs, err := tx.Proofs(p.ID)
		for _, one := range proofs {
			if one.Until.After(now) {
				out.Body.Pending = append(out.Body.Pending, showProof(one))
			}
		}
		return err
	})
}

// changeSelf changes the caller's own person, and shows them as they are then.
func (a *API) changeSelf(ctx context.Context, m Match, to func(*org.Person) error) (*profileOut, error) {
	c := asking(ctx)
	k := *kindNamed("people")
	k.api = a
	if c.self() == "" {
		return nil, store.ErrNotFound
	}
	var now org.Person
	row, err := k.change(ctx, string(c.self()), func(was store.ConfigRow, there bool) (json.RawMessage, error) {
		if !there || was.Retired {
			return nil, store.ErrNotFound
		}
		if err := m.check(was.Version); err != nil {
			return nil, err
		}
		p, err := decoded[org.Person](was)
		if err == nil {
			err = to(&p)
		}
		if err != nil {
			return nil, err
		}
		now = p
		return json.Marshal(p)
	}, "")
	if err != nil {
		return nil, err
	}
	return a.shownProfile(ctx, c, now, row.Version)
}

func (a *API) changeProfile(ctx context.Context, in *profileChange) (*profileOut, error) {
	return a.changeSelf(ctx, in.Match, func(p *org.Person) error {
		if in.Body.Name != "" {
			p.Name = in.Body.Name
		}
		if in.Body.Zone != "" {
			p.Zone = in.Body.Zone
		}
		return nil
	})
}

func (a *API) changeRules(ctx context.Context, in *rulesChange) (*profileOut, error) {
	return a.changeSelf(ctx, in.Match, func(p *org.Person) error {
		p.Rules = in.Body.Rules
		return nil
	})
}

func (a *API) changeReach(ctx context.Context, in *reachChange) (*profileOut, error) {
	return a.changeSelf(ctx, in.Match, func(p *org.Person) error {
		p.Reach = in.Body
		return nil
	})
}

// A TestPage is a page to try a contact method out, and how far it came.
type TestPage struct {
	ID          string         `json:"id"`
	Method      org.MethodID   `json:"method"`
	Channel     string         `json:"channel"`
	State       escalate.State `json:"state" enum:"claimed,sent,delivered,read,answered,failed" doc:"claimed: it is being sent"`
	At          time.Time      `json:"at"`
	SentAt      *time.Time     `json:"sent_at,omitempty"`
	DeliveredAt *time.Time     `json:"delivered_at,omitempty"`
	ReadAt      *time.Time     `json:"read_at,omitempty"`
	AnsweredAt  *time.Time     `json:"answered_at,omitempty"`
	Error       string         `json:"error,omitempty" doc:"What the provider said"`
}

func showTrial(t store.Trial) TestPage {
	return TestPage{
		ID: t.ID, Method: t.Method, Channel: t.Channel, State: t.State, At: t.At, SentAt: shown(t.SentAt), DeliveredAt: shown(t.DeliveredAt),
		ReadAt: shown(t.ReadAt), AnsweredAt: shown(t.AnsweredAt), Error: t.Err,
	}
}

// within is how far back test pages are listed, and shown one by one.
const testsWithin = 30 * 24 * time.Hour

func (a *API) myTests(ctx context.Context, _ *only) (*pageOf[TestPage], error) {
	out := &pageOf[TestPage]{Body: page[TestPage]{Items: []TestPage{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Trials(asking(ctx).self(), a.now().Add(-testsWithin), 100)
		for _, t := range all {
			if t.Purpose.Alarms() {
				out.Body.Items = append(out.Body.Items, showTrial(t))
			}
		}
		return err
	})
}

func (a *API) myTest(ctx context.Context, in *ThingID) (*struct{ Body TestPage }, error) {
	out := &struct{ Body TestPage }{}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		t, err := tx.Trial(in.ID)
		if err == nil && t.Person != asking(ctx).self() {
			err = store.ErrNotFound
		}
		out.Body = showTrial(t)
		return err
	})
}
