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

// A schedule is seen before it is written, with its gaps, and what is wrong with it is
// told by its field; nothing of it is kept.
func TestViewOfDraft(t *testing.T) {
	h := open(t, "")
	draft := `{"id":"s","tz":"Europe/Prague","layers":[{"id":"day","people":["rita","max"],"every":"1 day","from":"2026-03-02T09:00","hours":["09:00-17:00"]}]}`
	r := h.must(200, "olaf", "POST", "/schedules/preview?from=2026-03-02T00:00:00Z&to=2026-03-04T00:00:00Z&zone=Australia/Lord_Howe", draft)
	var v v1.View
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatal(err)
	}
	if v.Zone != "Australia/Lord_Howe" || v.Home != "Europe/Prague" || len(v.Final) != 2 || v.Final[0].People[0] != "rita" || v.Final[1].People[0] != "max" || len(v.Gaps) != 3 {
		t.Errorf("%+v", v)
	}
	if got := v.Final[0].From.Format(time.RFC3339); got != "2026-03-02T19:00:00+11:00" {
		t.Error(got)
	}
	if r := h.must(200, "olaf", "POST", "/schedules/preview", `{"layers":[{"id":"all","people":["rita"]}]}`); r.field("schedule") != "draft" || r.field("gaps.0") != nil {
		t.Error(r.body)
	}
	h.refused(422, "body.layers[0].people[0]", "olaf", "POST", "/schedules/preview", `{"tz":"UTC","layers":[{"id":"day","people":["nobody"]}]}`)
	if r := h.must(200, "olaf", "GET", "/schedules/s", ""); r.field("tz") == "Europe/Prague" {
		t.Error(r.body)
	}
}

// Whoever looks from another zone writes what their clock shows. A reading that it skips
// or shows twice is refused with what may have been meant.
func TestOverrideFromAnotherZone(t *testing.T) {
	h := open(t, "")
	r := h.must(201, "rita", "POST", "/schedules/s/overrides?zone=Australia/Lord_Howe", `{"op":"set","start":"2026-06-01T10:30","end":"2026-06-01T18:00:00Z","users":["rita"]}`)
	if r.field("start") != "2026-06-01T00:00:00Z" || r.field("end") != "2026-06-01T18:00:00Z" {
		t.Error(r.body)
	}
	h.refused(422, "shows 2026-04-05T01:45 twice: write 2026-04-05T01:45:00+11:00 or 2026-04-05T01:45:00+10:30", "rita", "POST", "/schedules/s/overrides?zone=Australia/Lord_Howe", `{"op":"set","start":"2026-04-05T01:45","end":"2026-04-05T18:00","users":["rita"]}`)
	h.refused(422, "query.zone", "rita", "POST", "/schedules/s/overrides?zone=Mars/Base", `{"op":"set","start":"2026-04-05T01:45","end":"2026-04-05T18:00","users":["rita"]}`)
	h.must(200, "rita", "PUT", "/schedules/s/overrides/"+r.field("id").(string)+"?zone=America/New_York", `{"op":"set","start":"2026-06-01T10:30","end":"2026-06-01T18:00","users":["rita"]}`)
	if r := h.must(200, "olaf", "GET", "/schedules/s/overrides/"+r.field("id").(string), ""); r.field("start") != "2026-06-01T14:30:00Z" {
		t.Error(r.body)
	}
}
