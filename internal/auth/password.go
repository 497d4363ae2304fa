package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"tocsin/incident"
	"tocsin/org"
)

// The cost of argon2id, one of the settings that OWASP's Password Storage Cheat Sheet
// recommends. Hashes carry theirs along, so that it can be raised.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16
	argonKey     = 32

	// A hash in the database may cost this much and no more.
	argonMost = 256 << 10

	hashesAtOnce  = 2  // so many times argonMemory is all the memory sign-ins take
	hashesWaiting = 64 // more are asked to come back

	shortest = 12   // characters of a password
	longest  = 1024 // bytes
)

var errBusy = errors.New("too many sign-ins at once")

// A hasher hashes passwords, a few at a time.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	done    atomic.Int64 // how many were hashed
	decoy   func() string
}

func newHasher() *hasher {
	return &hasher{
		slots: make(chan struct{}, hashesAtOnce),
		decoy: sync.OnceValue(func() string { return phc(make([]byte, argonSalt), make([]byte, argonKey)) }),
	}
}

// enter waits for a turn.
func (h *hasher) enter(ctx context.Context) error {
	if h.waiting.Add(1) > hashesWaiting {
		h.waiting.Add(-1)
		return errBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		h.done.Add(1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash makes the hash of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("auth: salt: %w", err)
	}
	return phc(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// check compares a password with a hash. With no hash it takes as long, and says no.
func (h *hasher) check(ctx context.Context, hash, password string) (bool, error) {
	real := hash != ""
	if !real {
		hash = h.decoy()
	}
	p, err := readPHC(hash)
	if err != nil {
		return false, err
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	got := argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(got, p.key) == 1 && real, nil
}

// phc writes a hash in the form of the Password Hashing Competition.
func phc(salt, key []byte) string {
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, e.EncodeToString(salt), e.EncodeToString(key))
}

type hashed struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func readPHC(text string) (h hashed, err error) {
	bad := errors.New("auth: this is no hash of a password")
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return h, bad
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	h.salt, h.key = salt, key
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 || h.threads < 1 || h.time < 1 || h.time > 16 ||
		h.memory < 8*uint32(h.threads) || h.memory > argonMost {
		return h, bad
	}
	return h, nil
}

// outdated says whether a hash was made at another cost than new ones are.
func outdated(hash string) bool {
	return !strings.Contains(hash, fmt.Sprintf("$m=%d,t=%d,p=%d$", argonMemory, argonTime, argonThreads))
}

// acceptable refuses passwords that are guessed first. Length is what makes a password
// strong: no rule asks for digits or signs.
func acceptable(password string, p org.Person) error {
	n := 0
	distinct := map[rune]bool{}
	for _, r := range password {
		n++
		distinct[r] = true
	}
	lower := strings.ToLower(password)
	switch {
	case n < shortest:
		return incident.Refuse("a password has at least %d characters: a few words are good", shortest)
	case len(password) > longest:
		return incident.Refuse("a password has at most %d bytes", longest)
	case len(distinct) < 5:
		return incident.Refuse("the password repeats itself: it would be guessed")
	case lower == strings.ToLower(string(p.ID)), lower == strings.ToLower(p.Name):
		return incident.Refuse("the password is a name: it would be guessed")
	}
	for _, m := range p.Methods {
		if lower == strings.ToLower(m.Address) {
			return incident.Refuse("the password is an address: it would be guessed")
		}
	}
	for _, run := range []string{"abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "passwordpassword", "password1234567890", "correcthorsebatterystaple"} {
		if strings.Contains(run, lower) || strings.HasPrefix(lower, run) && len(lower) < len(run)+4 {
			return incident.Refuse("the password is one of those that are guessed first")
		}
	}
	return nil
}
