package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"tocsin/internal/gate"
)

// TLS says whether we speak TLS ourselves.
func (s *Server) TLS() bool { return s.TLSCert != "" || s.ACME }

// Public is the URL under which people and senders reach the server, without a slash at
// its end.
func (s *Server) Public() string {
	public := s.Installation.Public()
	if s.PublicURL == "" && s.TLS() {
		public = "https" + strings.TrimPrefix(public, "http")
	}
	return public
}

// validateHTTPS refuses options of HTTPS that cannot work together.
func (s *Server) validateHTTPS() error {
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("--tls-cert: goes with --tls-key")
	case s.ACME && s.TLSCert != "":
		return errors.New("--acme: either this or --tls-cert")
	case !s.ACME && (s.ACMEEmail != "" || s.ACMEDirectory != "" || s.ACMERoot != ""):
		return errors.New("--acme-email, --acme-directory and --acme-root go with --acme")
	case s.ACME && !strings.HasPrefix(s.PublicURL, "https://"):
		return errors.New("--acme: needs a --public-url with https, which names the host of the certificate")
	case s.ACME && !strings.Contains(s.host(), ".") || s.ACME && net.ParseIP(s.host()) != nil:
		return fmt.Errorf("--acme: %q is no host name that a certificate could be for", s.host())
	case s.ListenHTTP != "" && !strings.HasPrefix(s.Public(), "https://"):
		return errors.New("--listen-http: redirects to the public URL, which does not begin with https")
	}
	if _, port, err := net.SplitHostPort(s.ListenHTTP); s.ListenHTTP != "" && (err != nil || port == "") {
		return fmt.Errorf("--listen-http: %q is not host:port", s.ListenHTTP)
	}
	_, err := s.Trusted()
	return err
}

// host is that of the public URL.
func (s *Server) host() string {
	u, err := url.Parse(s.Public())
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Trusted are the proxies that are believed.
func (s *Server) Trusted() ([]netip.Prefix, error) {
	all, err := gate.ParseTrusted(s.Proxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	return all, nil
}

// acmeWithin is how long the directory may take for one answer.
const acmeWithin = 30 * time.Second

// NewACME gets certificates, and keeps them in the cache.
func (s *Server) NewACME(cache gate.Cache) (*gate.ACME, error) {
	dial, err := s.dialer(ntfyHost(s.ACMEDirectory)) // the administrator names it
	if err != nil {
		return nil, fmt.Errorf("--acme-directory: %w", err)
	}
	client := dial.Client(acmeWithin)
	if s.ACMERoot != "" {
		pem, err := os.ReadFile(s.ACMERoot)
		if err != nil {
			return nil, fmt.Errorf("--acme-root: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--acme-root: %s holds no certificate", s.ACMERoot)
		}
		client = dial.ClientTrusting(roots, acmeWithin)
	}
	return gate.NewACME(gate.ACMEOptions{Host: s.host(), Email: s.ACMEEmail, Directory: s.ACMEDirectory, Client: client, Cache: cache}), nil
}
