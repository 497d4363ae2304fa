package status

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func said(at time.Time, phase incident.Phase, states ...string) Said {
	u := incident.Updated{Phase: phase, Condition: "Payments fail", To: []string{"status:public"}}
	for _, s := range states {
		name, state, _ := strings.Cut(s, "=")
		u.Affected = append(u.Affected, incident.Affected{Page: "public", Component: name, State: org.ComponentState(state)})
	}
	return Said{at, u}
}

func page() org.StatusPage {
	return org.StatusPage{ID: "public", Name: "Example", Components: []org.Component{
		{ID: "shop", Name: "Shop", Services: []org.ServiceID{"shop"}}, {ID: "mail", Name: "Mail", Group: "Office"},
	}}
}

// What an update leaves out stays; "resolved" frees all; what is over by itself does too.
func TestComputeFollowsTheUpdates(t *testing.T) {
	at := func(min int) time.Time { return noon.Add(time.Duration(min) * time.Minute) }
	a := Affair{ID: "1", Title: "db-1 is down", Opened: at(-60), Updates: []Said{
		said(at(-50), incident.PhaseInvestigating, "shop=major"),
		said(at(-40), incident.PhaseIdentified, "mail=degraded"),
		said(at(-20), incident.PhaseMonitoring, "shop=degraded"),
	}}
	states := func(m Model) string {
		return fmt.Sprintf("%s %s %s", m.State, m.Parts[0].State, m.Parts[1].State)
	}
	seen := Seen{Page: page(), Since: at(-600), Affairs: []Affair{a}}
	m := Compute(seen, time.UTC, noon)
	if got := states(m); got != "degraded degraded degraded" || len(m.Now) != 1 || len(m.Past) != 0 {
		t.Errorf("now: %s, %d, %d", got, len(m.Now), len(m.Past))
	}
	day := m.Parts[0].Days[historyDays-1]
	if day.Worst != org.MajorOut || day.Out != 30*time.Minute || !day.Known || m.Parts[0].Days[0].Known {
		t.Errorf("today: %+v", day)
	}
	if want := 1 - 30.0/600; m.Parts[0].Uptime < want-1e-9 || m.Parts[0].Uptime > want+1e-9 || m.Parts[1].Uptime != 1 {
		t.Errorf("uptime %v, %v, want %v, 1", m.Parts[0].Uptime, m.Parts[1].Uptime, want)
	}
	a.Ended = at(-10)
	a.Updates = append(a.Updates, said(at(-10), incident.PhaseResolved))
	seen.Affairs = []Affair{a}
	if m = Compute(seen, time.UTC, noon); states(m) != "operational operational operational" || len(m.Now) != 0 || len(m.Past) != 1 {
		t.Errorf("over: %s", states(m))
	}
	seen.Work = []Work{{ID: "w", Name: "New discs", Begin: at(-5), End: at(30), Components: []string{"mail"}, On: true}}
	if m = Compute(seen, time.UTC, noon); states(m) != "maintenance operational maintenance" || !m.Next.Equal(at(30)) {
		t.Errorf("planned work: %s, next %s", states(m), m.Next)
	}
}

// However incidents overlap: no component is out for longer than the page is there, more
// trouble never makes it better, and the days add up to what the share says.
func TestHistoryAddsUp(t *testing.T) {
	zone, err := org.Zone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		now := noon.Add(time.Duration(rnd.IntN(90*24)) * time.Hour)
		since := now.Add(-time.Duration(rnd.IntN(100*24*60)) * time.Minute)
		var all []Stretch
		last := 1.1
		for range 12 {
			from := now.Add(-time.Duration(rnd.IntN(95*24*60)) * time.Minute)
			s := Stretch{From: from, Until: from.Add(time.Duration(rnd.IntN(5000)) * time.Minute), State: org.ComponentStates[rnd.IntN(5)]}
			if rnd.IntN(8) == 0 {
				s.Until = time.Time{}
			}
			all = append(all, s)
			days, up := history(all, since, zone, now)
			var known, out time.Duration
			for _, d := range days {
				if d.Out < 0 || d.Out > 25*time.Hour || !d.Known && d.Out > 0 {
					t.Fatalf("seed %d: a day of %+v", seed, d)
				}
				out += d.Out
			}
			known = now.Sub(later(since, days[0].Date))
			if known > 0 && (up < 0 || up > 1 || abs(1-float64(out)/float64(known)-up) > 1e-9) {
				t.Fatalf("seed %d: out for %s of %s, and the share is %v", seed, out, known, up)
			}
			if up > last {
				t.Fatalf("seed %d: more trouble made it better: %v after %v", seed, up, last)
			}
			last = up
		}
	}
}

func abs(f float64) float64 { return max(f, -f) }

// A page says nothing that was not written there as text, runs nothing, and is small.
func TestPageIsPlain(t *testing.T) {
	s := &Site{public: "https://status.example.org/x"}
	evil := `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	for _, lang := range []string{"en", "de"} {
		p := page()
		p.Language, p.Name, p.Lead, p.Help, p.Subscribe = lang, evil, evil, "javascript:alert(1)", []string{"email"}
		p.Components = append(p.Components, org.Component{ID: "x", Name: evil, Group: evil})
		u := said(noon.Add(-time.Hour), incident.PhaseIdentified, "shop=major", "x=partial")
		u.Condition, u.Actions, u.Needs, u.Next = evil, evil, evil, noon
		m := Compute(Seen{Page: p, Since: noon.AddDate(0, 0, -40), Affairs: []Affair{{ID: "1", Title: evil, Opened: noon, Updates: []Said{u}}},
			Work: []Work{{ID: "w", Name: evil, Begin: noon, End: noon.Add(time.Hour), Components: []string{"x"}, On: true}}}, time.UTC, noon)
		body := string(s.html(m, time.UTC))
		for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", "javascript:", " style=", "http-equiv"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: the page has %s", lang, bad)
			}
		}
		if len(body) > 20<<10 {
			t.Errorf("%s: the page has %d bytes", lang, len(body))
		}
		_, body, _ = strings.Cut(body, "</style>")
		if missing := strings.Contains(body, "verdict.") || strings.Contains(body, "state.") || strings.Contains(body, "phase."); missing {
			t.Errorf("%s: a word is missing", lang)
		}
		var feed atomFeed
		if err := xml.Unmarshal(s.atom(m, time.UTC), &feed); err != nil || len(feed.Entries) != 1 || feed.Entries[0].Content.Text == "" {
			t.Errorf("%s: the feed is %+v: %v", lang, feed, err)
		}
	}
	for name := range english.text {
		if german.text[name] == "" {
			t.Errorf("German lacks %q", name)
		}
	}
	if len(german.text) != len(english.text) {
		t.Error("German says more than English")
	}
}
