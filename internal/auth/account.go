package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

// LinkFor is how long a link that works once may be used.
const LinkFor = 24 * time.Hour

var errLink = incident.Refuse("the link is not good: it was used, has expired, or never was; ask for a new one")

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// record writes a line of the audit: what was done to whose credential, and what there
// is afterwards, without any secret.
func (a *Auth) record(tx *store.Tx, now time.Time, by incident.Actor, p org.PersonID, did string) error {
	c, err := tx.Credential(p)
	if err != nil {
		return err
	}
	left, err := tx.RecoveryLeft(p)
	if err != nil {
		return err
	}
	passkeys, err := tx.PasskeysOf(p)
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Did      string    `json:"did"`
		At       time.Time `json:"at"`
		Password bool      `json:"password"`
		TOTP     bool      `json:"totp"`
		Recovery int       `json:"recovery_codes"`
		Passkeys int       `json:"passkeys"`
	}{did, now, c.Password != "", len(c.TOTP) > 0, left, len(passkeys)})
	if err != nil {
		return err
	}
	_, err = tx.PutConfig(now, store.Change{Kind: "credential", ID: string(p), Body: body, By: by})
	return err
}

// FirstLink is the link that makes the first admin, or "" when somebody can sign in.
func (a *Auth) FirstLink(ctx context.Context) (string, error) {
	link := ""
	err := a.write(ctx, func(tx *store.Tx) error {
		link = ""
		now := a.now()
		has, err := tx.HasCredential()
		if err != nil || has {
			return err
		}
		if err := tx.DropExpired(now, now.Add(-sessionIdle)); err != nil {
			return err
		}
		token := a.token()
		link = a.public + "/setup/" + token
		_, err = tx.AddToken(store.SetupToken, a.hash("setup", token), "", now.Add(LinkFor))
		return err
	})
	return link, err
}

// ResetLink is a link with which a person sets a new password; links before it are
// worth nothing. With factors it also takes away TOTP and passkeys, for who lost the
// telephone.
func (a *Auth) ResetLink(ctx context.Context, by incident.Actor, p org.PersonID, factors bool) (string, error) {
	token := a.token()
	err := a.write(ctx, func(tx *store.Tx) error {
		now := a.now()
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		if _, ok := known.active(p); !ok {
			return incident.Refuse("there is no person %q", p)
		}
		did := "a link to set a password was made"
		if factors {
			did += ", TOTP and passkeys were removed"
			if err := a.dropTOTP(tx, p); err != nil {
				return err
			}
			if _, err := tx.DropPasskeys(p, ""); err != nil {
				return err
			}
		}
		if err := tx.DropTokens(p, store.PasswordToken); err != nil {
			return err
		}
		if _, err := tx.AddToken(store.PasswordToken, a.hash("password", token), p, now.Add(LinkFor)); err != nil {
			return err
		}
		return a.record(tx, now, by, p, did)
	})
	return a.public + "/password/" + token, err
}

// A Newcomer is who uses a set-up link.
type Newcomer struct {
	Token    string       `json:"token"`
	Person   org.PersonID `json:"person"`
	Name     string       `json:"name"`
	Email    string       `json:"email"`
	Password string       `json:"password"`
}

// setUp makes the first admin. Of several at once one comes first: the configuration's
// head is locked before it is asked whether anybody can sign in.
func (a *Auth) setUp(r *http.Request, in Newcomer) (p org.Person, session string, err error) {
	in.Person, in.Email = org.PersonID(strings.TrimSpace(string(in.Person))), strings.TrimSpace(in.Email)
	if !idForm.MatchString(string(in.Person)) {
		return p, "", incident.Refuse("person: write a-z, 0-9, dot, dash and underscore, a letter or digit first, at most 64")
	}
	if m, err := mail.ParseAddress(in.Email); in.Email != "" && (err != nil || m.Address != in.Email) {
		return p, "", incident.Refuse("email: this is no mail address")
	}
	hash, err := a.newPassword(r, store.SetupToken, a.hash("setup", in.Token), in.Password, func(*roster, org.PersonID) org.Person {
		return org.Person{ID: in.Person, Name: in.Name, Methods: []org.Method{{Address: in.Email}}}
	})
	if err != nil {
		return p, "", err
	}
	err = a.write(r.Context(), func(tx *store.Tx) error {
		now, by := a.now(), incident.ByPerson(in.Person)
		if _, err := tx.PutConfig(now); err != nil {
			return err
		}
		if has, err := tx.HasCredential(); err != nil || has {
			return errors.Join(err, errLink)
		}
		if _, err := tx.TakeToken(store.SetupToken, a.hash("setup", in.Token), now); err != nil {
			return linkError(err)
		}
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		p = first(known.people[in.Person], in)
		body, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if _, err := tx.PutConfig(now, store.Change{Kind: "person", ID: string(p.ID), Body: body, By: by}); err != nil {
			return err
		}
		if err := tx.DropTokens("", store.SetupToken); err != nil {
			return err
		}
		if err := tx.PutCredential(store.Credential{Person: p.ID, Password: hash}); err != nil {
			return err
		}
		if err := a.record(tx, now, by, p.ID, "set up as the first admin"); err != nil {
			return err
		}
		session, err = a.begin(tx, r, p.ID, now)
		return err
	})
	return p, session, err
}

// first is the person of a set-up over the one who is configured, if any.
func first(p org.Person, in Newcomer) org.Person {
	p.ID, p.Role, p.Retired = in.Person, org.Admin, false
	if in.Name != "" {
		p.Name = in.Name
	}
	if p.Name == "" {
		p.Name = string(p.ID)
	}
	for _, m := range p.Methods {
		if in.Email == "" || m.ID == "email" || m.Channel == "email" && strings.EqualFold(m.Address, in.Email) {
			return p
		}
	}
	if in.Email != "" {
		p.Methods = append(p.Methods, org.Method{ID: "email", Channel: "email", Address: in.Email, Verified: true})
		if len(p.Rules) == 0 {
			p.Rules = []org.NotificationRule{{Method: "email"}}
		}
	}
	return p
}

func linkError(err error) error {
	if notFound(err) {
		return errLink
	}
	return err
}

// newPassword hashes the password that comes with a link, after the link was found good
// and the try was counted.
func (a *Auth) newPassword(r *http.Request, kind, hash, password string, whose func(*roster, org.PersonID) org.Person) (string, error) {
	now := a.now()
	if _, wait := a.tries.Take(now, throttle.Claim{Key: "address " + throttle.Network(throttle.Address(r)), Limit: addressLimit}); wait > 0 {
		return "", incident.Refuse("too many tries: wait a little")
	}
	var p org.Person
	err := a.read(r.Context(), func(tx *store.Tx) error {
		id, err := tx.Token(kind, hash, now)
		if err != nil {
			return linkError(err)
		}
		known, err := a.roster(tx)
		if err == nil {
			p = whose(known, id)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if err := acceptable(password, p); err != nil {
		return "", err
	}
	return a.hashes.hash(r.Context(), password)
}

// byLink sets the password of whom a link was made for. Who was signed in as that
// person is so no longer.
func (a *Auth) byLink(r *http.Request, token, password string) error {
	link := a.hash("password", token)
	hash, err := a.newPassword(r, store.PasswordToken, link, password, func(k *roster, id org.PersonID) org.Person { return k.people[id] })
	if err != nil {
		return err
	}
	return a.write(r.Context(), func(tx *store.Tx) error {
		now := a.now()
		p, err := tx.TakeToken(store.PasswordToken, link, now)
		if err != nil {
			return linkError(err)
		}
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		if _, ok := known.active(p); !ok {
			return errLink
		}
		return a.setPassword(tx, now, p, hash, "", "the password was set by a link")
	})
}

// SetPassword gives somebody a password, without a link: for whoever holds the store.
func (a *Auth) SetPassword(ctx context.Context, p org.PersonID, password string) error {
	if err := acceptable(password, org.Person{ID: p}); err != nil {
		return err
	}
	hash, err := a.hashes.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.write(ctx, func(tx *store.Tx) error {
		return a.setPassword(tx, a.now(), p, hash, "", "the password was set by the house")
	})
}

func (a *Auth) setPassword(tx *store.Tx, now time.Time, p org.PersonID, hash, stays, did string) error {
	c, err := tx.Credential(p)
	if err != nil {
		return err
	}
	c.Password = hash
	if err := tx.PutCredential(c); err != nil {
		return err
	}
	if err := tx.DropSessions(p, stays); err != nil {
		return err
	}
	if err := tx.DropTokens(p, store.PasswordToken); err != nil {
		return err
	}
	return a.record(tx, now, incident.ByPerson(p), p, did)
}

// Setup answers POST /api/v1/setup.
func (a *Auth) Setup(w http.ResponseWriter, r *http.Request) {
	var in Newcomer
	if a.foreign(w, r) || !readBody(w, r, &in) {
		return
	}
	p, session, err := a.setUp(r, in)
	if err != nil {
		a.fail(w, err)
		return
	}
	a.letIn(w, p.ID, session)
	write(w, http.StatusCreated, map[string]any{"person": p.ID, "name": p.Name})
}

// Password answers POST /api/v1/password: with a link's token, or with a session and
// the old password or a passkey, which ends all other sessions.
func (a *Auth) Password(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Token    string          `json:"token"`
		Old      string          `json:"old"`
		Passkey  json.RawMessage `json:"passkey"`
		Password string          `json:"password"`
	}
	if a.foreign(w, r) || !readBody(w, r, &in) {
		return
	}
	if in.Token != "" {
		if err := a.byLink(r, in.Token, in.Password); err != nil {
			a.fail(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	id, ok := a.person(w, r)
	if !ok || !a.again(w, r, id, proof{in.Old, in.Passkey}) {
		return
	}
	var p org.Person
	err := a.read(r.Context(), func(tx *store.Tx) error {
		known, err := a.roster(tx)
		if err == nil {
			p = known.people[id.Person]
		}
		return err
	})
	if err == nil {
		err = acceptable(in.Password, p)
	}
	hash := ""
	if err == nil {
		hash, err = a.hashes.hash(r.Context(), in.Password)
	}
	if err == nil {
		err = a.write(r.Context(), func(tx *store.Tx) error {
			return a.setPassword(tx, a.now(), id.Person, hash, id.Session, "the password was changed")
		})
	}
	if err != nil {
		a.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// again asks who is signed in for their password or a passkey: a session that was left
// open must not change what one signs in with. Otherwise the request is answered.
func (a *Auth) again(w http.ResponseWriter, r *http.Request, id Identity, by proof) bool {
	back, wait := a.tries.Take(a.now(), throttle.Claim{Key: "again " + string(id.Person), Limit: accountLimit})
	if wait > 0 {
		later(w, wait)
		return false
	}
	ok, err := a.agrees(r, id.Person, by)
	switch {
	case err != nil:
		back()
		a.fail(w, err)
	case !ok:
		if given(by.Passkey) {
			problem(w, http.StatusForbidden, "passkey", errPasskey.Error())
		} else {
			problem(w, http.StatusForbidden, "password", "the password is wrong")
		}
	default:
		back()
	}
	return ok && err == nil
}

// agrees checks a proof.
func (a *Auth) agrees(r *http.Request, p org.PersonID, by proof) (bool, error) {
	if given(by.Passkey) {
		return a.confirmed(r, p, by.Passkey)
	}
	var c store.Credential
	err := a.read(r.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Credential(p)
		return err
	})
	if err != nil {
		return false, err
	}
	return a.hashes.check(r.Context(), c.Password, by.Password)
}
