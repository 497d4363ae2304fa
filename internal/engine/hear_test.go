package engine

import (
	"testing"
	"time"
)

// Senders are held back when triage lags, the more the further it is behind and the
// more they send, and never for ever.
func TestHoldBack(t *testing.T) {
	now := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lag    time.Duration
		events int
		want   time.Duration
	}{
		{0, 256, 0},
		{lagFree, 256, 0},
		{lagFree + 150*time.Millisecond, 1, 10 * time.Millisecond},
		{lagFree + 150*time.Millisecond, 64, 20 * time.Millisecond},
		{lagFree + 150*time.Millisecond, 256, 50 * time.Millisecond},
		{time.Hour, 1, holdMost},
	} {
		var b intake
		b.waitsSince(now.Add(-c.lag))
		if got := b.holdBack(now, c.events); got != c.want {
			t.Errorf("lag %s, %d events: %s, want %s", c.lag, c.events, got, c.want)
		}
	}
	var b intake
	b.waitsSince(now.Add(-time.Hour))
	b.waitsSince(time.Time{})
	if got := b.holdBack(now, 64); got != 0 {
		t.Errorf("nothing waits, and senders are held back for %s", got)
	}
}
