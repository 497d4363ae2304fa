package engine

import (
	"encoding/json"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// forget takes a contact method away whose address is gone for good, as a device's is
// that is signed up no longer, with the rules that name it: unless it has another address
// by now.
func (e *Engine) forget(tx *store.Tx, id org.PersonID, method org.MethodID, address string, now time.Time) error {
	row, err := tx.ConfigOne("person", string(id))
	if err != nil || row.Retired || row.Unreadable != nil {
		return err
	}
	p, err := read[org.Person](row)
	if err != nil {
		return err
	}
	m, ok := p.Method(method)
	if !ok || m.Address != address {
		return nil
	}
	p.Methods = slices.DeleteFunc(p.Methods, func(m org.Method) bool { return m.ID == method })
	p.Rules = slices.DeleteFunc(p.Rules, func(r org.NotificationRule) bool { return r.Method == method })
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err := tx.PutConfig(now, store.Change{Kind: "person", ID: string(id), Body: body, By: incident.Engine}); err != nil {
		return err
	}
	e.log.Warn("a contact method was removed: its address is gone", "person", id, "method", method, "channel", m.Channel)
	return tx.Touch("config/person", string(id))
}
