package v1

import (
	"context"
	"sync"
	"time"

	"tocsin/internal/store"
	"tocsin/org"
)

// deliveries are messages that reached somebody's device and are not written down yet.
// They are written together, a second's at once: what a crash takes is noted again when
// the device asks again.
type deliveries struct {
	api *API

	mu      sync.Mutex
	waiting map[delivery]int
	writing bool
}

type delivery struct {
	conversation string
	person       org.PersonID
}

const deliverEvery = time.Second

// note says that messages up to a number reached a device of somebody.
func (d *deliveries) note(conversation string, p org.PersonID, seq int) {
	if p == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[delivery]int{}
	}
	at := delivery{conversation, p}
	d.waiting[at] = max(d.waiting[at], seq)
	if !d.writing {
		d.writing = true
		time.AfterFunc(deliverEvery, d.write)
	}
}

// write writes what waits.
func (d *deliveries) write() {
	d.mu.Lock()
	now := d.api.now()
	all := make([]store.TalkDelivery, 0, len(d.waiting))
	for at, seq := range d.waiting {
		all = append(all, store.TalkDelivery{Conversation: at.conversation, Person: at.person, Seq: seq, At: now})
	}
	d.waiting, d.writing = nil, false
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	if err := d.api.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.MarkDelivered(all) }); err != nil {
		d.api.log.Debug("that messages were delivered could not be written down", "error", err)
	}
}
