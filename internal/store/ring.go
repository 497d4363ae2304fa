package store

import (
	"context"
	"errors"
	"fmt"
)

// The check value is the ring's own hash, sealed by the ring, in meta. A ring that opens
// it can read what the newest key has sealed, and one that makes the same hash finds
// what was written before. Any other would read nobody's address, and say so only when
// somebody has to be called.
const (
	ringMeta  = "ring"
	ringPlace = "meta/value/ring"
)

// ErrRing says that a key ring is not the one that the database was written with.
var ErrRing = errors.New("the key ring is not this database's: give back the ring that it was written with, from a backup or from another node")

// checkRing compares the ring with the database's, and gives a database that has none
// yet this one. After a rotation the value is sealed anew, so that a node without the
// new key is refused.
func (s *Store) checkRing(ctx context.Context) error {
	fresh := false
	err := s.Read(ctx, func(tx *Tx) (err error) {
		fresh, err = tx.ringKnown()
		return err
	})
	if err != nil || fresh {
		return err
	}
	return s.Write(ctx, People, func(tx *Tx) error {
		if _, _, err := tx.configHead(s.sql.ConfigHeadLock); err != nil { // one node at a time
			return err
		}
		if known, err := tx.ringKnown(); known || err != nil {
			return err
		}
		return tx.SetMeta(ringMeta, s.ring.Seal(ringPlace, []byte(s.ringHash())))
	})
}

func (s *Store) ringHash() string { return s.ring.Hash(ringMeta, "check") }

// ringKnown says whether the check value is sealed under the ring's newest key. A ring
// that is not the database's is an error.
func (tx *Tx) ringKnown() (bool, error) {
	sealed, err := tx.Meta(ringMeta)
	if err != nil || sealed == "" {
		return false, err
	}
	hash, err := tx.s.ring.Open(ringPlace, sealed)
	if err != nil {
		return false, fmt.Errorf("%w (%w)", ErrRing, err)
	}
	if string(hash) != tx.s.ringHash() {
		return false, fmt.Errorf("%w (its last key, which is never replaced, is another)", ErrRing)
	}
	return tx.s.ring.Seals(sealed), nil
}
