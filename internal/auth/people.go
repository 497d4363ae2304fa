package auth

import (
	"bytes"
	"context"
	"encoding/json"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// AddPerson configures a person who is not there yet, or came back.
func (a *Auth) AddPerson(ctx context.Context, by incident.Actor, p org.Person) error {
	if !idForm.MatchString(string(p.ID)) {
		return incident.Refuse("%q is no id: write a-z, 0-9, dot, dash and underscore, a letter or digit first, at most 64", p.ID)
	}
	if p.Role != "" && !p.Role.Valid() {
		return incident.Refuse("%q is no role", p.Role)
	}
	return a.change(ctx, by, p.ID, func(was org.Person, there bool) (org.Person, error) {
		if there && !was.Retired {
			return was, incident.Refuse("person %s is there already", p.ID)
		}
		if p.Name == "" {
			p.Name = string(p.ID)
		}
		return p, nil
	})
}

// SetRole gives a person another role; the store refuses to lose the last admin.
func (a *Auth) SetRole(ctx context.Context, by incident.Actor, id org.PersonID, role org.Role) error {
	if !role.Valid() {
		return incident.Refuse("%q is no role: want one of admin, manager, responder, observer, stakeholder", role)
	}
	return a.change(ctx, by, id, func(p org.Person, there bool) (org.Person, error) {
		if !there || p.Retired {
			return p, incident.Refuse("there is no person %q", id)
		}
		p.Role = role
		return p, nil
	})
}

func (a *Auth) change(ctx context.Context, by incident.Actor, id org.PersonID, how func(org.Person, bool) (org.Person, error)) error {
	return a.write(ctx, func(tx *store.Tx) error {
		now := a.now()
		if _, err := tx.PutConfig(now); err != nil { // changes nothing; from here on nobody else does
			return err
		}
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		was, there := known.people[id]
		p, err := how(was, there)
		if err != nil {
			return err
		}
		p.Retired = false
		body, err := json.Marshal(p)
		if err != nil || there && !was.Retired && same(was, body) {
			return err
		}
		_, err = tx.PutConfig(now, store.Change{Kind: "person", ID: string(id), Body: body, By: by})
		return err
	})
}

func same(p org.Person, body []byte) bool {
	b, err := json.Marshal(p)
	return err == nil && bytes.Equal(b, body)
}

// Deactivate retires a person, which ends what they could do at once. The store forgets
// what they could sign in with, whatever door they leave by: who comes back begins anew.
func (a *Auth) Deactivate(ctx context.Context, by incident.Actor, id org.PersonID) error {
	return a.write(ctx, func(tx *store.Tx) error { return a.Retire(tx, by, id) })
}

// Retire is Deactivate within a transaction.
func (a *Auth) Retire(tx *store.Tx, by incident.Actor, id org.PersonID) error {
	now := a.now()
	known, err := a.inside(tx)
	if err != nil {
		return err
	}
	if _, ok := known.active(id); !ok {
		return incident.Refuse("there is no person %q", id)
	}
	if _, err := tx.PutConfig(now, store.Change{Kind: "person", ID: string(id), By: by}); err != nil {
		return err
	}
	return a.record(tx, now, by, id, "deactivated")
}

// A User is a person as a list shows them.
type User struct {
	org.Person
	Password, TOTP bool
	Passkeys       int
}

// Users are all people, by id.
func (a *Auth) Users(ctx context.Context) (all []User, err error) {
	err = a.read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config() // in the order of their ids
		if err != nil {
			return err
		}
		creds, err := tx.Credentials()
		if err != nil {
			return err
		}
		has := map[org.PersonID]store.Credential{}
		for _, c := range creds {
			has[c.Person] = c
		}
		for _, r := range rows {
			var p org.Person
			if r.Kind == "person" && json.Unmarshal(r.Body, &p) == nil {
				p.Retired = r.Retired
				keys, err := tx.PasskeysOf(p.ID)
				if err != nil {
					return err
				}
				all = append(all, User{p, has[p.ID].Password != "", len(has[p.ID].TOTP) > 0, len(keys)})
			}
		}
		return nil
	})
	return all, err
}

// Has is what somebody signs in with.
type Has struct {
	Password bool `json:"password"`
	TOTP     bool `json:"totp"`
	Passkeys int  `json:"passkeys"`
	Recovery int  `json:"recovery_left" doc:"Recovery codes that were not used"`
}

// HasOf is what one person signs in with.
func (a *Auth) HasOf(ctx context.Context, p org.PersonID) (h Has, err error) {
	err = a.read(ctx, func(tx *store.Tx) error {
		c, err := tx.Credential(p)
		if err != nil {
			return err
		}
		keys, err := tx.PasskeysOf(p)
		if err != nil {
			return err
		}
		h = Has{Password: c.Password != "", TOTP: len(c.TOTP) > 0, Passkeys: len(keys)}
		h.Recovery, err = tx.RecoveryLeft(p)
		return err
	})
	return h, err
}
