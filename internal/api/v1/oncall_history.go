package v1

import (
	"context"
	"time"

	"tocsin/internal/store"
	"tocsin/oncall"
)

// was is who was on call, and will be.
func (a *API) was(ctx context.Context, s *setup, c *oncall.Compiled, id string, from, to time.Time) (shifts []oncall.Shift, err error) {
	now := a.now()
	if !from.Before(now) {
		return s.register().Render(c, from, to), nil
	}
	return shifts, a.store.Read(ctx, func(tx *store.Tx) error {
		shifts, err = s.books(c, id).Was(tx, from, to, now)
		return err
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
