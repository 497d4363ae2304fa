package store

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// A batch puts its messages where it was told to, and what it wrote is found there: when
// this fails a new version of pgx has them elsewhere.
func TestBatchesTakeTheirPlace(t *testing.T) {
	s := &scratch{messages: make([]byte, 0, 1000)}
	place := &s.messages[:1][0]
	for _, value := range []string{"first", "second"} {
		var b pgconn.Batch
		s.lend(&b)
		b.ExecPrepared("", [][]byte{[]byte(value)}, nil, nil)
		at := messagesOf(&b)
		if at == nil || &(*at)[0] != place || !bytes.Contains(*at, []byte(value)) {
			t.Fatal("the messages of a batch are not where they were told to be")
		}
		s.takeBack(&b)
	}
	var b pgconn.Batch
	s.lend(&b)
	b.ExecPrepared("", [][]byte{make([]byte, mostScratch)}, nil, nil)
	if s.takeBack(&b); s.messages != nil {
		t.Error("more was kept than may be")
	}
}
