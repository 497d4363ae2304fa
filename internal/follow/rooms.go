package follow

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	roomsFollower = "rooms"
	roomsLate     = 10 * time.Minute // what could not be told for so long is not told any more
	roomsAgain    = 2 * time.Second  // after the first failure
	roomsWait     = 15 * time.Second // for what became of a message that was answered at once
)

// errSoon says that a message that is to change may be out, and is not written down yet.
var errSoon = errors.New("a message is in flight")

// Rooms keep chats in step with incidents. The room of a team has a thread of each of its
// incidents, in which the facts are told and whose first message says how things stand;
// and a message that asked somebody, wherever it went, loses its buttons when the
// question is answered. What people write in a thread comes back through the engine
// (Heard). Like the webhooks it goes on from a cursor, one node at a time: at least once.
type Rooms struct {
	store  *store.Store
	engine *engine.Engine
	log    *slog.Logger

	seq      int64 // of the configuration that these were read from
	rooms    map[org.TeamID]string
	people   map[org.PersonID]org.Person
	services map[org.ServiceID]org.Service
	settlers map[string]bool // channels
}

// NewRooms makes them. They do nothing until Run.
func NewRooms(o Options) *Rooms {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Rooms{store: o.Store, engine: o.Engine, log: o.Log, seq: -1}
}

// Run looks at the feed until ctx ends.
func (r *Rooms) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if err := r.Step(ctx, r.engine.Now()); err != nil && ctx.Err() == nil {
			r.log.Error("rooms: they could not be told, and are told again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step tells what there is to tell by now.
func (r *Rooms) Step(ctx context.Context, now time.Time) error {
	began := time.Now()
	f, due, err := r.look(ctx, now)
	if err != nil || !due {
		return err
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	for ctx.Err() == nil && time.Since(began) < turnTime {
		at := now.Add(time.Since(began)).Truncate(time.Microsecond)
		var rows []store.FeedRow
		err = r.store.Read(work, func(tx *store.Tx) (err error) { rows, err = tx.Feed(f.Cursor, feedBatch); return err })
		if err != nil || len(rows) == 0 {
			break
		}
		var trouble error
		for _, row := range rows {
			if row.Topic == "incident" && row.Seq > 0 {
				trouble = r.told(work, row, at)
			}
			if trouble != nil {
				break
			}
			f.Cursor = row.Cursor
		}
		f.Failures, f.Quiet = f.Failures+1, at.Add(max(channel.RetryAfter(trouble), roomsAgain<<min(f.Failures, 5)))
		switch {
		case trouble == nil:
			f.Failures, f.Quiet = 0, time.Time{}
		case errors.Is(trouble, errSoon):
			f.Failures, f.Quiet = 0, at.Add(poll)
		default:
			r.log.Warn("rooms: something is told later", "error", trouble)
		}
		if err = r.save(work, f); err != nil || trouble != nil {
			break
		}
	}
	if errors.Is(err, errLost) {
		return nil
	}
	f.Lease = time.Time{}
	if e := r.save(work, f); e != nil && !errors.Is(e, errLost) {
		err = errors.Join(err, e)
	}
	return err
}

// look says whether there is anything to tell, and takes the lease if so. Where no chat
// is set up nothing is followed: the first one begins at the present.
func (r *Rooms) look(ctx context.Context, now time.Time) (f store.Follower, ok bool, err error) {
	if r.settlers, err = r.engine.Settlers(ctx); err != nil {
		return f, false, err
	}
	wanted := len(r.settlers) > 0
	there, news := false, false
	err = r.store.Read(ctx, func(tx *store.Tx) error {
		if err := r.configured(tx); err != nil {
			return err
		}
		all, err := tx.Followers()
		for _, one := range all {
			if one.ID == roomsFollower {
				f, there = one, true
			}
		}
		if err != nil || !there || f.Quiet.After(now) {
			return err
		}
		rows, err := tx.Feed(f.Cursor, 1)
		news = len(rows) > 0
		return err
	})
	if err != nil || wanted == there && !(wanted && news) {
		return f, false, err
	}
	err = r.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		switch {
		case !wanted:
			return tx.Unfollow(roomsFollower)
		case !there:
			return tx.Follow(roomsFollower)
		}
		f, ok, err = tx.ClaimFollower(roomsFollower, now, lease)
		return err
	})
	return f, ok, err
}

func (r *Rooms) save(ctx context.Context, f store.Follower) error {
	return r.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		if _, ok, err := tx.HoldFollower(f); err != nil || !ok {
			return errors.Join(err, errLost)
		}
		return tx.SaveFollower(f)
	})
}

// told tells what a row of the feed says, and settles what it answers. Trouble that may
// pass is returned, as long as it is worth waiting for.
func (r *Rooms) told(ctx context.Context, row store.FeedRow, now time.Time) error {
	news, err := r.read(ctx, row)
	if err != nil {
		return err
	}
	if news.flying && now.Sub(row.At) < roomsWait {
		return errSoon
	}
	if news.turned() {
		for _, p := range news.pages {
			if err := r.settlePage(ctx, news, p); err != nil && r.worth(err, row, now) {
				return err
			}
		}
	}
	if news.room == "" {
		return nil
	}
	if err := r.tell(ctx, news); err != nil && r.worth(err, row, now) {
		return err
	}
	return nil
}

// worth says whether what failed is to be tried again; if not, it is told here.
func (r *Rooms) worth(err error, row store.FeedRow, now time.Time) bool {
	if channel.IsError(err) && channel.Classify(err) == channel.Permanent || now.Sub(row.At) > roomsLate {
		r.log.Warn("rooms: something was not told", "subject", row.Subject, "line", row.Seq, "error", err)
		return false
	}
	return true
}

// configured reads what it needs to know when the configuration has changed.
func (r *Rooms) configured(tx *store.Tx) error {
	seq, err := tx.ConfigSeq()
	if err != nil || seq == r.seq {
		return err
	}
	rows, err := tx.Config()
	if err != nil {
		return err
	}
	rooms, people, services := map[org.TeamID]string{}, map[org.PersonID]org.Person{}, map[org.ServiceID]org.Service{}
	for _, row := range rows {
		var team org.Team
		var person org.Person
		var service org.Service
		switch {
		case row.Kind == "team" && !row.Retired && json.Unmarshal(row.Body, &team) == nil && team.Room != "":
			rooms[org.TeamID(row.ID)] = team.Room
		case row.Kind == "person" && json.Unmarshal(row.Body, &person) == nil:
			people[org.PersonID(row.ID)] = person
		case row.Kind == "service" && json.Unmarshal(row.Body, &service) == nil:
			services[org.ServiceID(row.ID)] = service
		}
	}
	r.seq, r.rooms, r.people, r.services = seq, rooms, people, services
	return nil
}

// name is who did something, as people call them.
func (r *Rooms) name(by incident.Actor) string {
	if name := r.people[by.Person()].Name; name != "" {
		return name
	}
	return by.Name()
}
