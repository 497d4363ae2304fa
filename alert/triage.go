package alert

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Do is what is to be done about an event.
type Do string

const (
	DoOpen    Do = "open"    // a new alert, and an incident for it
	DoRepeat  Do = "repeat"  // counted on the open alert, nothing else
	DoUpdate  Do = "update"  // the open alert says something new
	DoResolve Do = "resolve" // the open alert is over
	DoReopen  Do = "reopen"  // the resolved alert is open again, and so is its incident
	DoVerb    Do = "verb"    // somebody acted at the source: engine.Do
	DoRecord  Do = "record"  // kept with its reason, changes nothing
)

// A Verdict is what becomes of an event, and always why.
type Verdict struct {
	Do    Do
	Why   string
	Raise org.Severity // set when the alert is now worse than it was; it never falls by itself
}

const (
	// Reopen is how long after its resolve an alert that fires again reopens its
	// incident, where the service does not say.
	Reopen = 10 * time.Minute
	// Crossing is how far apart a resolve and an older trigger may be heard and still
	// count as having crossed on their way here.
	Crossing = 5 * time.Minute
	// Skew is how far ahead of ours a source's clock may be before its times are
	// ignored.
	Skew = 5 * time.Minute
)

// UnreadableKey is the key under which an integration's unreadable events meet.
const UnreadableKey = "(unreadable)"

// UnreadableFrom is the event that stands for a body its source could not read.
func UnreadableFrom(in org.Integration, why string) Event {
	name := in.Name
	if name == "" {
		name = string(in.ID)
	}
	return Event{
		Action:   Unreadable,
		Key:      UnreadableKey,
		Title:    "events from " + name + " cannot be read",
		Text:     why,
		Severity: org.SEV4,
	}
}

// ReopenWithin is the service's reopen window; zero means that a return always opens
// a new incident.
func ReopenWithin(s org.Service) time.Duration {
	if s.Reopen == nil {
		return Reopen
	}
	return s.Reopen.D()
}

// Triage says what an event means. open is the open alert of its integration and key,
// or nil; last is the newest resolved one, or nil; status is that of the incident the
// one or the other belongs to. The engine resolves the open alerts of an incident
// with it, so that the next trigger comes back here.
//
// Events may overtake each other on their way. Where both sides carry the source's
// own time, that decides: a resolve older than what fires now does not end it, and a
// trigger older than the resolve that overtook it opens nothing. Without such times,
// and between equal ones, the order of arrival holds: a firing is never lost to a
// guess.
func Triage(ev Event, c Category, open, last *Alert, status incident.Status, reopen time.Duration, now time.Time) Verdict {
	switch ev.Action {
	case Trigger, Unreadable:
		if open != nil {
			return again(ev, c, open, status)
		}
		return first(ev, c, last, status, reopen, now)
	case Resolve:
		if open == nil {
			return Verdict{Do: DoRecord, Why: "nothing open under this key"}
		}
		if at := sourceTime(ev.At, now); older(at, open.Last.At) {
			return Verdict{Do: DoRecord, Why: fmt.Sprintf("a late resolve: it is of %s, the alert fires since %s", clock(at), clock(open.Last.At))}
		}
		if ev.Lapsed() {
			return Verdict{Do: DoResolve, Why: "not heard of again by " + clock(ev.Until)}
		}
		return Verdict{Do: DoResolve, Why: "resolved by the source"}
	case Acknowledge, Unacknowledge, Note:
		if open == nil {
			return Verdict{Do: DoRecord, Why: "nothing open under this key"}
		}
		return Verdict{Do: DoVerb, Why: string(ev.Action) + " at the source"}
	case Update:
		if open == nil {
			return Verdict{Do: DoRecord, Why: "nothing open under this key"}
		}
		v := Verdict{Do: DoUpdate, Why: "updated by the source"}
		if ev.Severity == "" {
			return v // what c holds is only the default
		}
		return raise(v, c.Severity, open)
	case Change:
		return Verdict{Do: DoRecord, Why: "a change, not an alert"}
	case Test:
		return Verdict{Do: DoRecord, Why: "a test of the sender's, not an alert"}
	case Heartbeat:
		return Verdict{Do: DoRecord, Why: "a sign of life, not an alert"}
	}
	return Verdict{Do: DoRecord, Why: fmt.Sprintf("action %q is not known", ev.Action)}
}

// again: a trigger for an alert that is open.
func again(ev Event, c Category, open *Alert, status incident.Status) Verdict {
	if status == incident.Resolved || status == incident.Closed {
		return raise(Verdict{Do: DoReopen, Why: "it still fires, although its incident is " + string(status)}, c.Severity, open)
	}
	if Digest(ev) == open.Digest {
		return raise(Verdict{Do: DoRepeat, Why: "the same again"}, c.Severity, open)
	}
	if older(ev.At, open.Last.At) {
		return raise(Verdict{Do: DoRepeat, Why: "the alert already says something newer"}, c.Severity, open)
	}
	return raise(Verdict{Do: DoUpdate, Why: "it says something new"}, c.Severity, open)
}

// first: a trigger while nothing is open under its key.
func first(ev Event, c Category, last *Alert, status incident.Status, reopen time.Duration, now time.Time) Verdict {
	if c.Record {
		return Verdict{Do: DoRecord, Why: c.Why}
	}
	if last == nil {
		return Verdict{Do: DoOpen, Why: "nothing is open under this key"}
	}
	since := now.Sub(last.ResolvedAt)
	if at := sourceTime(ev.At, now); last.Last.Action == Resolve && since <= Crossing && older(at, last.Last.At) {
		return Verdict{Do: DoRecord, Why: fmt.Sprintf("a late trigger: it is of %s, the alert was resolved at %s", clock(at), clock(last.Last.At))}
	}
	ago := since.Truncate(time.Second)
	switch {
	case status.Open():
		return raise(Verdict{Do: DoReopen, Why: "it is back, and its incident is still open"}, c.Severity, last)
	case status == incident.Closed:
		return Verdict{Do: DoOpen, Why: "it is back, but its last incident is closed"}
	case status == incident.Resolved && since < reopen:
		return raise(Verdict{Do: DoReopen, Why: fmt.Sprintf("it is back %s after its resolve", ago)}, c.Severity, last)
	}
	return Verdict{Do: DoOpen, Why: fmt.Sprintf("it is back %s after its resolve: too late to reopen", ago)}
}

func raise(v Verdict, to org.Severity, a *Alert) Verdict {
	if Worse(to, a.Severity) {
		v.Raise = to
	}
	return v
}

// sourceTime is the source's time if it can be trusted: a clock far ahead of ours
// would make every later event look old.
func sourceTime(at, now time.Time) time.Time {
	if at.After(now.Add(Skew)) {
		return time.Time{}
	}
	return at
}

// older compares two times of a source, by the second: many senders give no more, and
// some give more in their triggers than in their resolves. A time that was not given
// is not older.
func older(a, b time.Time) bool {
	return !a.IsZero() && !b.IsZero() && a.Unix() < b.Unix()
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// Apply is the alert after the verdict on an event was carried out. For DoOpen, a
// brings the ID, Integration and Subject; for the others it is the alert that Triage
// was given.
func (v Verdict) Apply(a Alert, ev Event, c Category, now time.Time) Alert {
	ev.At = sourceTime(ev.At, now)
	switch v.Do {
	case DoOpen:
		a.Key, a.Service, a.Severity = ev.Key, c.Service, c.Severity
		a.FirstAt, a.Count = now, 0
		a = a.say(ev, now)
	case DoReopen:
		a = a.say(ev, now)
	case DoRepeat:
		a.Count++
		a.LastAt = now
	case DoUpdate:
		if ev.Action == Update {
			a.Last = amended(a.Last, ev)
			a.Title = a.Last.Title
		} else {
			a = a.say(ev, now)
		}
	case DoResolve:
		a.Open, a.ResolvedAt = false, now
		a.Last.Action, a.Last.At = ev.Action, ev.At
	}
	if Worse(v.Raise, a.Severity) {
		a.Severity = v.Raise
	}
	return a
}

// say makes a trigger the alert's last word.
func (a Alert) say(ev Event, now time.Time) Alert {
	a.Open, a.ResolvedAt = true, time.Time{}
	a.Count++
	a.LastAt = now
	a.Title, a.Digest, a.Last = ev.Title, Digest(ev), ev
	return a
}

// amended is what was said, with what an update says anew. The trigger's digest stays:
// the same trigger again is still only a repetition.
func amended(old, ev Event) Event {
	if ev.Title != "" {
		old.Title = ev.Title
	}
	if ev.Text != "" {
		old.Text = ev.Text
	}
	if ev.Severity != "" {
		old.Severity = ev.Severity
	}
	if len(ev.Labels) > 0 {
		old.Labels = ev.Labels
	}
	if len(ev.Details) > 0 {
		old.Details = ev.Details
	}
	if len(ev.Links) > 0 {
		old.Links = ev.Links
	}
	return old
}

// Digest is equal for two triggers of one key when the second adds nothing that
// anyone must act on: title, severity, labels and since when it fires. Text, details,
// links and the time of sending may differ; senders repeat themselves with a fresh
// measurement in them. It is the same in every process and version, for it is stored.
func Digest(ev Event) string {
	if ev.AsSaid != "" {
		return ev.AsSaid
	}
	var room [1024]byte
	var names [24]string
	keys := names[:0]
	for k := range ev.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)

	b := appendField(room[:0], ev.Title)
	b = appendField(b, string(ev.Severity))
	if !ev.Since.IsZero() {
		b = binary.BigEndian.AppendUint64(b, uint64(ev.Since.UnixMicro()))
	}
	for _, k := range keys {
		b = appendField(b, k)
		b = appendField(b, ev.Labels[k])
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// appendField writes a string with its length, so that no two lists of strings look
// the same.
func appendField(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}
