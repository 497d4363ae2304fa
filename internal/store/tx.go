package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"unicode/utf8"

	"tocsin/alert"
	"tocsin/incident"
)

// A conn runs statements: a connection of SQLite with its prepared statements, or a
// transaction of PostgreSQL.
type conn interface {
	// exec says how many rows it was.
	exec(ctx context.Context, text string, args []any) (int, error)
	query(ctx context.Context, text string, args []any, scan func(row) error) error
	// all runs statements in their order, on PostgreSQL in one round trip.
	all(ctx context.Context, statements []statement) error
	// ahead is all, but PostgreSQL works on them until the end is asked for.
	ahead(ctx context.Context, statements []statement) (end func() error)
	// answers has several questions answered in one round trip; nil where nothing is gained
	// by that.
	answers(ctx context.Context, statements []statement) ([][]row, error)
	// number is that of the transaction.
	number(ctx context.Context) (int64, error)
}

// A row is one of an answer. What it gives out as sql.RawBytes is good until the next.
type row interface{ Scan(into ...any) error }

// A statement is a text with the values of its placeholders. PostgreSQL, to which many
// are sent at once, gives scan the rows of the answer; nil: nobody wants to know.
type statement struct {
	text string
	args []any
	scan func(row) error
}

// A Tx is a transaction in which a function given to Write or Read works. It is only
// valid while the function runs, in the function's own goroutine.
type Tx struct {
	s        *Store
	ctx      context.Context
	c        conn
	readOnly bool
	failed   error // the first that a statement returned
	no       int64 // number of the transaction; 0: not asked yet
	n        *int64

	subjects map[incident.ID]*Subject
	changed  []*Subject
	alerts   map[string]int  // place in putAlerts
	begun    map[string]bool // alerts of alertQ that are new
	due      map[dueKey]int
	dueQ     []dueChange
	touched  map[[2]string]bool
	pending  [bulkCount][]any
	given    [][]any // rows that statements were made of
	*room

	anyAction *bool // what AnyReviewAction found; nil: not asked since an action was written

	again bool // see Again

	foreseen []answer    // see foresee
	accepts  []statement // see acceptAtOnce
	rest     []statement // see later
	newDay   string      // whose table of events was made

	ahead func() error // ends what the database works on meanwhile; nil: it does nothing
}

func (s *Store) tx(ctx context.Context, c conn, readOnly bool) *Tx {
	return &Tx{s: s, ctx: ctx, c: c, readOnly: readOnly, n: new(int64), room: rooms.Get().(*room)}
}

// A room is the memory in which a transaction puts together what it writes. The next one
// has it after this: it would be a fifth of all garbage under load.
type room struct {
	places [bulkCount][]any // for the rows of bulks
	alertQ []alert.Alert
	text   []byte // one that is put together
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// What a room keeps place for: values of a bulk, bytes of a text, and alerts.
const mostValues, mostText, mostAlerts = 1 << 13, 1 << 18, 512

// leave gives the room to the next transaction, and forgets what is in it.
func (tx *Tx) leave() {
	for _, rows := range tx.given {
		clear(rows)
	}
	for i, rows := range tx.pending {
		clear(rows)
		tx.keep(i, rows)
	}
	clear(tx.alertQ)
	if tx.alertQ = tx.alertQ[:0]; cap(tx.alertQ) > mostAlerts {
		tx.alertQ = nil
	}
	if cap(tx.text) > mostText {
		tx.text = nil
	}
	rooms.Put(tx.room)
	tx.room = nil
}

// keep has the room keep the place of rows that are not needed any longer.
func (tx *Tx) keep(which int, rows []any) {
	if n := cap(rows); n > cap(tx.places[which]) && n <= mostValues {
		tx.places[which] = rows[:0]
	}
}

// run calls fn, writes what it left pending, and turns a panic into an error.
func (tx *Tx) run(fn func(*Tx) error) error { return tx.runThen(fn, tx.c.all) }

// runThen calls fn, has what it left pending written by last, and turns a panic into an
// error.
func (tx *Tx) runThen(fn func(*Tx) error, last func(context.Context, []statement) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Panic{v, debug.Stack()}
		}
	}()
	defer tx.leave()
	defer tx.wait()
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.wait(); err != nil {
		return err
	}
	if tx.readOnly {
		return nil
	}
	all, err := tx.queued(bulkOrder)
	if err != nil {
		return err
	}
	if err := last(tx.ctx, all); err != nil {
		return tx.fail(fmt.Errorf("store: %w", err))
	}
	return nil
}

func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

func (tx *Tx) exec(text string, args ...any) (int, error) {
	if err := tx.wait(); err != nil {
		return 0, err
	}
	clean(args)
	tx.foreseen = nil
	n, err := tx.c.exec(tx.ctx, text, args)
	if err != nil {
		return 0, tx.fail(fmt.Errorf("store: %w: %s", err, short(text)))
	}
	return n, nil
}

// each calls scan for every row.
func (tx *Tx) each(text string, args []any, scan func(row) error) error {
	if err := tx.wait(); err != nil {
		return err
	}
	clean(args)
	query := tx.c.query
	if rows, ok := tx.known(text, args); ok {
		query = func(_ context.Context, _ string, _ []any, scan func(row) error) error {
			for _, r := range rows {
				if err := scan(r); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if err := query(tx.ctx, text, args, scan); err != nil {
		return tx.fail(fmt.Errorf("store: %w: %s", err, short(text)))
	}
	return nil
}

// row returns what scans the first row, or says that there is none.
func (tx *Tx) row(text string, args ...any) func(into ...any) error {
	return func(into ...any) error {
		found := false
		err := tx.each(text, args, func(r row) error {
			if found {
				return nil
			}
			found = true
			return r.Scan(into...)
		})
		if err == nil && !found {
			err = ErrNotFound
		}
		return err
	}
}

// Again says that whoever writes this writes more at once.
func (tx *Tx) Again() { tx.again = true }

// add puts one row aside until its bulk is written.
func (tx *Tx) add(b int, args ...any) { tx.pending[b] = append(tx.waiting(b), args...) }

// waiting are the rows that wait in a bulk, with place for more.
func (tx *Tx) waiting(b int) []any {
	if tx.pending[b] == nil {
		tx.pending[b] = tx.places[b]
	}
	return tx.pending[b]
}

// later has a statement done with what is written last.
func (tx *Tx) later(text string, args ...any) {
	clean(args)
	tx.rest = append(tx.rest, statement{text: text, args: args})
}

// bulkOrder is the order in which rows are written that wait.
var bulkOrder = []int{putSubjects, putLog, putAlerts, putDue, putPages, putFeed, putInbox, dropInbox, putWords, theRest}

// theRest stands among the bulks for the statements that are done later.
const theRest = -1

// addOf is what inserts the rows of a bulk that are new.
var addOf = map[int]int{putAlerts: addAlerts, putDue: addDue, putPages: addPages}

// flush writes what waits, all of it, or of some bulks.
func (tx *Tx) flush(which ...int) error {
	if len(which) == 0 {
		which = bulkOrder
	}
	all, err := tx.queued(which)
	if err != nil || len(all) == 0 {
		return err
	}
	if err := tx.wait(); err != nil {
		return err
	}
	tx.foreseen = nil
	if err := tx.c.all(tx.ctx, all); err != nil {
		return tx.fail(fmt.Errorf("store: %w", err))
	}
	return nil
}

// Ahead has what waits written. PostgreSQL does it while the caller thinks on; whatever is
// asked next waits for that.
func (tx *Tx) Ahead() error {
	all, err := tx.queued(bulkOrder)
	if err != nil || len(all) == 0 {
		return err
	}
	if err := tx.wait(); err != nil {
		return err
	}
	tx.foreseen = nil
	tx.ahead = tx.c.ahead(tx.ctx, all)
	return nil
}

// wait waits for what is written ahead, and says what has failed so far.
func (tx *Tx) wait() error {
	if tx.ahead != nil {
		err := tx.ahead()
		tx.ahead = nil
		if err != nil {
			tx.fail(fmt.Errorf("store: %w", err))
		}
	}
	return tx.failed
}

// queued are the statements that write what waits in some bulks.
func (tx *Tx) queued(which []int) (all []statement, err error) {
	if tx.failed != nil {
		return nil, tx.failed
	}
	for _, b := range which {
		switch b {
		case theRest:
			all, tx.rest = append(all, tx.rest...), nil
			continue
		case putSubjects:
			if err := tx.queueSubjects(); err != nil {
				return nil, err
			}
			all = append(all, tx.rowsOf(addSubjects)...)
			all = append(all, tx.rowsOf(moveSubjects)...)
		case putAlerts: // those of which more is counted change as well
			all, tx.accepts = append(all, tx.accepts...), nil
			if err := tx.queueAlerts(); err != nil {
				return nil, err
			}
		case putInbox:
			all, tx.accepts = append(all, tx.accepts...), nil
		case putDue:
			tx.queueDue()
			all = append(all, tx.rowsOf(dropDue)...)
		}
		all = append(all, tx.rowsOf(b)...)
		if add, ok := addOf[b]; ok { // after those that they may take the place of
			all = append(all, tx.rowsOf(add)...)
		}
	}
	return all, nil
}

// rowsOf is what waits of a bulk, in as few statements as can be.
func (tx *Tx) rowsOf(which int) []statement {
	args := tx.pending[which]
	if len(args) == 0 {
		return nil
	}
	clean(args)
	b := &tx.s.bulks[which]
	tx.s.written.Add(int64(len(args) / len(b.kinds)))
	all := b.statements(args, nil)
	if tx.s.d.arrays { // they hold the values by now, and the rows' place is free for the next
		clear(args)
		tx.pending[which] = args[:0]
	} else {
		tx.given = append(tx.given, args)
		tx.keep(which, args)
		tx.pending[which] = args[len(args):]
	}
	return all
}

// eachOf reads by many keys; args holds them row after row. The last row may be repeated
// to fill a statement, so what comes out may come twice.
func (tx *Tx) eachOf(which int, args []any, scan func(row) error) error {
	b := &tx.s.bulks[which]
	return tx.eachFilled(which, args, args[max(len(args)-len(b.kinds), 0):], scan)
}

// eachFilled is eachOf with a row to fill a statement with.
func (tx *Tx) eachFilled(which int, args, filler []any, scan func(row) error) error {
	clean(args)
	for _, st := range tx.s.bulks[which].statements(args, filler) {
		if err := tx.each(st.text, st.args, scan); err != nil {
			return err
		}
	}
	return nil
}

// position is the next place in the order of all that is written: the number of the
// transaction, and a count within it.
func (tx *Tx) position() (no, n int64, err error) {
	if tx.no == 0 {
		if err := tx.wait(); err != nil {
			return 0, 0, err
		}
		if tx.no, err = tx.c.number(tx.ctx); err != nil {
			return 0, 0, tx.fail(fmt.Errorf("store: begin: %w", err))
		}
	}
	*tx.n++
	return tx.no, *tx.n, nil
}

// clean makes every text one that both databases take: valid UTF-8 without NUL.
func clean(args []any) {
	for i, a := range args {
		if s, ok := a.(string); ok && !isClean(s) {
			args[i] = cleanText(s)
		}
	}
}

func isClean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func cleanText(s string) string {
	if isClean(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == 0 {
			return utf8.RuneError
		}
		return r
	}, s)
}

func short(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 80 {
		return text[:80] + "..."
	}
	return text
}

var errReadOnly = errors.New("store: this transaction only reads")
