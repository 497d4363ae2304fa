// Package pgtest runs a real PostgreSQL for tests: the one that is installed, in a
// directory of its own, reachable over a unix socket only.
//
// Start gives a test a fresh database and starts the server once per test process; it
// skips the test where PostgreSQL is not installed. Run gives a server of one's own to
// whoever wants to crash it.
//
// A server cannot outlive the process that started it. Its parent is a small shell
// that waits for the end of a pipe whose other end this process holds: however the
// process ends, the shell stops the server and removes the directory. PostgreSQL
// refuses to be root, so that root starts it as somebody else.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// ErrNotInstalled is what Run returns where there is no PostgreSQL.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

var (
	shared = sync.OnceValues(func() (*Server, error) { return Run(Options{}) })
	synced = sync.OnceValues(func() (*Server, error) { return Run(Options{Fsync: true}) })
)

// Start is the address of a fresh database on the process's server. The database is
// dropped when the test ends.
func Start(t testing.TB) string {
	t.Helper()
	return start(t, shared, "template1")
}

// Synced is Start on a server that syncs the disk before it says that something is
// written, as in production, and keeps 1 GB of files for its write-ahead log: for measures.
func Synced(t testing.TB) string {
	t.Helper()
	return start(t, synced, "template1")
}

// Filled is Start with what fill puts into a database. It is called once a process, and
// each test gets a copy.
func Filled(t testing.TB, fill func(address string) error) string {
	t.Helper()
	full.once.Do(func() {
		var address string
		s, err := shared()
		if err == nil {
			address, _, err = s.Database(context.Background())
		}
		if err == nil {
			u, _ := url.Parse(address)
			full.name = u.Path[1:]
			err = fill(address)
		}
		full.err = err
	})
	if full.err != nil && !errors.Is(full.err, ErrNotInstalled) {
		t.Fatal(full.err)
	}
	return start(t, shared, full.name)
}

// full is the database that fill has filled.
var full struct {
	once sync.Once
	name string
	err  error
}

func start(t testing.TB, server func() (*Server, error), template string) string {
	t.Helper()
	s, err := server()
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	u, drop, err := s.copy(context.Background(), template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return u
}

// Options say how a server runs.
type Options struct {
	Fsync bool // survive a crash of the machine, as in production; off is faster
}

// A Server is a running PostgreSQL.
type Server struct {
	o     Options
	bin   string
	dir   string
	as    *syscall.Credential
	shell *exec.Cmd
	leash io.Closer
	count atomic.Int64
}

// Run makes a new server and starts it.
func Run(o Options) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, bin: bin}
	if os.Getuid() == 0 {
		if s.as, err = somebody(); err != nil {
			return nil, err
		}
	}
	// A socket's path may have some 100 characters at most.
	if s.dir, err = os.MkdirTemp("/tmp", "pg"); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	if s.as != nil {
		err = os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid))
	}
	if err == nil {
		err = s.initdb()
	}
	if err == nil {
		err = s.Resume()
	}
	if err != nil {
		os.RemoveAll(s.dir)
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return s, nil
}

// find is the directory of initdb and postgres, of the newest version there is.
func find() (string, error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	for _, d := range dirs {
		_, err1 := os.Stat(filepath.Join(d, "initdb"))
		_, err2 := os.Stat(filepath.Join(d, "postgres"))
		if err1 == nil && err2 == nil {
			return d, nil
		}
	}
	return "", fmt.Errorf("%w: found no initdb and postgres in PATH or /usr/lib/postgresql", ErrNotInstalled)
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func somebody() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("pgtest: PostgreSQL refuses to run as root, and there is no user postgres or nobody")
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	// A group of its own: an interrupt from the terminal is for the tests.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	return c
}

func (s *Server) initdb() error {
	c := s.command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// keep runs the server until its input ends. With "keep" as the last word read the
// directory stays, for Resume.
const keep = `"$1" -D "$2" -k "$3" -c listen_addresses= -c "fsync=$4" -c "synchronous_commit=$4" -c "full_page_writes=$4" -c "min_wal_size=$5" \
  -c shared_buffers=64MB -c max_connections=100 -c log_min_messages=fatal -c autovacuum_naptime=10s </dev/null &
pid=$!
how=
while read -r word; do how=$word; done
kill -QUIT "$pid" 2>/dev/null
wait "$pid"
[ "$how" = keep ] || rm -rf "$3"`

// Resume starts the server again after Crash.
func (s *Server) Resume() error {
	fsync, log := "off", "80MB"
	if s.o.Fsync {
		fsync, log = "on", "1GB"
	}
	s.shell = s.command("/bin/sh", "-c", keep, "sh", filepath.Join(s.bin, "postgres"), s.data(), s.dir, fsync, log)
	said, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer said.Close()
	s.shell.Stdout, s.shell.Stderr = said, said
	if s.leash, err = s.shell.StdinPipe(); err != nil {
		return err
	}
	if err := s.shell.Start(); err != nil {
		return err
	}
	return s.ready()
}

// ready waits until the server answers.
func (s *Server) ready() error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if err = db.Ping(); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.Stop()
			return fmt.Errorf("the server does not answer: %w\n%s", err, said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// url is the address of one of the server's databases.
func (s *Server) url(name string) string {
	q := url.Values{"host": {s.dir}, "user": {"postgres"}}
	return "postgres:///" + name + "?" + q.Encode()
}

// Database makes a new database; drop removes it, whoever is still connected.
func (s *Server) Database(ctx context.Context) (address string, drop func() error, err error) {
	return s.copy(ctx, "template1")
}

func (s *Server) copy(ctx context.Context, template string) (address string, drop func() error, err error) {
	name := fmt.Sprintf("t%d", s.count.Add(1))
	if err := s.say(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", nil, err
	}
	return s.url(name), func() error { return s.say(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}

func (s *Server) say(ctx context.Context, text string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("pgtest: %s: %w", text, err)
	}
	return nil
}

// Crash ends the server at once, as a power cut of the database alone would. What was
// committed is there again after Resume.
func (s *Server) Crash() error { return s.end("keep\n") }

// Stop ends the server and removes what it left.
func (s *Server) Stop() error { return s.end("") }

func (s *Server) end(last string) error {
	if w, ok := s.leash.(io.Writer); ok && last != "" {
		if _, err := io.WriteString(w, last); err != nil {
			return fmt.Errorf("pgtest: %w", err)
		}
	}
	s.leash.Close()
	s.shell.Wait() // the shell's own status says nothing
	return nil
}
