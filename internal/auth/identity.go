// Package auth says who is asking: a person with a session, or an API key.
package auth

import (
	"errors"

	"tocsin/incident"
	"tocsin/org"
)

// An Identity is who is asking, and what they may do.
type Identity struct {
	org.Access
	Person  org.PersonID // "" for a key that is nobody's
	Key     string       // id of the API key, "" for a person
	Name    string
	Session string // id, "" for a key
}

// Actor is the identity as logs name it.
func (i Identity) Actor() incident.Actor {
	if i.Key != "" {
		return incident.Actor("key:" + i.Key)
	}
	return incident.ByPerson(i.Person)
}

// Why somebody is not known.
var (
	ErrNoCredentials  = errors.New("no credentials")
	ErrBadCredentials = errors.New("bad credentials")
)
