package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"

	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

var b64 = base64.RawURLEncoding

// An authenticator makes ES256 credentials and answers with them, as a telephone does.
// What it should say otherwise than it ought to stands in its fields.
type authenticator struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	counter uint32

	origin, rp string
	flags      byte // present 1, verified 4
}

func newAuthenticator(t *testing.T) *authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	id := make([]byte, 16)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id, origin: "https://tocsin.example", rp: "tocsin.example", flags: 1 | 4}
}

// options are what the server said, as far as an authenticator cares.
type options struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
		RPID      string `json:"rpId"`
	}
}

func (a *authenticator) read(said answer) (o options) {
	a.t.Helper()
	ok(a.t, json.Unmarshal([]byte(said.body), &o))
	if o.PublicKey.Challenge == "" {
		a.t.Fatal(said.body)
	}
	return o
}

func (a *authenticator) client(kind, challenge string) []byte {
	text, err := json.Marshal(object{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	ok(a.t, err)
	return text
}

func (a *authenticator) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(a.rp))
	a.counter++
	return binary.BigEndian.AppendUint32(append(hash[:], flags), a.counter)
}

// make answers navigator.credentials.create, with attestation none.
func (a *authenticator) make(o options) object {
	a.user, _ = b64.DecodeString(o.PublicKey.User.ID)
	point, err := a.key.PublicKey.Bytes()
	ok(a.t, err)
	data := a.data(a.flags | 0x40)
	data = append(data, make([]byte, 16)...) // the model: none of your business
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(a.id))), a.id...)
	// CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	data = append(append(data, point[1:33]...), 0x22, 0x58, 0x20)
	data = append(data, point[33:]...)
	// CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
	object_ := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return object{
		"id": b64.EncodeToString(a.id), "rawId": b64.EncodeToString(a.id), "type": "public-key",
		"response": object{
			"clientDataJSON":    b64.EncodeToString(a.client("webauthn.create", o.PublicKey.Challenge)),
			"attestationObject": b64.EncodeToString(append(object_, data...)),
		},
	}
}

// answer answers navigator.credentials.get.
func (a *authenticator) answer(o options) object {
	client, data := a.client("webauthn.get", o.PublicKey.Challenge), a.data(a.flags)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(bytes.Clone(data), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	ok(a.t, err)
	return object{
		"id": b64.EncodeToString(a.id), "rawId": b64.EncodeToString(a.id), "type": "public-key",
		"response": object{
			"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
			"signature": b64.EncodeToString(sig), "userHandle": b64.EncodeToString(a.user),
		},
	}
}

// registers makes a passkey for whom a browser is signed in as.
func (a *authenticator) registers(b *browser, password string) {
	a.t.Helper()
	o := a.read(b.send("POST", "/api/v1/passkeys", object{"password": password}).wants(a.t, 200, "publicKey"))
	b.send("POST", "/api/v1/passkeys/confirm", object{"name": "Phone", "credential": a.make(o)}).wants(a.t, 201, "Phone")
}

func (a *authenticator) signsIn(b *browser) answer {
	a.t.Helper()
	return b.send("POST", "/api/v1/session/passkey", a.answer(a.read(b.send("POST", "/api/v1/session/challenge", nil))))
}

func TestPasskeys(t *testing.T) {
	both(t, func(t *testing.T, h *house) {
		jane := settled(t, h)
		phone := newAuthenticator(t)
		jane.send("POST", "/api/v1/passkeys", object{}).wants(t, 403, "password is wrong")
		jane.send("POST", "/api/v1/passkeys", object{"password": "not hers"}).wants(t, 403, "password is wrong")
		h.browser("192.0.2.9").send("POST", "/api/v1/passkeys", object{"password": good}).wants(t, 401, "")
		phone.registers(jane, good)

		elsewhere := h.browser("192.0.2.7")
		phone.signsIn(elsewhere).wants(t, 201, `"person":"jane"`)
		id, err := h.who(elsewhere)
		if err != nil || id.Person != "jane" || id.Session == "" {
			t.Errorf("%+v, %v", id, err)
		}

		// One passkey opens the way to the next, and to another password.
		tablet := newAuthenticator(t)
		asked := phone.read(elsewhere.send("POST", "/api/v1/passkeys/challenge", nil))
		o := tablet.read(elsewhere.send("POST", "/api/v1/passkeys", object{"passkey": phone.answer(asked)}).wants(t, 200, "excludeCredentials"))
		elsewhere.send("POST", "/api/v1/passkeys", object{"passkey": phone.answer(asked)}).wants(t, 403, "not accepted") // once
		elsewhere.send("POST", "/api/v1/passkeys/confirm", object{"name": "", "credential": tablet.make(o)}).wants(t, 422, "name")
		elsewhere.send("POST", "/api/v1/passkeys/confirm", object{"name": "Tablet", "credential": tablet.make(o)}).wants(t, 201, "Tablet")
		elsewhere.send("POST", "/api/v1/passkeys/confirm", object{"name": "Tablet", "credential": tablet.make(o)}).wants(t, 422, "answered already")

		tabletID := b64.EncodeToString(tablet.id)
		elsewhere.send("PATCH", "/api/v1/passkeys/"+tabletID, object{"name": "Old tablet"}).wants(t, 204, "")
		list := elsewhere.send("GET", "/api/v1/passkeys", nil).wants(t, 200, "Old tablet")
		if strings.Count(list.body, "made_at") != 2 || strings.Count(list.body, "used_at") != 1 || strings.Contains(list.body, "publicKey") {
			t.Error(list.body)
		}
		elsewhere.send("POST", "/api/v1/passkeys/"+tabletID+"/remove", object{}).wants(t, 403, "")
		elsewhere.send("POST", "/api/v1/passkeys/"+tabletID+"/remove", object{"password": good}).wants(t, 204, "")
		elsewhere.send("POST", "/api/v1/passkeys/"+tabletID+"/remove", object{"password": good}).wants(t, 404, "")
		tablet.signsIn(h.browser("192.0.2.8")).wants(t, 401, "not accepted")

		asked = phone.read(elsewhere.send("POST", "/api/v1/passkeys/challenge", nil))
		elsewhere.send("POST", "/api/v1/password", object{"passkey": phone.answer(asked), "password": other}).wants(t, 204, "")
		signIn(h.browser("192.0.2.8"), "jane", other, "").wants(t, 201, "")
		ok(t, h.read(t.Context(), func(tx *store.Tx) error { return tx.VerifyConfig() }))
	})
}

// Whoever is not quite right is not let in, and is told nothing of what was wrong.
func TestPasskeysThatAreNotAccepted(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	jane := settled(t, h)
	phone := newAuthenticator(t)
	phone.registers(jane, good)
	n := 0
	anywhere := func() *browser { n++; return h.browser("192.0.2." + string(rune('0'+n%10))) }
	challenge := func() options { return phone.read(anywhere().send("POST", "/api/v1/session/challenge", nil)) }
	refused := func(name string, body object) {
		t.Helper()
		b := anywhere()
		a := b.send("POST", "/api/v1/session/passkey", body)
		if a.status != 401 || b.cookies["__Host-tocsin"] != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}

	o := challenge()
	said := phone.answer(o)
	anywhere().send("POST", "/api/v1/session/passkey", said).wants(t, 201, "")
	refused("the same again", said)
	refused("another answer to the same challenge", phone.answer(o))

	o = challenge()
	h.at = h.at.Add(challengeFor)
	refused("five minutes later", phone.answer(o))

	wrong := func(name string, change func(*authenticator)) {
		t.Helper()
		bad := *phone
		change(&bad)
		refused(name, bad.answer(challenge()))
		phone.counter = max(phone.counter, bad.counter)
	}
	wrong("another origin", func(a *authenticator) { a.origin = "https://tocsin.example.evil.org" })
	wrong("another port", func(a *authenticator) { a.origin = "https://tocsin.example:8443" })
	wrong("without TLS", func(a *authenticator) { a.origin = "http://tocsin.example" })
	wrong("another relying party", func(a *authenticator) { a.rp = "evil.org" })
	wrong("nobody was verified", func(a *authenticator) { a.flags = 1 })
	wrong("nobody was there", func(a *authenticator) { a.flags = 4 })
	wrong("another key", func(a *authenticator) { a.key = newAuthenticator(t).key })
	wrong("no such credential", func(a *authenticator) { a.id = []byte("another, unknown") })
	wrong("another person's handle", func(a *authenticator) { a.user = h.handle("omar") })
	wrong("no handle", func(a *authenticator) { a.user = nil })
	wrong("a counter that went back", func(a *authenticator) { a.counter = 0 })
	wrong("a counter that stood still", func(a *authenticator) { a.counter = 1 })
	if !strings.Contains(h.log.String(), "counter went back") {
		t.Error("nobody is told of a copy")
	}
	for name, text := range map[string]string{
		"a challenge of ours for something else": h.challenge(toConfirm, "jane"), "nobody's challenge": b64.EncodeToString(make([]byte, 46)), "none": "",
	} {
		o := options{}
		o.PublicKey.Challenge = text
		refused(name, phone.answer(o))
	}
	anywhere().send("POST", "/api/v1/session/passkey", object{"id": "x"}).wants(t, 422, "")
	phone.signsIn(anywhere()).wants(t, 201, "") // and all that did her no harm

	// Another person's passkey proves nothing about this one.
	ok(t, h.AddPerson(t.Context(), "x", org.Person{ID: "omar"}))
	link, err := h.ResetLink(t.Context(), "x", "omar", false)
	ok(t, err)
	omar := h.browser("192.0.2.44")
	omar.send("POST", "/api/v1/password", object{"token": link[strings.LastIndex(link, "/")+1:], "password": "omar has words"}).wants(t, 204, "")
	signIn(omar, "omar", "omar has words", "").wants(t, 201, "")
	asked := phone.read(omar.send("POST", "/api/v1/passkeys/challenge", nil))
	omar.send("POST", "/api/v1/passkeys", object{"passkey": phone.answer(asked)}).wants(t, 403, "not accepted")
	omar.send("PATCH", "/api/v1/passkeys/"+b64.EncodeToString(phone.id), object{"name": "mine"}).wants(t, 404, "")
	omar.send("POST", "/api/v1/passkeys/"+b64.EncodeToString(phone.id)+"/remove", object{"password": "omar has words"}).wants(t, 404, "")
	o = phone.read(omar.send("POST", "/api/v1/passkeys", object{"password": "omar has words"}))
	jane.send("POST", "/api/v1/passkeys/confirm", object{"name": "x", "credential": newAuthenticator(t).make(o)}).wants(t, 422, "begin again") // omar's challenge
	omar.send("POST", "/api/v1/passkeys/confirm", object{"name": "x", "credential": phone.make(o)}).wants(t, 422, "known already")
	evil := newAuthenticator(t)
	evil.origin = "https://evil.org"
	omar.send("POST", "/api/v1/passkeys/confirm", object{"name": "x", "credential": evil.make(o)}).wants(t, 422, "not accepted")

	// Who lost the telephone, and who left, has none any more.
	tablet := newAuthenticator(t)
	tablet.registers(omar, "omar has words")
	tablet.signsIn(anywhere()).wants(t, 201, "omar")
	ok(t, h.Deactivate(t.Context(), "x", "omar"))
	ok(t, h.AddPerson(t.Context(), "x", org.Person{ID: "omar"}))
	tablet.signsIn(anywhere()).wants(t, 401, "")
	_, err = h.ResetLink(t.Context(), "x", "jane", true)
	ok(t, err)
	h.at = h.at.Add(addressLimit.Every)
	if a := phone.signsIn(h.browser("198.51.100.9")); a.status != 401 {
		t.Error(a.body)
	}
}

func TestPasskeysNeedAName(t *testing.T) {
	for url, want := range map[string]bool{
		"https://tocsin.example": true, "http://localhost:8080": true, "http://tocsin.example": false, "https://192.0.2.1": false, "": false,
	} {
		if got := New(Options{PublicURL: url}).relying != nil; got != want {
			t.Errorf("%q: %v", url, got)
		}
	}
}

// No answer that was not signed opens the door, whatever it looks like.
func FuzzPasskeyAnswer(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA","userHandle":"AAAA"}}`))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`))
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	a := New(Options{Ring: ring, PublicURL: "https://tocsin.example"})
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, _, _, err := a.registered("jane", body); err == nil {
			t.Errorf("%q was taken for a passkey", body)
		}
		if _, err := a.challenged(toSignIn, "", string(body)); err == nil {
			t.Errorf("%q was taken for a challenge", body)
		}
		if said, err := protocol.ParseCredentialRequestResponseBytes(body); err == nil {
			if _, err := a.challenged(toSignIn, "", said.Response.CollectedClientData.Challenge); err == nil {
				t.Errorf("%q answers a challenge", body)
			}
		}
	})
}
