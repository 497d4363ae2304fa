package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"tocsin/internal/egress"
	"tocsin/internal/engine"
	"tocsin/internal/store"
)

const (
	calendarWithin = 20 * time.Second // one answer
	calendarLook   = 20 * time.Second // between two looks at what is due
	calendarLease  = 5 * time.Minute
	calendarMost   = 24 * time.Hour // between two tries, however often they failed
	calendarAgain  = 24 * time.Hour // what did not change is written out on, a day further
)

// Calendars read the calendars of others that schedules take in. What cannot be read stays
// as it was last, and the error is seen beside it; the pause doubles with each failure.
type Calendars struct {
	store  *store.Store
	engine *engine.Engine
	client *http.Client
	log    *slog.Logger
}

// NewCalendars makes the reader. It does nothing until Run.
func NewCalendars(o Options) *Calendars {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Calendars{store: o.Store, engine: o.Engine, client: o.Egress.Client(calendarWithin), log: o.Log}
}

// Run reads what is due until ctx ends.
func (c *Calendars) Run(ctx context.Context) {
	defer c.client.CloseIdleConnections()
	tick := time.NewTicker(calendarLook)
	defer tick.Stop()
	for {
		if err := c.Step(ctx, c.engine.Now()); err != nil && ctx.Err() == nil {
			c.log.Error("calendars could not be looked at", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step reads what is due by now, one after the other.
func (c *Calendars) Step(ctx context.Context, now time.Time) error {
	var due []store.Calendar
	err := c.store.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.CalendarsDue(now)
		return err
	})
	for _, one := range due {
		if err == nil {
			err = c.turn(ctx, one, now)
		}
	}
	return err
}

// turn reads one calendar, if no other node does.
func (c *Calendars) turn(ctx context.Context, one store.Calendar, now time.Time) error {
	mine := false
	err := c.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		mine, err = tx.ClaimCalendar(one, now.Add(calendarLease))
		return err
	})
	if err != nil || !mine {
		return err
	}
	next, fault := c.read(ctx, one)
	return c.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		is, err := tx.Calendar(one.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil // it was taken out meanwhile
		}
		if err != nil {
			return err
		}
		next.NextAt = is.NextAt
		changed := !bytes.Equal(next.Content, is.Content)
		if fault == nil && (changed || now.Sub(next.TakenAt) >= calendarAgain) {
			next, fault = c.engine.TakeCalendar(tx, next, now)
			if _, bad := errors.AsType[engine.ErrCalendar](fault); fault != nil && !bad {
				return fault
			}
		}
		return tx.PutCalendar(settle(is, next, fault, now))
	})
}

// settle is a calendar after it was tried: what is good is kept with what came of it, and
// of what is not only the error.
func settle(was, is store.Calendar, fault error, now time.Time) store.Calendar {
	if fault != nil {
		was.TriedAt, was.Error = now, fault.Error()
		was.NextAt = now.Add(min(was.Every.D()<<min(was.Failures+1, 8), calendarMost))
		was.Failures++
		return was
	}
	is.TriedAt, is.GoodAt, is.Error, is.Failures = now, now, "", 0
	is.NextAt = now.Add(is.Every.D())
	return is
}

// read asks for the calendar, and only for what is newer than what is there.
func (c *Calendars) read(ctx context.Context, one store.Calendar) (store.Calendar, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, one.URL, nil)
	if err != nil {
		return one, errors.New("this is no address")
	}
	r.Header.Set("Accept", "text/calendar")
	r.Header.Set("User-Agent", "Tocsin")
	if len(one.Content) > 0 {
		if one.ETag != "" {
			r.Header.Set("If-None-Match", one.ETag)
		}
		if one.Modified != "" {
			r.Header.Set("If-Modified-Since", one.Modified)
		}
	}
	res, err := c.client.Do(r)
	if err != nil {
		return one, plain(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && len(one.Content) > 0:
		return one, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return one, fmt.Errorf("the answer is %d: it moved; take its new address", res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return one, fmt.Errorf("the answer is %d", res.StatusCode)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return one, plain(err)
	}
	if !bytes.Contains(body[:min(len(body), 1024)], []byte("BEGIN:VCALENDAR")) {
		return one, errors.New("the answer is no calendar")
	}
	if !bytes.Contains(body[max(0, len(body)-1024):], []byte("END:VCALENDAR")) {
		return one, errors.New("the calendar is cut off") // half of it would take shifts away
	}
	one.Content, one.ETag, one.Modified = body, res.Header.Get("ETag"), res.Header.Get("Last-Modified")
	return one, nil
}

// plain is an error without the address, which may be a secret.
func plain(err error) error {
	switch {
	case egress.Refused(err):
		return errors.New("the address is on a network that may not be reached from here (--allow-network)")
	case errors.Is(err, egress.ErrTooLarge):
		return errors.New("the calendar is longer than 1 MB")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer within 20 s")
	}
	return errors.New("nothing could be reached at that address")
}
