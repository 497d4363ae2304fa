package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

const (
	sessionIdle  = 7 * 24 * time.Hour  // unused for so long, a session is over
	sessionMost  = 30 * 24 * time.Hour // however much it is used
	sessionSeen  = 5 * time.Minute     // how exactly the last use is known
	deviceFor    = 365 * 24 * time.Hour
	mostAgent    = 200
	deviceCookie = "tocsin_device"
)

// A device is what a session says of where it was begun.
type device struct {
	Agent   string `json:"agent,omitempty"`
	Address string `json:"address,omitempty"`
}

// cookieName has the prefix that keeps other hosts of the domain from setting it,
// where a browser allows that.
func (a *Auth) cookieName() string {
	switch {
	case a.secure && a.path == "/":
		return "__Host-tocsin"
	case a.secure:
		return "__Secure-tocsin"
	}
	return "tocsin"
}

func (a *Auth) bySession(ctx context.Context, token string) (Identity, error) {
	now := a.now()
	var id Identity
	var s store.Session
	err := a.read(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.SessionByHash(a.hash("session", token))
		if notFound(err) {
			return ErrBadCredentials
		}
		if err != nil {
			return err
		}
		known, err := a.roster(tx)
		if err != nil {
			return err
		}
		p, ok := known.active(s.Person)
		if !ok || over(s, now) {
			return ErrBadCredentials
		}
		id = Identity{Access: known.access(p), Person: p.ID, Name: p.Name, Session: s.ID}
		return nil
	})
	if err == nil && now.Sub(s.Seen) >= sessionSeen {
		// That it cannot be noted stops nobody.
		if err := a.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.SeeSession(s.ID, now) }); err != nil {
			a.log.Warn("the use of a session was not noted", "error", err)
		}
	}
	return id, err
}

func over(s store.Session, now time.Time) bool {
	return !now.Before(s.Expires) || now.Sub(s.Seen) >= sessionIdle
}

// begin is a new session for a person, in the transaction that found them to be who
// they say. The one that the browser had is over: a session that was planted is worth
// nothing after signing in.
func (a *Auth) begin(tx *store.Tx, r *http.Request, p org.PersonID, now time.Time) (token string, err error) {
	if err := tx.DropExpired(now, now.Add(-sessionIdle)); err != nil {
		return "", err
	}
	if c, err := r.Cookie(a.cookieName()); err == nil {
		old, err := tx.SessionByHash(a.hash("session", c.Value))
		if err == nil {
			_, err = tx.DropSession(old.Person, old.ID)
		}
		if err != nil && !notFound(err) {
			return "", err
		}
	}
	agent := strings.ToValidUTF8(r.UserAgent(), "")
	about, err := json.Marshal(device{agent[:min(len(agent), mostAgent)], throttle.Address(r)})
	if err != nil {
		return "", err
	}
	token = a.token()
	s := store.Session{ID: org.NewID(now, a.rand), Person: p, MadeAt: now, Seen: now, Expires: now.Add(sessionMost), Device: about}
	return token, tx.AddSession(s, a.hash("session", token))
}

// letIn gives the browser its session, and the mark of a device on which this person
// signed in.
func (a *Auth) letIn(w http.ResponseWriter, p org.PersonID, token string) {
	http.SetCookie(w, a.cookie(a.cookieName(), token, sessionMost))
	nonce := a.token()
	http.SetCookie(w, a.cookie(deviceCookie, nonce+"."+a.ring.Token("auth/device", string(p)+"/"+nonce), deviceFor))
}

func (a *Auth) cookie(name, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: a.path, MaxAge: int(age / time.Second), HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode}
}

// claims are what a try to sign in counts against. A device that the person used
// before stands for itself, so that nobody keeps them out from elsewhere.
func (a *Auth) claims(r *http.Request, login string, p org.PersonID) []throttle.Claim {
	if c, err := r.Cookie(deviceCookie); err == nil && p != "" {
		nonce, mark, _ := strings.Cut(c.Value, ".")
		if a.ring.TokenOK("auth/device", string(p)+"/"+nonce, mark) {
			return []throttle.Claim{{Key: "device " + string(p) + "/" + nonce, Limit: accountLimit}}
		}
	}
	name := cmp.Or(string(p), a.hash("login", strings.ToLower(strings.TrimSpace(login))))
	return []throttle.Claim{{Key: "account " + name, Limit: accountLimit}, {Key: "address " + throttle.Network(throttle.Address(r)), Limit: addressLimit}}
}

// SignIn answers POST /api/v1/session.
func (a *Auth) SignIn(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Person   string `json:"person"` // id or mail address
		Password string `json:"password"`
		TOTP     string `json:"totp"` // a code of the app, or a recovery code
	}
	if a.foreign(w, r) || !readBody(w, r, &in) {
		return
	}
	p, token, no, err := a.enter(r, in.Person, in.Password, in.TOTP)
	switch {
	case err != nil:
		a.fail(w, err)
	case no.wait > 0:
		later(w, no.wait)
	case no.code != "":
		problem(w, http.StatusUnauthorized, no.code, no.text)
	default:
		a.letIn(w, p.ID, token)
		write(w, http.StatusCreated, map[string]any{"person": p.ID, "name": p.Name})
	}
}

// A no is why somebody is not let in: the code is for programs, the text for people; or
// how long they must wait.
type no struct {
	code, text string
	wait       time.Duration
}

// enter makes a session for who proves to be a person, by password and, where that is
// set up, a code.
func (a *Auth) enter(r *http.Request, login, password, code string) (p org.Person, token string, why no, err error) {
	var had store.Credential
	err = a.read(r.Context(), func(tx *store.Tx) error {
		known, err := a.roster(tx)
		if err != nil {
			return err
		}
		if found, ok := known.login(login); ok {
			p = found
		}
		had, err = tx.Credential(p.ID) // of nobody too: it costs the same
		return err
	})
	if err != nil {
		return p, "", no{}, err
	}
	back, wait := a.tries.Take(a.now(), a.claims(r, login, p.ID)...)
	if wait > 0 {
		return p, "", no{wait: wait}, nil
	}
	ok, err := a.hashes.check(r.Context(), had.Password, password)
	if err != nil {
		back()
		return p, "", no{}, err
	}
	if !ok {
		if p.ID != "" { // what else was typed may be anything, also a password
			a.log.Info("a sign-in was refused", "person", p.ID, "address", throttle.Address(r))
		}
		return p, "", no{code: "credentials", text: "the name or the password is wrong"}, nil
	}
	if len(had.TOTP) > 0 && code == "" {
		back()
		return p, "", no{code: "totp", text: "and the code of the authenticator app, or a recovery code"}, nil
	}
	token, good, err := a.passed(r, p, had, password, code)
	switch {
	case err != nil:
		return p, "", no{}, err
	case !good:
		a.log.Info("a sign-in was refused: wrong code", "person", p.ID, "address", throttle.Address(r))
		return p, "", no{code: "totp", text: "the code is wrong, or was used already"}, nil
	}
	back()
	a.log.Info("signed in", "person", p.ID, "address", throttle.Address(r))
	return p, token, no{}, nil
}

// passed makes the session of a person whose password was right, if the code is too.
func (a *Auth) passed(r *http.Request, p org.Person, had store.Credential, password, code string) (token string, good bool, err error) {
	fresh := ""
	if outdated(had.Password) {
		if fresh, err = a.hashes.hash(r.Context(), password); err != nil {
			return "", false, err
		}
	}
	now := a.now()
	err = a.write(r.Context(), func(tx *store.Tx) error {
		good = false
		c, err := tx.Credential(p.ID)
		if err != nil {
			return err
		}
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		if _, active := known.active(p.ID); !active || c.Password != had.Password { // changed meanwhile
			return ErrBadCredentials
		}
		if len(c.TOTP) > 0 {
			if good, err = a.takeCode(tx, c, code, now); err != nil || !good {
				return err
			}
		}
		good = true
		if fresh != "" {
			c, err = tx.Credential(p.ID) // with the step that was taken
			if err != nil {
				return err
			}
			c.Password = fresh
			if err := tx.PutCredential(c); err != nil {
				return err
			}
		}
		token, err = a.begin(tx, r, p.ID, now)
		return err
	})
	return token, good, err
}

// takeCode uses up a code of the app, or a recovery code.
func (a *Auth) takeCode(tx *store.Tx, c store.Credential, code string, now time.Time) (bool, error) {
	if step, ok := totpAt(c.TOTP, code, now); ok {
		return tx.TakeStep(c.Person, step)
	}
	ok, err := tx.TakeRecovery(c.Person, a.recoveryHash(c.Person, code))
	if err == nil && ok {
		err = a.record(tx, now, incident.ByPerson(c.Person), c.Person, "a recovery code was used")
	}
	return ok, err
}

// Ways answers GET /api/v1/signin: how one can sign in here. It says nothing of anybody.
func (a *Auth) Ways(w http.ResponseWriter, r *http.Request) {
	some := false
	err := a.read(r.Context(), func(tx *store.Tx) (err error) {
		some, err = tx.HasCredential()
		return err
	})
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusOK, map[string]bool{"password": true, "passkeys": a.relying != nil, "setup": !some})
}

// ShowSession answers GET /api/v1/session: who am I.
func (a *Auth) ShowSession(w http.ResponseWriter, r *http.Request) {
	id, ok := a.someone(w, r)
	if !ok {
		return
	}
	write(w, http.StatusOK, map[string]any{
		"person": id.Person, "key": id.Key, "name": id.Name, "role": id.Everywhere, "teams": id.Teams, "deeds": id.Deeds, "session": id.Session,
	})
}

// SignOut answers DELETE /api/v1/session.
func (a *Auth) SignOut(w http.ResponseWriter, r *http.Request) {
	id, ok := a.person(w, r)
	if !ok {
		return
	}
	a.endSession(w, r, id.Person, id.Session)
}

// EndSession answers DELETE /api/v1/sessions/{id}: one of one's own.
func (a *Auth) EndSession(w http.ResponseWriter, r *http.Request) {
	if id, ok := a.person(w, r); ok {
		a.endSession(w, r, id.Person, r.PathValue("id"))
	}
}

func (a *Auth) endSession(w http.ResponseWriter, r *http.Request, p org.PersonID, session string) {
	found := false
	err := a.write(r.Context(), func(tx *store.Tx) (err error) {
		found, err = tx.DropSession(p, session)
		return err
	})
	switch {
	case err != nil:
		a.fail(w, err)
	case !found:
		problem(w, http.StatusNotFound, "", "there is no such session")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// A SessionLine is a session as lists show it.
type SessionLine struct {
	ID      string    `json:"id"`
	Here    bool      `json:"here,omitempty"`
	MadeAt  time.Time `json:"made_at"`
	Seen    time.Time `json:"seen_at"`
	Expires time.Time `json:"expires_at"`
	Agent   string    `json:"agent,omitempty"`
	Address string    `json:"address,omitempty"`
}

// Sessions are those of a person that are not over, newest first.
func (a *Auth) Sessions(ctx context.Context, p org.PersonID) (lines []SessionLine, err error) {
	now := a.now()
	err = a.read(ctx, func(tx *store.Tx) error {
		lines = []SessionLine{}
		all, err := tx.SessionsOf(p)
		for _, s := range all {
			if over(s, now) {
				continue
			}
			var d device
			if err := json.Unmarshal(s.Device, &d); err != nil {
				return err
			}
			lines = append(lines, SessionLine{ID: s.ID, MadeAt: s.MadeAt, Seen: s.Seen, Expires: s.Expires, Agent: d.Agent, Address: d.Address})
		}
		return err
	})
	return lines, err
}

// EndSessions ends a session of somebody, or with "" all of them, and writes down who
// did it.
func (a *Auth) EndSessions(ctx context.Context, by incident.Actor, p org.PersonID, id string) error {
	return a.write(ctx, func(tx *store.Tx) error {
		if id == "" {
			if err := tx.DropSessions(p, ""); err != nil {
				return err
			}
			return a.record(tx, a.now(), by, p, "all sessions were ended")
		}
		found, err := tx.DropSession(p, id)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return a.record(tx, a.now(), by, p, "a session was ended")
	})
}

// ListSessions answers GET /api/v1/sessions: where am I signed in.
func (a *Auth) ListSessions(w http.ResponseWriter, r *http.Request) {
	id, ok := a.person(w, r)
	if !ok {
		return
	}
	lines, err := a.Sessions(r.Context(), id.Person)
	if err != nil {
		a.fail(w, err)
		return
	}
	for i := range lines {
		lines[i].Here = lines[i].ID == id.Session
	}
	write(w, http.StatusOK, map[string]any{"sessions": lines})
}
