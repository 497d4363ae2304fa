// Package blob keeps what people attach: photos, screenshots, documents.
//
// What comes from outside is washed first (Wash). Its type is sniffed, whatever name it
// came under; an image is decoded and encoded anew by Go's own packages, turned the way
// its camera meant, so that what is shown has no metadata and nothing hidden in it. All
// else is kept as it came and only ever given away as a download.
//
// Each has a key of its own. What goes into a bin (a directory beside the database, a
// table of it, or an S3-compatible store) is sealed with that, and the key, sealed by
// the ring, stands in the row. Without the row a copy of the bin says nothing: to forget
// an attachment is to drop its key, however many backups of the bin there are.
//
// The row is written before the bytes and dropped after them, so that nothing lies in a
// bin that no row knows: what was never finished, or never attached to anything, is
// swept (Sweep).
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	// MaxSize is the most bytes that one attachment may have.
	MaxSize = 25 << 20

	loose    = 24 * time.Hour // after which what was attached to nothing is dropped
	washers  = 1              // images that are worked on at once: each may need much memory
	sweepAt  = 5 * time.Minute
	sweepMax = 100
)

// A Bin holds sealed bytes under names of ours.
type Bin interface {
	Put(ctx context.Context, name string, sealed []byte) error
	// Take reads what was put; fs.ErrNotExist when there is no such.
	Take(ctx context.Context, name string) ([]byte, error)
	// Drop drops it; what is not there is no error.
	Drop(ctx context.Context, name string) error
}

// A Cabinet is a bin with its keys.
type Cabinet struct {
	store *store.Store
	bin   Bin
	rand  io.Reader
	log   *slog.Logger
	wash  chan struct{}
}

// New makes a cabinet. rand is where keys are drawn from.
func New(st *store.Store, bin Bin, rand io.Reader, log *slog.Logger) *Cabinet {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Cabinet{store: st, bin: bin, rand: rand, log: log, wash: make(chan struct{}, washers)}
}

// Keep washes what somebody brings and keeps it, attached to nothing yet: for that see
// Tx.Attach. id names it; whoever brings the same id again gets what is kept under it.
func (c *Cabinet) Keep(ctx context.Context, id string, by incident.Actor, name string, raw []byte, now time.Time) (a store.Attachment, err error) {
	select {
	case c.wash <- struct{}{}:
	case <-ctx.Done():
		return a, ctx.Err()
	}
	clean, err := Wash(name, raw)
	<-c.wash
	if err != nil {
		return a, err
	}
	key, err := secret.NewKey(c.rand)
	if err != nil {
		return a, err
	}
	a = store.Attachment{
		ID: id, By: by, At: now, Name: clean.Name, Type: clean.Type, Image: clean.Image, Size: len(clean.Body),
		Width: clean.Width, Height: clean.Height, Small: len(clean.Small) > 0, Key: key,
	}
	err = c.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.AddAttachment(a) })
	if err != nil {
		return a, err
	}
	if err = c.put(ctx, a, id, clean.Body); err == nil && a.Small {
		err = c.put(ctx, a, small(id), clean.Small)
	}
	if err != nil {
		return a, fmt.Errorf("blob: keep %s: %w", id, err)
	}
	return a, c.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.AttachmentKept(id) })
}

func small(id string) string { return id + ".small" }

func (c *Cabinet) put(ctx context.Context, a store.Attachment, name string, body []byte) error {
	return c.bin.Put(ctx, name, a.Key.Seal(c.rand, "blob/"+name, body))
}

// Bytes are those of an attachment, or of its small picture. One that is gone is
// store.ErrNotFound.
func (c *Cabinet) Bytes(ctx context.Context, a store.Attachment, asSmall bool) ([]byte, error) {
	name := a.ID
	if asSmall && a.Small {
		name = small(a.ID)
	}
	sealed, err := c.bin.Take(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("blob: %s: %w", name, err)
	}
	return a.Key.Open("blob/"+name, sealed)
}

// Run sweeps now and then until ctx ends.
func (c *Cabinet) Run(ctx context.Context, now func() time.Time) {
	tick := time.NewTicker(sweepAt)
	defer tick.Stop()
	for {
		if err := c.Sweep(ctx, now()); err != nil && ctx.Err() == nil {
			c.log.Error("attachments that are to go could not be dropped; it is tried again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Sweep drops what is doomed, what was never finished, and what was attached to nothing
// within a day. Several nodes may sweep at once.
func (c *Cabinet) Sweep(ctx context.Context, now time.Time) error {
	for {
		var doomed []string
		err := c.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
			if err := tx.DoomLoose(now.Add(-loose)); err != nil {
				return err
			}
			doomed, err = tx.DoomedAttachments(sweepMax)
			return err
		})
		if err != nil || len(doomed) == 0 {
			return err
		}
		for _, id := range doomed {
			if err := errors.Join(c.bin.Drop(ctx, id), c.bin.Drop(ctx, small(id))); err != nil {
				return fmt.Errorf("blob: drop %s: %w", id, err)
			}
		}
		err = c.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.DropAttachments(doomed) })
		if err != nil {
			return err
		}
	}
}

// NewID names an attachment that nobody has named.
func (c *Cabinet) NewID(now time.Time) string { return org.NewID(now, c.rand) }
