package alert

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tocsin/incident"
	"tocsin/org"
)

var dusk = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return dusk.Add(time.Duration(n) * time.Hour) }

func is(name, value string) Matcher { return Matcher{Name: name, Value: value} }

func TestSilenceState(t *testing.T) {
	s := Silence{Start: hour(1), End: hour(3)}
	for at, want := range map[time.Duration]SilenceState{
		0: SilencePending, time.Hour - 1: SilencePending, time.Hour: SilenceActive,
		3*time.Hour - 1: SilenceActive, 3 * time.Hour: SilenceExpired, 9 * time.Hour: SilenceExpired,
	} {
		if got := s.State(dusk.Add(at)); got != want {
			t.Errorf("after %s: %s, want %s", at, got, want)
		}
	}
}

func TestParseMatchers(t *testing.T) {
	for _, c := range []struct {
		text string
		want []Matcher
	}{
		{`job="db"`, []Matcher{is("job", "db")}},
		{`job=db`, []Matcher{is("job", "db")}},
		{`{job!="db", host=~"db.*"}`, []Matcher{{Name: "job", Value: "db", Not: true}, {Name: "host", Value: "db.*", Regex: true}}},
		{`env!~"test|dev",team=""`, []Matcher{{Name: "env", Value: "test|dev", Regex: true, Not: true}, is("team", "")}},
		{`"größe"="groß"`, []Matcher{is("größe", "groß")}},
	} {
		got, err := ParseMatchers(c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v %v", c.text, got, err)
		}
		for _, m := range got { // what is shown can be read again
			if again, err := ParseMatchers(m.String()); err != nil || len(again) != 1 || again[0] != m {
				t.Errorf("%s reads as %+v %v", m, again, err)
			}
		}
	}
	for _, text := range []string{"db", "=x", `a=~"("`, `{a="b"`, `a="b`} {
		if got, err := ParseMatchers(text); !errors.As(err, new(incident.Refusal)) {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
}

func FuzzParseMatchers(f *testing.F) {
	for _, s := range []string{`a="b"`, `{a=~"b.*",c!="d"}`, `"a b"="c"`, `a=`, "{", "a=\"\\n\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseMatchers(text)
		if err != nil {
			return
		}
		for _, m := range list {
			again, err := ParseMatchers(m.String())
			if err != nil || len(again) != 1 || again[0] != m {
				t.Fatalf("%q gave %+v, which is shown as %s and read as %+v %v", text, m, m, again, err)
			}
		}
		_ = CompileSilences([]Silence{{Matchers: list}}).Over(labelled("", map[string]string{"a": "b"}), dusk)
	})
}

// What cannot be a silence is refused in the words that Alertmanager's clients know.
func TestSilenceChecks(t *testing.T) {
	good := Silence{Matchers: []Matcher{is("host", "db-1")}, Start: hour(0), End: hour(1)}
	with := func(do func(*Silence)) Silence { s := good; do(&s); return s }
	for _, c := range []struct {
		wish Silence
		want string
	}{
		{good, ""},
		{with(func(s *Silence) { s.Start = hour(-2) }), ""},
		{with(func(s *Silence) { s.End = s.Start }), "start time must be before end time"},
		{with(func(s *Silence) { s.Start, s.End = hour(-2), hour(-1) }), "end time can't be in the past"},
		{with(func(s *Silence) { s.Matchers = nil }), "at least one matcher is required"},
		{with(func(s *Silence) { s.Matchers = []Matcher{is("a", "")} }), "at least one matcher must not match the empty string"},
		{with(func(s *Silence) { s.Matchers = []Matcher{{Name: "a", Value: ".*", Regex: true}} }), "at least one matcher must not match the empty string"},
		{with(func(s *Silence) { s.Matchers = []Matcher{is("a", ""), is("b", "c")} }), ""},
		{with(func(s *Silence) { s.Matchers = []Matcher{{Name: "a", Value: "b", Not: true}} }), "at least one matcher must not match the empty string"},
		{with(func(s *Silence) { s.Matchers = []Matcher{{Name: "a", Not: true}} }), ""}, // the label must be there
		{with(func(s *Silence) { s.Matchers = []Matcher{is("", "b")} }), `invalid label matcher 0: invalid label name ""`},
		{with(func(s *Silence) { s.Matchers = []Matcher{{Name: "a", Value: "a)(b", Regex: true}} }), `invalid label matcher 0: invalid regular expression "a)(b"`},
	} {
		_, _, err := Revise(nil, c.wish, dusk)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.wish, err, c.want)
		}
		if err != nil && !errors.As(err, new(incident.Refusal)) {
			t.Errorf("%v is no refusal", err)
		}
	}
}

func TestRevise(t *testing.T) {
	wish := Silence{Matchers: []Matcher{is("host", "db-1")}, Start: hour(-1), End: hour(2), By: "jane", Comment: "the switch"}
	made, ended, err := Revise(nil, wish, dusk)
	if err != nil || ended != nil || made.ID != "" || !made.Start.Equal(dusk) || !made.Updated.Equal(dusk) {
		t.Errorf("a new one: %+v %+v %v", made, ended, err)
	}
	active, pending, over := wish, wish, wish
	active.ID, active.Integration = "active", "prom"
	pending.ID, pending.Start = "pending", hour(1)
	over.ID, over.Start, over.End = "over", hour(-3), hour(-1)
	for _, c := range []struct {
		name  string
		old   Silence
		do    func(*Silence)
		keeps bool // its id
		ends  bool // the old one
	}{
		{"a longer end", active, func(s *Silence) { s.End = hour(9) }, true, false},
		{"a shorter end and other words", active, func(s *Silence) { s.End, s.Comment = hour(1), "less" }, true, false},
		{"other matchers", active, func(s *Silence) { s.Matchers = []Matcher{is("host", "db-2")} }, false, true},
		{"one matcher more", active, func(s *Silence) { s.Matchers = append(slices.Clone(s.Matchers), is("a", "b")) }, false, true},
		{"a start that has passed", active, func(s *Silence) { s.Start = hour(1) }, false, true},
		{"a later start", pending, func(s *Silence) { s.Start, s.End = hour(3), hour(4) }, true, false},
		{"a start that would be past", pending, func(s *Silence) { s.Start = hour(-1) }, false, true},
		{"one that is over", over, func(s *Silence) { s.End = hour(1) }, false, false},
	} {
		w := c.old
		c.do(&w)
		next, ended, err := Revise(&c.old, w, dusk)
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.keeps != (next.ID == c.old.ID), !c.keeps && next.ID != "":
			t.Errorf("%s: id %q", c.name, next.ID)
		case c.ends != (ended != nil):
			t.Errorf("%s: ended %+v", c.name, ended)
		case ended != nil && (ended.ID != c.old.ID || !ended.End.Equal(dusk) || ended.State(dusk) != SilenceExpired):
			t.Errorf("%s: ended %+v", c.name, ended)
		case next.Integration != c.old.Integration || !next.End.Equal(w.End) || next.Comment != w.Comment:
			t.Errorf("%s: %+v", c.name, next)
		}
	}
	w := active
	w.End = hour(-1)
	if _, ended, err := Revise(&active, w, dusk); err == nil || ended != nil {
		t.Error("a failed change must not end the old one:", ended, err)
	}
}

// However a silence is changed, what it was stays true, what it is to be is what was
// wished, and no moment is covered by neither.
func TestReviseKeepsHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Silence {
			start := rapid.IntRange(-5, 5).Draw(t, name+" start")
			return Silence{
				ID: "old", Start: hour(start), End: hour(start + rapid.IntRange(1, 6).Draw(t, name+" length")),
				Matchers: []Matcher{is("host", rapid.SampledFrom([]string{"a", "b"}).Draw(t, name+" host"))},
			}
		}
		old, wish := draw("old"), draw("wish")
		was := old
		next, ended, err := Revise(&old, wish, dusk)
		if d := cmp.Diff(was, old); d != "" {
			t.Fatal("the old one was changed in place:", d)
		}
		if err != nil {
			return
		}
		var after []Silence
		if next.ID == "" {
			kept := old
			if ended != nil {
				kept = *ended
			}
			after = append(after, kept)
		}
		after = append(after, next)
		for h := -6; h <= 12; h++ {
			for _, host := range []string{"a", "b"} {
				labels := map[string]string{"host": host}
				at := hour(h)
				got := len(CompileSilences(after).Over(labelled("", labels), at)) > 0
				of := wish
				if at.Before(dusk) {
					of = was
				}
				if want := len(CompileSilences([]Silence{of}).Over(labelled("", labels), at)) > 0; got != want {
					t.Fatalf("host %s at %s: silenced %v, want %v\nold  %+v\nwish %+v\nnow  %+v", host, at, got, want, was, wish, after)
				}
			}
		}
	})
}

func TestSortSilences(t *testing.T) {
	list := []Silence{
		{ID: "over long ago", Start: hour(-9), End: hour(-8)},
		{ID: "pending later", Start: hour(5), End: hour(6)},
		{ID: "active longer", Start: hour(-1), End: hour(4)},
		{ID: "over", Start: hour(-9), End: hour(-1)},
		{ID: "pending", Start: hour(1), End: hour(9)},
		{ID: "active", Start: hour(-2), End: hour(1)},
	}
	SortSilences(list, dusk)
	var got []string
	for _, s := range list {
		got = append(got, s.ID)
	}
	if d := cmp.Diff([]string{"active", "active longer", "pending", "pending later", "over", "over long ago"}, got); d != "" {
		t.Error(d)
	}
}

func TestSilencesOver(t *testing.T) {
	ss := CompileSilences([]Silence{
		{ID: "db", Matchers: []Matcher{{Name: "host", Value: "db.*", Regex: true}}, Start: hour(0), End: hour(2)},
		{ID: "prom only", Integration: "prom", Matchers: []Matcher{is("host", "db-1")}, Start: hour(0), End: hour(3)},
		{ID: "no env", Matchers: []Matcher{is("env", ""), is("host", "web")}, Start: hour(0), End: hour(2)},
		{ID: "not in test", Matchers: []Matcher{{Name: "env", Value: "test", Not: true}, is("host", "web")}, Start: hour(0), End: hour(1)},
		{ID: "broken", Matchers: []Matcher{{Name: "host", Value: "(", Regex: true}}, Start: hour(0), End: hour(2)},
		{ID: "of nothing", Start: hour(0), End: hour(2)},
	})
	for _, c := range []struct {
		in     org.IntegrationID
		labels map[string]string
		at     time.Time
		want   string
	}{
		{"prom", map[string]string{"host": "db-1"}, hour(0), "prom only, db"},
		{"other", map[string]string{"host": "db-1"}, hour(0), "db"},
		{"prom", map[string]string{"host": "old-db-1"}, hour(0), ""}, // anchored
		{"prom", map[string]string{"host": "db-1"}, hour(2), "prom only"},
		{"prom", map[string]string{"host": "db-1"}, hour(3), ""},
		{"prom", map[string]string{"host": "db-1"}, hour(0).Add(-1), ""},
		{"prom", map[string]string{"host": "web"}, hour(0), "no env, not in test"},
		{"prom", map[string]string{"host": "web", "env": "test"}, hour(0), ""},
		{"prom", map[string]string{"host": "web", "env": "live"}, hour(0), "not in test"},
		{"prom", nil, hour(0), ""},
	} {
		var got []string
		for _, s := range ss.Over(labelled(c.in, c.labels), c.at) {
			got = append(got, s.ID)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s %v at %s: %s, want %s", c.in, c.labels, c.at.Format(time.TimeOnly), got, c.want)
		}
	}
	if !(Silences{}).None() || ss.None() {
		t.Error("None is wrong")
	}
}

func fires(host string) Alert {
	return Alert{ID: host, Integration: "prom", Open: true, Last: Event{Labels: map[string]string{"host": host}}}
}

func TestHush(t *testing.T) {
	quiet := func(id, host string, until int) Silence {
		return Silence{ID: id, Matchers: []Matcher{is("host", host)}, Start: hour(-1), End: hour(until), By: "jane", Comment: "a\nb"}
	}
	a, b := quiet("A", "a", 1), quiet("B", "b", 2)
	const becauseA = "silence A by jane until 2026-11-23 19:00:00 UTC: a b"
	up := incident.Incident{Status: incident.Triggered}
	heldBy := func(why, id string) incident.Incident {
		in := up
		in.Held, in.Silence = why, id
		return in
	}
	lifted := up.After(incident.Entry{Seq: 1, By: incident.Engine, Fact: incident.Held{Why: "w", Silence: "A"}}).
		After(incident.Entry{Seq: 2, By: incident.ByPerson("jane"), Fact: incident.Released{}})
	for _, c := range []struct {
		name   string
		in     incident.Incident
		firing []Alert
		by     []Silence
		want   []incident.Fact
	}{
		{"nothing silences it", up, []Alert{fires("a")}, []Silence{b}, nil},
		{"held", up, []Alert{fires("a")}, []Silence{a, b}, []incident.Fact{incident.Held{Why: becauseA, Silence: "A"}}},
		{"held by it already", heldBy(becauseA, "A"), []Alert{fires("a")}, []Silence{a}, nil},
		{"the silence was changed", heldBy("silence A as it was", "A"), []Alert{fires("a")}, []Silence{a}, []incident.Fact{incident.Held{Why: becauseA, Silence: "A"}}},
		{"another takes over", heldBy("...", "C"), []Alert{fires("a")}, []Silence{a}, []incident.Fact{incident.Held{Why: becauseA, Silence: "A"}}},
		{"one of two is not silenced", up, []Alert{fires("a"), fires("c")}, []Silence{a, b}, nil},
		{"both are", up, []Alert{fires("b"), fires("a")}, []Silence{a, b}, []incident.Fact{incident.Held{Why: becauseA, Silence: "A"}}},
		{"over", heldBy(becauseA, "A"), []Alert{fires("a")}, nil, []incident.Fact{incident.Released{Why: "silence A no longer covers it"}}},
		{"one joins that is not silenced", heldBy(becauseA, "A"), []Alert{fires("a"), fires("c")}, []Silence{a}, []incident.Fact{incident.Released{Why: "silence A no longer covers it"}}},
		{"somebody lifted it", lifted, []Alert{fires("a")}, []Silence{a}, nil},
		{"somebody lifted it, another holds", lifted, []Alert{fires("a")}, []Silence{a, {ID: "C", Matchers: a.Matchers, Start: a.Start, End: a.End}}, []incident.Fact{
			incident.Held{Why: "silence C by nobody named until 2026-11-23 19:00:00 UTC", Silence: "C"}}},
		{"a window holds it", heldBy("a window", ""), []Alert{fires("a")}, []Silence{a}, nil},
		{"nothing fires", up, nil, []Silence{a}, nil},
		{"over long ago", incident.Incident{Status: incident.Resolved}, []Alert{fires("a")}, []Silence{a}, nil},
	} {
		if d := cmp.Diff(c.want, Hush(c.in, c.firing, CompileSilences(c.by), dusk)); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
}

// After Hush an incident is held if and only if every alert of it that fires is
// silenced, and Hush has nothing more to say.
func TestHushHoldsExactlyWhatIsSilenced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Silence
		for i := range rapid.IntRange(0, 4).Draw(t, "silences") {
			start := rapid.IntRange(-3, 2).Draw(t, "start")
			list = append(list, Silence{
				ID: string(rune('A' + i)), Start: hour(start), End: hour(start + rapid.IntRange(1, 4).Draw(t, "length")),
				Matchers: []Matcher{is("host", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "host"))},
			})
		}
		ss := CompileSilences(list)
		in := incident.Incident{Status: incident.Triggered}
		for h := range 4 {
			now := hour(h)
			var firing []Alert
			every := true
			for _, host := range []string{"a", "b", "c"} {
				if rapid.Bool().Draw(t, "fires") {
					firing = append(firing, fires(host))
					every = every && len(ss.Over(labelled("prom", map[string]string{"host": host}), now)) > 0
				}
			}
			if len(firing) == 0 {
				continue
			}
			for _, f := range Hush(in, firing, ss, now) {
				in = in.After(incident.Entry{Seq: in.Seq + 1, At: now, By: incident.Engine, Fact: f})
			}
			if held := in.Held != ""; held != every || held != (in.Silence != "") {
				t.Fatalf("held %q by %q, every alert silenced: %v", in.Held, in.Silence, every)
			}
			if more := Hush(in, firing, ss, now); len(more) > 0 {
				t.Fatalf("it does not come to rest: %v", more)
			}
			if in.Silence != "" {
				i := slices.IndexFunc(list, func(s Silence) bool { return s.ID == in.Silence })
				if list[i].State(now) != SilenceActive {
					t.Fatalf("held by a silence that is %s", list[i].State(now))
				}
			}
		}
	})
}

// The end of what nobody spoke of again is told apart from an end that was said.
func TestLapsed(t *testing.T) {
	until := hour(1)
	for _, c := range []struct {
		ev   Event
		want bool
	}{
		{Event{Action: Resolve, Until: until}, true},
		{Event{Action: Resolve, Until: until, At: until}, false},
		{Event{Action: Resolve}, false},
		{Event{Action: Trigger, Until: until}, false},
	} {
		if c.ev.Lapsed() != c.want {
			t.Errorf("%+v: %v", c.ev, !c.want)
		}
	}
	open := &Alert{ID: "a", Open: true, Last: Event{Labels: map[string]string{"host": "a"}}}
	v := Triage(Event{Action: Resolve, Until: until}, Category{}, open, nil, incident.Triggered, 0, hour(2))
	if v.Do != DoResolve || v.Why != "not heard of again by "+clock(until) {
		t.Errorf("%+v", v)
	}
	one := Event{Action: Trigger, Key: "a", Title: "a", Labels: map[string]string{"host": "a"}, Until: until, At: hour(0)}
	two := one
	two.Until, two.At = hour(5), hour(3)
	if Digest(one) != Digest(two) {
		t.Error("to be said again with a later end is nothing new")
	}
}

// labelled is an alert that has labels, and is about the service "db".
func labelled(in org.IntegrationID, labels map[string]string) Alert {
	return Alert{Integration: in, Service: "db", Last: Event{Labels: labels}}
}

func TestSilenceOfAService(t *testing.T) {
	s := Silence{ID: "s", Service: "db", Matchers: []Matcher{{Name: "host", Value: "a"}}, Start: hour(0), End: hour(1)}
	a := labelled("prom", map[string]string{"host": "a"})
	if len(CompileSilences([]Silence{s}).Over(a, hour(0))) != 1 {
		t.Error("it does not cover its own service")
	}
	if a.Service = "web"; len(CompileSilences([]Silence{s}).Over(a, hour(0))) != 0 {
		t.Error("it covers another service")
	}
	next, _, err := Revise(&s, Silence{ID: "s", Matchers: []Matcher{{Name: "host", Value: "b"}}, Start: hour(0), End: hour(2)}, hour(0))
	if err != nil || next.Service != "db" {
		t.Errorf("changed, it is of %q, %v", next.Service, err)
	}
}
