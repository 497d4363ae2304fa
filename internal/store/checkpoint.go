package store

import (
	"context"
	"database/sql"
)

// SQLite's log of writes is copied into the database now and then. eager is how many of
// its pages may wait for that before they are copied beside the writer, while it goes on.
// Only the writer can begin the log anew: it copies what is left when there are lazy
// pages. Shortly before that little is left to it, for the last pages are copied at once. So
// hardly any commit waits for the copying of all that was written before it.
const (
	eager = 1000
	keen  = 100
	lazy  = 4000
)

// A checkpointer copies beside the writer.
type checkpointer struct {
	db    *sql.DB
	grown chan struct{} // the log may have grown
	done  chan struct{}
}

func newCheckpointer(db *sql.DB) *checkpointer {
	return &checkpointer{db: db, grown: make(chan struct{}, 1), done: make(chan struct{})}
}

func (c *checkpointer) poke() {
	select {
	case c.grown <- struct{}{}:
	default:
	}
}

// run copies until stop. What fails is left to the writer, who does the same and says so.
func (c *checkpointer) run() {
	defer close(c.done)
	for range c.grown {
		pages, copied, err := c.look()
		most := eager
		if pages > lazy-eager/2 {
			most = keen
		}
		if err == nil && pages-copied >= most {
			c.db.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
		}
	}
}

// look says how many pages the log has, and how many of them are copied.
func (c *checkpointer) look() (pages, copied int, err error) {
	var busy int
	err = c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &copied)
	return pages, copied, err
}

func (c *checkpointer) stop() {
	close(c.grown)
	<-c.done
}
