package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/incident"
	"tocsin/internal/pgtest"
)

func TestFeed(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		appendAll(t, s, "a", night())
		write(t, s, func(tx *Tx) error { return errors.Join(tx.Touch("alert", "x", "y"), tx.Touch("alert", "x")) })
		var at Cursor
		var got []string
		// A vacuum that runs just now holds back what is newer than it began.
		for begun := time.Now(); ; {
			n := len(got)
			read(t, s, func(tx *Tx) error {
				rows, err := tx.Feed(at, 1)
				for _, r := range rows {
					got = append(got, fmt.Sprintf("%s %s %d-%d", r.Topic, r.Subject, r.First, r.Seq))
					at = r.Cursor
				}
				return err
			})
			if len(got) == n && (n >= 3 || time.Since(begun) > 10*time.Second) {
				break
			}
		}
		if d := cmp.Diff([]string{"incident a 1-5", "alert x 0-0", "alert y 0-0"}, got); d != "" {
			t.Error(d)
		}
	})
}

// TestFeedGoesOnAfterReopening: the numbers of SQLite's groups must not begin again.
func TestFeedGoesOnAfterReopening(t *testing.T) {
	s := openSQLite(t, Options{})
	for n := range 5 {
		appendAll(t, s, incident.ID(fmt.Sprint(n)), night())
	}
	s.Close()
	s = open(t, Options{URL: s.url, Ring: s.ring})
	appendAll(t, s, "last", night())
	read(t, s, func(tx *Tx) error {
		rows, err := tx.Feed(Cursor{}, 100)
		if len(rows) != 6 || rows[5].Subject != "last" {
			t.Errorf("%v", rows)
		}
		return err
	})
}

// TestNoRowIsSkipped reads the feed while many write to it, some of them slow to
// commit: whoever goes on from the last row seen must see every row once.
func TestNoRowIsSkipped(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		const writers, each = 6, 30
		lanes := []Lane{People, Accept, High, Triage, Low, Background}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					err := s.Write(context.Background(), lanes[w], func(tx *Tx) error {
						err := tx.Touch("x", fmt.Sprint(w, ".", n))
						if w%2 == 0 && s.Dialect() == "postgres" {
							err = errors.Join(err, tx.flush())
							time.Sleep(3 * time.Millisecond)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		over := make(chan struct{})
		go func() { wg.Wait(); close(over) }()
		seen := map[string]int{}
		var at Cursor
		for last := false; ; {
			n, settled := 0, false
			read(t, s, func(tx *Tx) (err error) {
				rows, err := tx.Feed(at, 7)
				for _, r := range rows {
					seen[r.Subject]++
					at = r.Cursor
				}
				if n = len(rows); err == nil {
					settled, err = tx.FeedSettled() // whoever writes into another database hides what is new
				}
				return err
			})
			if n == 0 && last && settled {
				break
			}
			select {
			case <-over:
				last = n == 0
			default:
			}
		}
		if len(seen) != writers*each {
			t.Errorf("saw %d rows of %d", len(seen), writers*each)
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("%s was seen %d times", k, n)
			}
		}
	})
}

func TestHints(t *testing.T) {
	url := pgtest.Start(t)
	ring := testRing(t)
	a, b := open(t, Options{URL: url, Ring: ring}), open(t, Options{URL: url, Ring: ring})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard, own := make(chan struct{}, 1000), make(chan struct{}, 1000)
	var wg sync.WaitGroup
	wg.Go(func() { b.Listen(ctx, func() { heard <- struct{}{} }) })
	wg.Go(func() { a.Listen(ctx, func() { own <- struct{}{} }) })
	<-heard // both listen now
	<-own
	for range 500 {
		a.Poke(t0)
	}
	<-heard
	// The listeners' connections are lost; they come back and say so.
	raw(t, a, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`)
	<-own
	a.Poke(t0)
	<-heard
	cancel()
	wg.Wait()
	if n := len(heard); n > 100 {
		t.Errorf("500 pokes were %d hints", n)
	}
	if len(own) > 0 {
		t.Errorf("a node heard itself %d times", len(own))
	}
}

// TestPlans asks SQLite how it would run what runs often. Nothing may go through a
// whole table, or sort one.
func TestPlans(t *testing.T) {
	s := openSQLite(t, Options{})
	q := map[string]string{
		"ClaimDue": s.sql.ClaimDue, "ClaimDueNewest": s.sql.ClaimDueNewest, "Agenda": s.sql.Agenda, "ClaimPages": s.sql.ClaimPages, "ClaimPagesNewest": s.sql.ClaimPagesNewest,
		"Inbox": s.sql.Inbox, "Feed": s.sql.Feed, "AlertsOf": s.sql.AlertsOf, "PagesOf": s.sql.PagesOf, "PageByProvider": s.sql.PageByProvider,
		"Limbo": s.sql.Limbo, "LateDue": s.sql.LateDue, "LatePages": s.sql.LatePages, "Untended": s.sql.Untended,
		"bump": s.bulks[bump].text[1], "open": s.bulks[openAlerts].text[1], "resolved": s.bulks[lastResolved].text[1], "done": s.bulks[dropInbox].text[1],
		"logs": s.bulks[logsOfMany].text[1], "alarms": s.bulks[alarmsOfMany].text[1],
	}
	list := func(name string, parts ...string) {
		b := listSubjects.build()
		for _, p := range parts {
			if strings.HasSuffix(listSubjects.parts[p], " ") {
				b.part(p, "x")
			} else {
				b.part(p)
			}
		}
		q[name], _ = b.end(10)
	}
	list("list")
	list("list open", "open", "before")
	list("list service", "over", "service")
	list("list team", "over", "team")
	cancel := cancelPages.build("", 0, "")
	cancel.part("person", "x")
	cancel.part("alarms")
	q["cancel"], q["SentSince"], q["Reached"], q["LogUpdates"] = cancel.text.String(), s.sql.SentSince, s.sql.Reached, s.sql.LogUpdates
	q["StemsOf"], q["StemsIn"], q["ToldSince"], q["NoticesOpen"], q["UpdateFeedByHash"] = s.sql.StemsOf, s.sql.StemsIn, s.sql.ToldSince, s.sql.NoticesOpen, s.sql.UpdateFeedByHash
	counts := countSubjects.of("", "")
	counts.flag("open", true)
	q["counts"], _ = counts.whole(s.d)
	by := map[string]string{ // what they must be found by, and not by another index of one of their columns
		"cancel": "pages_key (subject=? AND person=?)", "SentSince": "pages_sent (person=? AND sent_at>?)", "Reached": "pages_sent (person=? AND sent_at>? AND sent_at<?)",
		"PagesOf": "pages_key (subject=?)", "PageByProvider": "pages_provider", "AlertsOf": "alerts_subject", "alarms": "pages_key (subject=?)", "counts": "subjects_open", "list open": "subjects_open", "list service": "subjects_service (service=?)", "list team": "subjects_team (team=?)", "Agenda": "pages_channel (lane=? AND channel>?)",
		"LogUpdates": "log_updates (at>?)",
		"StemsOf":    "sqlite_autoindex_message_words_1 (word=? AND at>?", "StemsIn": "message_words_within (conversation=? AND word=? AND at>?", "ToldSince": "log_updates (at>?)", "NoticesOpen": "notices_page (page=? AND subject<?)",
		"UpdateFeedByHash": "update_feeds_hash",
	}
	for name, text := range q {
		var plan []string
		rows, err := s.db().Query("EXPLAIN QUERY PLAN "+text, make([]any, max(strings.Count(text, "?"), strings.Count(text, "$")))...)
		if err != nil {
			t.Fatal(name, err)
		}
		for rows.Next() {
			var id, parent, x int
			var detail string
			if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		rows.Close()
		if !strings.Contains(strings.Join(plan, "\n"), by[name]) {
			t.Errorf("%s is not found by %s:\n%s", name, by[name], strings.Join(plan, "\n"))
		}
		for _, p := range plan {
			for _, table := range []string{"due", "pages", "alerts", "a", "inbox", "feed", "log", "d", "t", "r", "i"} {
				if p == "SCAN "+table {
					t.Errorf("%s goes through all of %s:\n%s", name, table, strings.Join(plan, "\n"))
				}
			}
			if strings.Contains(p, "TEMP B-TREE") && strings.HasPrefix(name, "list") {
				t.Errorf("%s sorts:\n%s", name, strings.Join(plan, "\n"))
			}
		}
	}
}

func TestOldFeedIsPruned(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for n := range feedChunk {
				if err := tx.feed(t0, "incident", fmt.Sprint(n), 1, 1); err != nil {
					return err
				}
			}
			return tx.Touch("alert", "x")
		})
		write(t, s, func(tx *Tx) error { return tx.feed(t0.Add(time.Hour), "incident", "new", 1, 1) })
		write(t, s, func(tx *Tx) error { return tx.feed(t0.Add(time.Hour), "incident", "newer", 1, 1) })
		prune := func(now time.Time) (left int) {
			write(t, s, func(tx *Tx) error { _, err := tx.Prune(now, 24*time.Hour, 0); return err })
			read(t, s, func(tx *Tx) error {
				rows, err := tx.Feed(Cursor{}, 2*feedChunk)
				left = len(rows)
				return err
			})
			return left
		}
		if n := prune(t0.Add(24 * time.Hour)); n != feedChunk+3 {
			t.Errorf("%d rows are left, and none was too old", n)
		}
		if n := prune(t0.Add(26 * time.Hour)); n != 2 {
			t.Errorf("%d rows are left, want the two new ones", n)
		}
	})
}
