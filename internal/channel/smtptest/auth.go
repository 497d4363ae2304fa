package smtptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// An authority knows the one login and hears when it was used.
type authority struct {
	username, password string
	accept             func()
}

func (a authority) check(username, password string) error {
	if username != a.username || password != a.password {
		return smtp.ErrAuthFailed
	}
	a.accept()
	return nil
}

// loginServer asks for the name, then for the password.
type loginServer struct {
	authority
	step int
	name string
}

func (s *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	s.step++
	switch s.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		s.name = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, s.check(s.name, string(response))
}

// cramServer is RFC 2195.
type cramServer struct {
	authority
	challenge string
}

func (s *cramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if s.challenge == "" {
		s.challenge = "<" + rand.Text() + "@mail.test>"
		return []byte(s.challenge), false, nil
	}
	mac := hmac.New(md5.New, []byte(s.password))
	mac.Write([]byte(s.challenge))
	want := s.username + " " + hex.EncodeToString(mac.Sum(nil))
	if string(response) != want {
		return nil, true, smtp.ErrAuthFailed
	}
	s.accept()
	return nil, true, nil
}

// scramServer is RFC 7677 without channel binding.
type scramServer struct {
	authority
	step         int
	bare, first  string // the client's first message without its header; ours
	nonce        string
	salted, salt []byte
}

const scramRounds = 4096

func (s *scramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	s.step++
	text := string(response)
	switch {
	case s.step == 1 && text == "": // no initial response: ask for it
		s.step = 0
		return []byte{}, false, nil
	case s.step == 1:
		return s.begin(text)
	case s.step == 2:
		return s.prove(text)
	}
	s.accept() // the client has seen our signature and is content
	return nil, true, nil
}

func (s *scramServer) begin(text string) ([]byte, bool, error) {
	bare, ok := strings.CutPrefix(text, "n,,")
	name, nonce, ok2 := strings.Cut(bare, ",r=")
	if !ok || !ok2 || name != "n="+s.username {
		return nil, true, smtp.ErrAuthFailed
	}
	s.bare, s.nonce, s.salt = bare, nonce+rand.Text(), []byte(rand.Text())
	var err error
	if s.salted, err = pbkdf2.Key(sha256.New, s.password, s.salt, scramRounds, sha256.Size); err != nil {
		return nil, true, err
	}
	s.first = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.salt), scramRounds)
	return []byte(s.first), false, nil
}

func (s *scramServer) prove(text string) ([]byte, bool, error) {
	without, proof64, ok := strings.Cut(text, ",p=")
	proof, err := base64.StdEncoding.DecodeString(proof64)
	if !ok || err != nil || without != "c=biws,r="+s.nonce || len(proof) != sha256.Size {
		return nil, true, smtp.ErrAuthFailed
	}
	message := s.bare + "," + s.first + "," + without
	clientKey := mac(s.salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	got := make([]byte, sha256.Size)
	subtle.XORBytes(got, proof, mac(stored[:], message))
	if !bytes.Equal(got, clientKey) {
		return nil, true, smtp.ErrAuthFailed
	}
	signature := mac(mac(s.salted, "Server Key"), message)
	return []byte("v=" + base64.StdEncoding.EncodeToString(signature)), false, nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
