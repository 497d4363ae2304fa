package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/oncall"
	"tocsin/org"
)

// rota is jane and omar in turns of a day from 02:30 on.
func rota() oncall.Schedule {
	return oncall.Schedule{ID: "rota", Name: "Rota", Layers: []oncall.Layer{{ID: "l", People: []org.PersonID{"jane", "omar"}, Every: "1 day", From: "2026-11-22T02:30"}}}
}

// logged is the on-call log of the rota, in a few words.
func (h *house) logged() string {
	h.t.Helper()
	var lines []string
	h.write(func(tx *store.Tx) error {
		rows, err := tx.Shifts("rota", night.AddDate(-1, 0, 0), night.AddDate(1, 0, 0))
		for _, r := range rows {
			until := "..."
			if !r.Until.IsZero() {
				until = r.Until.Format("02T15:04")
			}
			lines = append(lines, fmt.Sprintf("%s-%s %v", r.At.Format("02T15:04"), until, r.People()))
		}
		return err
	})
	return strings.Join(lines, ", ")
}

// The on-call log has a line for each change, whoever made it and whether or not the
// house was awake; what is past stays as it was.
func TestOnCallLog(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.configure("schedule", "rota", rota())
		h.step()
		h.pass(30 * time.Minute) // 02:43
		h.pass(72 * time.Hour)   // slept through two changes
		if got, want := h.logged(), "23T02:13-23T02:30 [jane], 23T02:30-24T02:30 [omar], 24T02:30-25T02:30 [jane], 25T02:30-26T02:30 [omar], 26T02:30-... [jane]"; got != want {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
		changed := rota()
		changed.Layers[0].People = []org.PersonID{"omar"}
		h.configure("schedule", "rota", changed)
		h.step()
		if got := h.logged(); !strings.HasSuffix(got, "26T02:30-26T02:43 [jane], 26T02:43-... [omar]") || !strings.HasPrefix(got, "23T02:13-23T02:30 [jane], ") {
			t.Errorf("the past changed: %s", got)
		}
		before := h.logged()
		h.pass(0)
		h.pass(26 * time.Hour)
		if got := h.logged(); got != before {
			t.Errorf("nothing changed: %s", got)
		}
		h.write(func(tx *store.Tx) error {
			_, err := tx.PutConfig(h.now, store.Change{Kind: "schedule", ID: "rota", By: "test"})
			return err
		})
		h.step()
		if got := h.logged(); !strings.HasSuffix(got, "26T02:43-27T04:43 [omar]") {
			t.Errorf("the schedule is gone: %s", got)
		}
	})
}

// A change of shift pages who comes on, once, while nobody has answered (R8).
func TestHandOffOfOpenIncidents(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.configure("schedule", "rota", rota())
		h.configure("policy", "db", escalate.Policy{ID: "db", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "schedule", ID: "rota"}}, Wait: org.Duration(2 * time.Hour)}}})
		h.step()
		h.hear(alert.Event{Action: alert.Trigger, Key: "k", Title: "db-1 is down", Severity: org.SEV2})
		if got := h.said(); got != "jane: db-1 is down" {
			t.Fatalf("said %q", got)
		}
		h.pass(17 * time.Minute) // 02:30
		if got := h.said(); got != "omar: db-1 is down\njane: handed over to Omar: db-1 is down" {
			t.Errorf("at the change: %q", got)
		}
		h.pass(0)
		h.pass(time.Minute)
		if got := h.said(); got != "" {
			t.Errorf("once more: %q", got)
		}
		// By hand, too: an override in the middle of a shift is a change of hands.
		s := rota()
		s.Patches = []oncall.Patch{{Op: "set", Users: oncall.Names{"jane"}, Start: oncall.Instant(h.now.Add(-time.Hour)), End: oncall.Instant(h.now.Add(time.Hour))}}
		h.configure("schedule", "rota", s)
		h.step()
		h.write(func(tx *store.Tx) error {
			ids, err := tx.OpenAfter("", 10)
			if err != nil || len(ids) != 1 {
				t.Fatalf("%v %v", ids, err)
			}
			log, err := tx.Log(ids[0])
			n := 0
			for _, e := range log {
				if _, ok := e.Fact.(incident.Handed); ok {
					n++
				}
			}
			if n != 2 {
				t.Errorf("%d changes of hands in the log", n)
			}
			return err
		})
	})
}

// A gap warns its fall-back a day before, calls it when it begins, and is over when
// somebody stands there again.
func TestGap(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		s := rota()
		s.FallBack = "last" // omar
		s.Layers = []oncall.Layer{{ID: "l", People: []org.PersonID{"jane"}}}
		s.Patches = []oncall.Patch{{ID: "gap", Op: "set", Start: oncall.Instant(night.Add(30 * time.Hour)), End: oncall.Instant(night.Add(31 * time.Hour))}}
		h.configure("schedule", "rota", s)
		h.step()
		h.runUntil(night.Add(30*time.Hour - time.Second))
		said := h.said()
		if !strings.HasPrefix(said, "omar: Nobody is on call for Rota from Tue 24 Nov 08:13 UTC") || strings.Contains(said, "\n") {
			t.Fatalf("the day before: %q", said)
		}
		h.runUntil(night.Add(30 * time.Hour))
		if got := h.said(); got != "omar: nobody is on call for Rota" {
			t.Fatalf("at its start: %q", got)
		}
		h.runUntil(night.Add(31 * time.Hour))
		if got := h.said(); got != "omar: resolved: nobody is on call for Rota" {
			t.Errorf("at its end: %q", got)
		}
	})
}

// runUntil steps whenever the engine wants to, until a moment.
func (h *house) runUntil(to time.Time) {
	h.t.Helper()
	for range 5000 {
		next, err := h.Step(h.t.Context(), h.now)
		if err != nil {
			h.t.Fatal(err)
		}
		if next.IsZero() || next.After(to) {
			break
		}
		if next.After(h.now) {
			h.now = next
		}
	}
	h.now = to
	h.step()
}

// Who comes on and who goes off hear of it, with what is left to them; nobody twice.
func TestNotices(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	s := rota()
	s.Notices = oncall.Notices{Before: []org.Duration{org.Duration(10 * time.Minute)}, On: true, Off: true}
	h.configure("schedule", "rota", s)
	h.step()
	h.write(func(tx *store.Tx) error {
		return tx.AddShiftNote(store.ShiftNote{ID: "n", Schedule: "rota", At: h.now.Add(time.Minute), By: "jane", Text: "the disk of db-2 is slow"})
	})
	h.runUntil(night.Add(7 * time.Minute)) // 02:20
	if got := h.said(); got != "omar: This is a test: confirm it\nomar: You are on call for Rota (primary) from Mon 23 Nov 02:30 UTC" {
		t.Errorf("before: %q", got)
	}
	h.runUntil(night.Add(17 * time.Minute))
	if len(h.push.got) != 3 || !strings.Contains(strings.Join(h.push.got[1].Body, "\n"), "note of Jane: the disk of db-2 is slow") {
		t.Errorf("the note is missing: %+v", h.push.got)
	}
	if got := h.said(); !strings.Contains(got, "omar: You are on call for Rota (primary) until Tue 24 Nov 02:30 UTC") || !strings.Contains(got, "jane: Your shift for Rota is over: Omar took it") {
		t.Errorf("at the change: %q", got)
	}
	h.configure("schedule", "rota", func() oncall.Schedule { s.Name = "Renamed"; return s }()) // looked at anew
	h.runUntil(night.Add(20 * time.Minute))
	if got := h.said(); got != "" {
		t.Errorf("twice: %q", got)
	}
}

// A zone database that is newer moves shifts of people who changed nothing: they are told,
// once, and nobody else is.
func TestNewerZones(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.configure("schedule", "rota", rota())
		h.step()
		h.write(func(tx *store.Tx) error { // as an older release published it: everything an hour later, for a while
			was, err := tx.Horizon("rota")
			if err != nil {
				return err
			}
			if was.Zones != org.ZoneVersion || len(was.Shifts) < 89 {
				t.Errorf("%s, %d shifts", was.Zones, len(was.Shifts))
			}
			was.Zones = "1999z"
			was.Shifts[3].Until = was.Shifts[3].Until.Add(time.Hour)
			was.Shifts[4].From = was.Shifts[4].From.Add(time.Hour)
			return tx.PutHorizon(was)
		})
		h.pass(time.Hour)
		told := func() (n int) {
			h.write(func(tx *store.Tx) error {
				rows, err := tx.Pages(store.PageFilter{Limit: 100})
				for _, p := range rows {
					if strings.Contains(p.Text, "The rules of clocks changed ("+org.ZoneVersion+", before 1999z)") {
						n++
					}
				}
				return err
			})
			return n
		}
		if n := told(); n != 2 {
			t.Errorf("%d were told, not 2", n)
		}
		h.write(func(tx *store.Tx) error {
			is, err := tx.Horizon("rota")
			if is.Zones != org.ZoneVersion || is.Moved == nil || len(is.Moved.Changes) != 1 || is.Moved.Changes[0].Until.Sub(is.Moved.Changes[0].From) != time.Hour {
				t.Errorf("%+v", is.Moved)
			}
			return err
		})
		h.pass(time.Hour)
		if n := told(); n != 2 {
			t.Errorf("%d notices after another look", n)
		}
	})
}

// Before a shift people hear what is in the way of reaching them; whom nothing reaches is
// told to those behind the schedule.
func TestReadyBeforeAShift(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	s := rota()
	s.Notices, s.FallBack = oncall.Notices{Before: []org.Duration{org.Duration(10 * time.Minute)}}, "behind"
	h.configure("policy", "behind", escalate.Policy{ID: "behind", Levels: []escalate.Level{{Targets: []org.Target{{Kind: "person", ID: "jane"}}, Wait: org.Duration(time.Hour)}}})
	h.configure("schedule", "rota", s)
	h.step()
	h.runUntil(night.Add(7 * time.Minute))
	if got := h.push.got; len(got) != 2 || got[0].Purpose != escalate.Alarm || got[0].AckURL == "" || !strings.Contains(got[1].Body[0], "a test page follows") {
		t.Fatalf("%+v", got)
	}
	if got := h.said(); got != "omar: This is a test: confirm it\nomar: You are on call for Rota (primary) from Mon 23 Nov 02:30 UTC" {
		t.Errorf("%q", got)
	}
	h.runUntil(night.Add(20 * time.Minute))
	if got := h.said(); !strings.Contains(got, "omar: its time is over: This is a test: confirm it") || strings.Count(got, "test") != 1 { // the shift has begun: nobody can do anything about it any longer
		t.Errorf("%q", got)
	}

	h.configure("person", "jane", org.Person{ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "push", Channel: "push", Address: "jane", Verified: true}},
		Reach: org.Reach{Away: []org.Span{{From: night, Until: night.Add(72 * time.Hour)}}}})
	h.runUntil(night.Add(24*time.Hour + 7*time.Minute))
	if got := h.push.got; len(got) == 0 || !strings.Contains(strings.Join(got[len(got)-1].Body, "\n"), "Jane is away until 26 Nov 02:13: you would not be called.") {
		t.Errorf("%+v", got)
	}
	h.said()

	h.configure("person", "omar", org.Person{ID: "omar", Name: "Omar", Methods: []org.Method{{ID: "push", Channel: "push", Address: "omar"}}})
	h.runUntil(night.Add(48*time.Hour + 7*time.Minute))
	if got := h.said(); !strings.Contains(got, "jane: Omar is on call for Rota from Wed 25 Nov 02:30 UTC and no page would reach them") {
		t.Errorf("%q", got)
	}
}
