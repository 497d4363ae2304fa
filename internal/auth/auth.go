// Package auth knows who is at the door: a person with a session, or a program with an
// API key. Identify answers that for every request; what the one found may do, org
// decides (org.Access).
//
// A person proves who they are with a password, and a code of TOTP where they have set
// it up, or with a passkey (passkey.go). Passwords are hashed with argon2id and sealed by
// the key ring, so that a stolen database cannot even be tried. Sessions
// are random and opaque; the database has their keyed hash. An API key acts for its
// owner: within some deeds, perhaps one team, until it expires, and never beyond what
// the owner may do at that moment.
//
// Guessing is slowed down (internal/throttle) by account and by address, and hashing is done
// a few at a time, so that a flood of sign-ins costs neither memory nor the people who
// are already in. A device on which somebody signed in before is counted for itself:
// whoever hammers at an account does not keep its owner out. Acknowledge links ask
// nothing of this package.
//
// Whom we do not know costs the same work and gets the same words as a wrong password.
//
// Links that work once (account.go) set a new password, or make the first admin while
// nobody could sign in. Commands print them: nothing here needs mail.
//
// Every change of a credential or a key is a line in the configuration's hash chain:
// kind "credential", with what was changed and never a secret, and kind "api_key", where
// the key's rights live. Retiring a person ends sessions, links and keys at once.
//
// Handlers speak JSON, strictly, and tell faults as problem+json; requests that a
// browser sends for another site are refused (http.CrossOriginProtection).
package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

var (
	// ErrNoCredentials is Identify's answer to who shows none.
	ErrNoCredentials = errors.New("sign in, or send an API key")
	// ErrBadCredentials is its answer to a session or a key that is not, or no longer,
	// good.
	ErrBadCredentials = errors.New("the session or the API key is not good, or no longer")
	// ErrCrossOrigin is its answer to a session's browser that writes for another site.
	ErrCrossOrigin = fmt.Errorf("the request comes from another site: %w", ErrBadCredentials)
)

// An Identity is somebody we know.
type Identity struct {
	org.Access
	Person  org.PersonID // "" for a key
	Key     string       // id of the API key, "" for a person
	Owner   org.PersonID // whom a key acts for, "" for a person
	Name    string
	Session string // id, "" for a key
}

// Actor is who it is, as logs and the audit name them.
func (i Identity) Actor() incident.Actor {
	if i.Key != "" {
		return incident.ByKey(i.Key)
	}
	return incident.ByPerson(i.Person)
}

// Options are what an Auth is made of.
type Options struct {
	Engine    *engine.Engine // gives the time, unless Now does; may be nil
	Store     *store.Store
	Ring      *secret.Ring
	PublicURL string // of links; cookies are secure when it is https
	Log       *slog.Logger
	Now       func() time.Time
}

// An Auth is the doorkeeper of one installation.
type Auth struct {
	store  *store.Store
	ring   *secret.Ring
	public string
	host   string
	secure bool
	path   string // of cookies
	log    *slog.Logger
	now    func() time.Time
	rand   io.Reader
	cross  *http.CrossOriginProtection
	hashes *hasher
	tries  *throttle.Throttle

	relying *webauthn.WebAuthn // nil: the public URL allows no passkeys

	known struct {
		sync.Mutex
		*roster
	}
	used struct { // when keys were last written down as used
		sync.Mutex
		at map[string]time.Time
	}
}

// The limits of guessing.
var (
	accountLimit = throttle.Limit{Burst: 10, Every: 90 * time.Second}
	addressLimit = throttle.Limit{Burst: 60, Every: 10 * time.Second}
)

// New makes an Auth.
func New(o Options) *Auth {
	a := &Auth{
		store: o.Store, ring: o.Ring, public: strings.TrimRight(o.PublicURL, "/"), path: "/", log: o.Log, now: o.Now, rand: rand.Reader,
		cross: http.NewCrossOriginProtection(), hashes: newHasher(), tries: throttle.New(),
	}
	a.used.at = map[string]time.Time{}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
		if o.Engine != nil {
			a.now = o.Engine.Now
		}
	}
	if u, err := url.Parse(a.public); err == nil && u.Host != "" {
		a.secure, a.path = u.Scheme == "https", strings.TrimRight(u.Path, "/")+"/"
		origin := u.Scheme + "://" + u.Host
		if err := a.cross.AddTrustedOrigin(origin); err != nil {
			a.log.Warn("the public URL is no origin", "error", err)
		}
		a.host = u.Hostname()
		a.relying = relying(a.host, origin, a.secure)
	}
	return a
}

// Identify says who sends a request: by `Authorization: Bearer <API key>`, or by the
// cookie of a session. Other errors than the package's own are faults of ours.
func (a *Auth) Identify(r *http.Request) (Identity, error) {
	if key, ok := bearer(r); ok {
		return a.byKey(r.Context(), key)
	}
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return Identity{}, ErrNoCredentials
	}
	if a.cross.Check(r) != nil {
		return Identity{}, ErrCrossOrigin
	}
	return a.bySession(r.Context(), c.Value)
}

// bearer is the token of the Authorization header. Other schemes are a proxy's matter.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// token is 256 random bits.
func (a *Auth) token() string {
	var b [32]byte
	if _, err := io.ReadFull(a.rand, b[:]); err != nil {
		panic("auth: the source of randomness failed: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hash is what is kept of a token.
func (a *Auth) hash(kind, token string) string { return a.ring.Hash("auth/"+kind, token) }

func (a *Auth) read(ctx context.Context, fn func(*store.Tx) error) error {
	return a.store.Read(ctx, fn)
}

// write waits with those for whom a person waits.
func (a *Auth) write(ctx context.Context, fn func(*store.Tx) error) error {
	return a.store.Write(ctx, store.People, fn)
}
