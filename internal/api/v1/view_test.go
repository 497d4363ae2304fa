package v1_test

import (
	"encoding/json"
	"testing"
	"time"

	v1 "tocsin/internal/api/v1"
)

// A view is drawn without a zone: its moments carry the offset, its days their length,
// and what is seen from three zones is one and the same.
func TestView(t *testing.T) {
	h := open(t, "")
	h.must(201, "rita", "POST", "/schedules/s/overrides", `{"id":"o","op":"set","start":"2026-03-28T20:00:00Z","end":"2026-03-29T20:00:00Z","users":["rita"]}`)
	see := func(zone string) (v v1.View) {
		t.Helper()
		r := h.must(200, "olaf", "GET", "/schedules/s/view?from=2026-03-28T00:00:00Z&to=2026-04-08T00:00:00Z&zone="+zone, "")
		if err := json.Unmarshal([]byte(r.body), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := see("Europe/Prague")
	if len(v.Days) != 12 || v.Days[1].Date != "2026-03-29" || v.Days[1].Hours != 23 || v.Days[1].Weekday != 7 || v.Days[6].Holiday != "Velký pátek" {
		t.Errorf("days: %+v", v.Days)
	}
	if v.Final[0].From.Format(time.RFC3339) != "2026-03-28T01:00:00+01:00" || !v.Final[0].CutFrom || v.Final[0].CutUntil || v.Final[0].People[0] != v.Layers[0].Segments[0].People[0] {
		t.Errorf("final: %+v", v.Final[0])
	}
	if len(v.Final) != 5 || v.Final[1].People[0] != "rita" || !v.Final[4].CutUntil || v.Names["max"] != "Max" || v.Names["rita"] != "Rita" {
		t.Errorf("final: %+v, names %v", v.Final, v.Names)
	}
	if len(v.Overrides) != 1 || v.Overrides[0].Override.ID != "o" || len(v.Layers) != 1 || len(v.Gaps) != 0 {
		t.Errorf("overrides %+v, layers %+v, gaps %+v", v.Overrides, v.Layers, v.Gaps)
	}
	for _, zone := range []string{"America/New_York", "Australia/Lord_Howe"} {
		other := see(zone)
		if len(other.Final) != len(v.Final) {
			t.Fatalf("%s: %d segments", zone, len(other.Final))
		}
		for i, s := range other.Final {
			if !s.From.Equal(v.Final[i].From) || !s.Until.Equal(v.Final[i].Until) || s.People[0] != v.Final[i].People[0] {
				t.Errorf("%s: %+v, from Prague %+v", zone, s, v.Final[i])
			}
		}
		for i, d := range other.Days {
			if d.From.Hour() != 0 || d.From.Minute() != 0 || i > 0 && !d.From.Equal(other.Days[i-1].Until) {
				t.Errorf("%s: %+v", zone, d)
			}
		}
	}
	h.refused(422, "query.zone", "olaf", "GET", "/schedules/s/view?zone=Mars/Base", "")
	h.refused(422, "query.to", "olaf", "GET", "/schedules/s/view?from=2026-03-28T00:00:00Z&to=2026-03-01T00:00:00Z", "")
	h.must(404, "olaf", "GET", "/schedules/none/view", "")
}
