package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// small makes every part of a list small, so that a few hundred rows are many.
func small(t *testing.T) {
	was := []int{rare, lookedAt, firstLook}
	rare, lookedAt, firstLook = 12, 60, 7
	t.Cleanup(func() { rare, lookedAt, firstLook = was[0], was[1], was[2] })
}

var (
	fewTitles   = []string{"disk full on db", "high latency on web", "disk slow", "odd"}
	fewServices = []org.ServiceID{"a", "a", "a", "b", "b", "rare"}
)

// peopled is a house of 400 incidents, each with an alert and a page.
func peopled(t *testing.T, s *Store) {
	write(t, s, func(tx *Tx) error {
		for n := range 400 {
			id := incident.ID(fmt.Sprintf("%04d", n))
			service := fewServices[n*7%len(fewServices)]
			if service == "rare" && n%9 > 0 {
				service = "a"
			}
			o := incident.Opened{
				Title: fewTitles[n%len(fewTitles)], Service: service, Team: org.TeamID("t" + string(service)), Severity: []org.Severity{org.SEV2, org.SEV3, org.SEV4}[n%3],
			}
			o.Priority = alert.PriorityOf(o.Severity)
			log := incident.Log{{Seq: 1, At: t0, By: incident.Engine, Fact: o}}
			if n%5 > 0 {
				log = append(log, incident.Entry{Seq: 2, At: t0, By: incident.ByPerson("p"), Fact: incident.AcknowledgedBy{Via: "log"}}, incident.Entry{Seq: 3, At: t0, By: incident.ByPerson("p"), Fact: incident.Ended{}})
			}
			if err := tx.Append(tx.Create(id), log); err != nil {
				return err
			}
			a := alert.Alert{ID: string(id), Integration: org.IntegrationID([]string{"x", "x", "y"}[n%3]), Key: string(id), Subject: id, Service: service, Digest: "d", Open: n%5 == 0, FirstAt: t0, LastAt: t0, ResolvedAt: t0}
			if err := tx.PutAlert(a); err != nil {
				return err
			}
			err := tx.PlanPages([]PageRow{{Page: escalate.Page{Subject: id, Run: 1, Person: org.PersonID([]string{"p", "q"}[n%2]), Method: "log", Channel: "log", Address: "x", At: t0}}})
			if err != nil {
				return err
			}
		}
		for more := true; more; {
			var err error
			if more, err = tx.IndexTitles(1000); err != nil {
				return err
			}
		}
		return nil
	})
	raw(t, s, `UPDATE pages SET state = 'failed', wake_at = NULL WHERE id < $1`, idFrom(time.Now().AddDate(9, 0, 0)))
}

// Two halves are one list: newest first, each once, and nothing below where the second
// ended.
func TestMerged(t *testing.T) {
	self := func(s string) string { return s }
	for _, c := range []struct {
		a, b, want  []string
		upTo, until string
	}{
		{[]string{"5", "3", "1"}, []string{"4", "3", "2"}, []string{"5", "4", "3", "2", "1"}, "", ""},
		{[]string{"5", "3", "1"}, []string{"4"}, []string{"5", "4", "3"}, "3", "3"},
		{[]string{"9", "8", "7", "6"}, []string{"5", "4"}, []string{"9", "8", "7", "6", "5"}, "2", ""},
		{nil, nil, nil, "2", "2"},
	} {
		if got, until := merged(slices.Clone(c.a), c.b, c.upTo, 5, self); !slices.Equal(got, c.want) || until != c.until {
			t.Errorf("%v and %v down to %q: %v, %q", c.a, c.b, c.upTo, got, until)
		}
	}
}

// Whoever follows a list part by part has, in the end, what a list without parts has;
// and no part looks at more than it may.
func TestWithinIsWhole(t *testing.T) {
	small(t)
	both(t, func(t *testing.T, s *Store) {
		peopled(t, s)
		short := 0
		rapid.Check(t, func(t *rapid.T) {
			draw := func(name string, from ...string) string { return rapid.SampledFrom(append(from, "")).Draw(t, name) }
			f := Filter{
				Service: org.ServiceID(draw("service", "a", "b", "rare", "none")), Team: org.TeamID(draw("team", "ta", "tb", "trare")), Priority: org.Priority(draw("priority", "high", "low")),
				Severity: org.Severity(draw("severity", "SEV2", "SEV3", "SEV4")), Owner: org.PersonID(draw("owner", "p", "nobody")), Words: draw("words", "disk", "odd", "disk latency", "d"),
				Open: rapid.Bool().Draw(t, "open"), Limit: rapid.IntRange(1, 40).Draw(t, "limit"),
			}
			if rapid.Bool().Draw(t, "status") {
				f.Status = []incident.Status{incident.Resolved, incident.Closed}
			}
			if rapid.Bool().Draw(t, "hidden") {
				f.Hidden = []org.ServiceID{"b"}
			}
			var want, got []Row
			err := s.Read(t.Context(), func(tx *Tx) (err error) {
				all := f
				all.Limit = 1000
				if want, err = tx.Subjects(all); err != nil {
					return err
				}
				got = nil
				for {
					rows, upTo, err := tx.SubjectsWithin(f)
					if err != nil {
						return err
					}
					got = append(got, rows...)
					if f.Before = upTo; upTo == "" && len(rows) == f.Limit {
						f.Before = rows[len(rows)-1].ID
					}
					if upTo != "" && len(rows) == 0 {
						short++
					}
					if upTo == "" && len(rows) < f.Limit {
						return nil
					}
				}
			})
			if err != nil || !slices.Equal(want, got) {
				t.Fatalf("%+v: %d rows in parts, %d in one, %v", f, len(got), len(want), err)
			}
		})
		if short == 0 && !testing.Short() { // a short run draws a fifth as often
			t.Error("no list was cut short: nothing was tried")
		}
	})
}

func TestAlertsAndPagesWithin(t *testing.T) {
	small(t)
	both(t, func(t *testing.T, s *Store) {
		peopled(t, s)
		read(t, s, func(tx *Tx) error {
			for _, f := range []AlertFilter{{Service: "a", Integration: "x"}, {Service: "rare", Integration: "y"}, {Hidden: []org.ServiceID{"a"}}, {Service: "a", Hidden: []org.ServiceID{"a"}}, {Open: true, Hidden: []org.ServiceID{"b"}}, {Service: "b"}} {
				all := f
				all.Limit = 1000
				want, err := tx.Alerts(all)
				if err != nil {
					return err
				}
				var got []string
				for f.Limit = 5; ; {
					rows, upTo, err := tx.AlertsWithin(f)
					if err != nil {
						return err
					}
					for _, r := range rows {
						got = append(got, r.ID)
						f.Before = r.ID
					}
					if upTo == "" && len(rows) < f.Limit {
						break
					}
					if upTo != "" {
						f.Before = upTo
					}
				}
				if len(got) != len(want) {
					t.Errorf("%+v: %d alerts in parts, %d in one", f, len(got), len(want))
				}
			}
			for _, f := range []PageFilter{{Person: "p", State: escalate.Failed}, {Person: "nobody", State: escalate.Failed}, {Hidden: []org.ServiceID{"a"}}, {Person: "q", State: escalate.Planned}, {Person: "q"}} {
				all := f
				all.Limit = 1000
				want, err := tx.Pages(all)
				if err != nil {
					return err
				}
				n := 0
				for f.Limit = 5; ; {
					rows, upTo, err := tx.PagesWithin(f)
					if err != nil {
						return err
					}
					for _, r := range rows {
						n++
						f.Before = r.ID
					}
					if upTo == "" && len(rows) < f.Limit {
						break
					}
					if upTo != "" {
						f.Before = upTo
					}
				}
				if n != len(want) {
					t.Errorf("%+v: %d pages in parts, %d in one", f, n, len(want))
				}
			}
			return nil
		})
	})
}
