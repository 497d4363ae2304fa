package store

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkSaidAgain takes in what Prometheus says each minute, 64 alerts at a time: as
// plain repetitions, and as alerts that lapse unless they are said again.
func BenchmarkSaidAgain(b *testing.B) {
	for _, lasts := range []time.Duration{0, 4 * time.Minute} {
		b.Run(fmt.Sprintf("lasts=%s", lasts), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, s *Store) {
				const alerts, each = 1024, 64
				for n := range alerts {
					write(b, s, func(tx *Tx) error { return openIncident(tx, n, t0.Add(time.Duration(n)*time.Millisecond)) })
				}
				b.ResetTimer()
				for i := range b.N {
					at := t0.Add(time.Duration(i) * time.Second)
					batch := make([]Heard, each)
					for n := range batch {
						ev := event(fmt.Sprintf("key-%d", (i*each+n)%alerts))
						if lasts > 0 {
							ev.Until = at.Add(lasts)
						}
						batch[n] = Heard{Integration: "prom", Event: ev, Digest: "d", At: at}
					}
					waiting := 0
					write(b, s, func(tx *Tx) error { return tx.Accept(batch, &waiting) })
					if waiting > 0 {
						b.Fatalf("%d went to triage", waiting)
					}
				}
				b.ReportMetric(float64(each*b.N)/b.Elapsed().Seconds(), "alerts/s")
			})
		})
	}
}
