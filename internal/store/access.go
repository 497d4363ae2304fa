package store

import (
	"errors"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Credential is what a person proves with who they are, but for their passkeys.
type Credential struct {
	Person   org.PersonID
	Password string // its hash, in PHC's form; "" is none
	TOTP     []byte // the shared secret; empty is none
	TOTPNext []byte // a secret that waits for its first code
	Step     int64  // the last step of TOTP whose code was taken
	Epoch    int    // how often it was changed
}

// A Passkey is one public key of a person. Body is the authenticator's record.
type Passkey struct {
	ID, Name     string
	Person       org.PersonID
	MadeAt, Used time.Time
	Body         []byte
}

// A Session is somebody who signed in, for a while.
type Session struct {
	ID                    string
	Person                org.PersonID
	MadeAt, Seen, Expires time.Time
	Device                []byte // what it said of itself
}

// The kinds of tokens.
const (
	SetupToken    = "setup"    // makes the first admin
	PasswordToken = "password" // gives a person a new password
	SpentToken    = "spent"    // a challenge that was answered
)

// seal keeps a value unreadable on disk; nothing stays nothing, which lists look for.
func (tx *Tx) seal(place string, plain []byte) string {
	if len(plain) == 0 {
		return ""
	}
	return tx.s.ring.Seal(place, plain)
}

func (tx *Tx) open(place, sealed string) ([]byte, error) {
	if sealed == "" {
		return nil, nil
	}
	return tx.s.ring.Open(place, sealed)
}

// Credential is a person's; the zero one when there is none yet.
func (tx *Tx) Credential(p org.PersonID) (Credential, error) {
	text := tx.s.sql.LockCredential
	if tx.readOnly {
		text = tx.s.sql.Credential
	}
	c := Credential{Person: p}
	err := tx.each(text, []any{string(p)}, func(r row) (err error) {
		c, err = tx.scanCredential(r)
		return err
	})
	return c, err
}

// Credentials are everybody's.
func (tx *Tx) Credentials() (all []Credential, err error) {
	err = tx.each(tx.s.sql.Credentials, nil, func(r row) error {
		c, err := tx.scanCredential(r)
		all = append(all, c)
		return err
	})
	return all, err
}

func (tx *Tx) scanCredential(r row) (c Credential, err error) {
	var password, totp, next string
	if err := r.Scan(&c.Person, &password, &totp, &next, &c.Step, &c.Epoch); err != nil {
		return c, err
	}
	at := "/" + string(c.Person)
	hash, err := tx.open("credentials/password"+at, password)
	c.Password = string(hash)
	if err == nil {
		c.TOTP, err = tx.open("credentials/totp"+at, totp)
	}
	if err == nil {
		c.TOTPNext, err = tx.open("credentials/totp_next"+at, next)
	}
	return c, err
}

// PutCredential writes a person's credential.
func (tx *Tx) PutCredential(c Credential) error {
	at := "/" + string(c.Person)
	_, err := tx.exec(tx.s.sql.PutCredential, string(c.Person), tx.seal("credentials/password"+at, []byte(c.Password)),
		tx.seal("credentials/totp"+at, c.TOTP), tx.seal("credentials/totp_next"+at, c.TOTPNext), c.Step)
	return err
}

// HasCredential says whether anybody at all could sign in.
func (tx *Tx) HasCredential() (bool, error) {
	var one int
	err := tx.row(tx.s.sql.HasCredential)(&one)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// TakeStep takes the code of a step of TOTP, or says that it or a later one was taken.
func (tx *Tx) TakeStep(p org.PersonID, step int64) (bool, error) {
	n, err := tx.exec(tx.s.sql.TakeStep, string(p), step)
	return n == 1, err
}

// PutRecovery replaces a person's recovery codes by those with these hashes.
func (tx *Tx) PutRecovery(p org.PersonID, hashes []string) error {
	if _, err := tx.exec(tx.s.sql.RecoveryDrop, string(p)); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := tx.exec(tx.s.sql.RecoveryAdd, string(p), h); err != nil {
			return err
		}
	}
	return nil
}

// TakeRecovery uses a recovery code up, or says that it is none.
func (tx *Tx) TakeRecovery(p org.PersonID, hash string) (bool, error) {
	n, err := tx.exec(tx.s.sql.RecoveryTake, string(p), hash)
	return n == 1, err
}

// RecoveryLeft is how many recovery codes a person has.
func (tx *Tx) RecoveryLeft(p org.PersonID) (n int, err error) {
	err = tx.row(tx.s.sql.RecoveryLeft, string(p))(&n)
	return n, err
}

func passkeyPlace(id string) string { return "passkeys/body/" + id }

// Passkey is one by its id, to be saved in the same transaction.
func (tx *Tx) Passkey(id string) (Passkey, error) {
	all, err := tx.passkeys(tx.s.sql.Passkey, id)
	if err == nil && len(all) == 0 {
		return Passkey{}, ErrNotFound
	}
	if err != nil {
		return Passkey{}, err
	}
	return all[0], nil
}

// PasskeysOf are a person's, oldest first.
func (tx *Tx) PasskeysOf(p org.PersonID) ([]Passkey, error) {
	return tx.passkeys(tx.s.sql.PasskeysOf, string(p))
}

func (tx *Tx) passkeys(text, arg string) (all []Passkey, err error) {
	err = tx.each(text, []any{arg}, func(r row) error {
		var k Passkey
		var made, used int64
		var body string
		if err := r.Scan(&k.ID, &k.Person, &k.Name, &made, &used, &body); err != nil {
			return err
		}
		k.MadeAt, k.Used = moment(made), moment(used)
		k.Body, err = tx.open(passkeyPlace(k.ID), body)
		all = append(all, k)
		return err
	})
	return all, err
}

// AddPasskey keeps a new one; false when there is one of that id.
func (tx *Tx) AddPasskey(k Passkey) (bool, error) {
	n, err := tx.exec(tx.s.sql.PasskeyAdd, k.ID, string(k.Person), k.Name, micros(k.MadeAt), micros(k.Used), tx.seal(passkeyPlace(k.ID), k.Body))
	return n == 1, err
}

// SavePasskey writes down that one was used.
func (tx *Tx) SavePasskey(k Passkey) error {
	_, err := tx.exec(tx.s.sql.PasskeySave, k.ID, string(k.Person), micros(k.Used), tx.seal(passkeyPlace(k.ID), k.Body))
	return err
}

// NamePasskey gives one of a person's another name, and says how many there were.
func (tx *Tx) NamePasskey(p org.PersonID, id, name string) (int, error) {
	return tx.exec(tx.s.sql.PasskeyName, id, string(p), name)
}

// DropPasskeys takes one of a person's away, or with "" all, and says how many.
func (tx *Tx) DropPasskeys(p org.PersonID, id string) (int, error) {
	return tx.exec(tx.s.sql.PasskeyDrop, string(p), id)
}

// AddSession begins a session whose token has this hash.
func (tx *Tx) AddSession(s Session, hash string) error {
	_, err := tx.exec(tx.s.sql.SessionAdd, s.ID, hash, string(s.Person), micros(s.MadeAt), micros(s.Seen), micros(s.Expires),
		tx.seal("sessions/device/"+s.ID, s.Device))
	return err
}

// SessionByHash finds the session of a token, over or not.
func (tx *Tx) SessionByHash(hash string) (Session, error) {
	all, err := tx.sessions(tx.s.sql.SessionByHash, hash)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, err
	}
	return all[0], nil
}

// SessionsOf are a person's, newest first, over or not.
func (tx *Tx) SessionsOf(p org.PersonID) ([]Session, error) {
	return tx.sessions(tx.s.sql.SessionsOf, string(p))
}

func (tx *Tx) sessions(text, arg string) (all []Session, err error) {
	err = tx.each(text, []any{arg}, func(r row) error {
		var s Session
		var made, seen, expires int64
		var device string
		if err := r.Scan(&s.ID, &s.Person, &made, &seen, &expires, &device); err != nil {
			return err
		}
		s.MadeAt, s.Seen, s.Expires = moment(made), moment(seen), moment(expires)
		s.Device, err = tx.open("sessions/device/"+s.ID, device)
		all = append(all, s)
		return err
	})
	return all, err
}

// SeeSession writes down when a session was last used.
func (tx *Tx) SeeSession(id string, at time.Time) error {
	_, err := tx.exec(tx.s.sql.SessionSeen, id, micros(at))
	return err
}

// DropSession ends one of a person's sessions, or says that there is none.
func (tx *Tx) DropSession(p org.PersonID, id string) (bool, error) {
	n, err := tx.exec(tx.s.sql.SessionDrop, id, string(p))
	return n == 1, err
}

// DropSessions ends all sessions of a person but one.
func (tx *Tx) DropSessions(p org.PersonID, except string) error {
	_, err := tx.exec(tx.s.sql.SessionsDrop, string(p), except)
	return err
}

// AddToken keeps the hash of a token; false when it is there already.
func (tx *Tx) AddToken(kind, hash string, p org.PersonID, expires time.Time) (bool, error) {
	n, err := tx.exec(tx.s.sql.TokenAdd, hash, kind, string(p), micros(expires))
	return n == 1, err
}

// Token is whose a token is that was not used and has not expired.
func (tx *Tx) Token(kind, hash string, now time.Time) (p org.PersonID, err error) {
	err = tx.row(tx.s.sql.TokenRead, hash, kind, micros(now))(&p)
	return p, err
}

// TakeToken uses a token up, and says whose it is.
func (tx *Tx) TakeToken(kind, hash string, now time.Time) (p org.PersonID, err error) {
	err = tx.row(tx.s.sql.TokenTake, hash, kind, micros(now))(&p)
	return p, err
}

// DropTokens makes the unused tokens of a person worthless.
func (tx *Tx) DropTokens(p org.PersonID, kind string) error {
	_, err := tx.exec(tx.s.sql.TokensDrop, string(p), kind)
	return err
}

// DropExpired forgets tokens that have expired, and sessions that have or that nobody
// used since a moment.
func (tx *Tx) DropExpired(now, unused time.Time) error {
	if _, err := tx.exec(tx.s.sql.TokensEnd, micros(now)); err != nil {
		return err
	}
	_, err := tx.exec(tx.s.sql.SessionsEnd, micros(now), micros(unused))
	return err
}

// KeyUses is when each API key was last used.
func (tx *Tx) KeyUses() (map[string]time.Time, error) {
	uses := map[string]time.Time{}
	err := tx.each(tx.s.sql.KeyUses, nil, func(r row) error {
		var id string
		var at int64
		err := r.Scan(&id, &at)
		uses[id] = moment(at)
		return err
	})
	return uses, err
}

// UseKey writes down when an API key was used.
func (tx *Tx) UseKey(id string, at time.Time) error {
	_, err := tx.exec(tx.s.sql.KeyUsed, id, micros(at))
	return err
}

// ErrLastAdmin refuses to take the last admin away.
var ErrLastAdmin = incident.Refuse("that is the last admin: make somebody else admin first")
