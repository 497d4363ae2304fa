package engine

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/store"
)

// Metrics are the figures of one engine.
type Metrics struct {
	events, triagedEvents, facts, dueFailures, auditFinds, cancelledPages prometheus.Counter
	pages                                                                 *prometheus.CounterVec
	triageLag, dueLate, pageLate                                          prometheus.Histogram
	lastStep, lastAudit, clockSkew                                        prometheus.Gauge
	all                                                                   []prometheus.Collector
}

func newMetrics() *Metrics {
	m := &Metrics{}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.all = append(m.all, c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		m.all = append(m.all, g)
		return g
	}
	histogram := func(name, help string, more ...float64) prometheus.Histogram {
		buckets := append([]float64{.001, .002, .005, .007, .01, .012, .015, .02, .03, .05, .1, .5, 1, 5, 15, 60, 600}, more...)
		slices.Sort(buckets)
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
		m.all = append(m.all, h)
		return h
	}
	m.events = counter("tocsin_events_accepted_total", "Events on disk, by this node.")
	m.triagedEvents = counter("tocsin_events_triaged_total", "Events triaged, by this node.")
	m.facts = counter("tocsin_facts_total", "Lines written to logs, by this node.")
	m.dueFailures = counter("tocsin_due_failures_total", "Due work that failed and was put back.")
	m.auditFinds = counter("tocsin_audit_findings_total", "What the self-audit found and repaired.")
	m.cancelledPages = counter("tocsin_pages_cancelled_total", "Planned pages that an answer or an end made needless.")
	m.pages = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_page_tries_total", Help: "Tries to send a page, by channel and outcome."}, []string{"channel", "outcome"})
	m.all = append(m.all, m.pages)
	m.triageLag = histogram("tocsin_triage_lag_seconds", "How long after an event was heard it was triaged, by this node.", .07, .15, .2, .3, .4, .7)
	m.dueLate = histogram("tocsin_due_lateness_seconds", "How long after its time due work was found, by the look that claims it.")
	m.pageLate = histogram("tocsin_page_lateness_seconds", "How long after its time a page's first try ended.")
	m.lastStep = gauge("tocsin_last_step_timestamp_seconds", "When the engine last looked at what is due, in seconds since 1970.")
	m.lastAudit = gauge("tocsin_last_audit_timestamp_seconds", "When the self-audit last ran on this node, in seconds since 1970.")
	m.clockSkew = gauge("tocsin_clock_skew_seconds", "The database's clock less this node's.")
	return m
}

// Describe and Collect make Metrics a collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(ch)
	}
}

func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.all {
		c.Collect(ch)
	}
}

func (m *Metrics) accepted(n int)        { m.events.Add(float64(n)) }
func (m *Metrics) count(l incident.Log)  { m.facts.Add(float64(len(l))) }
func (m *Metrics) cancelled(n int)       { m.cancelledPages.Add(float64(n)) }
func (m *Metrics) dueFailed()            { m.dueFailures.Inc() }
func (m *Metrics) late(d time.Duration)  { m.dueLate.Observe(max(d, 0).Seconds()) }
func (m *Metrics) stepped(now time.Time) { m.lastStep.Set(float64(now.UnixMilli()) / 1000) }
func (m *Metrics) skew(d time.Duration)  { m.clockSkew.Set(d.Seconds()) }

// triaged notes events that were, by now.
func (m *Metrics) triaged(heard []store.Heard, now time.Time) {
	m.triagedEvents.Add(float64(len(heard)))
	for _, h := range heard {
		m.triageLag.Observe(max(now.Sub(h.At), 0).Seconds())
	}
}

func (m *Metrics) audited(n int, err error) {
	m.auditFinds.Add(float64(n))
	if err == nil {
		m.lastAudit.SetToCurrentTime()
	}
}

func (m *Metrics) sent(p store.PageRow, err error, now time.Time) {
	m.pages.WithLabelValues(p.Channel, string(channel.Classify(err))).Inc()
	if p.Attempts == 0 {
		m.pageLate.Observe(max(now.Sub(p.At), 0).Seconds())
	}
}
