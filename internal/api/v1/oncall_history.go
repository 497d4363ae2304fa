package v1

import (
	"context"
	"time"

	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// was is who was on call, and will be: what is past as the on-call log has it, whatever
// became of the schedule since, and what is to come as the schedule says. What was before
// the log begins is reckoned.
func (a *API) was(ctx context.Context, s *setup, c *oncall.Compiled, id string, from, to time.Time) ([]oncall.Shift, error) {
	now := a.now()
	if !from.Before(now) {
		return s.register().Render(c, from, to), nil
	}
	var rows []store.ShiftRow
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Shifts(org.ScheduleID(id), from, sooner(now, to))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return s.register().Render(c, from, to), nil
	}
	var out []oncall.Shift
	if first := rows[0].At; first.After(from) {
		out = s.register().Render(c, from, first)
	}
	join := func(next oncall.Shift) {
		if n := len(out) - 1; n >= 0 && out[n].Until.Equal(next.From) && sameShift(out[n], next) {
			out[n].Until, out[n].Why = next.Until, next.Why
			return
		}
		out = append(out, next)
	}
	end := sooner(now, to)
	for _, r := range rows {
		shift := r.Shift(end)
		shift.From, shift.Until = later(shift.From, from), sooner(shift.Until, end)
		shift.Empty = len(shift.Roles) == 0
		if shift.From.Before(shift.Until) {
			join(shift)
		}
	}
	if end.Before(to) {
		for _, next := range s.register().Render(c, end, to) {
			join(next)
		}
	}
	return out, nil
}

func sameShift(a, b oncall.Shift) bool {
	return len(oncall.Diff([]oncall.Shift{{From: a.From, Until: b.Until, Roles: a.Roles}}, []oncall.Shift{{From: a.From, Until: b.Until, Roles: b.Roles}})) == 0
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
