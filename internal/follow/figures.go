package follow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/review/figures"
)

const (
	figuresFollower = "figures"
	figuresBatch    = 256 // records in one transaction

	// Rows of the feed in one, of which an incident has several. SQLite has one writer:
	// senders wait as long as it takes.
	newsBatchSQLite, newsBatchPostgres = 128, 1024

	yieldMost  = 10 * time.Second // how long reports let triage go first
	yieldTimes = 4                // as long as they worked: how long they wait then, while it is busy
	packAfter  = time.Hour        // a record that is not written anew for so long goes into its pack
	packEvery  = 5 * time.Minute
)

// Figures keep what the reports count (review/figures) in step with what happened: one
// small record per incident, made again of its log and pages whenever the feed tells of
// either. Records of late stand in rows of their own; once they are at rest they are packed
// with those of their day. What was there before the records, or was made by another
// version of them, is made from the first incident on, a batch at a time beside the news.
//
// One node does it, by the lease of a follower.
type Figures struct {
	store  *store.Store
	engine *engine.Engine
	log    *slog.Logger

	batch  int       // rows of the feed that one transaction is given
	packed time.Time // when it was last looked for what can be packed
}

// NewFigures makes them. They do nothing until Run.
func NewFigures(o Options) *Figures {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	f := &Figures{store: o.Store, engine: o.Engine, log: o.Log, batch: newsBatchSQLite}
	if o.Store.Dialect() == "postgres" {
		f.batch = newsBatchPostgres
	}
	return f
}

// Run looks at the feed until ctx ends. While events wait for triage it looks less often,
// which is less to do as well: what is new of an incident is read once.
func (f *Figures) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var last time.Time
	for {
		if !f.engine.Busy() || time.Since(last) >= yieldMost {
			if err := f.Step(ctx, f.engine.Now()); err != nil && ctx.Err() == nil {
				f.log.Error("figures: they could not be brought up to date, and are later", "error", err)
			}
			last = time.Now()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step brings the records to where the feed is by now.
func (f *Figures) Step(ctx context.Context, now time.Time) error {
	began := time.Now()
	who, due, err := f.look(ctx, now)
	if err != nil || !due {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	for more := true; more && err == nil && ctx.Err() == nil && time.Since(began) < turnTime; {
		from := time.Now()
		if more, err = f.some(work, &who, now.Add(from.Sub(began)).Truncate(time.Microsecond)); more && err == nil {
			f.yield(ctx, time.Since(from))
		}
	}
	if errors.Is(err, errLost) {
		return nil
	}
	e := f.held(work, who, func(tx *store.Tx) error {
		who.Lease = time.Time{}
		return tx.SaveFollower(who)
	})
	if errors.Is(e, errLost) {
		e = nil
	}
	return errors.Join(err, e)
}

// some is a part of what there is to do.
func (f *Figures) some(ctx context.Context, who *store.Follower, now time.Time) (more bool, err error) {
	if more, err = f.news(ctx, who, now); err != nil || more {
		return more, err
	}
	if more, err = f.past(ctx, *who, now); err != nil || more {
		return more, err
	}
	return f.pack(ctx, *who, now)
}

// yield lets triage have most of the time while events wait for it: it waits for
// yieldTimes as long as the last part took.
func (f *Figures) yield(ctx context.Context, took time.Duration) {
	if !f.engine.Busy() {
		return
	}
	select {
	case <-time.After(min(yieldTimes*took, time.Second)):
	case <-ctx.Done():
	}
}

// look says whether there is anything to do, and takes the lease if so. Where nothing is
// kept yet, or what another version kept, it begins anew.
func (f *Figures) look(ctx context.Context, now time.Time) (who store.Follower, ok bool, err error) {
	due, anew := false, false
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Followers()
		if err != nil {
			return err
		}
		there := false
		for _, one := range all {
			if one.ID == figuresFollower {
				who, there = one, true
			}
		}
		state, err := engine.FigureStateOf(tx)
		if err != nil {
			return err
		}
		keeps, err := tx.FeedKeeps(who.Cursor)
		if err != nil {
			return err
		}
		anew = !there || state.Version != figures.Version || !keeps
		rows, err := tx.Feed(who.Cursor, 1)
		due = anew || len(rows) > 0 || !state.Done || now.Sub(f.packed) >= packEvery
		return err
	})
	if err != nil || !due {
		return who, false, err
	}
	err = f.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		if anew {
			if err := tx.Follow(figuresFollower); err != nil {
				return err
			}
		}
		who, ok, err = tx.ClaimFollower(figuresFollower, now, lease)
		if err != nil || !ok || !anew {
			return err
		}
		end, err := tx.FeedEnd()
		if err != nil {
			return err
		}
		who.Cursor = end
		if err := tx.SaveFollower(who); err != nil {
			return err
		}
		if err := engine.SetFigureState(tx, engine.FigureState{Version: figures.Version}); err != nil {
			return err
		}
		return tx.ClearFigures()
	})
	return who, ok, err
}

// held runs fn in a transaction while the lease is ours.
func (f *Figures) held(ctx context.Context, who store.Follower, fn func(*store.Tx) error) error {
	return f.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		if _, ok, err := tx.HoldFollower(who); err != nil || !ok {
			return errors.Join(err, errLost)
		}
		return fn(tx)
	})
}

// news makes the records of what the feed tells of.
func (f *Figures) news(ctx context.Context, who *store.Follower, now time.Time) (more bool, err error) {
	var records []figures.Incident
	cursor := who.Cursor
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Feed(who.Cursor, f.batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		cursor = rows[len(rows)-1].Cursor
		var ids []incident.ID
		seen := map[incident.ID]bool{}
		for _, row := range rows {
			id := incident.ID(row.Subject)
			if (row.Topic == "incident" || row.Topic == "pages") && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		records, err = engine.Records(tx, ids)
		return err
	})
	if err != nil || cursor == who.Cursor {
		return false, err
	}
	next := *who
	next.Cursor = cursor
	err = f.held(ctx, *who, func(tx *store.Tx) error {
		all := make([]store.FigureRow, len(records))
		for i, in := range records {
			all[i] = store.FigureRow{Subject: in.ID, Day: store.DayOf(in.Opened), At: now, Body: figures.Pack(records[i : i+1])}
		}
		if err := tx.PutFigures(all); err != nil {
			return err
		}
		if len(records) > 0 {
			if err := f.wrote(tx, now, func(*engine.FigureState) {}); err != nil {
				return err
			}
		}
		return tx.SaveFollower(next)
	})
	if err == nil {
		*who = next
	}
	return true, err
}

// wrote notes that records were written, and tells those who look at reports.
func (f *Figures) wrote(tx *store.Tx, now time.Time, change func(*engine.FigureState)) error {
	state, err := engine.FigureStateOf(tx)
	if err != nil {
		return err
	}
	state.At = now
	change(&state)
	if err := engine.SetFigureState(tx, state); err != nil {
		return err
	}
	return tx.Touch(engine.FiguresTopic, "all")
}

// past makes the records of some of what was there before them.
func (f *Figures) past(ctx context.Context, who store.Follower, now time.Time) (more bool, err error) {
	var records []figures.Incident
	var ids []incident.ID
	done := false
	err = f.store.Read(ctx, func(tx *store.Tx) error {
		state, err := engine.FigureStateOf(tx)
		if done = state.Done; done || err != nil {
			return err
		}
		if ids, err = tx.SubjectsAfter(state.UpTo, figuresBatch); err != nil {
			return err
		}
		records, err = engine.Records(tx, ids)
		return err
	})
	if err != nil || done {
		return false, err
	}
	err = f.held(ctx, who, func(tx *store.Tx) error {
		if err := engine.PackFigures(tx, records); err != nil {
			return err
		}
		return f.wrote(tx, now, func(s *engine.FigureState) {
			if len(ids) > 0 {
				s.UpTo = ids[len(ids)-1]
			}
			s.Done = len(ids) < figuresBatch
		})
	})
	return true, err
}

// pack puts records at rest into the packs of their days.
func (f *Figures) pack(ctx context.Context, who store.Follower, now time.Time) (more bool, err error) {
	if now.Sub(f.packed) < packEvery {
		return false, nil
	}
	err = f.held(ctx, who, func(tx *store.Tx) error {
		old, err := tx.OldFigures(now.Add(-packAfter), figuresBatch)
		if err != nil {
			return err
		}
		var records []figures.Incident
		for _, row := range old {
			err := figures.Unpack(row.Body, func(in *figures.Incident) { records = append(records, in.Clone()) })
			if err == nil {
				err = tx.DropFigure(row)
			}
			if err != nil {
				return err
			}
		}
		more = len(old) == figuresBatch
		return engine.PackFigures(tx, records)
	})
	if err == nil && !more {
		f.packed = now
	}
	return more, err
}
