package auth

import (
	"encoding/json"
	"strings"

	"tocsin/internal/store"
	"tocsin/org"
)

// A roster is who is known at one state of the configuration.
type roster struct {
	seq     int64
	people  map[org.PersonID]org.Person
	teams   []org.Team
	byEmail map[string]org.PersonID // "" where several have the address: it names nobody
	keys    map[string]Key          // by id
	byHash  map[string]string       // ids by the key's hash
}

// roster is the one that a transaction sees which only reads. It is made anew only when
// the configuration has changed.
func (a *Auth) roster(tx *store.Tx) (*roster, error) {
	k, err := a.inside(tx)
	if err == nil {
		a.known.Lock()
		a.known.roster = k
		a.known.Unlock()
	}
	return k, err
}

// inside is the roster within a transaction that writes. It is not kept: what is not
// committed yet may never be, and its number be given to something else.
func (a *Auth) inside(tx *store.Tx) (*roster, error) {
	seq, err := tx.ConfigSeq()
	if err != nil {
		return nil, err
	}
	a.known.Lock()
	k := a.known.roster
	a.known.Unlock()
	if k != nil && k.seq == seq {
		return k, nil
	}
	rows, err := tx.Config()
	if err != nil {
		return nil, err
	}
	return newRoster(seq, rows), nil
}

// newRoster leaves out what cannot be read: it gives nobody any right.
func newRoster(seq int64, rows []store.ConfigRow) *roster {
	k := &roster{seq: seq, people: map[org.PersonID]org.Person{}, byEmail: map[string]org.PersonID{}, keys: map[string]Key{}, byHash: map[string]string{}}
	for _, r := range rows {
		switch r.Kind {
		case "person":
			var p org.Person
			if json.Unmarshal(r.Body, &p) != nil {
				continue
			}
			p.Retired = r.Retired
			k.people[p.ID] = p
			k.mail(p)
		case "team":
			var t org.Team
			if json.Unmarshal(r.Body, &t) == nil {
				t.Retired = r.Retired
				k.teams = append(k.teams, t)
			}
		case keyKind:
			var key Key
			if json.Unmarshal(r.Body, &key) != nil {
				continue
			}
			key.Revoked = r.Retired
			k.keys[key.ID] = key
			if !key.Revoked {
				k.byHash[key.Hash] = key.ID
			}
		}
	}
	return k
}

// mail notes a person's addresses, those alone that they are known to own.
func (k *roster) mail(p org.Person) {
	if p.Retired {
		return
	}
	for _, m := range p.Methods {
		if m.Channel != "email" || !m.Verified {
			continue
		}
		address := strings.ToLower(m.Address)
		if other, taken := k.byEmail[address]; taken && other != p.ID {
			k.byEmail[address] = ""
			continue
		}
		k.byEmail[address] = p.ID
	}
}

// login is the active person of an id or a mail address.
func (k *roster) login(name string) (org.Person, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	p, ok := k.people[org.PersonID(name)]
	if !ok && strings.Contains(name, "@") {
		p, ok = k.people[k.byEmail[name]]
	}
	return p, ok && !p.Retired
}

// active is a person who is not retired.
func (k *roster) active(id org.PersonID) (org.Person, bool) {
	p, ok := k.people[id]
	return p, ok && !p.Retired
}

func (k *roster) access(p org.Person) org.Access { return org.AccessOf(p, k.teams) }
