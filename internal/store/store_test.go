package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/pgtest"
	"tocsin/internal/secret"
)

// t0 is when the tests begin.
var t0 = time.Date(2026, 11, 24, 2, 13, 0, 0, time.UTC)

func testRing(t testing.TB) *secret.Ring {
	t.Helper()
	r, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Ring == nil {
		o.Ring = testRing(t)
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// openSQLite opens a copy of a database that has just been made.
func openSQLite(t testing.TB, o Options) *Store {
	t.Helper()
	fresh, err := emptyFile()
	o.URL = filepath.Join(t.TempDir(), "tocsin.db")
	if err == nil {
		err = os.WriteFile(o.URL, fresh, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return open(t, o)
}

var emptyFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tocsin.db")
	if err := schemaOnly(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func write(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), People, fn); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Read(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// both runs a test on a fresh database of each sort.
func both(t *testing.T, fn func(t *testing.T, s *Store)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, openSQLite(t, Options{})) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); fn(t, open(t, Options{URL: pgtest.Filled(t, schemaOnly)})) })
}

// schemaOnly fills a database with the newest schema, for copies: to make it costs more
// than many a test.
func schemaOnly(address string) error {
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), Options{URL: address, Ring: ring})
	if err != nil {
		return err
	}
	err = s.Write(context.Background(), People, func(tx *Tx) error { return tx.SetMeta("ring", "") })
	return errors.Join(err, s.Close())
}

// raw runs SQL that the product does not, behind the store's back.
func raw(t testing.TB, s *Store, text string, args ...any) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		n, err := tx.exec(text, args...)
		if err == nil && n == 0 {
			t.Errorf("%s changed nothing", text)
		}
		return err
	})
}

func TestEveryStatementPrepares(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		var all []string
		each(reflect.ValueOf(s.sql), func(name string, v reflect.Value) {
			if v.String() == "" {
				t.Errorf("%s is empty", name)
			}
			all = append(all, v.String())
		})
		for _, b := range s.bulks {
			all = append(all, b.text...)
		}
		if s.d.arrays {
			all = append(all, s.accept)
		}
		for _, f := range []filter{listSubjects, listWithDrills, listDrills, countSubjects, listAlerts, listPages, listChanges, cancelPages, listActions, listLessons} {
			ended := func(b *filtered) string {
				text := b.text.String()
				if strings.HasSuffix(f.tail, " ") {
					text, _ = b.end(1)
				} else if f.tail != "" {
					text, _ = b.whole(s.d)
				}
				return text
			}
			b := f.build(make([]any, strings.Count(f.text, "$"))...)
			for name := range f.parts {
				switch {
				case name == "end":
				case strings.HasPrefix(name, "rare ") && f.tail == countSubjects.tail: // for lists alone
				case strings.HasPrefix(name, "rare "):
					all = append(all, ended(f.of(strings.TrimPrefix(name, "rare "), "x")))
				case strings.HasSuffix(f.parts[name], "("):
					b.list(name, []string{"x", "y"})
					if strings.Contains(f.parts[name], "EXISTS") {
						b.part("end")
					}
				case strings.Contains(f.parts[name], "?"):
					b.part(name, slices.Repeat([]any{"x"}, strings.Count(f.parts[name], "?"))...)
				case strings.HasSuffix(f.parts[name], "= ") || strings.HasSuffix(f.parts[name], "< "):
					b.part(name, "x")
				default:
					b.part(name)
				}
			}
			all = append(all, ended(b))
		}
		db := s.db()
		for _, text := range all {
			if text == "" { // SQLite numbers its transactions itself
				continue
			}
			st, err := db.Prepare(text)
			if err != nil {
				t.Errorf("%v\n%s", err, text)
				continue
			}
			st.Close()
		}
		if v := reflect.ValueOf(statements); v.NumField() < 40 {
			t.Errorf("only %d statements", v.NumField())
		}
	})
}

// db is the pool beneath the store.
func (s *Store) db() *sql.DB {
	if s.pool != nil {
		return s.pool.db
	}
	return s.group.r
}

func TestNewerSchemaIsRefused(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		raw(t, s, `UPDATE goose_db_version SET version_id = 9999 WHERE version_id = 1`)
		o := Options{Ring: testRing(t), URL: s.url}
		again, err := Open(t.Context(), o)
		if err == nil {
			again.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "newer") {
			t.Fatalf("opened a newer schema: %v", err)
		}
	})
}

func TestOpenTwice(t *testing.T) {
	s := openSQLite(t, Options{Exclusive: true})
	if _, err := Open(t.Context(), Options{URL: s.url, Ring: s.ring, Exclusive: true}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second exclusive: %v", err)
	}
	beside := open(t, Options{URL: s.url, Ring: s.ring})
	read(t, beside, func(tx *Tx) error {
		_, err := tx.ConfigSeq()
		return err
	})
	s.Close()
	open(t, Options{URL: s.url, Ring: s.ring, Exclusive: true})
}

func TestClock(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		at, err := s.Clock(t.Context())
		if d := time.Since(at); err != nil || d < -time.Second || d > time.Second {
			t.Errorf("the database's clock is %v off: %v", d, err)
		}
	})
}

var errBack = errors.New("take it back")

// tried runs fn, in which SQL may be run behind the store's back, and takes all of it
// back.
func tried(t testing.TB, s *Store, fn func(*Tx)) {
	t.Helper()
	err := s.Write(context.Background(), People, func(tx *Tx) error {
		fn(tx)
		return errBack
	})
	if err != errBack {
		t.Fatal(err)
	}
}

// Others on the machine may not read what is not sealed, wherever the database lies.
func TestFilesArePrivate(t *testing.T) {
	s := openSQLite(t, Options{Exclusive: true})
	write(t, s, func(tx *Tx) error { return tx.SetMeta("k", "v") })
	files, err := filepath.Glob(s.url + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files are %v, %v", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f, info.Mode(), err)
		}
	}
}
