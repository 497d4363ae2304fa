package noise

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
)

var night = time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)

func TestReport(t *testing.T) {
	disk, cpu := Origin{"disk", "prom", "db"}, Origin{"", "prom", "web"}
	troubles := []Trouble{
		{ID: "1", Origin: disk, Opened: night, Ended: night.Add(4 * time.Minute), BySource: true, Pages: 2, Night: 2, Answered: true},
		{ID: "2", Origin: disk, Opened: night, Ended: night.Add(time.Hour), BySource: true, Pages: 1, Answered: true, Acted: true, Opinions: []incident.Opinion{{Person: "jane", Worth: true}}},
		{ID: "3", Origin: cpu, Opened: night, Ended: night.Add(time.Minute), BySource: true, Pages: 1, Opinions: []incident.Opinion{{Person: "jane"}}},
		{ID: "4", Origin: cpu, Opened: night, Ended: night.Add(time.Minute), BySource: true}, // nobody was paged
		{ID: "5", Origin: cpu, Opened: night, Ended: night.Add(time.Minute), Answered: true, Acted: true, Pages: 1},
	}
	alerts := []Origin{disk, disk, cpu, cpu, cpu, cpu}
	show := func(lines []Line) string {
		var out []string
		for _, l := range lines {
			out = append(out, strings.Trim(fmt.Sprint(l), "{}"))
		}
		return strings.Join(out, "; ")
	}
	// name alerts incidents pages night idle brief worth not
	if got, want := show(Report(ByRule, alerts, troubles)), "disk 2 2 3 2 1 1 1 0;  4 3 2 0 0 1 0 1"; got != want {
		t.Errorf("by rule: %s, want %s", got, want)
	}
	if got, want := show(Report(ByIntegration, alerts, troubles)), "prom 6 5 5 2 1 2 1 1"; got != want {
		t.Errorf("by integration: %s, want %s", got, want)
	}
	if got, want := show([]Line{Sum(alerts, troubles)}), " 6 5 5 2 1 2 1 1"; got != want {
		t.Errorf("in all: %s, want %s", got, want)
	}
}

func TestProved(t *testing.T) {
	list := Proved([]Trouble{
		{ID: "1", Was: "db-1 is down", Answered: true},
		{ID: "2", Was: "db-1 is down", Acted: true, Opened: night},
		{ID: "3", Promoted: true, Opened: night.Add(time.Hour)},
		{ID: "4", Was: "x", Opinions: []incident.Opinion{{Worth: true}}, Opened: night.Add(-time.Hour)},
		{ID: "5", Acted: true},
		{ID: "6", LetGo: 2, Answered: true},
		{ID: "7", LetGo: 2, Acted: true, Opened: night.Add(2 * time.Hour)},
	})
	var ids string
	for _, r := range list {
		ids += string(r.ID)
	}
	if ids != "7324" {
		t.Errorf("%v", list)
	}
}
