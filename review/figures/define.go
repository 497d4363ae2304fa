package figures

import (
	"math"
	"time"

	"tocsin/org"
)

// A Kind is how a figure is made of what it counts.
type Kind string

const (
	Count Kind = "count" // how many incidents
	Sum   Kind = "sum"   // a number of each, added up
	Span  Kind = "span"  // a time of each: the mean, the median, and what nine of ten do not exceed
	Share Kind = "share" // how many of those that it is about
)

// A Definition is one figure. Its sentence stands wherever its number does.
type Definition struct {
	Key      string
	Name     string
	Unit     string // incidents, alarms, times, updates, tasks, opinions, s, %, money
	Kind     Kind
	Sentence string
	Since    int // the version of the figures that it came, or changed, with

	of func(*Incident, *House) (v int64, ok bool)
}

// A House is what figures need to know besides the incidents.
type House struct {
	Now     time.Time
	Targets map[org.Severity]Target
	Cost    map[org.ServiceID]float64 // of an hour in which the service is down

	Currency string // of costs, as people write it
}

// A Target is within what time incidents of a severity are to be answered and over; zero is
// no target.
type Target struct{ Acknowledge, Resolve time.Duration }

// Definitions are all figures of incidents, in the order in which they are shown.
var Definitions = []Definition{
	{"incidents", "Incidents", "incidents", Count, "Incidents that were opened in the period, without those that were made one with another.", 1, every},
	{"open", "Still open", "incidents", Count, "Of those, the ones that are not over yet.", 1, holds((*Incident).Open)},
	{"paged", "That called people", "incidents", Count, "Incidents about which at least one alarm went out.", 1, holds(func(in *Incident) bool { return in.Alarms > 0 })},
	{"unanswered", "Unanswered", "incidents", Count, "Incidents that called people and that nobody acknowledged.", 1, holds(func(in *Incident) bool { return in.Alarms > 0 && in.Answered == Never })},
	{"escalated", "Escalated", "incidents", Count, "Incidents in which the second level of a policy, or a later one, was called.", 1, holds(func(in *Incident) bool { return in.Level > 1 })},
	{"returned", "Came back", "incidents", Count, "Incidents that were reopened, or came back while they were watched.", 1, holds(func(in *Incident) bool { return in.Back > 0 })},

	{"page", "Time to the first alarm", "s", Span, "From when the incident was opened until the first alarm went out.", 1, span(func(in *Incident) time.Duration { return in.Paged })},
	{"acknowledge", "Time to acknowledge", "s", Span, "From when the incident was opened until it was acknowledged for the first time. Incidents that nobody acknowledged are not in it.", 1, span(func(in *Incident) time.Duration { return in.Answered })},
	{"tell", "Time to the first update", "s", Span, "From when the incident was opened until those concerned were told of it for the first time.", 1, span(func(in *Incident) time.Duration { return in.Told })},
	{"contain", "Time until it was being contained", "s", Span, "From when the incident was opened until its recovery came to the stage contain.", 1, stage(0)},
	{"fix", "Time until it was being fixed", "s", Span, "From when the incident was opened until its recovery came to the stage fix.", 1, stage(1)},
	{"recover", "Time until what it broke was brought back", "s", Span, "From when the incident was opened until its recovery came to the stage recover.", 1, stage(2)},
	{"watch", "Time until it was well", "s", Span, "From when the incident was opened until its recovery came to the stage watch: it was well, and was looked at for a while.", 1, stage(3)},
	{"resolve", "Time to resolve", "s", Span, "How long the incident was open until it was resolved. When it was reopened, the time in between is not counted. Incidents that are still open are not in it.", 1, func(in *Incident, _ *House) (int64, bool) {
		d, over := in.Over()
		return d.Microseconds(), over
	}},

	{"acknowledged_in_time", "Acknowledged in time", "%", Share, "Of the incidents whose severity has a target for it: those that were acknowledged within it. Incidents that were over before the target without anybody acknowledging them are not in it, nor those that still have time.", 1, func(in *Incident, h *House) (int64, bool) {
		return inTime(in, h, h.Targets[in.Severity].Acknowledge, in.Answered)
	}},
	{"resolved_in_time", "Resolved in time", "%", Share, "Of the incidents whose severity has a target for it: those that were open no longer than that. Incidents that are open and still have time are not in it.", 1, func(in *Incident, h *House) (int64, bool) {
		over := Never
		if d, ok := in.Over(); ok {
			over = d
		}
		return inTime(in, h, h.Targets[in.Severity].Resolve, over)
	}},

	{"alarms", "Alarms", "alarms", Sum, "Alarms that went out about the incidents, over all channels.", 1, sum(func(in *Incident) int { return in.Alarms })},
	{"night", "Alarms at night", "alarms", Sum, "Of those, the ones that came between 22:00 and 7:00 for their person.", 1, sum(func(in *Incident) int { return in.Night })},
	{"actionable", "Worth acting on", "%", Share, "Of the incidents that called people and are over: those about which a person did more than acknowledge them.", 1, func(in *Incident, _ *House) (int64, bool) {
		return yes(in.Acted), in.Alarms > 0 && !in.Open()
	}},
	{"brief", "Over by themselves at once", "incidents", Count, "Incidents that called people and that monitoring ended within five minutes.", 1, holds(func(in *Incident) bool {
		return in.Alarms > 0 && in.BySource && !in.Open() && in.Lasted <= brief
	})},
	{"not_worth", "Not worth an alarm", "opinions", Sum, "How often somebody who was called found that it was not worth an alarm.", 1, sum(func(in *Incident) int { return in.NotWorth })},
	{"late_updates", "Updates that were late", "updates", Sum, "Updates to those concerned that were not there when they were due.", 1, sum(func(in *Incident) int { return in.LateUpdates })},
	{"late_tasks", "Tasks that were late", "tasks", Sum, "Tasks that were not done when they were due.", 1, sum(func(in *Incident) int { return in.LateTasks })},
	{"downtime", "Time open", "s", Sum, "How long the incidents were open, added up; those that are still open until now.", 1, func(in *Incident, h *House) (int64, bool) {
		return in.Age(h.Now).Microseconds(), true
	}},
	{"cost", "Cost of the time open", "money", Sum, "The time open of the incidents of services whose cost of an hour is set, times that cost.", 1, func(in *Incident, h *House) (int64, bool) {
		per, ok := h.Cost[in.Service]
		return int64(math.Round(in.Age(h.Now).Hours() * per * cents)), ok && per > 0
	}},
}

const (
	brief = 5 * time.Minute
	cents = 100 // money is counted in hundredths
)

// Find is the definition of a figure.
func Find(key string) (Definition, bool) {
	for _, d := range Definitions {
		if d.Key == key {
			return d, true
		}
	}
	return Definition{}, false
}

// Counted says whether an incident is one of those that the number of a figure is made of,
// and what it brings to it: a time in microseconds, money in hundredths. Of a share these
// are those that have what it asks for.
func (d Definition) Counted(in *Incident, h *House) (int64, bool) {
	if !in.Counts() {
		return 0, false
	}
	v, ok := d.of(in, h)
	return v, ok && (v != 0 || d.Kind == Span)
}

// Missed says whether an incident is one of those that a share is about, and does not have
// what it asks for.
func (d Definition) Missed(in *Incident, h *House) bool {
	if !in.Counts() || d.Kind != Share {
		return false
	}
	v, ok := d.of(in, h)
	return ok && v == 0
}

func every(*Incident, *House) (int64, bool) { return 1, true }

func holds(is func(*Incident) bool) func(*Incident, *House) (int64, bool) {
	return func(in *Incident, _ *House) (int64, bool) { return 1, is(in) }
}

func sum(n func(*Incident) int) func(*Incident, *House) (int64, bool) {
	return func(in *Incident, _ *House) (int64, bool) { return int64(n(in)), true }
}

func span(of func(*Incident) time.Duration) func(*Incident, *House) (int64, bool) {
	return func(in *Incident, _ *House) (int64, bool) {
		d := of(in)
		return d.Microseconds(), d != Never
	}
}

func stage(n int) func(*Incident, *House) (int64, bool) {
	return span(func(in *Incident) time.Duration { return in.Stages[n] })
}

// inTime: was is when it happened, or Never. What has not happened and had no more time than
// its target is left out.
func inTime(in *Incident, h *House, target, was time.Duration) (int64, bool) {
	switch {
	case target == 0:
		return 0, false
	case was != Never:
		return yes(was <= target), true
	}
	return 0, in.Age(h.Now) > target
}

func yes(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
