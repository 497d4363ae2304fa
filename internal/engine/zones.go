package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

const (
	horizonFor   = 90 * 24 * time.Hour // how far the future is kept as it was published
	horizonEvery = 24 * time.Hour
	mostHorizon  = 4000 // shifts of one schedule
)

// zones compares what was published with what the zone database of this release says: a
// government that changes its clocks moves shifts of people who changed nothing. They are
// told, and the linter shows it.
func (w *shiftWork) zones() error {
	was, err := w.tx.Horizon(w.id)
	if err != nil {
		return err
	}
	same := was.Version == w.version() && was.Zones == org.ZoneVersion
	if same && w.now.Sub(was.At) < horizonEvery {
		return nil
	}
	is := store.Horizon{Schedule: w.id, Version: w.version(), Zones: org.ZoneVersion, At: w.now, Moved: was.Moved}
	is.Shifts = w.c.Render(w.now, w.now.Add(horizonFor))
	is.Shifts = is.Shifts[:min(len(is.Shifts), mostHorizon)]
	for i := range is.Shifts {
		is.Shifts[i].Why = ""
	}
	if was.Version == w.version() && was.Zones != org.ZoneVersion && was.Zones != "" {
		if err := w.moves(was, &is); err != nil {
			return err
		}
	}
	return w.tx.PutHorizon(is)
}

// moves tells what a newer zone database does to shifts to come.
func (w *shiftWork) moves(was store.Horizon, is *store.Horizon) error {
	before := upTo(was.Shifts, w.now, is.Shifts)
	if len(before) == 0 {
		return nil
	}
	changes := oncall.Diff(before, w.c.Render(w.now, before[len(before)-1].Until))
	if len(changes) == 0 {
		return nil
	}
	is.Moved = &store.Moved{From: was.Zones, To: is.Zones, At: w.now, Changes: changes[:min(len(changes), 100)]}
	for _, who := range touched(changes) {
		lines := []string{fmt.Sprintf("The rules of clocks changed (%s, before %s): that moves your shifts for %s", is.Zones, was.Zones, w.title())}
		for _, d := range changes {
			on, off := slices.Contains(d.On, who), slices.Contains(d.Off, who)
			if d.Role == oncall.Shadow || !on && !off {
				continue
			}
			if len(lines) == 6 {
				lines = append(lines, "and more")
				break
			}
			lines = append(lines, w.s.move(w.c, d, who, on))
		}
		if err := w.notice(who, noticeZones, is.At, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// upTo are the shifts from a moment on that both know of.
func upTo(shifts []oncall.Shift, from time.Time, other []oncall.Shift) (out []oncall.Shift) {
	if len(shifts) == 0 || len(other) == 0 {
		return nil
	}
	until := incident.Sooner(shifts[len(shifts)-1].Until, other[len(other)-1].Until)
	for _, s := range shifts {
		s.From, s.Until = later(s.From, from), incident.Sooner(s.Until, until)
		if s.From.Before(s.Until) {
			out = append(out, s)
		}
	}
	return out
}
