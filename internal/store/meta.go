package store

import (
	"errors"

	"tocsin/org"
)

// Meta is a small thing that belongs to the installation; "" when it was never set.
func (tx *Tx) Meta(key string) (string, error) {
	var v string
	err := tx.row(tx.s.sql.MetaRead, key)(&v)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return v, err
}

// SetMeta keeps a small thing.
func (tx *Tx) SetMeta(key, value string) error {
	_, err := tx.exec(tx.s.sql.MetaWrite, key, value)
	return err
}

// Turn says whose turn it is at a level that calls one after the other, counted from
// 0, and moves on.
func (tx *Tx) Turn(policy org.PolicyID, level int) (turn int, err error) {
	err = tx.row(tx.s.sql.Turn, string(policy), level)(&turn)
	return turn, err
}
