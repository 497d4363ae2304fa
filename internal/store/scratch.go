package store

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/jackc/pgx/v5/pgconn"
)

// A scratch is where the messages of a batch are put together. pgx begins with nothing
// for each, and has all of it copied again and again as one value after the other comes
// on: in a storm that was a fifth of all garbage. What one batch needed serves the next.
type scratch struct{ messages, values []byte }

const mostScratch = 4 << 20 // bytes that are kept of either

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// lend has a batch put its messages into the scratch.
func (s *scratch) lend(b *pgconn.Batch) {
	if at := messagesOf(b); at != nil {
		*at = s.messages[:0]
	}
}

// takeBack is for when a batch was sent: the scratch has what grew, for the next.
func (s *scratch) takeBack(b *pgconn.Batch) {
	if at := messagesOf(b); at != nil {
		s.messages = *at
	}
	if cap(s.messages) > mostScratch {
		s.messages = nil
	}
	if cap(s.values) > mostScratch {
		s.values = nil
	}
	scratches.Put(s)
}

// messagesOf is where a batch has its messages. pgx has no way to say where they are to
// go, so this looks for its field, and is nil should a later version have another one.
func messagesOf(b *pgconn.Batch) *[]byte {
	if !messages.found {
		return nil
	}
	return (*[]byte)(unsafe.Add(unsafe.Pointer(b), messages.offset))
}

var messages = func() (at struct {
	offset uintptr
	found  bool
},
) {
	f, ok := reflect.TypeFor[pgconn.Batch]().FieldByName("buf")
	at.offset, at.found = f.Offset, ok && f.Type == reflect.TypeFor[[]byte]()
	return at
}()
