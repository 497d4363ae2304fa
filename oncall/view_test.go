package oncall

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/org"
)

func show(pieces []Piece) string {
	var out []string
	for _, p := range pieces {
		s := p.From.Format("02T15:04") + ".." + p.Until.Format("02T15:04") + fmt.Sprint(p.People)
		if p.CutFrom {
			s = "<" + s
		}
		if p.CutUntil {
			s += ">"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestLayersAndPatches(t *testing.T) {
	s := compiled(t, Schedule{TZ: "Europe/Prague", Layers: []Layer{
		{ID: "week", People: []org.PersonID{"jane", "omar"}, Every: "1 week", From: "2026-03-23T09:00"},
		{ID: "nights", Band: 1, People: []org.PersonID{"lena"}, Hours: Lines{"22:00-06:00"}},
	}, Patches: []Patch{
		{ID: "o", Op: "set", Users: Names{"kim"}, Start: "2026-03-27T12:00:00Z", End: "2026-03-29T12:00:00Z"},
		{ID: "t", Op: "set", Start: "2026-03-29T12:00:00Z", End: "2026-03-30T12:00:00Z", Shifts: []TemporaryShift{{Start: "2026-03-29T13:00:00Z", End: "2026-03-29T15:00:00Z", Users: Names{"lena"}}}},
	}})
	from, to := utc("2026-03-28T12:00:00Z"), utc("2026-03-30T12:00:00Z")
	layers := s.Layers(from, to)
	if got := show(layers[0].Pieces); got != "<28T12:00..30T07:00[jane] 30T07:00..30T12:00[omar]>" {
		t.Error(got)
	}
	if got := show(layers[1].Pieces); got != "28T21:00..29T04:00[lena] 29T20:00..30T04:00[lena]" || layers[1].Band != 1 {
		t.Error(got)
	}
	patches := s.Patches(from, to)
	if len(patches) != 2 || show(patches[0].Pieces) != "<28T12:00..29T12:00[kim]" || show(patches[1].Pieces) != "29T13:00..29T15:00[lena]" || patches[1].Patch.ID != "t" {
		t.Errorf("%+v", patches)
	}
}

// A day has as many hours as its clock gives it.
func TestDays(t *testing.T) {
	for _, c := range []struct{ zone, from, to, want string }{
		{"Europe/Prague", "2026-03-28T12:00:00Z", "2026-03-29T23:00:00Z", "2026-03-28 24h0m0s, 2026-03-29 23h0m0s, 2026-03-30 24h0m0s"},
		{"Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T10:00:00Z", "2026-04-05 24h30m0s"},
		{"Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-31T11:00:00Z", "2011-12-29 24h0m0s, 2011-12-31 24h0m0s, 2012-01-01 24h0m0s"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T04:00:00Z", "2018-11-04 23h0m0s"},
	} {
		days, err := Days(c.zone, "", utc(c.from), utc(c.to))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, d := range days {
			got = append(got, fmt.Sprint(d.Date, " ", d.Until.Sub(d.From)))
			if i > 0 && !d.From.Equal(days[i-1].Until) {
				t.Errorf("%s: %s does not follow", c.zone, d.Date)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s", c.zone, strings.Join(got, ", "))
		}
	}
	days, _ := Days("Europe/Prague", "CZ", utc("2026-04-02T22:00:00Z"), utc("2026-04-03T22:00:00Z"))
	if len(days) != 1 || days[0].Holiday != "Velký pátek" || days[0].Weekday != time.Friday {
		t.Errorf("%+v", days)
	}
	if _, err := Days("Mars/Base", "", utc("2026-04-02T22:00:00Z"), utc("2026-04-03T22:00:00Z")); err == nil {
		t.Error("a zone that is none was taken")
	}
}
