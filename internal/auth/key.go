package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	keyKind   = "api_key"
	keyPrefix = "toc_"           // by which scanners of leaked secrets know ours
	keySeen   = 10 * time.Minute // how exactly the last use is known
	mostName  = 100
)

// A Key lets a program act for its owner, within bounds.
type Key struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Owner   org.PersonID `json:"owner"`
	Team    org.TeamID   `json:"team,omitempty"`   // it writes in this team alone; "" is wherever its owner may
	Deeds   []org.Deed   `json:"deeds"`            // all that it may do
	Expires time.Time    `json:"expires,omitzero"` // zero is never
	MadeAt  time.Time    `json:"made_at"`
	Hash    string       `json:"key_hash,omitempty"` // keyed; the key itself is shown once and not kept

	Used    time.Time `json:"-"` // to ten minutes; zero is never
	Revoked bool      `json:"-"`
}

// access is what a key may do now: never more than its owner.
func (k Key) access(owner org.Access) org.Access {
	a := owner
	a.Deeds = append([]org.Deed{}, k.Deeds...) // never nil, which would narrow nothing
	if k.Team == "" || a.Everywhere == "" {
		return a
	}
	role := owner.Teams[k.Team]
	if owner.Everywhere == org.Admin {
		role = org.Manager
	}
	a.Everywhere = lesser(owner.Everywhere, org.Observer)
	a.Teams = map[org.TeamID]org.Role{}
	if role != "" {
		a.Teams[k.Team] = role
	}
	return a
}

func lesser(a, b org.Role) org.Role {
	if a.AtLeast(b) {
		return b
	}
	return a
}

func (a *Auth) byKey(ctx context.Context, key string) (Identity, error) {
	hash, now := a.hash("key", key), a.now()
	var found Key
	var owner org.Access
	err := a.read(ctx, func(tx *store.Tx) error {
		known, err := a.roster(tx)
		if err != nil {
			return err
		}
		k, ok := known.keys[known.byHash[hash]]
		p, active := known.active(k.Owner)
		if !ok || !active || !k.Expires.IsZero() && !now.Before(k.Expires) {
			return ErrBadCredentials
		}
		found, owner = k, known.access(p)
		return nil
	})
	if err != nil {
		return Identity{}, err
	}
	a.use(ctx, found.ID, now)
	return Identity{Access: found.access(owner), Key: found.ID, Name: found.Name}, nil
}

// use notes that a key was used, now and then. That it cannot be noted stops nobody.
func (a *Auth) use(ctx context.Context, id string, now time.Time) {
	a.used.Lock()
	due := now.Sub(a.used.at[id]) >= keySeen
	if due {
		a.used.at[id] = now
	}
	a.used.Unlock()
	if !due {
		return
	}
	err := a.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.UseKey(id, now) })
	if err != nil {
		a.log.Warn("the use of an API key was not noted", "key", id, "error", err)
	}
}

// AddKey makes a key and returns it with its secret, which is shown once. ID, MadeAt
// and Hash are given to it.
func (a *Auth) AddKey(ctx context.Context, by incident.Actor, k Key) (Key, string, error) {
	now := a.now()
	k.Name = strings.TrimSpace(k.Name)
	k.Deeds = slices.Compact(slices.Sorted(slices.Values(k.Deeds)))
	switch {
	case k.Name == "" || len(k.Name) > mostName:
		return k, "", incident.Refuse("name: a key needs one, of at most %d bytes", mostName)
	case len(k.Deeds) == 0:
		return k, "", incident.Refuse("deeds: a key is for something: name one at least")
	case !k.Expires.IsZero() && !k.Expires.After(now):
		return k, "", incident.Refuse("expires: that is over already")
	}
	for _, d := range k.Deeds {
		if !slices.Contains(org.Deeds(), d) {
			return k, "", incident.Refuse("deeds: there is no %q", d)
		}
	}
	secret := keyPrefix + a.token()
	k.ID, k.MadeAt, k.Hash = org.NewID(now, a.rand), now, a.hash("key", secret)
	err := a.write(ctx, func(tx *store.Tx) error {
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		if _, ok := known.active(k.Owner); !ok {
			return incident.Refuse("owner: there is no person %q", k.Owner)
		}
		if k.Team != "" && !slices.ContainsFunc(known.teams, func(t org.Team) bool { return t.ID == k.Team && !t.Retired }) {
			return incident.Refuse("team: there is no team %q", k.Team)
		}
		body, err := json.Marshal(k)
		if err != nil {
			return err
		}
		_, err = tx.PutConfig(now, store.Change{Kind: keyKind, ID: k.ID, Body: body, By: by})
		return err
	})
	return k, secret, err
}

// RevokeKey ends a key at once.
func (a *Auth) RevokeKey(ctx context.Context, by incident.Actor, id string) error {
	return a.write(ctx, func(tx *store.Tx) error {
		_, err := tx.PutConfig(a.now(), store.Change{Kind: keyKind, ID: id, By: by})
		return err
	})
}

// Keys are all there are, also those that are over, oldest first; with an owner, theirs.
func (a *Auth) Keys(ctx context.Context, owner org.PersonID) (all []Key, err error) {
	err = a.read(ctx, func(tx *store.Tx) error {
		known, err := a.roster(tx)
		if err != nil {
			return err
		}
		uses, err := tx.KeyUses()
		if err != nil {
			return err
		}
		for _, k := range known.keys {
			if owner == "" || k.Owner == owner {
				k.Used = uses[k.ID]
				all = append(all, k)
			}
		}
		return nil
	})
	slices.SortFunc(all, func(x, y Key) int { return strings.Compare(x.ID, y.ID) })
	return all, err
}

// notFound says whether an error is that something is not there.
func notFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
