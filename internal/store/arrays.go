package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// arrayHead is what stands before the elements of an array: the number of dimensions,
// whether an element is null, the type of all, and of the one dimension the length and
// the number of the first.
const arrayHead = 20

// encodeArrays are columns as PostgreSQL takes arrays of one dimension in its binary
// format. The driver would do it an element at a time, with a new place for each doubling
// of what it has; a batch of rows takes it longer than the database. They stand in the
// place that those before them had.
func (s *scratch) encodeArrays(columns []any) ([][]byte, error) {
	total := 0
	for _, c := range columns {
		total += arrayHead
		switch c := c.(type) {
		case []string:
			for _, s := range c {
				total += 4 + len(s)
			}
		case [][]byte:
			for _, b := range c {
				total += 4 + len(b)
			}
		case []int64:
			total += 12 * len(c)
		case []bool:
			total += 5 * len(c)
		default:
			return nil, fmt.Errorf("store: a column of %T", c)
		}
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("store: %d bytes in one statement", total)
	}
	buf := slices.Grow(s.values[:0], total)
	s.values = buf
	all := make([][]byte, len(columns))
	for i, c := range columns {
		from := len(buf)
		switch c := c.(type) {
		case []string:
			buf = appendHead(buf, oidText, len(c), false)
			for _, s := range c {
				buf = append(appendInt(buf, len(s)), s...)
			}
		case [][]byte:
			buf = appendHead(buf, oidBytea, len(c), slices.ContainsFunc(c, func(b []byte) bool { return b == nil }))
			for _, b := range c {
				if b == nil {
					buf = appendInt(buf, -1)
				} else {
					buf = append(appendInt(buf, len(b)), b...)
				}
			}
		case []int64:
			buf = appendHead(buf, oidInt8, len(c), false)
			for _, n := range c {
				buf = binary.BigEndian.AppendUint64(appendInt(buf, 8), uint64(n))
			}
		case []bool:
			buf = appendHead(buf, oidBool, len(c), false)
			for _, b := range c {
				buf = append(appendInt(buf, 1), 0)
				if b {
					buf[len(buf)-1] = 1
				}
			}
		}
		all[i] = buf[from:len(buf):len(buf)]
	}
	return all, nil
}

func appendHead(buf []byte, oid, n int, nulls bool) []byte {
	flags := 0
	if nulls {
		flags = 1
	}
	for _, v := range []int{1, flags, oid, n, 1} {
		buf = appendInt(buf, v)
	}
	return buf
}

func appendInt(buf []byte, n int) []byte { return binary.BigEndian.AppendUint32(buf, uint32(int32(n))) }
