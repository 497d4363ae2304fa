package investigate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

func TestRelate(t *testing.T) {
	to := Trouble{ID: "9", Title: "Disk full on db-orders-1", Service: "orders", Category: "storage", Roots: []org.ServiceID{"san"}, Opened: night}
	past := func(id, title, service, category string, roots ...org.ServiceID) Trouble {
		return Trouble{ID: incident.ID(id), Title: title, Service: org.ServiceID(service), Category: category, Roots: roots, Opened: night.Add(-24 * time.Hour), Resolved: night.Add(-23 * time.Hour)}
	}
	open := past("5", "Reports are slow", "reports", "", "san")
	open.Opened, open.Resolved = night.Add(-5*time.Minute), time.Time{}
	var said []string
	for _, r := range Relate(to, []Trouble{
		to,
		past("1", "Disk full on db-orders-2", "orders", "storage", "san"),
		past("2", "Certificate expired", "orders", "network", "san"),
		past("3", "Disk full on web-1", "web", ""),
		past("4", "The kitchen is on fire", "kitchen", ""),
		open,
		past("6", "Error: server down", "web", ""),
	}) {
		said = append(said, fmt.Sprintf("%s %d: %s", r.ID, r.Weight, strings.Join(r.Why, "; ")))
	}
	want := []string{
		"1 7: the same service and category; in both titles: disk, full, orders",
		"5 3: both stand on san; began within 5m of each other",
		"2 3: the same service",
	}
	if got := strings.Join(said, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Disk full on db-orders-1")
	f.Add("\xff火事 火事火事 Ünïcode")
	f.Fuzz(func(t *testing.T, title string) {
		for _, w := range words(title) {
			if w != strings.ToLower(w) || len([]rune(w)) < 4 {
				t.Errorf("%q of %q", w, title)
			}
		}
		if r := Relate(Trouble{ID: "1", Title: title}, []Trouble{{ID: "1", Title: title}}); len(r) != 0 {
			t.Error("it is related to itself")
		}
	})
}
