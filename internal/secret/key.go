package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// A Key is one that belongs to a single thing: a message, an attachment. It is kept
// sealed by the ring, and what is sealed with it is lost for good when it is dropped,
// however many copies of that there are.
type Key [keySize]byte

// NewKey draws a key.
func NewKey(rand io.Reader) (k Key, err error) {
	if _, err := io.ReadFull(rand, k[:]); err != nil {
		return k, fmt.Errorf("secret: new key: %w", err)
	}
	return k, nil
}

// Seal encrypts a value for one place: the nonce, and what AES-256-GCM makes of it.
func (k Key) Seal(rand io.Reader, place string, plain []byte) []byte {
	gcm := k.gcm()
	out := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
	if _, err := io.ReadFull(rand, out); err != nil {
		panic("secret: the source of randomness failed: " + err.Error())
	}
	return gcm.Seal(out, out, plain, []byte(place))
}

// Open decrypts what Seal made for the same place.
func (k Key) Open(place string, sealed []byte) ([]byte, error) {
	gcm := k.gcm()
	if len(sealed) < gcm.NonceSize() {
		return nil, fmt.Errorf("secret: %s: the sealed value is damaged", place)
	}
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], []byte(place))
	if err != nil {
		return nil, fmt.Errorf("secret: %s: the value was changed, or sealed for another place", place)
	}
	return plain, nil
}

func (k Key) gcm() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("secret: cipher: " + err.Error()) // the size is right
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("secret: cipher: " + err.Error())
	}
	return gcm
}

// WrapKey seals a key for one place.
func (r *Ring) WrapKey(place string, k Key) string { return r.Seal(place, k[:]) }

// UnwrapKey opens what WrapKey made.
func (r *Ring) UnwrapKey(place, text string) (k Key, err error) {
	plain, err := r.Open(place, text)
	if err != nil {
		return k, err
	}
	if copy(k[:], plain) != keySize || len(plain) != keySize {
		return k, errors.New("secret: " + place + ": this is no key")
	}
	return k, nil
}
