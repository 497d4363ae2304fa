package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/org"
)

func TestSilences(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		silence := func(id string, from, to time.Duration) alert.Silence {
			return alert.Silence{
				ID: id, Integration: "prom", Matchers: []alert.Matcher{{Name: "größe", Value: "a\"b", Regex: true, Not: true}},
				Start: t0.Add(from), End: t0.Add(to), By: "jane", Comment: "two\nlines", Updated: t0,
			}
		}
		past, now, later := silence("a", -2*time.Hour, 0), silence("b", 0, time.Hour), silence("c", time.Hour, 2*time.Hour)
		write(t, s, func(tx *Tx) error {
			for _, one := range []alert.Silence{later, now, past} {
				if err := tx.PutSilence(one); err != nil {
					return err
				}
			}
			return nil
		})
		list := func(want []alert.Silence, ask func(*Tx) ([]alert.Silence, error)) {
			t.Helper()
			read(t, s, func(tx *Tx) error {
				got, err := ask(tx)
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
				return err
			})
		}
		at := func(d time.Duration) func(*Tx) ([]alert.Silence, error) {
			return func(tx *Tx) ([]alert.Silence, error) { return tx.SilencesAt(t0.Add(d)) }
		}
		list([]alert.Silence{past, now, later}, (*Tx).Silences)
		list([]alert.Silence{past}, at(-1*time.Microsecond))
		list([]alert.Silence{now}, at(0))
		list([]alert.Silence{later}, at(time.Hour))
		list(nil, at(2*time.Hour))

		now.End, now.Comment = t0.Add(90*time.Minute), "longer"
		write(t, s, func(tx *Tx) error {
			if got, err := tx.Silence("b"); err != nil || got.Comment != "two\nlines" {
				t.Errorf("%+v %v", got, err)
			}
			if _, err := tx.Silence("nobody"); !errors.Is(err, ErrNotFound) {
				t.Errorf("of nobody: %v", err)
			}
			return tx.PutSilence(now)
		})
		list([]alert.Silence{now, later}, at(time.Hour))
		write(t, s, func(tx *Tx) error { return tx.SilenceOver("c") })
		list([]alert.Silence{now}, at(time.Hour))
		write(t, s, func(tx *Tx) error { return tx.DropSilences(t0.Add(time.Microsecond)) })
		list([]alert.Silence{now, later}, (*Tx).Silences)
		read(t, s, func(tx *Tx) error {
			if got, err := tx.Silence("b"); err != nil || got.Comment != "longer" {
				t.Errorf("%+v %v", got, err)
			}
			return nil
		})
	})
}

// expected is what the table says of when alerts end.
func expected(t *testing.T, s *Store, in org.IntegrationID) (out []Expiring) {
	t.Helper()
	read(t, s, func(tx *Tx) (err error) {
		out, err = tx.Expired(in, t0.Add(1000*time.Hour), 100)
		return err
	})
	return out
}

// What is accepted sets until when it holds, the last word of a batch counts, and the
// due row of the integration is never later than the first of them.
func TestExpiring(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		accept := func(batch ...Heard) {
			t.Helper()
			write(t, s, func(tx *Tx) error { return tx.Accept(batch, new(int)) })
		}
		said := func(in org.IntegrationID, key string, action alert.Action, minutes int) Heard {
			ev := alert.Event{Action: action, Key: key}
			if minutes != 0 {
				ev.Until = t0.Add(time.Duration(minutes) * time.Minute)
			}
			return Heard{Integration: in, Event: ev, Digest: "d", At: t0}
		}
		dueAt := func(in org.IntegrationID, minutes int) {
			t.Helper()
			read(t, s, func(tx *Tx) error {
				d, there, err := tx.DueOf(ExpireKind, string(in))
				if there != (minutes != 0) || there && !d.At.Equal(t0.Add(time.Duration(minutes)*time.Minute)) {
					t.Errorf("%s is due %+v, want minute %d", in, d, minutes)
				}
				return err
			})
		}
		want := func(in org.IntegrationID, all ...Expiring) {
			t.Helper()
			if d := cmp.Diff(all, expected(t, s, in)); d != "" {
				t.Errorf("%s: (-want +got)\n%s", in, d)
			}
		}
		x := func(key string, minutes int) Expiring {
			return Expiring{key, t0.Add(time.Duration(minutes) * time.Minute)}
		}

		accept(said("other", "plain", alert.Trigger, 0))
		dueAt("other", 0)
		accept(said("prom", "a", alert.Trigger, 4), said("prom", "b", alert.Trigger, 6), said("other", "a", alert.Trigger, 9))
		want("prom", x("a", 4), x("b", 6))
		want("other", x("a", 9))
		dueAt("prom", 4)
		dueAt("other", 9)

		accept(said("prom", "a", alert.Trigger, 8), said("prom", "a", alert.Trigger, 7)) // later: the row need not move
		accept(said("prom", "a", alert.Trigger, 5))                                      // said more often by somebody else
		want("prom", x("b", 6), x("a", 8))
		dueAt("prom", 4)
		accept(said("prom", "c", alert.Trigger, 2))
		dueAt("prom", 2)
		accept(said("prom", "c", alert.Trigger, 3), said("prom", "c", alert.Resolve, 2))
		accept(said("prom", "b", alert.Resolve, 1), said("prom", "b", alert.Trigger, 12))
		accept(said("prom", "a", alert.Resolve, 1), said("prom", "a", alert.Trigger, 7)) // anew, and not for as long
		accept(said("prom", "a", alert.Resolve, 0))                                      // who never says an end says nothing of it
		want("prom", x("a", 7), x("b", 12))

		write(t, s, func(tx *Tx) error {
			first, err := tx.NextExpiry("prom")
			if !first.Equal(t0.Add(7 * time.Minute)) {
				t.Errorf("the next is %s", first)
			}
			over, err2 := tx.Expired("prom", t0.Add(7*time.Minute), 10)
			if len(over) != 1 || over[0].Key != "a" {
				t.Errorf("over by then: %v", over)
			}
			none, err3 := tx.NextExpiry("nobody")
			if !none.IsZero() {
				t.Errorf("nobody's next is %s", none)
			}
			return errors.Join(err, err2, err3, tx.Respite(t0.Add(10*time.Minute)))
		})
		want("prom", x("a", 10), x("b", 12))
		want("other", x("a", 10))
	})
}

// A row that is claimed comes back sooner, and whoever had claimed it is fenced off.
func TestArmBy(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		row := Due{Kind: SilenceKind, Subject: "s", Lane: LaneHigh, At: t0}
		write(t, s, func(tx *Tx) error { return tx.ArmBy(row) })
		var claimed []Due
		write(t, s, func(tx *Tx) (err error) {
			claimed, err = tx.ClaimDue(t0, 15*time.Second, LaneHigh, 10, false)
			return err
		})
		if len(claimed) != 1 {
			t.Fatal(claimed)
		}
		later := row
		later.At = t0.Add(time.Hour)
		write(t, s, func(tx *Tx) error { return tx.ArmBy(later) })
		write(t, s, func(tx *Tx) error {
			if ok, err := tx.Hold(claimed[0]); !ok || err != nil {
				t.Errorf("later than the lease's end: held %v %v", ok, err)
			}
			return nil
		})
		row.At = t0.Add(time.Second)
		write(t, s, func(tx *Tx) error { return tx.ArmBy(row) })
		write(t, s, func(tx *Tx) error {
			if ok, err := tx.Hold(claimed[0]); ok || err != nil {
				t.Errorf("sooner: held %v %v", ok, err)
			}
			d, _, err := tx.DueOf(SilenceKind, "s")
			if !d.At.Equal(row.At) {
				t.Errorf("due %s", d.At)
			}
			return err
		})
	})
}

func TestFiringAlerts(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put := func(in org.IntegrationID, key string, held string) {
			write(t, s, func(tx *Tx) error {
				id := incident.ID(string(in) + "-" + key)
				log := incident.Log{{Seq: 1, At: t0, By: incident.Engine, Fact: incident.Opened{Title: key}}}
				if held != "" {
					log = append(log, incident.Entry{Seq: 2, At: t0, By: incident.Engine, Fact: incident.Held{Why: held, Silence: "s"}})
				}
				if err := tx.Append(tx.Create(id), log); err != nil {
					return err
				}
				return tx.PutAlert(alert.Alert{ID: string(id), Integration: in, Key: key, Subject: id, Open: true, Count: 1, FirstAt: t0, LastAt: t0,
					Last: alert.Event{Action: alert.Trigger, Key: key, Labels: map[string]string{"host": key}}})
			})
		}
		put("prom", "b", "")
		put("prom", "a", "the switch")
		put("other", "c", "")
		put("aaa", "d", "")
		write(t, s, func(tx *Tx) error {
			return tx.Accept([]Heard{{Integration: "prom", At: t0, Digest: "d", Event: alert.Event{Action: alert.Trigger, Key: "b", Until: t0.Add(time.Minute)}}}, new(int))
		})
		keys := func(in org.IntegrationID, after AlertKey, limit int) (out []string) {
			read(t, s, func(tx *Tx) error {
				all, err := tx.FiringAlerts(in, after, limit)
				for _, f := range all {
					what := f.Key
					if f.Held != "" {
						what += " held: " + f.Held
					}
					if !f.Until.IsZero() {
						what += " until " + f.Until.UTC().Format(time.TimeOnly)
					}
					out = append(out, what)
					if f.Last.Labels["host"] != f.Key || f.Status != incident.Triggered {
						t.Errorf("%+v", f)
					}
				}
				return err
			})
			return out
		}
		for _, c := range []struct {
			in    org.IntegrationID
			after AlertKey
			limit int
			want  []string
		}{
			{"", AlertKey{}, 9, []string{"d", "c", "a held: the switch", "b until 02:14:00"}},
			{"", AlertKey{"other", "c"}, 1, []string{"a held: the switch"}},
			{"prom", AlertKey{}, 9, []string{"a held: the switch", "b until 02:14:00"}},
			{"prom", AlertKey{"prom", "a"}, 9, []string{"b until 02:14:00"}},
			{"nobody", AlertKey{}, 9, nil},
		} {
			if d := cmp.Diff(c.want, keys(c.in, c.after, c.limit)); d != "" {
				t.Errorf("%q after %v: (-want +got)\n%s", c.in, c.after, d)
			}
		}
		read(t, s, func(tx *Tx) error {
			held, err := tx.HeldSubjects()
			if d := cmp.Diff([]incident.ID{"prom-a"}, held); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}
