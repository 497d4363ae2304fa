package gate

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// A Cache keeps what ACME needs: the key of the account, certificates with their keys,
// and, for a moment, answers to challenges, which any node may be asked for.
type Cache interface {
	Secret(ctx context.Context, name string) ([]byte, error) // nil when there is none
	KeepSecret(ctx context.Context, name string, value []byte) error
	DropSecret(ctx context.Context, name string) error
}

// An ACME gets certificates for one host by itself, and renews them.
type ACME struct{ manager *autocert.Manager }

// ACMEOptions are what an ACME is made of.
type ACMEOptions struct {
	Host      string
	Email     string // for the directory's warnings; may be ""
	Directory string // "" is Let's Encrypt
	Client    *http.Client
	Cache     Cache
}

// NewACME is one. Whoever runs it agrees to the directory's terms.
func NewACME(o ACMEOptions) *ACME {
	client := &acme.Client{DirectoryURL: o.Directory, HTTPClient: o.Client, UserAgent: "Tocsin"}
	if o.Directory == "" {
		client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return &ACME{&autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(o.Host), Email: o.Email, Client: client, Cache: kept{o.Cache},
	}}
}

// Config is TLS with the host's certificate, which is fetched when it is first asked
// for; it also answers the challenge TLS-ALPN-01.
func (a *ACME) Config() *tls.Config {
	c := a.manager.TLSConfig()
	c.MinVersion = tls.VersionTLS12
	return c
}

// Handler answers the challenge HTTP-01, and hands everything else on.
func (a *ACME) Handler(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// kept is a Cache as autocert wants it.
type kept struct{ Cache }

func (k kept) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := k.Secret(ctx, name)
	if err == nil && b == nil {
		err = autocert.ErrCacheMiss
	}
	return b, err
}

func (k kept) Put(ctx context.Context, name string, b []byte) error {
	if b == nil {
		return errors.New("gate: nothing to keep")
	}
	return k.KeepSecret(ctx, name, b)
}

func (k kept) Delete(ctx context.Context, name string) error { return k.DropSecret(ctx, name) }
