package store

import (
	"testing"

	"tocsin/incident"
)

func TestSmoke(t *testing.T) {
	s := openSQLite(t, Options{})
	write(t, s, func(tx *Tx) error {
		x := tx.Create("a")
		return tx.Append(x, incident.Log{{Seq: 1, At: t0, By: incident.Engine, Fact: incident.Opened{Title: "db"}}})
	})
	read(t, s, func(tx *Tx) error {
		x, err := tx.Subject("a")
		t.Log(x, err)
		return tx.VerifyLog("a")
	})
}
