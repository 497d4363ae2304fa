package oncall

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

// Covers with and without holidays, by heart: 2026 in Prague, where 1 January is a
// Thursday, Good Friday 3 April and Easter Monday 6 April.
func TestHolidayCovers(t *testing.T) {
	workdays := `{"kind":"cycle","anchor":"2018-01-01","period_days":7,"spans":[{"off_s":32400,"dur_s":28800},{"off_s":118800,"dur_s":28800},{"off_s":205200,"dur_s":28800},{"off_s":291600,"dur_s":28800},{"off_s":378000,"dur_s":28800}]}`
	for _, c := range []struct{ name, cover, from, to, want string }{
		{"work days without holidays", `{"kind":"minus","of":[` + workdays + `,{"kind":"holidays"}]}`, "2026-04-02T00:00:00Z", "2026-04-08T00:00:00Z",
			"04-02T07:00..04-02T15:00 04-07T07:00..04-07T15:00"},
		{"holidays only", `{"kind":"holidays","country":"cz"}`, "2026-04-01T00:00:00Z", "2026-05-02T00:00:00Z",
			"04-02T22:00..04-03T22:00 04-05T22:00..04-06T22:00 04-30T22:00..05-01T22:00"},
		{"work hours of holidays", `{"kind":"intersect","of":[` + workdays + `,{"kind":"holidays"}]}`, "2026-04-01T00:00:00Z", "2026-04-08T00:00:00Z",
			"04-03T07:00..04-03T15:00 04-06T07:00..04-06T15:00"},
		{"a day of one's own", `{"kind":"union","of":[{"kind":"holidays","dates":["2026-04-02"]},{"kind":"holidays"}]}`, "2026-04-01T00:00:00Z", "2026-04-05T00:00:00Z",
			"04-01T22:00..04-03T22:00"},
		{"an operand that ends early", `{"kind":"minus","of":[{"kind":"always"},{"kind":"intersect","of":[{"kind":"holidays"},` + workdays + `]}]}`, "2026-04-03T00:00:00Z", "2026-04-04T00:00:00Z",
			"04-03T00:00..04-03T07:00 04-03T15:00..04-04T00:00"},
	} {
		var cover Cover
		if err := json.Unmarshal([]byte(c.cover), &cover); err != nil {
			t.Fatal(err)
		}
		s := compiled(t, Schedule{TZ: "Europe/Prague", Layers: []Layer{{ID: "a", Cover: cover, Slots: [][]org.PersonID{{"x"}}}}})
		var got []string
		for _, span := range merged(s.Render(utc(c.from), utc(c.to)), true) {
			got = append(got, span[0].Format("01-02T15:04")+".."+span[1].Format("01-02T15:04"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A holiday in the middle of a rotation moves nobody's turn.
func TestHolidayKeepsTurns(t *testing.T) {
	daily := Cover{Kind: "recur", Start: "2026-03-30T09:00", Seconds: 8 * 3600, Freq: "daily"}
	l := Layer{ID: "a", Turn: Turn{Kind: "occurrence"}, Slots: [][]org.PersonID{{"a"}, {"b"}, {"c"}}}
	l.Cover = Cover{Kind: "minus", Of: []Cover{daily, {Kind: "holidays", Country: "CZ"}}}
	with := compiled(t, Schedule{TZ: "Europe/Prague", Layers: []Layer{l}})
	l.Cover = daily
	without := compiled(t, Schedule{TZ: "Europe/Prague", Layers: []Layer{l}})
	for d := range 20 {
		at := utc("2026-03-30T10:00:00Z").AddDate(0, 0, d)
		a, b := with.At(at), without.At(at)
		off := at.Format("01-02") == "04-03" || at.Format("01-02") == "04-06"
		if off != (a.People == nil) || !off && !cmp.Equal(a.People, b.People) {
			t.Errorf("%s: %v, without holidays %v", at.Format("01-02"), a.People, b.People)
		}
	}
}

func TestNeighbourNextGaps(t *testing.T) {
	s := compiled(t, Schedule{TZ: "Europe/Prague", Layers: []Layer{
		{ID: "a", People: []org.PersonID{"x", "y", "z"}, Every: "1 day", From: "2026-03-01T09:00", Hours: Lines{"08:00-20:00"}},
		{ID: "b", Role: "secondary", People: []org.PersonID{"y"}},
		{ID: "hourly", Role: Shadow, People: []org.PersonID{"p", "q", "r", "s"}, Every: "1 hour", From: "2026-03-29T00:00"},
	}})
	at := utc("2026-03-10T10:00:00Z") // the tenth day: x has turn 9
	for by, want := range map[int]string{-2: "[y]", -1: "[z]", 0: "[x]", 1: "[y]", 4: "[y]"} {
		if got, ok := s.Neighbour("a", at, by); !ok || fmt.Sprint(got) != want {
			t.Errorf("neighbour %d: %v %v", by, got, ok)
		}
	}
	if _, ok := s.Neighbour("b", at, 1); ok {
		t.Error("a layer without turns has neighbours")
	}
	// At 01:30 CET the next turn, 02:00, is skipped with the hour: 03:00 follows.
	if got, ok := s.Neighbour("hourly", utc("2026-03-29T00:30:00Z"), 1); !ok || fmt.Sprint(got) != "[s]" {
		t.Errorf("over the jump: %v %v", got, ok)
	}
	if got, ok := s.Neighbour("hourly", utc("2026-03-29T01:30:00Z"), -1); !ok || fmt.Sprint(got) != "[q]" {
		t.Errorf("back over the jump: %v %v", got, ok)
	}
	next, ok := s.Next("z", at, 7*24*time.Hour)
	if want := (Stint{"z", Primary, utc("2026-03-12T08:00:00Z"), utc("2026-03-12T19:00:00Z")}); !ok || next != want {
		t.Errorf("next: %+v %v", next, ok)
	}
	if next, ok := s.Next("z", at, 2*time.Hour); ok {
		t.Errorf("next within two hours: %+v", next)
	}
	gaps := s.Gaps(utc("2026-03-10T12:00:00Z"), utc("2026-03-11T12:00:00Z"))
	if len(gaps) != 1 || !gaps[0].From.Equal(utc("2026-03-10T19:00:00Z")) || !gaps[0].Until.Equal(utc("2026-03-11T07:00:00Z")) || gaps[0].Empty == false {
		t.Errorf("gaps: %+v", gaps)
	}
}

func TestRegister(t *testing.T) {
	eu := compiled(t, Schedule{Layers: []Layer{{ID: "a", People: []org.PersonID{"e", "f"}, Every: "1 day", From: "2026-01-01"}}})
	self := compiled(t, Schedule{Layers: []Layer{{ID: "a", People: []org.PersonID{"schedule:self"}}}})
	r := Register{
		Team:     func(org.TeamID) []org.PersonID { return []org.PersonID{"b", "a"} },
		Schedule: func(id org.ScheduleID) *Compiled { return map[org.ScheduleID]*Compiled{"eu": eu, "self": self}[id] },
		Policy: func(org.PolicyID) []org.Target {
			return []org.Target{{Kind: "schedule", ID: "eu"}, {Kind: "person", ID: "m"}}
		},
	}
	s := compiled(t, Schedule{Layers: []Layer{
		{ID: "a", Slots: [][]org.PersonID{{"team:dba"}}},
		{ID: "b", Role: "secondary", Slots: [][]org.PersonID{{"policy:p", "a"}}},
	}})
	at := utc("2026-01-01T12:00:00Z")
	got := r.At(s, at)
	if fmt.Sprint(got.People, got.Roles["secondary"]) != "[a b] [a e m]" || !got.Until.Equal(utc("2026-01-02T00:00:00Z")) {
		t.Errorf("%+v", got)
	}
	var lines []string
	for _, shift := range r.Render(s, at, at.AddDate(0, 0, 2)) {
		lines = append(lines, fmt.Sprint(shift.From.Format("02T15"), shift.Roles["secondary"]))
	}
	if fmt.Sprint(lines) != "[01T12[a e m] 02T00[a f m] 03T00[a e m]]" {
		t.Error(lines)
	}
	if got := r.At(self, at); got.People != nil || !got.Empty {
		t.Errorf("a schedule that names itself: %+v", got)
	}
	if got := (Register{}).At(s, at); got.People != nil || fmt.Sprint(got.Roles) != "map[secondary:[a]]" {
		t.Errorf("where nobody is known: %+v", got)
	}
}

// A place of a schedule is a role, or who stands beside the one on call.
func TestPlaces(t *testing.T) {
	s := compiled(t, Schedule{Layers: []Layer{
		{ID: "a", People: []org.PersonID{"x", "y", "z"}, Every: "1 day", From: "2026-03-01"},
		{ID: "b", Role: "secondary", People: []org.PersonID{"team:all"}},
	}})
	r := Register{Team: func(org.TeamID) []org.PersonID { return []org.PersonID{"m", "n"} }}
	for place, want := range map[string]string{"": "[x]", "next": "[y]", "previous": "[z]", "secondary": "[m n]", "nobody": "[]"} {
		got := r.Place(s, place, utc("2026-03-10T10:00:00Z"))
		if fmt.Sprint(got.People) != want || !got.Until.Equal(utc("2026-03-11T00:00:00Z")) {
			t.Errorf("%q: %v until %s (%s)", place, got.People, got.Until, got.Why)
		}
	}
}
