package channel

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"strings"
	"time"
)

const (
	recordSize = 4096           // the one record of a push (RFC 8188)
	saltSize   = 16             // RFC 8188, 2.1
	authSize   = 16             // RFC 8291, 3.2
	grantFor   = 12 * time.Hour // RFC 8292 allows 24
)

// A recipient is a device that messages are sealed for.
type recipient struct {
	key  *ecdh.PublicKey
	auth []byte
}

// newRecipient reads what a browser gives: base64url, with or without padding.
func newRecipient(p256dh, auth string) (*recipient, error) {
	point, err := base64url.DecodeString(strings.TrimRight(p256dh, "="))
	if err != nil {
		return nil, errors.New("keys.p256dh is not base64url")
	}
	key, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, errors.New("keys.p256dh is no point of P-256")
	}
	secret, err := base64url.DecodeString(strings.TrimRight(auth, "="))
	if err != nil || len(secret) != authSize {
		return nil, errors.New("keys.auth is not 16 bytes in base64url")
	}
	return &recipient{key, secret}, nil
}

// seal encrypts a message with a key and salt that are used this once.
func (r *recipient) seal(plain []byte) ([]byte, error) {
	ours, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(rand.Reader, salt); err != nil {
		return nil, err
	}
	return r.sealWith(plain, ours, salt)
}

// sealWith is seal with a given key and salt: one record of aes128gcm (RFC 8188) under
// a key that both sides derive (RFC 8291).
func (r *recipient) sealWith(plain []byte, ours *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	shared, err := ours.ECDH(r.key)
	if err != nil {
		return nil, err
	}
	us := ours.PublicKey().Bytes()
	about := "WebPush: info\x00" + string(r.key.Bytes()) + string(us)
	material, err := hkdf.Key(sha256.New, shared, r.auth, about, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	if whole := saltSize + 5 + len(us) + len(plain) + 1 + gcm.Overhead(); whole > recordSize {
		return nil, fmt.Errorf("a push of %d bytes is too long, at most %d", whole, recordSize)
	}
	out := append([]byte(nil), salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(out, byte(len(us)))
	out = append(out, us...)
	last := append(append([]byte(nil), plain...), 2) // the delimiter of the last record
	return gcm.Seal(out, nonce, last, nil), nil
}

// A VAPID is the key by which push services know this installation (RFC 8292).
// Subscriptions are bound to it: with another, every device must sign up again.
type VAPID struct{ key *ecdsa.PrivateKey }

// NewVAPID makes a key.
func NewVAPID() (*VAPID, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &VAPID{key}, err
}

// ParseVAPID reads what Secret gave.
func ParseVAPID(secret []byte) (*VAPID, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	if err != nil {
		return nil, fmt.Errorf("push: the key of this installation: %w", err)
	}
	return &VAPID{key}, nil
}

// Secret is the key, to be kept.
func (v *VAPID) Secret() []byte {
	secret, err := v.key.Bytes()
	if err != nil {
		panic("channel: push: " + err.Error()) // a key on P-256 has a form
	}
	return secret
}

// Public is the point that browsers subscribe with.
func (v *VAPID) Public() []byte {
	point, err := v.key.PublicKey.Bytes()
	if err != nil {
		panic("channel: push: " + err.Error())
	}
	return point
}

// grant is the header that says to a push service who sends.
func (v *VAPID) grant(to *url.URL, contact string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"aud": to.Scheme + "://" + to.Host, "exp": now.Add(grantFor).Unix(), "sub": contact})
	if err != nil {
		return "", err
	}
	text := base64url.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + base64url.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, v.key, sum[:])
	if err != nil {
		return "", err
	}
	return "vapid t=" + text + "." + base64.RawURLEncoding.EncodeToString(append(fixed(r), fixed(s)...)) + ", k=" + base64url.EncodeToString(v.Public()), nil
}

// fixed is a number of a signature in its 32 bytes.
func fixed(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }
