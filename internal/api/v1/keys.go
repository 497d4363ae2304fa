package v1

import (
	"context"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/store"
	"tocsin/org"
)

// An APIKey lets a program act for its owner, within bounds.
type APIKey struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Owner   org.PersonID `json:"owner" doc:"It may never do more than they"`
	Team    org.TeamID   `json:"team,omitempty" doc:"It writes in this team alone"`
	Deeds   []org.Deed   `json:"deeds" nullable:"false"`
	Expires *time.Time   `json:"expires_at,omitempty"`
	MadeAt  time.Time    `json:"made_at"`
	Used    *time.Time   `json:"used_at,omitempty" doc:"To ten minutes"`
	Revoked bool         `json:"revoked,omitempty"`
}

// An APIKeyWithSecret is one that was just made.
type APIKeyWithSecret struct {
	APIKey
	Secret string `json:"secret" doc:"Shown this once; send it as \"Authorization: Bearer ...\""`
}

type (
	keysAsked struct {
		Owner   org.PersonID `query:"owner" maxLength:"64"`
		Revoked bool         `query:"revoked" doc:"Also those that are over"`
	}
	keyAsked struct {
		Body struct {
			Name    string       `json:"name" minLength:"1" maxLength:"100"`
			Owner   org.PersonID `json:"owner,omitempty" maxLength:"64" doc:"Yourself, when it is left out; somebody else is for an admin"`
			Team    org.TeamID   `json:"team,omitempty" maxLength:"64"`
			Deeds   []org.Deed   `json:"deeds" minItems:"1" maxItems:"20" nullable:"false" enum:"read incidents,read setup,read sensitive incidents,keep keys,keep profile,talk,respond,configure,administer"`
			Expires time.Time    `json:"expires_at,omitzero"`
		}
	}
	keyOut  struct{ Body APIKey }
	keyMade struct {
		Location string `header:"Location"`
		Body     APIKeyWithSecret
	}
	done struct{}
)

func showKey(k auth.Key) APIKey {
	return APIKey{
		ID: k.ID, Name: k.Name, Owner: k.Owner, Team: k.Team, Deeds: k.Deeds, Expires: shown(k.Expires), MadeAt: k.MadeAt, Used: shown(k.Used), Revoked: k.Revoked,
	}
}

// self is the person whose keys are the caller's own: of a key its owner.
func (c *caller) self() org.PersonID {
	if c.Key != "" {
		return c.Owner
	}
	return c.Person
}

// listKeys lists them all at once: there are few.
func (a *API) listKeys(ctx context.Context, in *keysAsked) (*pageOf[APIKey], error) {
	c := asking(ctx)
	owner := in.Owner
	if !c.May(org.Administer, "") {
		if owner != "" && owner != c.self() {
			return nil, denial{"to see the API keys of others is for an admin"}
		}
		owner = c.self()
	}
	all, err := a.auth.Keys(ctx, owner)
	out := &pageOf[APIKey]{Body: page[APIKey]{Items: []APIKey{}}}
	for _, k := range slices.Backward(all) { // newest first
		if !k.Revoked || in.Revoked {
			out.Body.Items = append(out.Body.Items, showKey(k))
		}
	}
	return out, err
}

// key is one that the caller may see; others are not there.
func (a *API) key(ctx context.Context, id string) (auth.Key, error) {
	c := asking(ctx)
	k, err := a.auth.KeyOf(ctx, id)
	if err == nil && k.Owner != c.self() && !c.May(org.Administer, "") {
		err = store.ErrNotFound
	}
	return k, err
}

func (a *API) readKey(ctx context.Context, in *ThingID) (*keyOut, error) {
	k, err := a.key(ctx, in.ID)
	return &keyOut{showKey(k)}, err
}

// addKey makes a key. One that is made with a key can do nothing that this one cannot.
func (a *API) addKey(ctx context.Context, in *keyAsked) (*keyMade, error) {
	c, b := asking(ctx), in.Body
	k := auth.Key{Name: b.Name, Owner: b.Owner, Team: b.Team, Deeds: b.Deeds, Expires: b.Expires}
	if k.Owner == "" {
		k.Owner = c.self()
	}
	if k.Owner != c.self() && !c.May(org.Administer, "") {
		return nil, denial{"to make an API key for somebody else is for an admin"}
	}
	if c.Key != "" {
		maker, err := a.auth.KeyOf(ctx, c.Key)
		if err != nil {
			return nil, err
		}
		if wider := k.Wider(maker); wider != "" {
			return nil, denial{"this API key may not " + wider + ": nor may a key that it makes"}
		}
	}
	made, secret, err := a.auth.AddKey(ctx, c.Actor(), k)
	return &keyMade{Prefix + "/keys/" + made.ID, APIKeyWithSecret{showKey(made), secret}}, err
}

func (a *API) revokeKey(ctx context.Context, in *ThingID) (*done, error) {
	k, err := a.key(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if k.Revoked {
		return nil, incident.Refuse("it is over already")
	}
	return &done{}, a.auth.RevokeKey(ctx, asking(ctx).Actor(), in.ID)
}
