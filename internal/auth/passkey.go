package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/throttle"
	"tocsin/org"
)

// Passkeys are WebAuthn's discoverable credentials: the browser knows whose they are,
// and the authenticator has asked for a finger, a face or a PIN. One is a password and a
// code in one, so that signing in with it asks for nothing else.
//
// A challenge is made here, for one purpose and person, and proves so itself: the first
// bytes are random, then come its end and our mark. Nothing is written down for
// strangers who only ask for one; what is written down is that it was answered.

const (
	challengeFor  = 5 * time.Minute
	challengeRand = 16
	mostPasskeys  = 20
)

// What a challenge is for.
const (
	toSignIn   = "sign in"
	toRegister = "register"
	toConfirm  = "confirm" // that it is still they, before something is changed
)

var (
	errPasskey   = incident.Refuse("the passkey was not accepted")
	errChallenge = incident.Refuse("that took too long, or was answered already: begin again")
	errNoHost    = incident.Refuse("passkeys need a public URL with https and a name, not an address")
)

// algorithms are those that authenticators have, the preferred first.
var algorithms = []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256}

// relying is what passkeys are bound to; nil where the public URL allows none.
func relying(host, origin string, secure bool) *webauthn.WebAuthn {
	if !secure && host != "localhost" {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: "Tocsin", RPOrigins: []string{origin}})
	if err != nil {
		return nil
	}
	return w
}

// A keyholder is a person as WebAuthn knows them: by a handle that says nothing.
type keyholder struct {
	person org.PersonID
	handle []byte
	keys   []webauthn.Credential
}

func (k keyholder) WebAuthnID() []byte                         { return k.handle }
func (k keyholder) WebAuthnName() string                       { return string(k.person) }
func (k keyholder) WebAuthnDisplayName() string                { return string(k.person) }
func (k keyholder) WebAuthnCredentials() []webauthn.Credential { return k.keys }

func (a *Auth) handle(p org.PersonID) []byte { return []byte(a.hash("passkey/handle", string(p))) }

// challenge is a new one, in base64url.
func (a *Auth) challenge(use string, p org.PersonID) string {
	b := binary.BigEndian.AppendUint64(a.draw(challengeRand), uint64(a.now().Add(challengeFor).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(b, a.mark(use, p, b)...))
}

func (a *Auth) mark(use string, p org.PersonID, b []byte) string {
	return a.ring.Token("auth/challenge", use+"/"+string(p)+"/"+string(b))
}

// challenged says until when a challenge may be answered that was made for this.
func (a *Auth) challenged(use string, p org.PersonID, challenge string) (end time.Time, err error) {
	b, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(b) < challengeRand+8 {
		return end, errChallenge
	}
	b, mark := b[:challengeRand+8], string(b[challengeRand+8:])
	if !a.ring.TokenOK("auth/challenge", use+"/"+string(p)+"/"+string(b), mark) {
		return end, errChallenge
	}
	end = time.Unix(int64(binary.BigEndian.Uint64(b[challengeRand:])), 0).UTC()
	if !a.now().Before(end) {
		return end, errChallenge
	}
	return end, nil
}

// spend answers a challenge, which can be done once. Strangers cannot: it is asked for
// after the signature was found good.
func (a *Auth) spend(tx *store.Tx, challenge string, end time.Time) error {
	if err := tx.DropExpired(a.now(), a.now().Add(-sessionIdle)); err != nil {
		return err
	}
	first, err := tx.AddToken(store.SpentToken, a.hash("challenge", challenge), "", end)
	if err == nil && !first {
		err = errChallenge
	}
	return err
}

// asks is what a browser is told for navigator.credentials.get. Naming no credential
// keeps to the browser whose they are.
func (a *Auth) asks(use string, p org.PersonID) map[string]any {
	return map[string]any{"publicKey": map[string]any{
		"challenge": a.challenge(use, p), "rpId": a.host, "userVerification": "required", "timeout": challengeFor.Milliseconds(),
	}}
}

// creates is what a browser is told for navigator.credentials.create.
func (a *Auth) creates(p org.Person, had []store.Passkey) map[string]any {
	params, exclude := []map[string]any{}, []map[string]any{}
	for _, alg := range algorithms {
		params = append(params, map[string]any{"type": "public-key", "alg": alg})
	}
	for _, k := range had {
		exclude = append(exclude, map[string]any{"type": "public-key", "id": k.ID})
	}
	return map[string]any{"publicKey": map[string]any{
		"challenge": a.challenge(toRegister, p.ID), "timeout": challengeFor.Milliseconds(), "attestation": "none",
		"rp":               map[string]any{"id": a.host, "name": "Tocsin"},
		"user":             map[string]any{"id": base64.RawURLEncoding.EncodeToString(a.handle(p.ID)), "name": string(p.ID), "displayName": p.Name},
		"pubKeyCredParams": params, "excludeCredentials": exclude,
		"authenticatorSelection": map[string]any{"residentKey": "required", "requireResidentKey": true, "userVerification": "required"},
	}}
}

// registered checks what a browser made for a challenge.
func (a *Auth) registered(p org.PersonID, body []byte) (k store.Passkey, challenge string, end time.Time, err error) {
	made, err := protocol.ParseCredentialCreationResponseBytes(body)
	if err != nil {
		return k, "", end, errPasskey
	}
	challenge = made.Response.CollectedClientData.Challenge
	if end, err = a.challenged(toRegister, p, challenge); err != nil {
		return k, "", end, err
	}
	session := webauthn.SessionData{Challenge: challenge, UserID: a.handle(p), UserVerification: protocol.VerificationRequired}
	for _, alg := range algorithms {
		session.CredParams = append(session.CredParams, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	c, err := a.relying.CreateCredential(keyholder{person: p, handle: a.handle(p)}, session, made)
	if err != nil {
		a.log.Info("a passkey was not accepted", "person", p, "why", reason(err))
		return k, "", end, errPasskey
	}
	c.Attestation = webauthn.CredentialAttestation{} // says what was made by whom; nobody asks
	k = store.Passkey{ID: base64.RawURLEncoding.EncodeToString(c.ID), Person: p, MadeAt: a.now()}
	k.Body, err = json.Marshal(c)
	return k, challenge, end, err
}

// answered uses a passkey: it finds whose it is, checks the answer, and writes down that
// the challenge and the counter were used. p is the person who must be found, or "".
func (a *Auth) answered(tx *store.Tx, use string, p org.PersonID, said *protocol.ParsedCredentialAssertionData) (store.Passkey, error) {
	challenge := said.Response.CollectedClientData.Challenge
	end, err := a.challenged(use, p, challenge)
	if err != nil {
		return store.Passkey{}, err
	}
	k, err := tx.Passkey(base64.RawURLEncoding.EncodeToString(said.RawID))
	if notFound(err) || err == nil && p != "" && k.Person != p {
		return k, errPasskey
	}
	if err != nil {
		return k, err
	}
	var c webauthn.Credential
	if err := json.Unmarshal(k.Body, &c); err != nil {
		return k, err
	}
	holder := keyholder{k.Person, a.handle(k.Person), []webauthn.Credential{c}}
	session := webauthn.SessionData{Challenge: challenge, UserVerification: protocol.VerificationRequired}
	_, now, err := a.relying.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return holder, nil }, session, said)
	if err != nil {
		a.log.Info("a passkey was not accepted", "person", k.Person, "why", reason(err))
		return k, errPasskey
	}
	if now.Authenticator.CloneWarning {
		a.log.Warn("a passkey's counter went back: there may be a copy of it", "person", k.Person, "passkey", k.Name)
		return k, errPasskey
	}
	if err := a.spend(tx, challenge, end); err != nil {
		return k, err
	}
	k.Used = a.now()
	if k.Body, err = json.Marshal(now); err != nil {
		return k, err
	}
	return k, tx.SavePasskey(k)
}

// reason is why, for our log alone.
func reason(err error) string {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return strings.TrimSpace(e.Details + " " + e.DevInfo)
	}
	return err.Error()
}

// PasskeyChallenge answers POST /api/v1/session/challenge: what to ask an authenticator
// with. Whoever asks is told the same.
func (a *Auth) PasskeyChallenge(w http.ResponseWriter, r *http.Request) {
	if a.foreign(w, r) || a.noPasskeys(w) {
		return
	}
	write(w, http.StatusOK, a.asks(toSignIn, ""))
}

func (a *Auth) noPasskeys(w http.ResponseWriter) bool {
	if a.relying == nil {
		a.fail(w, errNoHost)
	}
	return a.relying == nil
}

// PasskeySignIn answers POST /api/v1/session/passkey with what the authenticator said.
func (a *Auth) PasskeySignIn(w http.ResponseWriter, r *http.Request) {
	var body json.RawMessage
	if a.foreign(w, r) || a.noPasskeys(w) || !readBody(w, r, &body) {
		return
	}
	back, wait := a.tries.Take(a.now(), throttle.Claim{Key: "passkey " + throttle.Network(throttle.Address(r)), Limit: addressLimit})
	if wait > 0 {
		later(w, wait)
		return
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		problem(w, http.StatusUnprocessableEntity, "", "the body is no answer of an authenticator")
		return
	}
	var p org.Person
	token := ""
	err = a.write(r.Context(), func(tx *store.Tx) error {
		k, err := a.answered(tx, toSignIn, "", said)
		if err != nil {
			return err
		}
		known, err := a.inside(tx)
		if err != nil {
			return err
		}
		active := false
		if p, active = known.active(k.Person); !active {
			return errPasskey
		}
		token, err = a.begin(tx, r, p.ID, a.now())
		return err
	})
	if refused, ok := errors.AsType[incident.Refusal](err); ok {
		problem(w, http.StatusUnauthorized, "passkey", refused.Text)
		return
	}
	back()
	if err != nil {
		a.fail(w, err)
		return
	}
	a.letIn(w, p.ID, token)
	a.log.Info("signed in with a passkey", "person", p.ID, "address", throttle.Address(r))
	write(w, http.StatusCreated, map[string]any{"person": p.ID, "name": p.Name})
}

// confirmed says whether a passkey of the person said yes just now.
func (a *Auth) confirmed(r *http.Request, p org.PersonID, body []byte) (bool, error) {
	if a.relying == nil {
		return false, errNoHost
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return false, nil
	}
	err = a.write(r.Context(), func(tx *store.Tx) error {
		_, err := a.answered(tx, toConfirm, p, said)
		return err
	})
	if _, refused := errors.AsType[incident.Refusal](err); refused {
		return false, nil
	}
	return err == nil, err
}

// given says whether there is anything in an optional field.
func given(body json.RawMessage) bool { return len(body) > 0 && !bytes.Equal(body, []byte("null")) }
