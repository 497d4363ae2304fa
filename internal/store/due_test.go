package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

func TestClaimDue(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		const lease = 15 * time.Second
		write(t, s, func(tx *Tx) error {
			for n, sub := range []string{"a", "b", "c"} {
				if err := tx.Arm(Due{Kind: "tend", Subject: sub, Lane: LaneHigh, At: t0.Add(time.Duration(n) * time.Second)}); err != nil {
					return err
				}
			}
			return tx.Arm(Due{Kind: "tend", Subject: "low", Lane: LaneLow, At: t0})
		})
		claim := func(now time.Time, limit int, newest bool) []Due {
			t.Helper()
			var out []Due
			write(t, s, func(tx *Tx) (err error) {
				out, err = tx.ClaimDue(now, lease, LaneHigh, limit, newest)
				return err
			})
			return out
		}
		if got := claim(t0.Add(-time.Second), 9, false); len(got) != 0 {
			t.Errorf("claimed before it was due: %v", got)
		}
		first := claim(t0.Add(time.Second), 9, false)
		if d := cmp.Diff([]Due{{"tend", "a", LaneHigh, t0, 2, 0}, {"tend", "b", LaneHigh, t0.Add(time.Second), 2, 0}}, first); d != "" {
			t.Fatal(d)
		}
		if got := claim(t0.Add(14*time.Second), 9, false); len(got) != 1 || got[0].Subject != "c" {
			t.Errorf("a lease was broken: %v", got)
		}
		hold := func(d Due, want bool) {
			t.Helper()
			write(t, s, func(tx *Tx) error {
				ok, err := tx.Hold(d)
				if ok != want {
					t.Errorf("hold %v: %t", d, ok)
				}
				return err
			})
		}
		hold(first[0], true)
		second := claim(t0.Add(16*time.Second), 1, true) // expired; the newest of a and b
		if len(second) != 1 || second[0].Gen != 3 || !second[0].At.Equal(t0) && !second[0].At.Equal(t0.Add(time.Second)) {
			t.Fatalf("after the lease: %v", second)
		}
		for _, d := range first {
			hold(d, d.Subject != second[0].Subject)
		}
		write(t, s, func(tx *Tx) error {
			d := second[0]
			d.At, d.Failures = t0.Add(time.Hour), 2
			return tx.Arm(d)
		})
		hold(second[0], false)
		write(t, s, func(tx *Tx) error {
			d, ok, err := tx.DueOf("tend", second[0].Subject)
			if !ok || d.Failures != 2 || d.Gen != 4 || !d.At.Equal(t0.Add(time.Hour)) {
				t.Errorf("rearmed: %v %t", d, ok)
			}
			return errors.Join(err, tx.Disarm("tend", d.Subject), tx.Disarm("tend", "nobody"))
		})
		read(t, s, func(tx *Tx) error {
			_, ok, err := tx.DueOf("tend", second[0].Subject)
			if ok {
				t.Error("still armed")
			}
			agenda, err2 := tx.Agenda()
			if at := agenda.First(LaneLow); !at.Equal(t0) {
				t.Errorf("next in low: %v", at)
			}
			if at := agenda.First(LanePeople); !at.IsZero() {
				t.Error("something waits in an empty lane")
			}
			return errors.Join(err, err2)
		})
	})
}

func TestArmAndDisarmInOneTransaction(t *testing.T) {
	s := openSQLite(t, Options{})
	write(t, s, func(tx *Tx) error {
		d := Due{Kind: "tend", Subject: "a", At: t0}
		return errors.Join(tx.Arm(d), tx.Disarm("tend", "a"), tx.Arm(Due{Kind: "tend", Subject: "b", At: t0}), tx.Arm(Due{Kind: "tend", Subject: "b", At: t0.Add(time.Hour)}))
	})
	read(t, s, func(tx *Tx) error {
		_, ok, err := tx.DueOf("tend", "a")
		d, _, err2 := tx.DueOf("tend", "b")
		if ok || !d.At.Equal(t0.Add(time.Hour)) {
			t.Errorf("a is armed: %t; b: %v", ok, d)
		}
		return errors.Join(err, err2)
	})
}

func page(id string, change func(*PageRow)) PageRow {
	p := PageRow{ID: id, State: escalate.Planned, Page: escalate.Page{Subject: "a", Run: 1, Person: "jane", Method: org.MethodID(id), Channel: "ntfy", Purpose: escalate.Alarm, Priority: org.High, At: t0}}
	if change != nil {
		change(&p)
	}
	p.WakeAt = p.At
	return p
}

func TestPages(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		full := page("1", func(p *PageRow) {
			p.Epoch, p.Round, p.Level, p.Rule, p.Repeat = 1, 2, 3, 4, 5
			p.Person, p.Channel, p.Address, p.Text = "", "email", "reports@example.org", "all clear"
			p.Purpose, p.Each, p.Every, p.Until, p.Zone, p.Hour = escalate.Report, true, time.Minute, t0.Add(time.Hour), "Europe/Prague", 3
		})
		twin := full
		twin.ID = "other"
		write(t, s, func(tx *Tx) error { return tx.PlanPages([]PageRow{full, twin, page("2", nil)}) })
		write(t, s, func(tx *Tx) error { return tx.PlanPages([]PageRow{twin}) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.PagesOf("a")
			if d := cmp.Diff([]PageRow{full, page("2", nil)}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return err
		})
		var claimed []PageRow
		write(t, s, func(tx *Tx) (err error) {
			for _, free := range []string{"email", "ntfy"} {
				some, err := tx.ClaimPages(t0, 15*time.Second, LaneHigh, false, func(channel string) int {
					if channel == free {
						return 9
					}
					return 0
				})
				if claimed = append(claimed, some...); err != nil || len(some) != 1 {
					return fmt.Errorf("room for %s: %d claimed, %v", free, len(some), err)
				}
			}
			return nil
		})
		if len(claimed) != 2 || claimed[0].State != escalate.Claimed || claimed[0].Gen != 1 || !claimed[0].WakeAt.Equal(t0.Add(15*time.Second)) {
			t.Fatalf("claimed %+v", claimed)
		}
		sent := claimed[0]
		sent.State, sent.WakeAt, sent.Attempts, sent.FirstAt, sent.SentAt, sent.Provider = escalate.Sent, time.Time{}, 1, t0, t0, "m-1"
		write(t, s, func(tx *Tx) error {
			ok, err := tx.SavePage(sent, sent.Gen)
			if !ok {
				t.Error("the holder was fenced off")
			}
			ok, err2 := tx.SavePage(sent, sent.Gen-1)
			if ok {
				t.Error("a zombie wrote")
			}
			found, err3 := tx.PageByProvider("email", "m-1")
			if d := cmp.Diff(sent, found); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return errors.Join(err, err2, err3)
		})
		err := s.Read(t.Context(), func(tx *Tx) error { _, err := tx.PageByProvider("email", ""); return err })
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("a page without a message: %v", err)
		}
	})
}

func TestReceiptsOnlyClimb(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error { return tx.PlanPages([]PageRow{page("1", nil)}) })
		for i, c := range []struct{ say, want escalate.State }{
			{escalate.Claimed, escalate.Claimed}, {escalate.Sent, escalate.Sent}, {escalate.Failed, escalate.Failed}, {escalate.Sent, escalate.Sent},
			{escalate.Read, escalate.Read}, {escalate.Delivered, escalate.Read}, {escalate.Failed, escalate.Read}, {escalate.Sent, escalate.Read},
			{escalate.Answered, escalate.Answered}, {escalate.Cancelled, escalate.Answered}, {escalate.Read, escalate.Answered},
		} {
			write(t, s, func(tx *Tx) error {
				p, err := tx.Page("1")
				if err != nil {
					return err
				}
				p.State, p.WakeAt = c.say, time.Time{}
				if c.say == escalate.Read {
					p.ReadAt = t0.Add(time.Duration(i) * time.Second)
				}
				if c.say == escalate.Delivered {
					p.DeliveredAt = t0
				}
				ok, err := tx.SavePage(p, -1)
				got, err2 := tx.Page("1")
				if !ok || got.State != c.want {
					t.Errorf("%d: said %s, got %s (%t), want %s", i, c.say, got.State, ok, c.want)
				}
				return errors.Join(err, err2)
			})
		}
		read(t, s, func(tx *Tx) error {
			p, err := tx.Page("1")
			if !p.ReadAt.Equal(t0.Add(4*time.Second)) || !p.DeliveredAt.Equal(t0) {
				t.Errorf("read at %v, delivered at %v", p.ReadAt, p.DeliveredAt)
			}
			return err
		})
	})
}

func TestCancelPages(t *testing.T) {
	pages := []PageRow{
		page("1", nil),
		page("2", func(p *PageRow) { p.Run = 2 }),
		page("3", func(p *PageRow) { p.Person = "omar" }),
		page("4", func(p *PageRow) { p.Each = true }),
		page("5", func(p *PageRow) { p.Repeat = 1 }),
		page("6", func(p *PageRow) { p.Purpose = escalate.Told }),
		page("7", func(p *PageRow) { p.Subject = "b" }),
		page("8", func(p *PageRow) { p.Purpose = escalate.FailOver }),
	}
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error { return tx.PlanPages(pages) })
		for _, c := range []struct {
			f    Cancel
			want string
		}{
			{Cancel{Subject: "a"}, "1 2 3 4 5 6 8"},
			{Cancel{Subject: "b"}, "7"},
			{Cancel{Subject: "a", Run: 2}, "2"},
			{Cancel{Subject: "a", Person: "omar"}, "3"},
			{Cancel{Subject: "a", NotEach: true}, "1 2 3 5 6 8"},
			{Cancel{Subject: "a", OnlyRepeats: true}, "5"},
			{Cancel{Subject: "a", OnlyAlarms: true, Run: 1, Person: "jane", NotEach: true}, "1 5 8"},
		} {
			tried(t, s, func(tx *Tx) {
				n, err := tx.CancelPages(c.f, "answered", t0.Add(time.Second))
				if n != len(strings.Fields(c.want)) || err != nil {
					t.Errorf("%+v: cancelled %d: %v", c.f, n, err)
				}
				var got []string
				for _, sub := range []incident.ID{"a", "b"} {
					all, err := tx.PagesOf(sub)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range all {
						if p.State != escalate.Cancelled {
							continue
						}
						got = append(got, p.ID)
						if !p.WakeAt.IsZero() || p.Gen != 1 || p.Err != "answered" || !p.CancelledAt.Equal(t0.Add(time.Second)) {
							t.Errorf("%+v", p)
						}
					}
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("%+v: got %v", c.f, got)
				}
			})
		}
	})
}

func TestStuck(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		now := t0.Add(time.Hour)
		for _, id := range []incident.ID{"tended", "other", "alone"} {
			appendAll(t, s, id, night()[:1])
		}
		write(t, s, func(tx *Tx) error {
			late, limbo := page("late", nil), page("limbo", nil)
			err := errors.Join(
				tx.Arm(Due{Kind: "tend", Subject: "tended", Lane: LaneHigh, At: now.Add(time.Hour)}),
				tx.Arm(Due{Kind: "promise", Subject: "other", Lane: LaneLow, At: t0.Add(time.Minute)}),
				tx.PlanPages([]PageRow{late, limbo}))
			limbo.WakeAt = time.Time{}
			_, err2 := tx.SavePage(limbo, -1)
			return errors.Join(err, err2)
		})
		read(t, s, func(tx *Tx) error {
			a, err := tx.Stuck(now, "")
			got := fmt.Sprint(a.Untended, len(a.LateDue), len(a.LatePages), len(a.Limbo), a.OldestDue.Equal(t0.Add(time.Minute)))
			if want := "[{alone false} {other true}] 1 1 1 true"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			return err
		})
	})
}

// Disarm asks nothing: what it takes away goes with what is written last, all at once, and
// where nothing can have been armed there is nothing to take away.
func TestDisarmAsksNothing(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		names := []string{"a", "b", "c", "d"}
		armed := func(tx *Tx) (all []string) {
			for _, name := range append(names, "new") {
				_, ok, err := tx.DueOf("tend", name)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					all = append(all, name)
				}
			}
			return all
		}
		write(t, s, func(tx *Tx) error {
			for _, name := range names {
				tx.Arm(Due{Kind: "tend", Subject: name, At: t0})
			}
			return nil
		})
		write(t, s, func(tx *Tx) error {
			tx.Create("new")
			for _, name := range append(names, "new", "nobody") {
				tx.Disarm("tend", name)
			}
			tx.Arm(Due{Kind: "tend", Subject: "d", At: t0.Add(time.Hour)})
			all, err := tx.queued([]int{putDue})
			most := 3 // of SQLite: four rows, one row, one that is armed
			if s.d.arrays {
				most = 2
			}
			if len(all) > most {
				t.Errorf("%d statements, want %d at most", len(all), most)
			}
			for _, st := range all {
				if _, err := tx.exec(st.text, st.args...); err != nil {
					return err
				}
			}
			if got := armed(tx); !slices.Equal(got, []string{"d"}) {
				t.Errorf("armed are %q, want d alone", got)
			}
			d, _, err2 := tx.DueOf("tend", "d")
			if d.Gen != 2 || !d.At.Equal(t0.Add(time.Hour)) {
				t.Errorf("d is %v, want the second that is armed, an hour later", d)
			}
			tx.Arm(Due{Kind: "tend", Subject: "new", At: t0})
			tx.Disarm("tend", "new")
			tx.Arm(Due{Kind: "tend", Subject: "a", At: t0})
			return errors.Join(err, err2)
		})
		write(t, s, func(tx *Tx) error {
			if got := armed(tx); !slices.Equal(got, []string{"a", "d"}) {
				t.Errorf("armed are %q, want a and d", got)
			}
			return errors.Join(tx.Disarm("tend", "a"), tx.Disarm("tend", "a"))
		})
		write(t, s, func(tx *Tx) error {
			if got := armed(tx); !slices.Equal(got, []string{"d"}) {
				t.Errorf("in the end armed are %q, want d", got)
			}
			return nil
		})
		err := s.Read(context.Background(), func(tx *Tx) error { return tx.Disarm("tend", "d") })
		if err == nil {
			t.Error("a transaction that only reads disarmed something")
		}
	})
}

// What is due no longer is found by its key, however much else is due.
func TestDisarmPlan(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		numbers := `WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 20000) SELECT n FROM g`
		if s.d.arrays {
			numbers = `SELECT n FROM generate_series(1, 20000) AS g(n)`
		}
		raw(t, s, `INSERT INTO due (kind, subject, lane, at, wake_at, gen, failures) SELECT 'tend', CAST(n AS TEXT), 1, n, n, 1, 0 FROM (`+numbers+`) x`)
		if s.d.arrays {
			if _, err := s.db().Exec(`ANALYZE due`); err != nil {
				t.Fatal(err)
			}
		}
		write(t, s, func(tx *Tx) error {
			for n := range 100 {
				tx.Disarm("tend", fmt.Sprint(1+n*7))
			}
			all, err := tx.queued([]int{putDue})
			if err != nil || len(all) == 0 {
				t.Fatalf("%d statements, %v", len(all), err)
			}
			explain := "EXPLAIN QUERY PLAN "
			if s.d.arrays {
				explain = "EXPLAIN (FORMAT JSON) "
			}
			for _, st := range all {
				err := tx.each(explain+st.text, st.args, func(r row) error {
					if s.d.arrays {
						var text string
						if err := r.Scan(&text); err != nil {
							return err
						}
						var plan []struct{ Plan node }
						err := json.Unmarshal([]byte(text), &plan)
						plan[0].Plan.rows(func(kind string) { t.Errorf("%s: %s", kind, text) })
						return err
					}
					var id, parent, x int
					var detail string
					err := r.Scan(&id, &parent, &x, &detail)
					if strings.HasPrefix(detail, "SCAN due") {
						t.Errorf("%s: %s", detail, st.text)
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}
