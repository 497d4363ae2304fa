package v1_test

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/auth"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// What a large house holds: a bit more than a year of a busy company.
const (
	manyIncidents = 200_000
	manyOpen      = 5_000
	forgotten     = 500 // of the open ones are not among the newest
	apart         = 173 * time.Second
	manyServices  = 100
	manyTeams     = 12
	manyPeople    = 40
)

var (
	troubles = []string{"disk full", "high latency", "certificate expires soon", "replication lag", "too many restarts", "memory pressure", "queue grows", "target down"}
	clusters = []string{"eu-west", "eu-north", "us-east", "us-west", "ap-south"}
	places   = []string{"db", "web", "cache", "edge", "batch", "mail"}
)

// A large house has many incidents, and knows their ids, oldest first.
type large struct {
	*home
	ids []incident.ID
}

// bothLarge runs a benchmark on a large house of each sort.
func bothLarge(b *testing.B, fn func(*testing.B, *large)) {
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "house.db")
		fn(b, fill(b, open(b, file), "sqlite", "file:"+file))
	})
	b.Run("postgres", func(b *testing.B) {
		url := storetest.Postgres(b)
		fn(b, fill(b, open(b, url), "pgx", url))
	})
}

var keep = flag.String("large", "", "make a large house in this directory, and keep it: for the app's measurements")

// TestLargeHouse leaves a large house that `tocsin serve` opens, in which ada, who is its
// admin, has a password.
func TestLargeHouse(t *testing.T) {
	if *keep == "" {
		t.Skip("only with -args -large DIR")
	}
	ring, _, err := secret.Create(filepath.Join(*keep, "keyring"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(*keep, "tocsin.db")
	l := fill(t, openWith(t, ring, file), "sqlite", "file:"+file)
	door := auth.New(auth.Options{Store: l.store, Ring: ring})
	for _, who := range []org.PersonID{"ada", "p00"} {
		if err := door.SetPassword(t.Context(), who, "correct horse battery"); err != nil {
			t.Fatal(err)
		}
	}
}

// fill makes a large house by the store's own writers. Only what became of the pages is
// written in one go, for they are planned one by one and sent one by one in life.
func fill(b testing.TB, h *home, driver, url string) *large {
	b.Helper()
	began := time.Now()
	l := &large{home: h}
	l.settle()
	s := seeder{draw: rand.New(rand.NewPCG(1, 2)), from: l.engine.Now().Add(-manyIncidents * apart).Truncate(time.Second)}
	s.dice = rand.NewChaCha8([32]byte{1})
	s.zipf = rand.NewZipf(s.draw, 1.3, 4, manyServices-1)
	for len(l.ids) < manyIncidents {
		l.written(func(tx *store.Tx) error {
			for range 2000 {
				id, err := s.incident(tx, len(l.ids))
				if err != nil {
					return err
				}
				l.ids = append(l.ids, id)
			}
			return nil
		})
	}
	for more := true; more; {
		l.written(func(tx *store.Tx) (err error) { more, err = tx.IndexTitles(2000); return err })
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	after := []string{
		`UPDATE pages SET wake_at = NULL, gen = 1, attempts = 1, first_at = at, sent_at = at, delivered_at = at + 800000, state = 'delivered'
 WHERE subject IN (SELECT id FROM subjects WHERE status <> 'triggered')`,
		`UPDATE pages SET state = 'failed', delivered_at = 0, err = 'no route' WHERE state = 'delivered' AND at % 997 = 0`,
		`UPDATE pages SET state = 'answered', answered_at = at + 90000000 WHERE state = 'delivered' AND at % 3 = 0`,
	}
	if driver == "pgx" {
		after = append(after, `VACUUM ANALYZE`) // as autovacuum does by itself, a little later
	}
	for _, text := range after {
		if _, err := db.ExecContext(b.Context(), text); err != nil {
			b.Fatalf("%s: %v", text, err)
		}
	}
	b.Logf("%d incidents, %d of them open, written in %s", manyIncidents, manyOpen, time.Since(began).Round(time.Second))
	return l
}

// settle configures the services, teams and people of a large house.
func (l *large) settle() {
	all := map[string]any{}
	for n := range manyTeams {
		id := teamNo(n)
		all["team/"+string(id)] = org.Team{ID: id, Name: "Team " + string(id)}
	}
	for n := range manyPeople {
		id := personNo(n)
		all["person/"+string(id)] = org.Person{ID: id, Name: "Person " + string(id)}
	}
	for n := range manyServices {
		id := serviceNo(n)
		all["service/"+string(id)] = org.Service{ID: id, Name: "Service " + string(id), Team: teamNo(n % manyTeams), Policy: "p"}
	}
	l.configure(all)
}

func teamNo(n int) org.TeamID       { return org.TeamID(fmt.Sprintf("t%02d", n)) }
func personNo(n int) org.PersonID   { return org.PersonID(fmt.Sprintf("p%02d", n)) }
func serviceNo(n int) org.ServiceID { return org.ServiceID(fmt.Sprintf("s%02d", n)) }

// A seeder draws the lives of incidents, the same in each run.
type seeder struct {
	draw *rand.Rand
	dice *rand.ChaCha8 // of ids
	zipf *rand.Zipf    // few services have most of the trouble
	from time.Time
}

// incident writes the n-th: opened by an alert, called, in most cases answered, ended
// and perhaps closed, with its one alert and one page.
func (s *seeder) incident(tx *store.Tx, n int) (incident.ID, error) {
	at := s.from.Add(time.Duration(n) * apart)
	id := incident.ID(org.NewID(at, s.dice))
	service := int(s.zipf.Uint64())
	who := personNo(service % manyTeams * 3 % manyPeople)
	if s.draw.IntN(10) == 0 {
		who = personNo(s.draw.IntN(manyPeople))
	}
	host := fmt.Sprintf("%s-%04d", places[s.draw.IntN(len(places))], s.draw.IntN(3000))
	trouble := troubles[s.draw.IntN(len(troubles))]
	o := incident.Opened{
		Title: fmt.Sprintf("%s on %s in %s", trouble, host, clusters[s.draw.IntN(len(clusters))]), Service: serviceNo(service),
		Team: teamNo(service % manyTeams), Integration: "prom", Severity: s.severity(), Alert: string(id), Why: "nothing open has this key",
	}
	o.Priority = alert.PriorityOf(o.Severity)
	open := n >= manyIncidents-manyOpen+forgotten || n%((manyIncidents-manyOpen)/forgotten) == 0 && n/((manyIncidents-manyOpen)/forgotten) < forgotten
	log := incident.Log{
		{Seq: 1, At: at, By: incident.BySource("prom"), Fact: o},
		{Seq: 2, At: at, By: incident.Engine, Fact: incident.Asked{Run: 1, Why: "opened", Policy: "p", Version: 1, Priority: o.Priority}},
		{Seq: 3, At: at, By: incident.Engine, Fact: incident.Called{Run: 1, Calls: []incident.Call{{Person: who, Via: target("schedule", "s"), Why: "on call until 08:00"}}, Until: at.Add(5 * time.Minute), Base: at}},
	}
	over := at.Add(time.Duration(5+s.draw.IntN(90)) * time.Minute)
	for _, f := range s.life(open, who, over) {
		log = append(log, incident.Entry{Seq: len(log) + 1, At: f.at, By: f.by, Fact: f.fact})
	}
	if err := tx.Append(tx.Create(id), log); err != nil {
		return "", err
	}
	a := alert.Alert{
		ID: string(id), Integration: "prom", Key: fmt.Sprintf("%s/%s/%d", trouble, host, n), Subject: id, Service: o.Service, Severity: o.Severity,
		Title: o.Title, Digest: "d", Open: open, Count: 1 + s.draw.IntN(40), FirstAt: at, LastAt: at,
		Last: alert.Event{
			Action: alert.Trigger, Title: o.Title, Severity: o.Severity, Text: strings.Repeat("What to do stands in the runbook. ", 4),
			Labels: map[string]string{"alertname": trouble, "instance": host, "job": "node", "severity": "critical"},
		},
	}
	if !open {
		a.ResolvedAt = over
	}
	if err := tx.PutAlert(a); err != nil {
		return "", err
	}
	return id, tx.PlanPages([]store.PageRow{{Page: escalate.Page{
		Subject: id, Run: 1, Person: who, Method: "log", Channel: "log", Address: "somebody@tocsin.example", Purpose: escalate.Alarm, Priority: o.Priority,
		Text: o.Title, At: at.Add(time.Duration(s.draw.IntN(1e6)) * time.Microsecond), Zone: "Europe/Prague", Hour: at.Hour(),
	}}})
}

type done struct {
	at   time.Time
	by   incident.Actor
	fact incident.Fact
}

// life is what people did about an incident.
func (s *seeder) life(open bool, who org.PersonID, over time.Time) (all []done) {
	person, early := incident.ByPerson(who), over.Add(-4*time.Minute)
	chance := s.draw.IntN(100)
	if !open || chance < 40 {
		if !open && chance < 15 { // it was over before anybody answered
			return []done{{over, incident.Engine, incident.Ended{}}}
		}
		all = append(all, done{early, person, incident.AcknowledgedBy{Via: "log"}})
	}
	switch {
	case open && chance < 3:
		all = append(all, done{early, person, incident.SnoozedUntil{Until: early.AddDate(5, 0, 0)}})
	case !open:
		all = append(all, done{early, person, incident.Noted{Text: "The nightly job had filled it; it is cleaned up."}}, done{over, person, incident.Ended{}})
		if chance > 60 {
			all = append(all, done{over, person, incident.Filed{}})
		}
	}
	return all
}

// severity: few are grave.
func (s *seeder) severity() org.Severity {
	switch n := s.draw.IntN(1000); {
	case n < 10:
		return org.SEV1
	case n < 100:
		return org.SEV2
	case n < 600:
		return org.SEV3
	case n < 998:
		return org.SEV4
	}
	return org.SEV5
}
