package v1_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tocsin/oncall"
	"tocsin/org"
)

// BenchmarkSchedule asks for all that the page of a schedule of ten layers and a hundred
// overrides shows: its view, what is wrong with it, and its load. The goal for the whole is
// 200 ms.
func BenchmarkSchedule(b *testing.B) {
	h := open(b, "")
	v := oncall.Schedule{ID: "busy", Name: "Busy", TZ: "Europe/Prague"}
	for i := range 10 {
		v.Layers = append(v.Layers, oncall.Layer{ID: fmt.Sprint("l", i), Band: i % 3, People: []org.PersonID{"rita", "max", "olaf", "otto"}, Every: "1 day", From: "2026-01-05T09:00"})
	}
	now := h.engine.Now().Truncate(time.Hour)
	for i := range 100 {
		at := now.Add(time.Duration(i) * 21 * time.Hour)
		v.Patches = append(v.Patches, oncall.Patch{ID: fmt.Sprint("p", i), Op: "set", Users: oncall.Names{"max"}, Start: oncall.Instant(at), End: oncall.Instant(at.Add(8 * time.Hour)), Seq: int64(i + 1)})
	}
	body, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	if r := h.do("max", "POST", "/schedules", string(body)); r.status != 201 {
		b.Fatalf("%d %s", r.status, r.body)
	}
	to := now.AddDate(0, 0, 90).Format(time.RFC3339)
	for _, c := range []struct{ name, path string }{
		{"view", "/schedules/busy/view?zone=America/New_York&from=" + now.Format(time.RFC3339) + "&to=" + to},
		{"lint", "/schedules/busy/lint"},
		{"load", "/schedules/busy/load"},
		{"proposals", "/schedules/busy/proposals"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if r := h.do("olaf", "GET", c.path, ""); r.status != 200 {
					b.Fatalf("%d %s", r.status, r.body)
				}
			}
		})
	}
}
