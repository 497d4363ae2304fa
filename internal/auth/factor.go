package auth

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

const recoveryCodes = 10

// recoveryHash is what is kept of a recovery code, however it is typed.
func (a *Auth) recoveryHash(p org.PersonID, code string) string {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	return a.hash("recovery", string(p)+"/"+code)
}

// draw is so many random bytes.
func (a *Auth) draw(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.rand, b); err != nil {
		panic("auth: the source of randomness failed: " + err.Error())
	}
	return b
}

func (a *Auth) dropTOTP(tx *store.Tx, p org.PersonID) error {
	c, err := tx.Credential(p)
	if err != nil {
		return err
	}
	c.TOTP, c.TOTPNext, c.Step = nil, nil, 0
	if err := tx.PutCredential(c); err != nil {
		return err
	}
	return tx.PutRecovery(p, nil)
}

// EnrolTOTP answers POST /api/v1/totp {password} or {passkey}: a secret, shown once, that holds when
// its first code has come.
func (a *Auth) EnrolTOTP(w http.ResponseWriter, r *http.Request) {
	id, ok := a.proven(w, r)
	if !ok {
		return
	}
	secret := a.draw(totpSecret)
	err := a.write(r.Context(), func(tx *store.Tx) error {
		c, err := tx.Credential(id.Person)
		if err != nil {
			return err
		}
		c.TOTPNext = secret
		return tx.PutCredential(c)
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusOK, map[string]string{"secret": base32Text.EncodeToString(secret), "uri": totpURI(secret, a.host, string(id.Person))})
}

// A proof is what somebody who is signed in proves with once more who they are.
type proof struct {
	Password string          `json:"password"`
	Passkey  json.RawMessage `json:"passkey"` // what the authenticator said to /passkeys/challenge
}

// proven is the person whose session it is and who has just proven it once more.
func (a *Auth) proven(w http.ResponseWriter, r *http.Request) (Identity, bool) {
	var in proof
	id, ok := a.person(w, r)
	return id, ok && readBody(w, r, &in) && a.again(w, r, id, in)
}

// ConfirmTOTP answers POST /api/v1/totp/confirm {code}: from here on signing in takes
// a code. The recovery codes are shown once.
func (a *Auth) ConfirmTOTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Code string `json:"code"`
	}
	id, ok := a.person(w, r)
	if !ok || !readBody(w, r, &in) {
		return
	}
	back, wait := a.tries.Take(a.now(), throttle.Claim{Key: "code " + string(id.Person), Limit: accountLimit})
	if wait > 0 {
		later(w, wait)
		return
	}
	codes, hashes := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		c := base32Text.EncodeToString(a.draw(10)) // 80 bits in 16 letters
		codes[i] = c[:4] + "-" + c[4:8] + "-" + c[8:12] + "-" + c[12:]
		hashes[i] = a.recoveryHash(id.Person, c)
	}
	err := a.write(r.Context(), func(tx *store.Tx) error { return a.confirm(tx, id.Person, in.Code, hashes, a.now()) })
	if err != nil {
		a.fail(w, err)
		return
	}
	back()
	write(w, http.StatusOK, map[string]any{"recovery_codes": codes})
}

func (a *Auth) confirm(tx *store.Tx, p org.PersonID, code string, hashes []string, now time.Time) error {
	c, err := tx.Credential(p)
	if err != nil {
		return err
	}
	if len(c.TOTPNext) == 0 {
		return incident.Refuse("nothing waits for a code: begin again")
	}
	step, ok := totpAt(c.TOTPNext, code, now)
	if !ok {
		return incident.Refuse("the code is wrong: look at the clock of the telephone")
	}
	c.TOTP, c.TOTPNext, c.Step = c.TOTPNext, nil, step
	if err := tx.PutCredential(c); err != nil {
		return err
	}
	if err := tx.PutRecovery(p, hashes); err != nil {
		return err
	}
	return a.record(tx, now, incident.ByPerson(p), p, "TOTP was set up")
}

// RemoveTOTP answers POST /api/v1/totp/remove {password} or {passkey}.
func (a *Auth) RemoveTOTP(w http.ResponseWriter, r *http.Request) {
	id, ok := a.proven(w, r)
	if !ok {
		return
	}
	err := a.write(r.Context(), func(tx *store.Tx) error {
		if err := a.dropTOTP(tx, id.Person); err != nil {
			return err
		}
		return a.record(tx, a.now(), incident.ByPerson(id.Person), id.Person, "TOTP was removed")
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
