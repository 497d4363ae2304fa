package source

import (
	"strconv"
	"strings"
	"time"
)

// layouts are the times senders write. All of them carry their zone: a time without
// one is some hours off, which is worse than no time when it decides what came first.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999-0700",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 UTC",
	time.RFC1123Z,
	time.RFC1123,
}

// when reads a time: text with a zone, or a number of seconds, milliseconds,
// microseconds or nanoseconds since 1970, told apart by its size. Zero when it is
// neither, or outside of 2000 to 2200.
func when(s string) time.Time {
	s = strings.TrimSpace(s)
	if len(s) < 9 || len(s) > 40 {
		return time.Time{}
	}
	var t time.Time
	if strings.Trim(s, "0123456789.") == "" {
		t = epoch(s)
	}
	for i := 0; t.IsZero() && i < len(layouts); i++ {
		t, _ = time.Parse(layouts[i], s)
	}
	if t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

func epoch(s string) time.Time {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n < 1e11:
			return time.Unix(n, 0)
		case n < 1e14:
			return time.UnixMilli(n)
		case n < 1e17:
			return time.UnixMicro(n)
		}
		return time.Unix(0, n)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f < 1e11 {
		return time.UnixMicro(int64(f * 1e6))
	}
	return time.Time{}
}
