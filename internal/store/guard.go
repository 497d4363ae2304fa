package store

import (
	"encoding/json"

	"tocsin/org"
)

// leaving notes what a change of a person ends. Where one is retired, so are their
// sessions and links, and they stay so when the person comes back. It says whether an
// admin is lost, whatever door the change came by.
func (tx *Tx) leaving(was ConfigRow, body []byte, retire bool) (admin bool, err error) {
	if was.Kind != "person" {
		return false, nil
	}
	if retire {
		p := org.PersonID(was.ID)
		if err := tx.DropSessions(p, ""); err != nil {
			return false, err
		}
		if err := tx.DropTokens(p, PasswordToken); err != nil {
			return false, err
		}
	}
	return !was.Retired && isAdmin(was.Body) && (retire || !isAdmin(body)), nil
}

func isAdmin(body []byte) bool {
	var p org.Person
	return json.Unmarshal(body, &p) == nil && p.Role == org.Admin
}

// guardAdmins refuses a transaction after which nobody is admin any more. It is asked
// only when one was lost: an installation that never had one is left in peace.
func (tx *Tx) guardAdmins() error {
	people, err := tx.ConfigOf("person")
	left := 0
	for _, c := range people {
		if !c.Retired && isAdmin(c.Body) {
			left++
		}
	}
	if err == nil && left == 0 {
		err = tx.fail(ErrLastAdmin)
	}
	return err
}
