package store

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"
)

// TestEncodeArrays compares what we write with what the driver does.
func TestEncodeArrays(t *testing.T) {
	m := pgtype.NewMap()
	var place scratch
	maybe := rapid.Custom(func(t *rapid.T) []byte {
		if rapid.Bool().Draw(t, "null") {
			return nil
		}
		return append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "rows")
		columns := []any{
			rapid.SliceOfN(rapid.String(), n, n).Draw(t, "texts"), rapid.SliceOfN(rapid.Int64(), n, n).Draw(t, "numbers"),
			rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "truths"), rapid.SliceOfN(maybe, n, n).Draw(t, "bytes"),
		}
		got, err := place.encodeArrays(columns)
		if err != nil {
			t.Fatal(err)
		}
		for i, oid := range []uint32{pgtype.TextArrayOID, pgtype.Int8ArrayOID, pgtype.BoolArrayOID, pgtype.ByteaArrayOID} {
			want, err := m.Encode(oid, pgx.BinaryFormatCode, columns[i], nil)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got[i], want) {
				t.Errorf("column %d: %x, the driver writes %x", i, got[i], want)
			}
		}
	})
	if _, err := place.encodeArrays([]any{[]float64{1}}); err == nil {
		t.Error("an unknown kind of column was taken")
	}
}
