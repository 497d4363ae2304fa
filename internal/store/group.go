package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	groupTime = 20 * time.Millisecond // after which a group takes nobody else in
	groupSize = 128
	againTime = 500 * time.Microsecond // that whoever comes back at once is waited for
	laneDepth = 1024
)

// A group writes to SQLite: one goroutine takes what waits and commits it together, so
// that a sync of the disk is shared by all.
type group struct {
	s       *Store
	w, r    *sql.DB
	beside  *checkpointer
	lanes   [laneCount]chan *job
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	started bool
	idle    chan *session // that read

	// Only the writing goroutine touches these.
	writer *session
	no     int64 // of the last group
	turn   int
	again  bool // somebody in the last group writes more at once
}

// A job is one function that waits to be run.
type job struct {
	fn     func(*Tx) error
	lane   Lane
	state  atomic.Int32 // waiting, taken or given up
	answer chan error
	err    error
}

const (
	jobWaiting = iota
	jobTaken
	jobGivenUp
)

func newGroup(s *Store, w, r *sql.DB, beside *checkpointer) *group {
	g := &group{s: s, w: w, r: r, beside: beside, wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}), idle: make(chan *session, readers)}
	for i := range g.lanes {
		g.lanes[i] = make(chan *job, laneDepth)
	}
	for range readers {
		g.idle <- nil // opened when it is first needed
	}
	return g
}

func (g *group) start() {
	g.started = true
	go g.run()
	go g.beside.run()
}

func (g *group) close() error {
	if g.started {
		close(g.closing)
		<-g.done
	}
	if g.started {
		for range readers {
			if c := <-g.idle; c != nil {
				c.close()
			}
		}
		g.beside.stop()
	}
	return errors.Join(g.beside.db.Close(), g.r.Close(), g.w.Close())
}

// write queues a function and waits for what became of it. Once it was begun the
// answer is waited for whatever ctx says: the function must not outlive its caller.
func (g *group) write(ctx context.Context, lane Lane, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{fn: fn, lane: lane, answer: make(chan error, 1)}
	select {
	case <-g.closing:
		return errClosed
	default:
	}
	select {
	case g.lanes[lane] <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return errClosed
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobGivenUp) {
			return ctx.Err()
		}
	case <-g.done:
		if j.state.CompareAndSwap(jobWaiting, jobGivenUp) {
			return errClosed
		}
	}
	select {
	case err := <-j.answer:
		return err
	case <-g.done: // the function ended the goroutine it ran in
	}
	select {
	case err := <-j.answer:
		return err
	default:
		return errClosed
	}
}

func (g *group) run() {
	defer close(g.done)
	defer func() {
		if g.writer != nil {
			g.writer.close()
		}
	}()
	for {
		j := g.next()
		if j == nil && g.again {
			j = g.back()
		}
		if j == nil {
			j = g.take(Accept)
		}
		if j != nil {
			g.together(j)
			continue
		}
		select {
		case <-g.wake:
		case <-g.closing:
			return
		}
	}
}

// back waits a moment for whoever writes more at once, so that senders who come meanwhile
// share that commit and do not get one of their own, which costs as much.
func (g *group) back() *job {
	g.again = false
	enough := time.NewTimer(againTime)
	defer enough.Stop()
	for {
		select {
		case <-g.wake:
			if j := g.next(); j != nil {
				return j
			}
		case <-enough.C:
			return nil
		case <-g.closing:
			return nil
		}
	}
}

// turns is who goes first: mostly what is urgent and triage, now and then the others, so
// that nobody waits for ever.
var turns = [...][4]Lane{
	{High, Triage, Low, Background}, {Triage, High, Low, Background},
	{High, Triage, Low, Background}, {Low, Triage, High, Background},
	{High, Triage, Low, Background}, {Triage, High, Low, Background},
	{High, Triage, Low, Background}, {Background, Low, Triage, High},
}

// next takes a job that waits: people first, then the others in turns. Senders have a
// place of their own, at the end of every group.
func (g *group) next() *job {
	if j := g.take(People); j != nil {
		return j
	}
	g.turn++
	for _, lane := range turns[g.turn%len(turns)] {
		if j := g.take(lane); j != nil {
			return j
		}
	}
	return nil
}

func (g *group) take(lane Lane) *job {
	for {
		select {
		case j := <-g.lanes[lane]:
			if j.state.CompareAndSwap(jobWaiting, jobTaken) {
				return j
			}
		default:
			return nil
		}
	}
}

// together runs a job and those that wait with it, and commits them once. What senders
// wait for comes last, so that their wait for the commit is the shortest, and nobody
// waits for a second group who came while the first was at work. What nobody waits for
// takes longest, and closes the group to others.
func (g *group) together(first *job) {
	jobs := make([]*job, 0, groupSize)
	jobs = append(jobs, first)
	g.again = false
	err := g.begin()
	if err == nil {
		g.no++
		n := new(int64)
		begun := time.Now()
		for j := first; j != nil; {
			if err = g.one(j, n); err != nil {
				break
			}
			last := j.lane
			if j = nil; last != Background && len(jobs) < groupSize && time.Since(begun) < groupTime {
				if j = g.next(); j != nil {
					jobs = append(jobs, j)
				}
			}
		}
		for range groupSize {
			j := g.take(Accept)
			if j == nil {
				break
			}
			jobs = append(jobs, j)
			if err == nil {
				err = g.one(j, n)
			}
		}
		err = g.end(err)
	}
	for _, j := range jobs {
		if err != nil {
			j.err = err
		}
		j.answer <- j.err
	}
}

func (g *group) begin() error {
	if err := g.s.faultAt("begin"); err != nil {
		return err
	}
	if g.writer == nil {
		c, err := openSession(g.w)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		g.writer = c
	}
	return g.say("BEGIN IMMEDIATE")
}

// say runs one of the statements around the functions. After an error the connection
// is not trusted any longer.
func (g *group) say(text string) error {
	if _, err := g.writer.exec(context.Background(), text, nil); err != nil {
		g.drop()
		return fmt.Errorf("store: %s: %w", text, err)
	}
	return nil
}

func (g *group) drop() {
	if g.writer != nil {
		g.writer.exec(context.Background(), "ROLLBACK", nil)
		g.writer.close()
		g.writer = nil
	}
}

// one runs a job in its savepoint. Its own error is the job's; the one that is
// returned is that of the whole group.
func (g *group) one(j *job, n *int64) error {
	if err := g.say("SAVEPOINT one"); err != nil {
		return err
	}
	tx := g.s.tx(context.Background(), g.writer, false)
	tx.no, tx.n = g.no, n
	if j.err = tx.run(j.fn); j.err == nil {
		g.again = g.again || tx.again
	} else {
		if err := g.say("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return g.say("RELEASE one")
}

// end commits, unless the group has failed already.
func (g *group) end(err error) error {
	if err == nil {
		err = g.s.faultAt("commit")
	}
	if err != nil {
		g.drop()
		return err
	}
	if err := g.say("COMMIT"); err != nil {
		return err
	}
	g.beside.poke()
	return g.s.faultAt("committed")
}

// read runs a function on one of the reading connections.
func (g *group) read(ctx context.Context, fn func(*Tx) error) error {
	var c *session
	select {
	case c = <-g.idle:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return errClosed
	}
	defer func() { g.idle <- c }()
	if c == nil {
		var err error
		if c, err = openSession(g.r); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	_, err := c.exec(context.Background(), "BEGIN", nil)
	if err == nil {
		err = g.s.tx(ctx, c, true).run(fn)
		if _, e := c.exec(context.Background(), "ROLLBACK", nil); e != nil {
			c.close()
			c = nil
		}
	}
	return err
}
