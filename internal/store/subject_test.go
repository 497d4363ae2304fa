package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

func night() incident.Log {
	return incident.Log{
		{Seq: 1, At: t0, By: "source:prom", Fact: incident.Opened{Title: "db-1 is down", Service: "db", Team: "dba", Severity: org.SEV1, Priority: org.High, Integration: "prom"}},
		{Seq: 2, At: t0, By: incident.Engine, Fact: incident.Asked{Run: 1, Why: "opened", Policy: "dba", Version: 3, Priority: org.High}},
		{Seq: 3, At: t0.Add(time.Second), By: incident.Engine, Fact: incident.Called{Run: 1, Calls: []incident.Call{{Person: "jane"}}, Until: t0.Add(5 * time.Minute), Base: t0}},
		{Seq: 4, At: t0.Add(time.Minute), By: "person:omar", Fact: incident.Noted{Text: "the secret word is swordfish"}},
		{Seq: 5, At: t0.Add(2 * time.Minute), By: "person:jane", Fact: incident.AcknowledgedBy{}},
	}
}

func appendAll(t testing.TB, s *Store, id incident.ID, l incident.Log) {
	t.Helper()
	write(t, s, func(tx *Tx) error { return tx.Append(tx.Create(id), l) })
}

func TestSubject(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		l := night()
		write(t, s, func(tx *Tx) error {
			x := tx.Create("a")
			if err := tx.Append(x, l[:2]); err != nil {
				return err
			}
			again, err := tx.Lock("a")
			if again != x || err != nil {
				t.Errorf("a created subject is not found again: %v", err)
			}
			return tx.Append(x, l[2:3])
		})
		write(t, s, func(tx *Tx) error {
			x, err := tx.Lock("a")
			if err != nil {
				return err
			}
			return tx.Append(x, l[3:])
		})
		read(t, s, func(tx *Tx) error {
			want := incident.Fold(l)
			want.ID = "a"
			x, err := tx.Subject("a")
			if err != nil {
				return err
			}
			if d := cmp.Diff(want, x.Incident); d != "" {
				t.Errorf("projection (-want +got):\n%s", d)
			}
			got, err := tx.Log("a")
			if d := cmp.Diff(l, got); d != "" {
				t.Errorf("log (-want +got):\n%s", d)
			}
			if err != nil {
				return err
			}
			return tx.VerifyLog("a")
		})
		err := s.Read(t.Context(), func(tx *Tx) error { _, err := tx.Subject("b"); return err })
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("no subject: %v", err)
		}
	})
}

func TestProjectionOfAnotherFoldIsMadeAnew(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		appendAll(t, s, "a", night())
		raw(t, s, `UPDATE subjects SET fold = 999, state = '{"title":"nonsense"}' WHERE id = 'a'`)
		read(t, s, func(tx *Tx) error {
			x, err := tx.Subject("a")
			if err == nil && (x.Title != "db-1 is down" || x.ID != "a" || x.Seq != 5) {
				t.Errorf("got %+v", x.Incident)
			}
			return err
		})
	})
}

func TestAppendRefuses(t *testing.T) {
	s := openSQLite(t, Options{})
	appendAll(t, s, "a", night())
	note := func(seq int, at time.Time) incident.Log {
		return incident.Log{{Seq: seq, At: at, By: "person:omar", Fact: incident.Noted{Text: "x"}}}
	}
	try := func(l incident.Log) error {
		return s.Write(t.Context(), People, func(tx *Tx) error {
			x, err := tx.Lock("a")
			if err != nil {
				return err
			}
			return tx.Append(x, l)
		})
	}
	if err := try(note(7, t0.Add(time.Hour))); err == nil {
		t.Error("took a line out of order")
	}
	if err := try(note(6, t0)); err == nil {
		t.Error("took a line that goes back in time")
	}
	var many incident.Log
	for n := 6; n <= incident.MaxFacts+1; n++ {
		many = append(many, note(n, t0.Add(time.Hour))...)
	}
	var r incident.Refusal
	if err := try(many); !errors.As(err, &r) {
		t.Errorf("over the limit: %v", err)
	}
	if err := try(many[:len(many)-1]); err != nil {
		t.Errorf("up to the limit: %v", err)
	}
}

func TestTamperingIsNamed(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		appendAll(t, s, "a", night())
		for _, c := range []struct{ name, sql, want string }{
			{"body", `UPDATE log SET body = '{"text":"nothing"}' WHERE subject = 'a' AND seq = 4`, "line 4 was changed"},
			{"time", `UPDATE log SET at = at + 1 WHERE subject = 'a' AND seq = 3`, "line 3 was changed"},
			{"who", `UPDATE log SET actor = 'person:eve' WHERE subject = 'a' AND seq = 5`, "line 5 was changed"},
			{"middle", `DELETE FROM log WHERE subject = 'a' AND seq = 2`, "line 2 is missing"},
			{"end", `DELETE FROM log WHERE subject = 'a' AND seq = 5`, "line 5 is missing"},
			{"blanked without its digest", `UPDATE log SET body = '{}' WHERE subject = 'a' AND seq = 4`, "line 4 was changed"},
			{"digest of another", `UPDATE log SET body = '{"text":"x"}', digest = hash WHERE subject = 'a' AND seq = 4`, "line 4 was changed"},
		} {
			tried(t, s, func(tx *Tx) {
				if n, err := tx.exec(c.sql); n != 1 || err != nil {
					t.Fatalf("%s: %d rows, %v", c.name, n, err)
				}
				if err := tx.VerifyLog("a"); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: got %v, want %q", c.name, err, c.want)
				}
			})
		}
	})
}

func TestRedact(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		appendAll(t, s, "a", night())
		redact := func(seq int) error {
			return s.Write(t.Context(), People, func(tx *Tx) error { return tx.Redact("a", seq) })
		}
		var r incident.Refusal
		if err := redact(3); !errors.As(err, &r) {
			t.Errorf("erased a call: %v", err)
		}
		for range 2 { // again changes nothing
			if err := redact(4); err != nil {
				t.Fatal(err)
			}
		}
		read(t, s, func(tx *Tx) error {
			l, err := tx.Log("a")
			if s := fmt.Sprint(l); strings.Contains(s, "swordfish") {
				t.Errorf("still there: %s", s)
			}
			x, _ := tx.Subject("a")
			if x.Owner != "jane" {
				t.Errorf("the state changed: %+v", x.Incident)
			}
			if err != nil {
				return err
			}
			return tx.VerifyLog("a")
		})
	})
}

func TestSubjects(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for _, id := range []incident.ID{"a", "b", "c", "d"} {
			l := night()[:1]
			if id == "b" {
				l[0].Fact = incident.Opened{Title: "other", Service: "web", Team: "front", Priority: org.Low}
			}
			if id == "c" {
				l = append(l, incident.Entry{Seq: 2, At: t0, By: incident.Engine, Fact: incident.Ended{}})
			}
			appendAll(t, s, id, l)
		}
		for _, c := range []struct {
			f    Filter
			want string
		}{
			{Filter{}, "d c b a"},
			{Filter{Limit: 2}, "d c"},
			{Filter{Before: "c", Limit: 2}, "b a"},
			{Filter{Open: true}, "d b a"},
			{Filter{Status: []incident.Status{incident.Resolved, incident.Closed}}, "c"},
			{Filter{Service: "db", Open: true}, "d a"},
			{Filter{Team: "front"}, "b"},
			{Filter{Priority: org.Low}, "b"},
			{Filter{Service: "db", Team: "front"}, ""},
		} {
			read(t, s, func(tx *Tx) error {
				rows, err := tx.Subjects(c.f)
				var got []string
				for _, r := range rows {
					got = append(got, string(r.ID))
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("%+v: got %v, want %s", c.f, got, c.want)
				}
				return err
			})
		}
	})
}

func TestAlerts(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		a := alert.Alert{ID: "1", Integration: "prom", Key: "k", Subject: "a", Service: "db", Severity: org.SEV2, Title: "T", Digest: "d", Counted: true, Open: true, Count: 2,
			FirstAt: t0, LastAt: t0.Add(time.Second), Last: event("k")}
		k := AlertKey{"prom", "k"}
		write(t, s, func(tx *Tx) error { return tx.PutAlert(a) })
		check := func(name string, find func(tx *Tx, keys []AlertKey) (map[AlertKey]alert.Alert, error), want map[AlertKey]alert.Alert) {
			t.Helper()
			keys := []AlertKey{k}
			for n := range 100 {
				keys = append(keys, AlertKey{"prom", fmt.Sprint(n)})
			}
			for _, door := range []func(testing.TB, *Store, func(*Tx) error){read, write} {
				door(t, s, func(tx *Tx) error {
					got, err := find(tx, keys)
					if d := cmp.Diff(want, got); d != "" {
						t.Errorf("%s (-want +got):\n%s", name, d)
					}
					return err
				})
			}
		}
		check("open", (*Tx).OpenAlerts, map[AlertKey]alert.Alert{k: a})
		// Over, open again, over, and another one open, in one transaction.
		b, c := a, a
		a.Open, a.ResolvedAt = false, t0.Add(time.Minute)
		b.ID, b.Open, b.ResolvedAt = "2", false, t0.Add(2*time.Minute)
		c.ID = "3"
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutAlert(c), tx.PutAlert(a), tx.PutAlert(b))
		})
		check("open", (*Tx).OpenAlerts, map[AlertKey]alert.Alert{k: c})
		check("resolved", (*Tx).LastResolved, map[AlertKey]alert.Alert{k: b})
		read(t, s, func(tx *Tx) error {
			all, err := tx.AlertsOf("a")
			if n, _ := tx.FiringLeft("a"); n != 1 || len(all) != 3 {
				t.Errorf("%d of %d fire", n, len(all))
			}
			return err
		})
		d := c
		d.ID = "4"
		if err := s.Write(t.Context(), Triage, func(tx *Tx) error { return tx.PutAlert(d) }); err == nil {
			t.Error("two open alerts of one key")
		}
	})
}
