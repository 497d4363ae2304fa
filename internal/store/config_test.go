package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

const jane = `{"id":"jane","methods":[{"address":"jane@secret.example"}]}`

func TestConfig(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put := func(c ...Change) (versions []int, err error) {
			return versions, s.Write(t.Context(), People, func(tx *Tx) (err error) {
				versions, err = tx.PutConfig(t0, c...)
				return err
			})
		}
		expect := func(want []int, c ...Change) {
			t.Helper()
			got, err := put(c...)
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Fatal(d, err)
			}
		}
		person := Change{"person", "jane", []byte(jane), "person:omar"}
		expect([]int{1, 1}, person, Change{"team", "dba", []byte(`{"a":1}`), "person:omar"})
		expect([]int{1, 2}, person, Change{"team", "dba", []byte(`{"a":2}`), "person:omar"})
		expect([]int{2}, Change{Kind: "person", ID: "jane", By: "person:omar"})
		expect([]int{2}, Change{Kind: "person", ID: "jane", By: "person:omar"})
		expect([]int{3}, person)
		if _, err := put(Change{Kind: "team", ID: "nobody"}); !errors.Is(err, ErrNotFound) {
			t.Errorf("retired what was never there: %v", err)
		}
		read(t, s, func(tx *Tx) error {
			all, err := tx.Config()
			want := []ConfigRow{
				{"person", "jane", 3, t0, "person:omar", []byte(jane), false, nil},
				{"team", "dba", 2, t0, "person:omar", []byte(`{"a":2}`), false, nil},
			}
			if d := cmp.Diff(want, all); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			old, err2 := tx.ConfigVersion("person", "jane", 2)
			if !old.Retired || string(old.Body) != jane {
				t.Errorf("version 2: %+v", old)
			}
			seq, err3 := tx.ConfigSeq()
			if seq != 5 {
				t.Errorf("seq %d", seq)
			}
			return errors.Join(err, err2, err3, tx.VerifyConfig())
		})
	})
}

func TestConfigTamperingIsNamed(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			_, err := tx.PutConfig(t0, Change{"person", "jane", []byte(jane), "x"}, Change{"team", "dba", []byte(`{"a":1}`), "x"})
			return err
		})
		for _, c := range []struct{ sql, want string }{
			{`UPDATE config SET body = '{}' WHERE seq = 2`, "change 2 (team dba, version 1) was changed"},
			{`UPDATE config SET actor = 'eve' WHERE seq = 1`, "change 1 (person jane, version 1) was changed"},
			{`UPDATE config SET body = 'k1:AAAA' WHERE seq = 1`, "change 1 (person jane, version 1) was changed"},
			{`DELETE FROM config WHERE seq = 1`, "change 1 is missing"},
			{`DELETE FROM config WHERE seq = 2`, "change 2 is missing"},
		} {
			tried(t, s, func(tx *Tx) {
				if n, err := tx.exec(c.sql); n != 1 || err != nil {
					t.Fatalf("%s: %d rows, %v", c.sql, n, err)
				}
				if err := tx.VerifyConfig(); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: got %v", c.sql, err)
				}
			})
		}
	})
}

func TestRotatedRingReadsOn(t *testing.T) {
	s := openSQLite(t, Options{})
	write(t, s, func(tx *Tx) error {
		_, err := tx.PutConfig(t0, Change{"person", "jane", []byte(jane), "x"})
		return err
	})
	s.Close()
	ring, err := s.ring.Rotated(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{URL: s.url, Ring: ring})
	write(t, s, func(tx *Tx) error {
		_, err := tx.PutConfig(t0, Change{"person", "omar", []byte(`{}`), "x"})
		return errors.Join(err, tx.VerifyConfig())
	})
}

// TestNoAddressOnDisk looks for contact addresses in everything that was written.
func TestNoAddressOnDisk(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			_, err := tx.PutConfig(t0, Change{"person", "jane", []byte(jane), "x"})
			p := page("1", func(p *PageRow) { p.Person, p.Address = "", "reports@secret.example" })
			return errors.Join(err, tx.PlanPages([]PageRow{p}))
		})
		read(t, s, func(tx *Tx) error {
			p, err := tx.Page("1")
			if p.Address != "reports@secret.example" {
				t.Errorf("address %q", p.Address)
			}
			return err
		})
		var dump string
		if s.Dialect() == "sqlite" {
			for _, suffix := range []string{"", "-wal"} {
				b, err := os.ReadFile(s.url + suffix)
				if err != nil {
					t.Fatal(err)
				}
				dump += string(b)
			}
		} else {
			for _, table := range []string{"config", "pages"} {
				rows, err := s.db().QueryContext(context.Background(), "SELECT CAST("+table+" AS TEXT) FROM "+table)
				if err != nil {
					t.Fatal(err)
				}
				for rows.Next() {
					var row string
					if err := rows.Scan(&row); err != nil {
						t.Fatal(err)
					}
					dump += row
				}
				rows.Close()
			}
		}
		if !strings.Contains(dump, "k1:") || strings.Contains(dump, "secret.example") {
			t.Errorf("an address can be read, or nothing was sealed (%d bytes)", len(dump))
		}
	})
}

func TestTurnAndMeta(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			var got []int
			for _, p := range []org.PolicyID{"a", "a", "b", "a"} {
				n, err := tx.Turn(p, 0)
				if err != nil {
					return err
				}
				got = append(got, n)
			}
			if fmt.Sprint(got) != "[0 1 0 2]" {
				t.Errorf("turns %v", got)
			}
			v, err := tx.Meta("x")
			err = errors.Join(err, tx.SetMeta("x", "1"), tx.SetMeta("x", "2"))
			w, err2 := tx.Meta("x")
			if v != "" || w != "2" {
				t.Errorf("meta %q, %q", v, w)
			}
			return errors.Join(err, err2)
		})
	})
}

// A row that cannot be opened is one thing that nobody knows. Everything else can still
// be read, and writing it anew mends it.
func TestUnreadableConfig(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put := func(change Change) {
			t.Helper()
			write(t, s, func(tx *Tx) error { _, err := tx.PutConfig(t0, change); return err })
		}
		put(Change{"person", "jane", []byte(`{"id":"jane"}`), "person:omar"})
		put(Change{"person", "omar", []byte(`{"id":"omar"}`), "person:omar"})
		write(t, s, func(tx *Tx) error {
			_, err := tx.exec(`UPDATE config SET body = 'k1:spoilt' WHERE id = 'jane'`)
			return err
		})
		look := func(wrong bool) {
			t.Helper()
			read(t, s, func(tx *Tx) error {
				all, err := tx.Config()
				if len(all) != 2 || (all[0].Unreadable != nil) != wrong || (all[0].Body == nil) != wrong || all[1].Unreadable != nil || all[1].Body == nil {
					t.Errorf("%+v", all)
				}
				return err
			})
		}
		look(true)
		read(t, s, func(tx *Tx) error {
			if err := tx.VerifyConfig(); err == nil || !strings.Contains(err.Error(), "person jane") {
				t.Errorf("verified: %v", err)
			}
			return nil
		})
		put(Change{"person", "jane", []byte(`{"id":"jane"}`), "person:omar"})
		look(false)
	})
}
