package alert

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// heartbeatPrefix begins the keys of heartbeats, so that nothing else that an
// integration says meets them.
const heartbeatPrefix = "heartbeat/"

// HeartbeatKey is the dedup key under which the silences of a heartbeat meet.
func HeartbeatKey(b org.Heartbeat) string { return heartbeatPrefix + b.Name }

// HeartbeatNamed is the name of the heartbeat that a key belongs to.
func HeartbeatNamed(key string) (name string, ok bool) {
	return strings.CutPrefix(key, heartbeatPrefix)
}

// Missed is the event of a heartbeat that has been silent for too long. last is its
// last ping.
func Missed(b org.Heartbeat, last time.Time) Event {
	ev := Event{
		Action: Trigger, Key: HeartbeatKey(b), Title: b.Message, Severity: b.Severity,
		Text:   fmt.Sprintf("The last ping of %s came at %s; one is expected every %s.", b.Name, last.UTC().Format("2006-01-02 15:04:05 UTC"), b.Every),
		Labels: map[string]string{"heartbeat": b.Name},
	}
	if ev.Title == "" {
		ev.Title = fmt.Sprintf("%s: no heartbeat for %s", b.Name, b.Every)
	}
	if !ev.Severity.Valid() {
		ev.Severity = org.SEV3
	}
	if len(b.Tags) > 0 {
		ev.Labels["tags"] = strings.Join(b.Tags, ",")
	}
	return ev
}

// Beats is the event of a heartbeat that is heard again.
func Beats(b org.Heartbeat) Event { return Event{Action: Resolve, Key: HeartbeatKey(b)} }
