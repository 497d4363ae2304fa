package api

import (
	"strconv"
	"strings"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

// A tiny id is an alert's id in figures: the milliseconds since the start of 2026 in
// which it was made, and the last bits of the id to tell those of one millisecond apart.
// It needs no counter that nodes would have to share, and no column to find it by.
const (
	tinyEpoch = 1767225600000 // milliseconds since 1970
	tinyBits  = 10            // two characters of an id
	idFigures = "0123456789abcdefghjkmnpqrstvwxyz"
	idTime    = 10 // characters of an id that hold its time
)

// tinyOf is the tiny id of an alert; "" for what is no id of ours.
func tinyOf(id string) string {
	high, ok := idNumber(id[:min(idTime, len(id))])
	low, ok2 := idNumber(id[max(0, len(id)-2):])
	if ms := int64(high) - tinyEpoch; ok && ok2 && ms >= 0 {
		return strconv.FormatInt(ms<<tinyBits|int64(low), 10)
	}
	return ""
}

func idNumber(text string) (n uint64, ok bool) {
	for i := range len(text) {
		v := strings.IndexByte(idFigures, text[i])
		if v < 0 {
			return 0, false
		}
		n = n<<5 | uint64(v)
	}
	return n, text != ""
}

// idPrefix is how the ids of one millisecond begin.
func idPrefix(ms uint64) string {
	var b [idTime]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = idFigures[ms&31]
		ms >>= 5
	}
	return string(b[:])
}

// tinyAlert finds an alert by its tiny id.
func tinyAlert(tx *store.Tx, in org.IntegrationID, tiny string) (alert.Alert, error) {
	n, err := strconv.ParseInt(tiny, 10, 64)
	if err != nil || n < 0 || n>>tinyBits > 1<<47-tinyEpoch {
		return alert.Alert{}, store.ErrNotFound
	}
	ms := uint64(n>>tinyBits + tinyEpoch)
	all, err := tx.AlertsBetween(in, idPrefix(ms), idPrefix(ms+1))
	for _, a := range all {
		if tinyOf(a.ID) == tiny {
			return a, nil
		}
	}
	if err == nil {
		err = store.ErrNotFound
	}
	return alert.Alert{}, err
}
