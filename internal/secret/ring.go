// Package secret keeps what must not be read from a stolen disk or backup: a ring of
// keys that seals values before the store writes them, and makes keyed hashes by which
// sealed values are still found.
//
// A ring is a few lines of text, "id base64key", kept in a file of mode 0600 or in an
// environment variable. The first key seals; every key opens. Rotation puts a new line
// on top: from then on new values are sealed under it, old ones stay readable, and a
// key may be taken out once nothing is sealed under it any more. The last line is the
// oldest key and has a second duty: keyed hashes and tokens are always made with it.
// A hash that changed with every rotation would find nothing that was written before,
// and could not be recomputed without opening everything; so this key stays for the
// life of the installation even when it seals nothing.
//
// Sealing is AES-256-GCM with a random nonce of 96 bits. The additional data says
// where the value lives ("table/column/id"), so that a sealed value copied to another
// row does not open there. A key on the ring is never used directly: one subkey for
// sealing and one for hashing are derived from it by HKDF-SHA256.
//
// Nonces are drawn from the ring's reader. It is crypto/rand, except in a simulation,
// which gives its own so that a seed replays to the byte.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
)

const keySize = 32

// A Ring seals, opens and hashes. It is safe for concurrent use.
type Ring struct {
	keys []key // the first seals, the last hashes
	rand io.Reader
	macs sync.Pool // keyed hashes that nobody uses just now
}

type key struct {
	id   string
	raw  []byte
	seal cipher.AEAD
	mac  []byte
}

// Generate makes a ring of one new key, "k1", from rand.
func Generate(rand io.Reader) (*Ring, error) {
	raw := make([]byte, keySize)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return nil, fmt.Errorf("secret: new key: %w", err)
	}
	k, err := newKey("k1", raw)
	if err != nil {
		return nil, err
	}
	return ring(k), nil
}

func ring(keys ...key) *Ring { return &Ring{keys: keys, rand: rand.Reader} }

// WithRand is the same ring drawing its nonces from another reader, one at a time.
func (r *Ring) WithRand(from io.Reader) *Ring {
	return &Ring{keys: r.keys, rand: OneAtATime(from)}
}

// Rotated is the ring with a new key on top of the others.
func (r *Ring) Rotated(rand io.Reader) (*Ring, error) {
	raw := make([]byte, keySize)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return nil, fmt.Errorf("secret: new key: %w", err)
	}
	n := len(r.keys) + 1
	for r.byID(fmt.Sprintf("k%d", n)) != nil {
		n++
	}
	k, err := newKey(fmt.Sprintf("k%d", n), raw)
	if err != nil {
		return nil, err
	}
	return &Ring{keys: append([]key{k}, r.keys...), rand: r.rand}, nil
}

func newKey(id string, raw []byte) (key, error) {
	k := key{id: id, raw: raw}
	sub, err := hkdf.Key(sha256.New, raw, nil, "tocsin seal", keySize)
	if err != nil {
		return k, fmt.Errorf("secret: derive: %w", err)
	}
	if k.mac, err = hkdf.Key(sha256.New, raw, nil, "tocsin hash", keySize); err != nil {
		return k, fmt.Errorf("secret: derive: %w", err)
	}
	block, err := aes.NewCipher(sub)
	if err != nil {
		return k, fmt.Errorf("secret: cipher: %w", err)
	}
	if k.seal, err = cipher.NewGCM(block); err != nil {
		return k, fmt.Errorf("secret: cipher: %w", err)
	}
	return k, nil
}

// parse reads the text of a ring: one "id base64key" a line, newest first; empty lines
// and lines that begin with # are skipped.
func parse(text string) (*Ring, error) {
	r := ring()
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 2 || strings.Contains(f[0], ":") {
			return nil, fmt.Errorf("line %d: want \"id base64key\", the id without a colon", n+1)
		}
		raw, err := base64.StdEncoding.DecodeString(f[1])
		if err != nil || len(raw) != keySize {
			return nil, fmt.Errorf("line %d: key %s is not %d bytes in base64", n+1, f[0], keySize)
		}
		if r.byID(f[0]) != nil {
			return nil, fmt.Errorf("line %d: key %s stands here twice", n+1, f[0])
		}
		k, err := newKey(f[0], raw)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, k)
	}
	if len(r.keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return r, nil
}

func (r *Ring) text() string {
	var b strings.Builder
	b.WriteString("# Keys of this installation: the first seals, all open. Without them sealed data is lost.\n")
	for _, k := range r.keys {
		fmt.Fprintf(&b, "%s %s\n", k.id, base64.StdEncoding.EncodeToString(k.raw))
	}
	return b.String()
}

func (r *Ring) byID(id string) *key {
	for i := range r.keys {
		if r.keys[i].id == id {
			return &r.keys[i]
		}
	}
	return nil
}

// Seal encrypts a value for one place, "table/column/id". The result is text: the
// key's id, a colon, and nonce and ciphertext in base64.
func (r *Ring) Seal(aad string, plain []byte) string {
	k := r.keys[0]
	nonce := make([]byte, k.seal.NonceSize(), k.seal.NonceSize()+len(plain)+k.seal.Overhead())
	if _, err := io.ReadFull(r.rand, nonce); err != nil {
		panic("secret: the source of randomness failed: " + err.Error())
	}
	return k.id + ":" + base64.StdEncoding.EncodeToString(k.seal.Seal(nonce, nonce, plain, []byte(aad)))
}

// Seals says whether a sealed value is under the key that seals now, the newest.
func (r *Ring) Seals(text string) bool { return strings.HasPrefix(text, r.keys[0].id+":") }

// Open decrypts what Seal made for the same place under any key of the ring.
func (r *Ring) Open(aad, text string) ([]byte, error) {
	id, body, ok := strings.Cut(text, ":")
	if !ok {
		return nil, fmt.Errorf("secret: %s: this is not a sealed value", aad)
	}
	k := r.byID(id)
	if k == nil {
		return nil, fmt.Errorf("secret: %s: sealed under key %q, which is not on the ring", aad, id)
	}
	b, err := base64.StdEncoding.DecodeString(body)
	if err != nil || len(b) < k.seal.NonceSize() {
		return nil, fmt.Errorf("secret: %s: the sealed value is damaged", aad)
	}
	n := k.seal.NonceSize()
	plain, err := k.seal.Open(nil, b[:n], b[n:], []byte(aad))
	if err != nil {
		return nil, fmt.Errorf("secret: %s: the value was changed, or sealed for another place", aad)
	}
	return plain, nil
}

// Hash is the keyed hash of a value, in hex: the same for the life of the ring, told
// apart by domain. Equal values are found by it, and nobody without the ring can try
// values against it.
func (r *Ring) Hash(domain, value string) string {
	return hex.EncodeToString(r.mac("hash", domain, value))
}

// Token proves that this installation made it for the value: 128 bits in 22 characters
// that are safe in a URL.
func (r *Ring) Token(domain, value string) string {
	return base64.RawURLEncoding.EncodeToString(r.mac("token", domain, value)[:16])
}

// TokenOK says whether Token made this one, in constant time.
func (r *Ring) TokenOK(domain, value, token string) bool {
	return subtle.ConstantTimeCompare([]byte(r.Token(domain, value)), []byte(token)) == 1
}

func (r *Ring) mac(use, domain, value string) []byte {
	h, ok := r.macs.Get().(hash.Hash)
	if ok {
		h.Reset()
	} else {
		h = hmac.New(sha256.New, r.keys[len(r.keys)-1].mac)
	}
	defer r.macs.Put(h)
	for _, part := range []string{use, domain} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		io.WriteString(h, part)
	}
	io.WriteString(h, value)
	return h.Sum(nil)
}

// OneAtATime lets a reader that is not safe for concurrent use be shared.
func OneAtATime(from io.Reader) io.Reader { return &oneAtATime{from: from} }

type oneAtATime struct {
	mu   sync.Mutex
	from io.Reader
}

func (o *oneAtATime) Read(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.from.Read(b)
}
