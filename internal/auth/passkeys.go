package auth

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// The doors of one's own passkeys. Making and removing one asks again who it is: by the
// password, or by a passkey that is there.

// ListPasskeys answers GET /api/v1/passkeys.
func (a *Auth) ListPasskeys(w http.ResponseWriter, r *http.Request) {
	id, ok := a.person(w, r)
	if !ok {
		return
	}
	type line struct {
		ID     string    `json:"id"`
		Name   string    `json:"name"`
		MadeAt time.Time `json:"made_at"`
		Used   time.Time `json:"used_at,omitzero"`
	}
	lines := []line{}
	err := a.read(r.Context(), func(tx *store.Tx) error {
		all, err := tx.PasskeysOf(id.Person)
		for _, k := range all {
			lines = append(lines, line{k.ID, k.Name, k.MadeAt, k.Used})
		}
		return err
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusOK, map[string]any{"passkeys": lines})
}

// ConfirmChallenge answers POST /api/v1/passkeys/challenge: what to ask an authenticator
// with, to prove once more who is there.
func (a *Auth) ConfirmChallenge(w http.ResponseWriter, r *http.Request) {
	if id, ok := a.person(w, r); ok && !a.noPasskeys(w) {
		write(w, http.StatusOK, a.asks(toConfirm, id.Person))
	}
}

// BeginPasskey answers POST /api/v1/passkeys {password} or {passkey}: what to make one
// with.
func (a *Auth) BeginPasskey(w http.ResponseWriter, r *http.Request) {
	id, ok := a.proven(w, r)
	if !ok || a.noPasskeys(w) {
		return
	}
	p := org.Person{ID: id.Person, Name: id.Name}
	var had []store.Passkey
	err := a.read(r.Context(), func(tx *store.Tx) (err error) {
		had, err = tx.PasskeysOf(p.ID)
		return err
	})
	if err == nil && len(had) >= mostPasskeys {
		err = incident.Refuse("%d passkeys are enough: remove one first", mostPasskeys)
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusOK, a.creates(p, had))
}

// AddPasskey answers POST /api/v1/passkeys/confirm {name, credential}.
func (a *Auth) AddPasskey(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name       string          `json:"name"`
		Credential json.RawMessage `json:"credential"`
	}
	id, ok := a.person(w, r)
	if !ok || a.noPasskeys(w) || !readBody(w, r, &in) {
		return
	}
	name, err := passkeyName(in.Name)
	var k store.Passkey
	var challenge string
	var end time.Time
	if err == nil {
		k, challenge, end, err = a.registered(id.Person, in.Credential)
		k.Name = name
	}
	if err == nil {
		err = a.write(r.Context(), func(tx *store.Tx) error { return a.addPasskey(tx, k, challenge, end) })
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusCreated, map[string]any{"id": k.ID, "name": k.Name, "made_at": k.MadeAt})
}

func (a *Auth) addPasskey(tx *store.Tx, k store.Passkey, challenge string, end time.Time) error {
	if err := a.spend(tx, challenge, end); err != nil {
		return err
	}
	added, err := tx.AddPasskey(k)
	if err == nil && !added {
		err = incident.Refuse("the passkey is known already")
	}
	if err != nil {
		return err
	}
	return a.record(tx, a.now(), incident.ByPerson(k.Person), k.Person, "a passkey was added")
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > mostName || !utf8.ValidString(name) {
		return "", incident.Refuse("name: a passkey needs one, such as the device it is on, of at most %d bytes", mostName)
	}
	return name, nil
}

// RenamePasskey answers PATCH /api/v1/passkeys/{id} {name}.
func (a *Auth) RenamePasskey(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	id, ok := a.person(w, r)
	if !ok || !readBody(w, r, &in) {
		return
	}
	name, err := passkeyName(in.Name)
	if err == nil {
		err = a.write(r.Context(), func(tx *store.Tx) error {
			n, err := tx.NamePasskey(id.Person, r.PathValue("id"), name)
			if err == nil && n == 0 {
				err = store.ErrNotFound
			}
			return err
		})
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// RemovePasskey answers POST /api/v1/passkeys/{id}/remove {password} or {passkey}.
func (a *Auth) RemovePasskey(w http.ResponseWriter, r *http.Request) {
	id, ok := a.proven(w, r)
	if !ok {
		return
	}
	err := a.write(r.Context(), func(tx *store.Tx) error {
		c, err := tx.Credential(id.Person)
		if err != nil {
			return err
		}
		had, err := tx.PasskeysOf(id.Person)
		if err != nil {
			return err
		}
		n, err := tx.DropPasskeys(id.Person, r.PathValue("id"))
		switch {
		case err != nil:
			return err
		case n == 0:
			return store.ErrNotFound
		case c.Password == "" && len(had) == 1:
			return incident.Refuse("it is all you can sign in with: set a password first")
		}
		return a.record(tx, a.now(), incident.ByPerson(id.Person), id.Person, "a passkey was removed")
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
