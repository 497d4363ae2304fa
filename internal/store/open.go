package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

const readers = 4 // connections of SQLite that read

// sqliteURL is the address of a connection that writes, or of one that cannot.
func sqliteURL(path, sync string, write bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + sync + ")"}}
	if write {
		q.Add("_txlock", "immediate")
		q.Add("_pragma", "journal_size_limit(67108864)")
		q.Add("_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", lazy))
		q.Add("_pragma", "cache_size(-4096)")
		q.Add("_pragma", "temp_store(MEMORY)") // the savepoints' journal
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (s *Store) openSQLite(ctx context.Context, o Options) error {
	if o.Sync == "" {
		o.Sync = "FULL"
	}
	if o.Exclusive {
		f, err := lockFile(o.URL)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("%s is already in use by another process", o.URL)
		}
		if err != nil {
			return err
		}
		s.lock = f
	}
	// SQLite would let others read it, and gives the files beside it the same mode.
	if f, err := os.OpenFile(o.URL, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	} else if err := f.Close(); err != nil {
		return err
	}
	w, err := sql.Open("sqlite", sqliteURL(o.URL, o.Sync, true))
	if err != nil {
		return err
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", sqliteURL(o.URL, o.Sync, false))
	if err != nil {
		w.Close()
		return err
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	beside, err := sql.Open("sqlite", sqliteURL(o.URL, o.Sync, true))
	if err != nil {
		w.Close()
		r.Close()
		return err
	}
	beside.SetMaxOpenConns(1)
	s.group = newGroup(s, w, r, newCheckpointer(beside))
	if err := s.migrateSQLite(ctx, w, o); err != nil {
		return err
	}
	if s.group.no, err = s.lastNumber(ctx, w); err != nil {
		return err
	}
	s.group.start()
	return nil
}

// lastNumber is the number of the last transaction that left a trace. A number that was
// used again would put a line before its elders, or in the place of another.
func (s *Store) lastNumber(ctx context.Context, db *sql.DB) (no int64, err error) {
	if err := db.QueryRowContext(ctx, s.sql.WrittenLast).Scan(&no); err != nil {
		return 0, err
	}
	var day, id string
	err = db.QueryRowContext(ctx, s.sql.EventDayLast).Scan(&day)
	if err == nil {
		err = db.QueryRowContext(ctx, fmt.Sprintf(lastEvents, day)).Scan(&id)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return no, nil
	}
	if err != nil {
		return 0, err
	}
	kept, err := strconv.ParseInt(id[:min(len(id), eventNumber)], 16, 64)
	return max(no, kept), err
}

// migrateSQLite brings the schema up to date under the lock of the file, which goose
// does not take. When the schema is what we know there is nothing to do, and a command
// can look into a database that the server holds.
func (s *Store) migrateSQLite(ctx context.Context, db *sql.DB, o Options) error {
	p, err := migrations(goose.DialectSQLite3, db)
	if err != nil {
		return err
	}
	if s.lock == nil {
		if current, err := isCurrent(ctx, db, p); current || err != nil {
			return err
		}
		f, err := waitForFile(ctx, o.URL)
		if err != nil {
			return err
		}
		defer f.Close()
	}
	return migrate(ctx, p)
}

// plans keeps PostgreSQL to the plans that our indexes are made for: one row after the
// other along an index. What it would choose depends on statistics that are minutes old,
// and a plan made while a table was small stays when the table has grown.
const plans = `SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;
 SET enable_mergejoin = off; SET enable_material = off; SET jit = off`

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	c, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, plans)
		return err
	}))
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	s.pool = newPool(s, db, o.URL)
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // each second, for five minutes
	if err != nil {
		return err
	}
	p, err := migrations(goose.DialectPostgres, db, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if current, err := isCurrent(ctx, db, p); current || err != nil {
		return err
	}
	return migrate(ctx, p)
}

func migrations(d goose.Dialect, db *sql.DB, o ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(d, db, files, append(o, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(rowlessMigration(d)))...)
}

// isCurrent says whether the schema is the newest we know. A database without one has
// none yet; a schema that is newer than we know is refused.
func isCurrent(ctx context.Context, db *sql.DB, p *goose.Provider) (bool, error) {
	var has int64
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&has); err != nil {
		return false, nil // no such table: migrate says what else is wrong
	}
	return has == newest(p), refuseNewer(has, newest(p))
}

func newest(p *goose.Provider) int64 {
	all := p.ListSources()
	return all[len(all)-1].Version
}

func refuseNewer(has, know int64) error {
	if has > know {
		return fmt.Errorf("the database has schema %d, which is newer than the %d this version knows: install the version that wrote it", has, know)
	}
	return nil
}

func migrate(ctx context.Context, p *goose.Provider) error {
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if err := refuseNewer(has, newest(p)); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// lockFile takes the lock of a SQLite database, or says EWOULDBLOCK.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func waitForFile(ctx context.Context, path string) (*os.File, error) {
	for range 100 {
		f, err := lockFile(path)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("%s has an older schema and is in use by another process", path)
}
