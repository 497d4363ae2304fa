package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/apply"
	"tocsin/internal/config"
)

// A database whose key ring was lost must not look as if it served.
func TestAnotherRing(t *testing.T) {
	var o config.Server
	o.Data, o.Listen = t.TempDir(), "127.0.0.1:0"
	st, ring, err := OpenStore(t.Context(), o.Installation)
	if err != nil {
		t.Fatal(err)
	}
	setup, err := config.Parse("x.yaml", []byte("people: [{id: jane}]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Run(t.Context(), st, apply.NewWish(setup, ring, false), "test", time.Now().UTC()); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.Data, "keyring")); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		if err == nil || !strings.Contains(err.Error(), "key ring") {
			t.Errorf("%s with another ring: %v", what, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	refused("serve", Serve(ctx, o, slog.New(slog.DiscardHandler), "test", func(*Server) { stop() }))
	stop()
	_, _, err = OpenStore(t.Context(), o.Installation)
	refused("open", err)
}
