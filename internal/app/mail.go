package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"tocsin/internal/config"
	"tocsin/internal/gate"
	"tocsin/internal/inbox"
)

// takeMail opens the door for replies to pages. It offers STARTTLS with the certificate of
// --tls-cert; one by ACME is for the web alone.
func (s *Server) takeMail(o config.Server, log *slog.Logger) error {
	var secure *tls.Config
	if o.TLSCert != "" {
		files, err := gate.NewFiles(o.TLSCert, o.TLSKey, log)
		if err != nil {
			return fmt.Errorf("--tls-cert: %w", err)
		}
		secure = files.Config()
	}
	listener, err := net.Listen("tcp", o.MailListen)
	if err != nil {
		return fmt.Errorf("--mail-listen: %w", err)
	}
	s.MailAddr = listener.Addr().String()
	in := inbox.New(inbox.Options{Engine: s.Engine, Domain: o.MailDomain, TLS: secure, Log: log})
	go func() {
		if err := in.Serve(listener); err != nil && !errors.Is(err, net.ErrClosed) {
			s.failed <- fmt.Errorf("mail: %w", err)
		}
	}()
	s.cleanup("mail", in.Close)
	return nil
}
