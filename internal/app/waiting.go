package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/internal/store"
)

// waiting tells Prometheus what waits in the database, asked at each scrape: the age of
// the oldest due row is the one figure to alarm on.
type waiting struct{ store *store.Store }

var (
	inboxWaiting = prometheus.NewDesc("tocsin_inbox_waiting", "Events on disk that triage has not looked at.", nil, nil)
	inboxAge     = prometheus.NewDesc("tocsin_inbox_oldest_seconds", "Age of the oldest of them, in seconds.", nil, nil)
	inboxAside   = prometheus.NewDesc("tocsin_inbox_aside", "Events that could not be triaged and were set aside.", nil, nil)
	oldestDue    = prometheus.NewDesc("tocsin_oldest_due_seconds", "How late the oldest due work or page is, in seconds.", nil, nil)
)

func (waiting) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inboxWaiting, inboxAge, inboxAside, oldestDue} {
		ch <- d
	}
}

func (w waiting) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := time.Now()
	age := func(at time.Time) float64 {
		if at.IsZero() {
			return 0
		}
		return max(now.Sub(at).Seconds(), 0)
	}
	err := w.store.Read(ctx, func(tx *store.Tx) error {
		n, oldest, aside, err := tx.InboxStats()
		if err != nil {
			return err
		}
		agenda, err := tx.Agenda()
		if err != nil {
			return err
		}
		ch <- prometheus.MustNewConstMetric(inboxWaiting, prometheus.GaugeValue, float64(n))
		ch <- prometheus.MustNewConstMetric(inboxAge, prometheus.GaugeValue, age(oldest))
		ch <- prometheus.MustNewConstMetric(inboxAside, prometheus.GaugeValue, float64(aside))
		ch <- prometheus.MustNewConstMetric(oldestDue, prometheus.GaugeValue, age(agenda.First()))
		return nil
	})
	if err != nil {
		ch <- prometheus.NewInvalidMetric(oldestDue, err)
	}
}
