package store

import (
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// An UpdateFeed has what those who follow a service are told, for programs that read it by
// a private address.
type UpdateFeed struct {
	ID       string
	Service  org.ServiceID // "": all that its owner follows
	Owner    org.PersonID
	Language string
	MadeAt   time.Time
	NewAt    time.Time // since when it has the address that it has
	UsedAt   time.Time // to the hour
}

// AddUpdateFeed writes one, with the keyed hash of its token.
func (tx *Tx) AddUpdateFeed(f UpdateFeed, hash string) error {
	_, err := tx.exec(tx.s.sql.UpdateFeedAdd, f.ID, hash, string(f.Service), string(f.Owner), f.Language, micros(f.MadeAt))
	return err
}

// RenewUpdateFeed gives one another token; the one before is worth nothing from here on.
func (tx *Tx) RenewUpdateFeed(id, hash string, now time.Time) error {
	_, err := tx.exec(tx.s.sql.UpdateFeedRenew, id, hash, micros(now))
	return err
}

// UpdateFeedOf finds the one with a token's keyed hash, and UpdateFeed the one of an id.
func (tx *Tx) UpdateFeedOf(hash string) (UpdateFeed, error) {
	return tx.updateFeed(tx.s.sql.UpdateFeedByHash, hash)
}

func (tx *Tx) UpdateFeed(id string) (UpdateFeed, error) {
	return tx.updateFeed(tx.s.sql.UpdateFeedOne, id)
}

func (tx *Tx) updateFeed(text, arg string) (UpdateFeed, error) {
	all, err := tx.updateFeeds(text, arg)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return UpdateFeed{}, err
	}
	return all[0], nil
}

// UpdateFeedsOf are somebody's.
func (tx *Tx) UpdateFeedsOf(p org.PersonID) ([]UpdateFeed, error) {
	return tx.updateFeeds(tx.s.sql.UpdateFeedsOf, string(p))
}

func (tx *Tx) updateFeeds(text string, args ...any) (out []UpdateFeed, err error) {
	err = tx.each(text, args, func(r row) error {
		var f UpdateFeed
		var made, fresh, used int64
		err := r.Scan(&f.ID, &f.Service, &f.Owner, &f.Language, &made, &fresh, &used)
		f.MadeAt, f.NewAt, f.UsedAt = moment(made), moment(fresh), moment(used)
		out = append(out, f)
		return err
	})
	return out, err
}

// DropUpdateFeed ends one at once.
func (tx *Tx) DropUpdateFeed(id string) error {
	_, err := tx.exec(tx.s.sql.UpdateFeedDrop, id)
	return err
}

// UpdateFeedUsed notes that one was read, once an hour.
func (tx *Tx) UpdateFeedUsed(id string, at time.Time) error {
	_, err := tx.exec(tx.s.sql.UpdateFeedUsed, id, micros(at), micros(at.Add(-time.Hour)))
	return err
}

// A ToldOf is a line of a log that tells those concerned how it stands.
type ToldOf struct {
	Subject incident.ID
	Service org.ServiceID
	Seq     int
}

// ToldSince are those since a time, the newest first.
func (tx *Tx) ToldSince(since time.Time, limit int) (all []ToldOf, err error) {
	if err := tx.flush(putLog, putSubjects); err != nil {
		return nil, err
	}
	err = tx.each(tx.s.sql.ToldSince, []any{micros(since), limit}, func(r row) error {
		var t ToldOf
		err := r.Scan(&t.Subject, &t.Seq, &t.Service)
		all = append(all, t)
		return err
	})
	return all, err
}
