// Package pushtest is a push service and the devices that are signed up with it, for
// tests: it owns the devices' keys, opens whatever it is sent, and holds each request to
// the RFCs (8030 delivery, 8188 and 8291 encryption, 8292 who sends). What the RFCs do
// not allow, or nobody expected, fails the test. It listens on loopback, without TLS.
//
// It reads the RFCs by itself and shares no code with the sender that it judges.
package pushtest

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
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Service is a push service.
type Service struct {
	URL string

	t       testing.TB
	key     string // of whom pushes are expected, base64url; "" is anybody's
	mu      sync.Mutex
	devices map[string]*Device // by path
	last    map[string][]Push  // by path
}

// A Device is one browser that is signed up.
type Device struct {
	Endpoint, P256dh, Auth string
	// Status is what its pushes are answered with; 0 is 201.
	Status int
	// After is the Retry-After of it.
	After string

	path   string
	secret *ecdh.PrivateKey
	auth   []byte
}

// A Push is one that was opened.
type Push struct {
	Text    []byte
	TTL     time.Duration
	Urgency string
	Topic   string
}

// New is a service that expects pushes by one sender.
func New(t testing.TB, key string) *Service {
	s := &Service{t: t, key: key, devices: map[string]*Device{}, last: map[string][]Push{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Device signs a new device up.
func (s *Service) Device() *Device {
	secret, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	d := &Device{path: "/push/" + rand.Text(), secret: secret, auth: make([]byte, 16)}
	rand.Read(d.auth)
	d.Endpoint, d.P256dh, d.Auth = s.URL+d.path, b64.EncodeToString(secret.PublicKey().Bytes()), b64.EncodeToString(d.auth)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[d.path] = d
	return d
}

// Got are the pushes of a device since it was asked last.
func (s *Service) Got(d *Device) []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.last[d.path]
	s.last[d.path] = nil
	return got
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[r.URL.Path]
	if d == nil {
		s.t.Errorf("push: nobody expected %s %s", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	p, err := s.open(d, r)
	if err != nil {
		s.t.Errorf("push: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if d.After != "" {
		w.Header().Set("Retry-After", d.After)
	}
	if d.Status != 0 {
		w.WriteHeader(d.Status)
		return
	}
	s.last[d.path] = append(s.last[d.path], p)
	w.Header().Set("Location", s.URL+"/message/"+rand.Text())
	w.WriteHeader(http.StatusCreated)
}

var (
	b64       = base64.RawURLEncoding
	topicForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
)

// open checks a request and opens its message.
func (s *Service) open(d *Device, r *http.Request) (p Push, err error) {
	h := r.Header
	seconds, err := strconv.Atoi(h.Get("TTL"))
	switch {
	case r.Method != http.MethodPost:
		return p, fmt.Errorf("the method is %s", r.Method)
	case err != nil || seconds < 0:
		return p, fmt.Errorf("it has the TTL %q (RFC 8030, 5.2)", h.Get("TTL"))
	case h.Get("Content-Encoding") != "aes128gcm":
		return p, fmt.Errorf("it has the Content-Encoding %q (RFC 8291, 4)", h.Get("Content-Encoding"))
	case h.Get("Topic") != "" && !topicForm.MatchString(h.Get("Topic")):
		return p, fmt.Errorf("it has the topic %q (RFC 8030, 5.4)", h.Get("Topic"))
	}
	switch h.Get("Urgency") {
	case "", "very-low", "low", "normal", "high":
	default:
		return p, fmt.Errorf("it has the urgency %q (RFC 8030, 5.3)", h.Get("Urgency"))
	}
	if err := s.granted(h.Get("Authorization")); err != nil {
		return p, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4097))
	if err != nil || len(body) > 4096 {
		return p, errors.New("the message is longer than 4096 bytes (RFC 8030, 7.2)")
	}
	text, err := d.decrypt(body)
	return Push{Text: text, TTL: time.Duration(seconds) * time.Second, Urgency: h.Get("Urgency"), Topic: h.Get("Topic")}, err
}

// granted checks who sends (RFC 8292).
func (s *Service) granted(header string) error {
	form := regexp.MustCompile(`^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$`).FindStringSubmatch(header)
	if form == nil {
		return fmt.Errorf("it is authorized by %q (RFC 8292, 3)", header)
	}
	if s.key != "" && form[4] != s.key {
		return errors.New("it is sent by another than the device is signed up for (RFC 8292, 4.2)")
	}
	point, err := b64.DecodeString(form[4])
	if err != nil {
		return err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	signature, err := b64.DecodeString(form[3])
	if err != nil || len(signature) != 64 {
		return errors.New("the signature is not 64 bytes (RFC 7518, 3.4)")
	}
	sum := sha256.Sum256([]byte(form[1] + "." + form[2]))
	if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the signature is wrong")
	}
	var head struct{ Typ, Alg string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	for part, into := range map[string]any{form[1]: &head, form[2]: &claims} {
		text, err := b64.DecodeString(part)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return err
		}
	}
	left := time.Until(time.Unix(claims.Exp, 0))
	switch {
	case head.Alg != "ES256" || head.Typ != "JWT":
		return fmt.Errorf("the token is %+v", head)
	case claims.Aud != s.URL:
		return fmt.Errorf("aud is %q, want the origin %q (RFC 8292, 2)", claims.Aud, s.URL)
	case left <= 0 || left > 24*time.Hour:
		return fmt.Errorf("it expires in %s (RFC 8292, 2)", left)
	case !strings.HasPrefix(claims.Sub, "mailto:") && !strings.HasPrefix(claims.Sub, "https:"):
		return fmt.Errorf("sub is %q (RFC 8292, 2.1)", claims.Sub)
	}
	return nil
}

// decrypt opens a message with the device's key (RFC 8291, 3; RFC 8188, 2).
func (d *Device) decrypt(body []byte) ([]byte, error) {
	if len(body) < 21 {
		return nil, errors.New("the message has no header (RFC 8188, 2.1)")
	}
	salt, size, idlen := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if idlen != 65 || len(body) < 21+idlen || size < 18 || int(size) < len(body)-21-idlen {
		return nil, fmt.Errorf("the header has a key of %d bytes and records of %d (RFC 8291, 4)", idlen, size)
	}
	theirs := body[21 : 21+idlen]
	sender, err := ecdh.P256().NewPublicKey(theirs)
	if err != nil {
		return nil, err
	}
	shared, err := d.secret.ECDH(sender)
	if err != nil {
		return nil, err
	}
	prk, err := hkdf.Extract(sha256.New, shared, d.auth)
	if err != nil {
		return nil, err
	}
	ikm, err := hkdf.Expand(sha256.New, prk, "WebPush: info\x00"+string(d.secret.PublicKey().Bytes())+string(theirs), 32)
	if err != nil {
		return nil, err
	}
	if prk, err = hkdf.Extract(sha256.New, ikm, salt); err != nil {
		return nil, err
	}
	key, err := hkdf.Expand(sha256.New, prk, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Expand(sha256.New, prk, "Content-Encoding: nonce\x00", 12)
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
	plain, err := gcm.Open(nil, nonce, body[21+idlen:], nil)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00"))
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("the last record does not end in 2 (RFC 8188, 2)")
	}
	return plain[:len(plain)-1], nil
}
