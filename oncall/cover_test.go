package oncall

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/org"
)

// Covers whose pieces are known by heart: each case lists when somebody stands.
func TestCovers(t *testing.T) {
	weekly := Cover{Kind: "recur", Start: "1997-08-05T09:00", Seconds: 3600, Freq: "weekly", Interval: 2, ByDay: []string{"TU", "SU"}}
	sunday := weekly
	sunday.Wkst = "SU"
	night := Cover{Kind: "cycle", Anchor: "2024-10-21", PeriodDays: 7, Spans: []Span{{Offset: 5 * day, Seconds: day + 9000}}} // Saturday 00:00 to Sunday 02:30
	late := night
	late.EndFold = "last"
	daily := Cover{Kind: "recur", Start: "2024-01-01T10:00", Seconds: 7200, Freq: "daily"}
	dates := daily
	dates.Exdate, dates.Rdate = []string{"2024-01-02T10:00"}, []string{"2024-01-02T20:00"}
	for _, c := range []struct {
		name     string
		layer    Layer
		from, to string
		want     []string
	}{
		{"a fortnight from Monday", Layer{Cover: weekly}, "1997-08-01T00:00:00Z", "1997-09-01T00:00:00Z",
			[]string{"08-05T09:00 08-05T10:00", "08-10T09:00 08-10T10:00", "08-19T09:00 08-19T10:00", "08-24T09:00 08-24T10:00"}},
		{"a fortnight from Sunday", Layer{Cover: sunday}, "1997-08-01T00:00:00Z", "1997-09-01T00:00:00Z",
			[]string{"08-05T09:00 08-05T10:00", "08-17T09:00 08-17T10:00", "08-19T09:00 08-19T10:00", "08-31T09:00 08-31T10:00"}},
		{"an end shown twice is the first", Layer{TZ: "Europe/Berlin", Cover: night}, "2024-10-22T00:00:00Z", "2024-10-28T00:00:00Z",
			[]string{"10-25T22:00 10-27T00:30"}},
		{"or, where asked, the last", Layer{TZ: "Europe/Berlin", Cover: late}, "2024-10-22T00:00:00Z", "2024-10-28T00:00:00Z",
			[]string{"10-25T22:00 10-27T01:30"}},
		{"clipped at both edges", Layer{Cover: daily, From: "2024-01-02T11:00:00Z", Until: "2024-01-04T11:00:00Z"}, "2024-01-01T00:00:00Z", "2024-01-06T00:00:00Z",
			[]string{"01-02T11:00 01-02T12:00", "01-03T10:00 01-03T12:00", "01-04T10:00 01-04T11:00"}},
		{"dropped before, kept after", Layer{Cover: daily, From: "2024-01-02T11:00:00Z", Until: "2024-01-04T11:00:00Z", EdgeFrom: "drop", EdgeUntil: "keep"}, "2024-01-01T00:00:00Z", "2024-01-06T00:00:00Z",
			[]string{"01-03T10:00 01-03T12:00", "01-04T10:00 01-04T12:00"}},
		{"one that begins at until is not kept", Layer{Cover: daily, Until: "2024-01-02T10:00:00Z", EdgeUntil: "keep"}, "2024-01-01T00:00:00Z", "2024-01-06T00:00:00Z",
			[]string{"01-01T10:00 01-01T12:00"}},
		{"dates struck out and added", Layer{Cover: dates}, "2024-01-01T00:00:00Z", "2024-01-04T00:00:00Z",
			[]string{"01-01T10:00 01-01T12:00", "01-02T20:00 01-02T22:00", "01-03T10:00 01-03T12:00"}},
		{"the last day of each month", Layer{Cover: Cover{Kind: "recur", Start: "2024-01-01", Seconds: day, Freq: "monthly", ByMonthday: []int{-1}}}, "2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z",
			[]string{"01-31T00:00 02-01T00:00", "02-29T00:00 03-01T00:00", "03-31T00:00 04-01T00:00"}},
		{"fixed, and overlapping", Layer{Cover: Cover{Kind: "fixed", Spans: []Span{{Start: "2024-01-02T00:00:00Z", End: "2024-01-03T00:00:00Z"}, {Start: "2024-01-01T00:00:00Z", End: "2024-01-02T12:00:00Z"}}}}, "2024-01-01T00:00:00Z", "2024-01-06T00:00:00Z",
			[]string{"01-01T00:00 01-03T00:00"}},
		{"a date that never comes", Layer{Cover: Cover{Kind: "recur", Start: "2024-01-01", Seconds: 60, Freq: "daily", ByMonth: []int{2}, ByMonthday: []int{30}}}, "2024-01-01T00:00:00Z", "2034-01-01T00:00:00Z", nil},
	} {
		c.layer.ID, c.layer.Slots = "l", [][]org.PersonID{{"a"}}
		var got []string
		for _, span := range merged(compiled(t, Schedule{Layers: []Layer{c.layer}}).Render(utc(c.from), utc(c.to)), true) {
			got = append(got, span[0].Format("01-02T15:04 ")+span[1].Format("01-02T15:04"))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", c.name, d)
		}
	}
}

// Striking out one occurrence moves nobody else; an added one is its neighbour's.
func TestOrdinalsKeepTheirPeople(t *testing.T) {
	l := Layer{ID: "l", Slots: [][]org.PersonID{{"a"}, {"b"}, {"c"}}, Turn: Turn{Kind: "occurrence", N: 1},
		Cover: Cover{Kind: "recur", Start: "2024-01-01T10:00", Seconds: 3600, Freq: "daily", Exdate: []string{"2024-01-02T10:00"}, Rdate: []string{"2024-01-03T20:00"}}}
	c := compiled(t, Schedule{Layers: []Layer{l}})
	for at, want := range map[string]org.PersonID{
		"2024-01-01T10:30:00Z": "a", "2024-01-02T10:30:00Z": "", "2024-01-03T10:30:00Z": "c",
		"2024-01-03T20:30:00Z": "c", "2024-01-04T10:30:00Z": "a",
	} {
		if got := c.At(utc(at)).People; len(got) > 0 != (want != "") || len(got) > 0 && got[0] != want {
			t.Errorf("%s: %v, want %q", at, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	two := [][]org.PersonID{{"a"}, {"b"}}
	week := Turn{Kind: "clock", Unit: "week", Anchor: "2024-01-01T09:00"}
	c := compiled(t, Schedule{Layers: []Layer{
		{ID: "rota", Slots: two, Turn: week, From: "2024-01-03T00:00:00Z"},
		{ID: "days", Slots: two, Turn: week, Cover: Cover{Kind: "recur", Start: "2024-01-01T08:00", Seconds: 7200, Freq: "daily"}},
		{ID: "ever", Slots: two[:1]},
	}})
	for _, q := range []struct{ layer, at, from, until string }{
		{"rota", "2024-01-04T00:00:00Z", "2024-01-01T09:00:00Z", "2024-01-08T09:00:00Z"},
		{"days", "2024-01-08T08:30:00Z", "2024-01-08T08:00:00Z", "2024-01-08T09:00:00Z"},
		{"ever", "2024-01-08T08:30:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
	} {
		from, until, ok := c.Bounds(q.layer, utc(q.at))
		if got := from.Format(time.RFC3339) + " " + until.Format(time.RFC3339); !ok || got != q.from+" "+q.until {
			t.Errorf("%s at %s: %s %v", q.layer, q.at, got, ok)
		}
	}
	if _, _, ok := c.Bounds("days", utc("2024-01-08T12:00:00Z")); ok {
		t.Error("bounds where the layer does not hold")
	}
}
