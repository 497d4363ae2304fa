package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tocsin/incident"
	"tocsin/org"
)

const manyOpen = 4000 // of manySubjects

// manySubjects writes 200,000 subjects as a database would have them after a year: two
// in a hundred are open, few are grave, some services are rare.
func manySubjects(t *testing.T, s *Store) {
	numbers := `SELECT n FROM generate_series(1, 200000) AS g(n)`
	if s.Dialect() == "sqlite" {
		numbers = `WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 200000) SELECT n FROM g`
	}
	raw(t, s, `INSERT INTO subjects (id, seq, at, status, open, title, service, team, integration, severity, priority, owner, held, alerts, opened_at, resolved_at, fold, head, state)
 SELECT CAST(1000000 + n AS TEXT), 3, n, CASE WHEN n % 50 = 0 THEN 'triggered' WHEN n % 3 = 0 THEN 'closed' ELSE 'resolved' END, n % 50 = 0, 'Disk full',
 CASE WHEN n % 997 = 0 THEN 'rare' ELSE 's' || CAST(n % 20 AS TEXT) END, 't' || CAST(n % 7 AS TEXT), 'prom', CASE WHEN n % 200 = 0 THEN 'SEV1' ELSE 'SEV' || CAST(2 + n % 4 AS TEXT) END,
 CASE WHEN n % 4 < 2 THEN 'high' ELSE 'low' END, CASE WHEN n % 50 = 0 THEN '' WHEN n % 150 = 3 THEN 'nurse' ELSE 'p' || CAST(n % 40 AS TEXT) END, '', 1, n, n, 1, '', '{}' FROM (`+numbers+`) x`)
	raw(t, s, `INSERT INTO subject_words (word, subject) SELECT CASE WHEN CAST(id AS BIGINT) % 2 = 0 THEN '`+wordKey("disk")+`' ELSE '`+wordKey("fan")+`' END, id FROM subjects`)
	if s.Dialect() == "postgres" {
		if _, err := s.db().Exec(`ANALYZE`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestListPlansAtScale looks at how the lists of the API are run where there is much: no
// question sorts, goes through a whole table, or looks at more rows than a person waits
// for.
func TestListPlansAtScale(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills two databases")
	}
	over := []incident.Status{incident.Resolved, incident.Closed}
	both(t, func(t *testing.T, s *Store) {
		manySubjects(t, s)
		for name, f := range map[string]Filter{
			"all": {}, "older": {Before: "1100000"}, "open": {Open: true}, "over": {Status: over[:1]}, "service": {Service: "s1"}, "team": {Team: "t1"},
			"severity": {Severity: org.SEV1}, "priority": {Priority: org.Low}, "owner": {Owner: "p7"}, "rare": {Service: "rare"}, "none": {Service: "none"},
			"words": {Words: "disk"}, "two words": {Words: "disk fan"}, "no word": {Words: "volcano"}, "hidden": {Hidden: []org.ServiceID{"s1", "s2"}},
			"open, service": {Open: true, Service: "s3"}, "open, team, priority": {Open: true, Team: "t2", Priority: org.High}, "service, owner, none": {Service: "s1", Owner: "p2"},
			"service, team": {Service: "s1", Team: "t1"}, "severity, priority, none": {Severity: org.SEV3, Priority: org.Low}, "rare, team": {Service: "rare", Team: "t3"},
			"rare owner, service": {Service: "s3", Owner: "nurse"}, "rare, words": {Service: "rare", Words: "fan"},
			"paged":        {Status: []incident.Status{incident.Triggered}, Paged: "p7"},
			"rare, hidden": {Service: "rare", Hidden: []org.ServiceID{"s1"}}, "over, team": {Status: over, Team: "t5"}, "over, owner, words": {Status: over, Owner: "p3", Words: "fan"},
			"words, owner, none": {Words: "disk", Owner: "p3"}, "grave, team": {Severity: org.SEV1, Team: "t6"}, "over, severity, team, priority": {Status: over, Severity: org.SEV4, Team: "t1", Priority: org.High},
		} {
			f.Limit = 51
			looked := 0
			var asked []statement
			read(t, s, func(tx *Tx) error {
				asked = nil
				tx.c = overheard{tx.c, func(text string, args []any) { asked = append(asked, statement{text: text, args: args}) }}
				_, _, err := tx.SubjectsWithin(f)
				return err
			})
			for _, a := range asked {
				looked += s.explained(t, name, a.text, a.args)
			}
			if most := 2*lookedAt + 4*rare + manyOpen; looked > most {
				t.Errorf("%s: %d rows are looked at, at most %d may be", name, looked, most)
			}
		}
	})
}

// An overheard connection tells what it is asked.
type overheard struct {
	conn
	tell func(text string, args []any)
}

func (o overheard) query(ctx context.Context, text string, args []any, scan func(row) error) error {
	o.tell(text, args)
	return o.conn.query(ctx, text, args, scan)
}

// explained complains of a plan that sorts or goes through a table, and says how many
// rows it looked at, where the database says so.
func (s *Store) explained(t *testing.T, name, text string, args []any) (looked int) {
	t.Helper()
	if s.Dialect() == "sqlite" {
		read(t, s, func(tx *Tx) error {
			return tx.each("EXPLAIN QUERY PLAN "+text, args, func(r row) error {
				var id, parent, x int
				var detail string
				err := r.Scan(&id, &parent, &x, &detail)
				few := strings.Contains(text, "LIMIT 100000") // then what is scanned and sorted are the few
				if !few && (strings.HasPrefix(detail, "SCAN subjects") && !strings.Contains(detail, "INDEX") || strings.Contains(detail, "TEMP B-TREE")) {
					t.Errorf("%s: %s\n%s", name, detail, text)
				}
				if strings.HasPrefix(detail, "SEARCH pages ") && !strings.Contains(detail, "pages_key") {
					t.Errorf("%s: for each subject, all that somebody was paged for: %s", name, detail)
				}
				return err
			})
		})
		return 0
	}
	var plan string
	read(t, s, func(tx *Tx) error { return tx.row("EXPLAIN (ANALYZE, FORMAT JSON) "+text, args...)(&plan) })
	var all []struct{ Plan node }
	if err := json.Unmarshal([]byte(plan), &all); err != nil {
		t.Fatal(err)
	}
	return all[0].Plan.rows(func(kind string) { t.Errorf("%s: %s\n%s\n%s", name, kind, text, plan) })
}

// A node is one of a plan of PostgreSQL.
type node struct {
	Kind    string  `json:"Node Type"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node
}

// rows are those that a plan reads from tables and indexes.
func (n node) rows(bad func(string)) int {
	total := 0
	for _, p := range n.Plans {
		total += p.rows(bad)
	}
	switch {
	case n.Kind == "Seq Scan":
		bad(n.Kind)
	case n.Kind == "Sort" && n.Rows*n.Loops > float64(rare):
		bad(fmt.Sprint("a sort of ", n.Rows*n.Loops))
	case strings.Contains(n.Kind, "Scan"):
		total += int((n.Rows + n.Removed) * max(n.Loops, 1))
	}
	return total
}
