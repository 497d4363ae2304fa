package v1_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The goal for everything a person waits for: 99 of 100 answers within 50 ms, in a house
// of 200,000 incidents.
const (
	requests   = 500
	enough     = 100             // of them, where each takes long
	patience   = 4 * time.Second // with those
	answerGoal = 50 * time.Millisecond
)

// measure asks many times, and says how long the answers took.
func (l *large) measure(b *testing.B, path func(*rand.Rand) string) {
	b.Helper()
	l.measureWithin(b, path, answerGoal)
}

func (l *large) measureWithin(b *testing.B, path func(*rand.Rand) string, goal time.Duration) {
	b.Helper()
	draw := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	items := 0
	for b.Loop() {
		first := time.Now()
		for n := range requests {
			if n > enough && time.Since(first) > patience {
				break
			}
			p := path(draw)
			began := time.Now()
			got := l.do("olaf", "GET", p, "")
			took = append(took, time.Since(began))
			if got.status != 200 {
				b.Fatalf("%s: %d %s", p, got.status, got.body)
			}
			items = max(items, got.items())
		}
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(float64(items), "items")
	if p99 := took[len(took)*99/100]; p99 > goal {
		b.Logf("over the goal: %s", p99)
	}
}

// drawn is a path with a number of those below n in it.
func drawn(form string, n int) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return fmt.Sprintf(form, r.IntN(n)) }
}

func always(path string) func(*rand.Rand) string { return func(*rand.Rand) string { return path } }

// behind is the cursor of what is older than one of the incidents.
func (l *large) behind(n int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("1:" + string(l.ids[n])))
}

// BenchmarkLists lists as somebody from whom one service is hidden. Some lists are of
// what is rare, and some find nothing: those are what a plan is afraid of.
func BenchmarkLists(b *testing.B) {
	bothLarge(b, func(b *testing.B, l *large) {
		deep := l.behind(manyIncidents / 10)
		for _, c := range []struct {
			name string
			path func(*rand.Rand) string
		}{
			{"all", always("/incidents")},
			{"all/200", always("/incidents?limit=200")},
			{"open", always("/incidents?open=true")},
			{"status/triggered", always("/incidents?status=triggered")},
			{"status/snoozed", always("/incidents?status=snoozed")},
			{"status/resolved", always("/incidents?status=resolved")},
			{"status/two", always("/incidents?status=resolved,closed")},
			{"service", drawn("/incidents?service=s%02d", 20)},
			{"service/rare", drawn("/incidents?service=s9%d", 10)},
			{"service/none", always("/incidents?service=site")},
			{"team", drawn("/incidents?team=t%02d", manyTeams)},
			{"severity/SEV1", always("/incidents?severity=SEV1")},
			{"severity/SEV3", always("/incidents?severity=SEV3")},
			{"severity/SEV5", always("/incidents?severity=SEV5")},
			{"priority", always("/incidents?priority=low")},
			{"person", drawn("/incidents?person=p%02d", manyPeople)},
			{"person/none", always("/incidents?person=stine")},
			{"words/host", drawn("/incidents?q=db+%04d", 3000)},
			{"words/common", always("/incidents?q=disk")},
			{"words/prefix", always("/incidents?q=d")},
			{"words/three", drawn("/incidents?q=latency+web+0%d", 3000)},
			{"words/none", always("/incidents?q=volcano")},
			{"words/never-together", always("/incidents?q=disk+latency")},
			{"open+service", drawn("/incidents?open=true&service=s%02d", manyServices)},
			{"open+team+priority", drawn("/incidents?open=true&priority=high&team=t%02d", manyTeams)},
			{"team+severity", drawn("/incidents?severity=SEV1&team=t%02d", manyTeams)},
			{"team+severity/rare", drawn("/incidents?severity=SEV5&team=t%02d", manyTeams)},
			{"person+status", drawn("/incidents?status=closed&person=p%02d", manyPeople)},
			{"service+person", drawn("/incidents?service=s01&person=p%02d", manyPeople)},
			{"severity+priority/none", always("/incidents?severity=SEV3&priority=low")},
			{"team+service/none", always("/incidents?service=s00&team=t01")},
			{"status+priority+words", always("/incidents?status=resolved&priority=low&q=queue")},
			{"open+words", always("/incidents?open=true&q=replication")},
			{"deep", always("/incidents?cursor=" + deep)},
			{"deep/open", always("/incidents?open=true&cursor=" + deep)},
			{"deep/team", drawn("/incidents?team=t%02d&cursor="+deep, manyTeams)},
			{"deep/words", always("/incidents?q=disk&cursor=" + deep)},
			{"calling", drawn("/incidents?calling=p%02d", manyPeople)},
			{"calling/none", always("/incidents?calling=me")},
			{"counts", always("/incidents/counts")},
			{"counts/team+words", drawn("/incidents/counts?q=disk&team=t%02d", manyTeams)},
			{"me", always("/me")},
			{"alerts", always("/alerts")},
			{"alerts/open", always("/alerts?open=true")},
			{"alerts/service", drawn("/alerts?service=s%02d", manyServices)},
			{"alerts/open+service", drawn("/alerts?open=true&service=s%02d", manyServices)},
			{"alerts/integration", always("/alerts?integration=prom")},
			{"pages", always("/pages")},
			{"pages/person", drawn("/pages?person=p%02d", manyPeople)},
			{"pages/planned", always("/pages?state=planned")},
			{"pages/failed", always("/pages?state=failed")},
			{"pages/person+failed", drawn("/pages?state=failed&person=p%02d", manyPeople)},
		} {
			b.Run(c.name, func(b *testing.B) { l.measure(b, c.path) })
		}
		b.Run("incident", func(b *testing.B) { l.measure(b, l.one("")) })
		for _, of := range []string{"timeline", "alerts", "pages", "people", "why"} {
			b.Run("incident/"+of, func(b *testing.B) { l.measure(b, l.one("/"+of)) })
		}
	})
}

// one is the path of any of the incidents, or of something about it.
func (l *large) one(of string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		id := l.ids[r.IntN(len(l.ids))]
		return "/incidents/" + string(id) + of
	}
}
