package store

import (
	"encoding/json"
	"time"

	"tocsin/org"
)

// A SavedView is what a list is narrowed to, under a name that its person gave it.
type SavedView struct {
	Name  string `json:"name" minLength:"1" maxLength:"80"`
	Query string `json:"query" maxLength:"500" doc:"As it stands in the address of the list: service=db&severity=SEV1"`
}

// Views are a person's, in their order.
func (tx *Tx) Views(p org.PersonID) (all []SavedView, err error) {
	err = tx.each(tx.s.sql.Views, []any{string(p)}, func(r row) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		return json.Unmarshal([]byte(body), &all)
	})
	return all, err
}

// PutViews keeps a person's views in the place of those before.
func (tx *Tx) PutViews(p org.PersonID, all []SavedView, now time.Time) error {
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = tx.exec(tx.s.sql.ViewsPut, string(p), string(body), micros(now))
	return err
}
