// Package oncall answers one question: who is on call at a given moment, why, and
// until when.
//
// A Schedule is a stack of layers and a list of patches. A layer says when it holds
// (its cover: always, a repeating cycle of civil days, a recurrence, or fixed spans),
// whose turn it is (its turn: counted by the clock, by occurrences or by cycles), and
// who stands in each slot. Layers have a role and a band: per role, the highest band
// in which somebody stands wins, and everybody in it is on call together. A patch
// changes the answer for a while: overrides, swaps, absences, temporary schedules.
//
// Compile checks a schedule field by field and resolves its zones; the Compiled
// schedule never changes and may be asked from many goroutines. At answers for one
// instant, Render for a span of time. There is one evaluator (eval.go): At is one step
// of the sweep that Render makes, so the two cannot disagree.
//
// The rules of time:
//
//   - Spans are half-open: whoever comes on at nine is on call at nine sharp.
//   - A handoff fires when the local clock first reaches or passes its reading. A
//     reading that the clock skips happens at the jump; one that it shows twice, the
//     first time (the end of a cover may ask for the last: end_fold). Lengths of turns
//     and covers are civil: seconds on the wall, except for the unit "elapsed". A turn
//     that a jump leaves without length is skipped, and its slot with it.
//   - A monthly turn from the 31st starts on the last day of shorter months and
//     returns to the 31st.
//   - Instants are whole microseconds. Zones come from org.Zone, never the machine's.
//   - Whole days begin at the first reading of the day: where midnight is skipped, at the
//     jump.
//   - Occurrences are numbered as the rule makes them: an excluded date keeps its
//     number and an added one shares the number before it, so that striking out one
//     evening does not move everybody after it.
//
// Patches act in two phases. Phase layer changes what single layers say, before the
// bands are compared; phase final changes the outcome. Inside a phase they act by
// rank: in one rank removals and replacements act at once on what came in (no
// chains), then additions, then the last set by seq wins. A final patch replaces and
// removes in the roles of its scope (all of them without a scope), and adds and sets
// in the roles of its scope (primary without one).
package oncall

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/org"
)

// Primary is the role of a layer that names none: those whom an alarm calls.
const Primary = "primary"

// A Schedule says who is on call when.
type Schedule struct {
	ID      org.ScheduleID `json:"id,omitempty" yaml:"id"`
	Name    string         `json:"name,omitempty" yaml:"name"`
	Team    org.TeamID     `json:"team,omitempty" yaml:"team,omitempty"` // whose managers may change it
	TZ      string         `json:"tz,omitempty" yaml:"tz,omitempty"`     // IANA name; "" is UTC
	Zone    string         `json:"zone,omitempty" yaml:"zone,omitempty"` // another word for TZ
	Layers  []Layer        `json:"layers" yaml:"layers"`
	Patches []Patch        `json:"patches,omitempty" yaml:"patches,omitempty"`
	Limits  Limits         `json:"limits,omitzero" yaml:"limits,omitempty"` // what the linter holds it to
	// FallBack is warned a day before a gap and called when it begins. Without one a gap
	// is the linter's alone: many schedules have office hours.
	FallBack org.PolicyID `json:"fall_back,omitempty" yaml:"fall_back,omitempty"`
	Notices  Notices      `json:"notices,omitzero" yaml:"notices,omitempty"`
	Fairness Fairness     `json:"fairness,omitzero" yaml:"fairness,omitempty"`
	Retired  bool         `json:"retired,omitempty" yaml:"-"`
}

// Notices say when those who stand in a schedule hear of it: so long before their stint
// begins, when it does, and when it is over. The last two say what is open, and what
// notes were left.
type Notices struct {
	Before []org.Duration `json:"before,omitempty" yaml:"before,omitempty"`
	On     bool           `json:"on,omitempty" yaml:"on,omitempty"`
	Off    bool           `json:"off,omitempty" yaml:"off,omitempty"`
}

// Fairness is how the burden of a schedule is reckoned and shared out. Weights are by
// their names (Weighable); what is not named is the usual. Cover "auto" puts the cover
// that is proposed after a heavy shift on call without asking. With Digest everybody hears
// once a week what they bore, and why shifts of theirs moved.
type Fairness struct {
	Weights map[string]float64 `json:"weights,omitempty" yaml:"weights,omitempty"`
	Cover   string             `json:"cover,omitempty" yaml:"cover,omitempty"`
	Digest  bool               `json:"digest,omitempty" yaml:"digest,omitempty"`
}

// Weighable are the names of weights: of an hour, of an interruption, and what they are
// multiplied by.
var Weighable = []string{
	"day", "night", "weekend", "holiday", "work", "evening", "at_night", "again", "secondary", "longest", "half_life_days",
	"SEV1", "SEV2", "SEV3", "SEV4", "SEV5",
}

// Limits are what a schedule should keep to; it may break them, and is told. Zero is the
// usual: 11 hours of rest between two stints, a week without a break, a quarter of any
// four weeks. Want is how many should stand in each role.
type Limits struct {
	Rest  org.Duration   `json:"rest,omitempty" yaml:"rest,omitempty"`
	Chain org.Duration   `json:"chain,omitempty" yaml:"chain,omitempty"`
	Share float64        `json:"share,omitempty" yaml:"share,omitempty"`
	Want  map[string]int `json:"want,omitempty" yaml:"want,omitempty"`
}

// Usual fills in what is not said.
func (l Limits) Usual() Limits {
	if l.Rest == 0 {
		l.Rest = org.Duration(11 * time.Hour)
	}
	if l.Chain == 0 {
		l.Chain = org.Duration(7 * 24 * time.Hour)
	}
	if l.Share == 0 {
		l.Share = 0.25
	}
	return l
}

// A Layer is one rotation. It is in force from From until Until. EdgeFrom "clip" cuts
// an occurrence that was running at From, "drop" leaves it out; EdgeUntil "clip" cuts
// at Until, "keep" lets the last occurrence end. A cover without a beginning (always)
// is always cut.
//
// People, Every and Hours are the short form (short.go): people one after the other,
// every so often from From, within those hours.
type Layer struct {
	ID         string           `json:"id" yaml:"id"`
	Role       string           `json:"role,omitempty" yaml:"role,omitempty"` // "" is primary
	Band       int              `json:"band,omitempty" yaml:"band,omitempty"`
	TZ         string           `json:"tz,omitempty" yaml:"tz,omitempty"` // "" is the schedule's
	From       Moment           `json:"from,omitempty" yaml:"from,omitempty"`
	Until      Moment           `json:"until,omitempty" yaml:"until,omitempty"`
	EdgeFrom   string           `json:"edge_from,omitempty" yaml:"edge_from,omitempty"`
	EdgeUntil  string           `json:"edge_until,omitempty" yaml:"edge_until,omitempty"`
	Cover      Cover            `json:"cover,omitzero" yaml:"cover,omitempty"`
	Turn       Turn             `json:"turn,omitzero" yaml:"turn,omitempty"`
	Slots      [][]org.PersonID `json:"slots,omitempty" yaml:"slots,omitempty"` // an empty slot is a deliberate gap
	StartIndex int              `json:"start_index,omitempty" yaml:"start_index,omitempty"`

	People []org.PersonID `json:"people,omitempty" yaml:"people,omitempty"`
	Every  string         `json:"every,omitempty" yaml:"every,omitempty"`
	Hours  Lines          `json:"hours,omitempty" yaml:"hours,omitempty"`
}

// A Cover says when a layer holds. Kind is always (also ""), cycle, recur, fixed,
// holidays, union, intersect or minus; the other fields belong to one kind each. Minus
// is the first of Of without the others: Mon-Fri without holidays. What is left of an
// occurrence keeps its number and its turn.
type Cover struct {
	Kind    string `json:"kind" yaml:"kind"`
	TZ      string `json:"tz,omitempty" yaml:"tz,omitempty"`             // "" is the layer's
	EndFold string `json:"end_fold,omitempty" yaml:"end_fold,omitempty"` // first (the default) or last

	// Of cycle: a civil day, the length, and spans in civil seconds from its start.
	// Of fixed: [start, end) instants.
	Anchor     string `json:"anchor,omitempty" yaml:"anchor,omitempty"`
	PeriodDays int    `json:"period_days,omitempty" yaml:"period_days,omitempty"`
	Spans      []Span `json:"spans,omitempty" yaml:"spans,omitempty"`

	// Of recur: the first civil start, the length in civil seconds, and the rule, in
	// the words of RFC 5545. Freq is hourly, daily, weekly, monthly or "" (once).
	// Exdate and rdate are civil starts.
	Start      string   `json:"start,omitempty" yaml:"start,omitempty"`
	Seconds    int64    `json:"dur_s,omitempty" yaml:"dur_s,omitempty"`
	Freq       string   `json:"freq,omitempty" yaml:"freq,omitempty"`
	Interval   int      `json:"interval,omitempty" yaml:"interval,omitempty"` // 0 is 1
	ByDay      []string `json:"by_day,omitempty" yaml:"by_day,omitempty"`     // MO..SU
	ByMonth    []int    `json:"by_month,omitempty" yaml:"by_month,omitempty"`
	ByMonthday []int    `json:"by_monthday,omitempty" yaml:"by_monthday,omitempty"` // -1 is the last day
	Wkst       string   `json:"wkst,omitempty" yaml:"wkst,omitempty"`               // "" is MO
	Exdate     []string `json:"exdate,omitempty" yaml:"exdate,omitempty"`
	Rdate      []string `json:"rdate,omitempty" yaml:"rdate,omitempty"`

	// Of holidays: whole civil days. Those of a country ("CZ"; "" is that of the zone,
	// unless there are dates), and dates of one's own (2026-12-24).
	Country string   `json:"country,omitempty" yaml:"country,omitempty"`
	Dates   []string `json:"dates,omitempty" yaml:"dates,omitempty"`

	// Of union, intersect and minus.
	Of []Cover `json:"of,omitempty" yaml:"of,omitempty"`
}

// A Turn says how the slots follow each other. Kind is none (also ""), clock,
// occurrence or cycle.
type Turn struct {
	Kind string `json:"kind" yaml:"kind"`
	Unit string `json:"unit,omitempty" yaml:"unit,omitempty"` // of clock: hour, day, week, month, or elapsed (n seconds)
	N    int64  `json:"n,omitempty" yaml:"n,omitempty"`       // 0 is 1
	// Anchor is the civil start of turn 0; turns before it count backwards.
	Anchor string `json:"anchor,omitempty" yaml:"anchor,omitempty"`
	TZ     string `json:"tz,omitempty" yaml:"tz,omitempty"` // "" is the layer's
	// Bind is instant (the default): the turn of the moment; or occurrence: the turn
	// in which the occurrence began, which is never handed over half-way.
	Bind string `json:"bind,omitempty" yaml:"bind,omitempty"`
}

// A Patch changes the answer in [Start, End). Op is set, add, remove or replace;
// replace puts Users where any of Old stands. With Shifts, a set is a temporary
// schedule: inside the window only they count, and the gaps between them are real.
// Rank 0 means the usual one: 50, of a set 100, of a temporary schedule 200.
type Patch struct {
	ID     string           `json:"id,omitempty" yaml:"id,omitempty"`
	Op     string           `json:"op" yaml:"op"`
	Phase  string           `json:"phase,omitempty" yaml:"phase,omitempty"` // final (the default) or layer
	Scope  []string         `json:"scope,omitempty" yaml:"scope,omitempty"` // ids of layers; none is all
	Start  Moment           `json:"start" yaml:"start"`
	End    Moment           `json:"end" yaml:"end"`
	Users  Names            `json:"users,omitempty" yaml:"users,omitempty"`
	Old    Names            `json:"old,omitempty" yaml:"old,omitempty"`
	Rank   int              `json:"rank,omitempty" yaml:"rank,omitempty"`
	Seq    int64            `json:"seq,omitempty" yaml:"seq,omitempty"`
	Shifts []TemporaryShift `json:"shifts,omitempty" yaml:"shifts,omitempty"`
	Why    string           `json:"why,omitempty" yaml:"why,omitempty"` // for a person to read
}

// A TemporaryShift is one shift of a temporary schedule.
type TemporaryShift struct {
	Start Moment `json:"start" yaml:"start"`
	End   Moment `json:"end" yaml:"end"`
	Users Names  `json:"users" yaml:"users"`
}

// A Moment is an instant as it is written down: RFC 3339 ("2026-01-05T08:00:00Z"), or
// without an offset the reading of the wall clock in the zone of the layer or
// schedule. A reading that the clock skips or shows twice is refused, because only
// its author knows which instant was meant.
type Moment string

// Instant writes t down as a Moment.
func Instant(t time.Time) Moment {
	return Moment(t.UTC().Format("2006-01-02T15:04:05.999999Z"))
}

// Names is a list of persons that may be written as a single one.
type Names []org.PersonID

func (n *Names) UnmarshalJSON(b []byte) error {
	return oneOrMany(func(v any) error { return json.Unmarshal(b, v) }, (*[]org.PersonID)(n))
}

func (n *Names) UnmarshalYAML(into func(any) error) error {
	return oneOrMany(into, (*[]org.PersonID)(n))
}

// Lines is a list of texts that may be written as a single one.
type Lines []string

func (l *Lines) UnmarshalJSON(b []byte) error {
	return oneOrMany(func(v any) error { return json.Unmarshal(b, v) }, (*[]string)(l))
}

func (l *Lines) UnmarshalYAML(into func(any) error) error {
	return oneOrMany(into, (*[]string)(l))
}

func oneOrMany[T ~string](into func(any) error, list *[]T) error {
	var one T
	if into(&one) == nil {
		*list = nil
		if one != "" {
			*list = []T{one}
		}
		return nil
	}
	return into(list)
}

// A Span is one stretch of a cover. In a cycle it is {"off_s", "dur_s"}, civil seconds
// from the cycle's start and long; in a fixed cover it is [start, end).
type Span struct {
	Offset, Seconds int64
	Start, End      Moment
}

type civilSpan struct {
	Offset  int64 `json:"off_s" yaml:"off_s"`
	Seconds int64 `json:"dur_s" yaml:"dur_s"`
}

func (s Span) form() any {
	if s.Start != "" || s.End != "" {
		return [2]Moment{s.Start, s.End}
	}
	return civilSpan{s.Offset, s.Seconds}
}

func (s *Span) read(into func(any) error) error {
	var pair []Moment
	if into(&pair) == nil {
		if len(pair) != 2 {
			return fmt.Errorf("a fixed span is [start, end)")
		}
		*s = Span{Start: pair[0], End: pair[1]}
		return nil
	}
	var c civilSpan
	if err := into(&c); err != nil {
		return err
	}
	*s = Span{Offset: c.Offset, Seconds: c.Seconds}
	return nil
}

func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(s.form()) }
func (s Span) MarshalYAML() (any, error)    { return s.form(), nil }

func (s *Span) UnmarshalJSON(b []byte) error {
	return s.read(func(v any) error { return json.Unmarshal(b, v) })
}

func (s *Span) UnmarshalYAML(into func(any) error) error { return s.read(into) }

// A Shift is who is on call from From until Until.
type Shift struct {
	From time.Time
	// Until is the next instant at which the answer may change: it is after From, and
	// nothing changes before it, but it may come and change nothing. Zero is never.
	Until  time.Time
	People []org.PersonID            // those of the role primary, sorted
	Roles  map[string][]org.PersonID // those of each role that has somebody, sorted
	// Empty says that nobody is on call although a layer covers the time: a slot was
	// left empty on purpose, or a patch took everybody off.
	Empty bool
	Why   string // the layers and patches that decided, for a person to read
}
