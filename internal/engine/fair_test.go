package engine

import (
	"testing"
	"time"

	"tocsin/org"
)

// Who is new comes to their share by and by; who works half bears half.
func TestCapacity(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	people := map[org.PersonID]org.Person{"half": {Capacity: 0.5}}
	b := Books{Person: func(p org.PersonID) (org.Person, bool) { return people[p], true }}
	l := &Ledger{People: []org.PersonID{"old", "half", "fresh", "newer"}, joined: map[org.PersonID]time.Time{
		"old": now.AddDate(-1, 0, 0), "half": now.AddDate(-1, 0, 0), "fresh": now, "newer": now.Add(-joining / 2),
	}}
	got := l.capacity(b, now)
	for p, want := range map[org.PersonID]float64{"old": 1, "half": 0.5, "fresh": 0.25, "newer": 0.625} {
		if got[p] != want {
			t.Errorf("%s: %v, want %v", p, got[p], want)
		}
	}
	for p := range l.joined { // a house that is new altogether knows no newcomers
		l.joined[p] = now.Add(-time.Hour)
	}
	if got := l.capacity(b, now)["fresh"]; got != 1 {
		t.Errorf("all are new: %v", got)
	}
}

func TestLastMonday(t *testing.T) {
	for _, c := range []struct{ at, zone, want string }{
		{"2026-11-23T08:00:00Z", "Europe/Prague", "2026-11-23T08:00:00Z"},
		{"2026-11-23T07:59:59Z", "Europe/Prague", "2026-11-16T08:00:00Z"},
		{"2026-11-22T23:00:00Z", "", "2026-11-16T09:00:00Z"},
		{"2026-11-22T23:00:00Z", "Asia/Tokyo", "2026-11-16T00:00:00Z"},
		{"2026-10-26T09:00:00Z", "Europe/Prague", "2026-10-26T08:00:00Z"},
		{"2026-10-26T07:00:00Z", "Europe/Prague", "2026-10-19T07:00:00Z"},
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		if got := lastMonday(at, c.zone).Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.at, c.zone, got, c.want)
		}
	}
}
