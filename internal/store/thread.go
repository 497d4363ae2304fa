package store

import (
	"tocsin/incident"
)

// A Thread is where a room of a chat speaks of an incident.
type Thread struct {
	Subject incident.ID
	Room    string // "slack:C012AB3CD"
	Message string // the first, by the chat's own id
	Via     string // the provider that it went by
}

// ThreadsOf are the threads of an incident, by room.
func (tx *Tx) ThreadsOf(id incident.ID) ([]Thread, error) {
	return tx.threads(tx.s.sql.ThreadsOf, string(id))
}

// ThreadAt is the thread that a message began; ErrNotFound when it began none.
func (tx *Tx) ThreadAt(message string) (Thread, error) {
	all, err := tx.threads(tx.s.sql.ThreadAt, message)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Thread{}, err
	}
	return all[0], nil
}

// PutThread keeps where a thread began.
func (tx *Tx) PutThread(t Thread) error {
	_, err := tx.exec(tx.s.sql.PutThread, string(t.Subject), t.Room, t.Message, t.Via)
	return err
}

func (tx *Tx) threads(text string, args ...any) (out []Thread, err error) {
	err = tx.each(text, args, func(r row) error {
		var t Thread
		err := r.Scan(&t.Subject, &t.Room, &t.Message, &t.Via)
		out = append(out, t)
		return err
	})
	return out, err
}
