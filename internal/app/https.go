package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/gate"
	"tocsin/internal/store"
)

// open puts the gate before the handler and answers requests, over TLS where that is ours
// to do. stopping is closed first when the house stops, for those who would stay for
// hours.
func (s *Server) open(listener net.Listener, handler http.Handler, o config.Server, stopping chan<- struct{}, log *slog.Logger) error {
	trusted, err := o.Trusted()
	if err != nil {
		return err
	}
	secure, redirect, err := s.certificates(o, log)
	if err != nil {
		return err
	}
	if o.ListenHTTP != "" {
		plain, err := net.Listen("tcp", o.ListenHTTP)
		if err != nil {
			return fmt.Errorf("--listen-http: %w", err)
		}
		s.PlainURL = "http://" + plain.Addr().String()
		s.serve("http redirect", plain, server(redirect, nil, log))
	}
	main := server(gate.New(handler, gate.Options{Public: o.Public(), Trusted: trusted}), secure, log)
	main.RegisterOnShutdown(func() { close(stopping) })
	s.serve("http", listener, main)
	return nil
}

// certificates are where TLS has its certificates from, nil without TLS, and what
// answers http: beside it.
func (s *Server) certificates(o config.Server, log *slog.Logger) (secure *tls.Config, redirect http.Handler, err error) {
	redirect = gate.Redirect(o.Public())
	switch {
	case o.TLSCert != "":
		files, err := gate.NewFiles(o.TLSCert, o.TLSKey, log)
		if err != nil {
			return nil, nil, fmt.Errorf("--tls-cert: %w", err)
		}
		return files.Config(), redirect, nil
	case o.ACME:
		acme, err := o.NewACME(secrets{s.Store})
		if err != nil {
			return nil, nil, err
		}
		return acme.Config(), acme.Handler(redirect), nil
	}
	return nil, redirect, nil
}

// server is a server with our bounds.
func server(handler http.Handler, secure *tls.Config, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve answers requests until the clean-up, which lets those in flight end.
func (s *Server) serve(name string, listener net.Listener, server *http.Server) {
	go func() {
		serve := server.Serve
		if server.TLSConfig != nil {
			serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("%s: %w", name, err)
		}
	}()
	s.cleanup(name, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), drain)
		defer cancel()
		return server.Shutdown(ctx)
	})
}

// secrets keeps what ACME needs in the database, sealed, so that all nodes have it.
type secrets struct{ store *store.Store }

func (s secrets) Secret(ctx context.Context, name string) (b []byte, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		b, err = tx.SealedMeta("acme/" + name)
		return err
	})
	return b, err
}

func (s secrets) KeepSecret(ctx context.Context, name string, value []byte) error {
	return s.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.PutSealedMeta("acme/"+name, value) })
}

func (s secrets) DropSecret(ctx context.Context, name string) error {
	return s.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.SetMeta("acme/"+name, "") })
}
