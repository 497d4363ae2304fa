package smtptest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"time"
)

// Text is what a mail program makes of a mail.
type Text struct {
	Header  mail.Header
	Subject string // decoded
	Plain   string
	HTML    string
}

// Parse reads a mail of two alternatives, plain text and HTML, and refuses any other.
func (m Mail) Parse() (Text, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return Text{}, fmt.Errorf("smtptest: mail: %w", err)
	}
	t := Text{Header: msg.Header}
	if t.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return Text{}, fmt.Errorf("smtptest: subject: %w", err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return Text{}, fmt.Errorf("smtptest: content type %q: %v", kind, err)
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	if t.Plain, err = part(r, "text/plain"); err != nil {
		return Text{}, err
	}
	if t.HTML, err = part(r, "text/html"); err != nil {
		return Text{}, err
	}
	if _, err := r.NextRawPart(); !errors.Is(err, io.EOF) {
		return Text{}, errors.New("smtptest: the mail has a third part")
	}
	return t, nil
}

func part(r *multipart.Reader, want string) (string, error) {
	p, err := r.NextRawPart()
	if err != nil {
		return "", fmt.Errorf("smtptest: %s: %w", want, err)
	}
	kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
	if err != nil || kind != want || params["charset"] != "UTF-8" {
		return "", fmt.Errorf("smtptest: want a part of %s in UTF-8, got %q", want, p.Header.Get("Content-Type"))
	}
	if e := p.Header.Get("Content-Transfer-Encoding"); e != "quoted-printable" {
		return "", fmt.Errorf("smtptest: %s is encoded as %q", want, e)
	}
	b, err := io.ReadAll(quotedprintable.NewReader(p))
	if err != nil {
		return "", fmt.Errorf("smtptest: %s: %w", want, err)
	}
	return string(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))), nil
}

// certificate is a fresh one for localhost, and what trusts it.
func certificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("smtptest: key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames:  []string{"localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("smtptest: certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("smtptest: certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool, nil
}
