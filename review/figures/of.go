package figures

import (
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Page is an alarm that went out.
type Page struct {
	Run, Epoch, Round, Level int

	Person org.PersonID
	Zone   string // the person's, then
	At     time.Time
}

// Of is the record of an incident: what its log and the alarms that went out about it say.
func Of(id incident.ID, log incident.Log, pages []Page) Incident {
	r := recorder{in: Incident{ID: id, Paged: Never, Answered: Never, Told: Never, Stages: [4]time.Duration{Never, Never, Never, Never}}, rung: map[place]*rung{}, runs: map[int]*run{}}
	for _, p := range pages {
		r.page(p)
	}
	for _, e := range log {
		r.entry(e)
	}
	return r.end()
}

// A place is where in a climb somebody was called.
type place struct {
	run, epoch, round, level int
	person                   org.PersonID
}

// A rung is the alarms of one call.
type rung struct {
	first time.Time
	n     int
	hours Hours
}

// A run is one climb so far.
type run struct {
	named  bool // it calls some people, and climbs no policy
	epoch  int
	forced bool // a person asked for the next level
}

// A recorder reads a log.
type recorder struct {
	in    Incident
	state incident.Incident
	rung  map[place]*rung
	runs  map[int]*run
	at    []place // of in.Calls
	fresh []time.Time
	first time.Time // alarm
}

func (r *recorder) page(p Page) {
	r.in.Alarms++
	zone, err := org.Zone(p.Zone)
	if err != nil {
		zone = time.UTC
	}
	hours := HoursOf(p.At, zone)
	if hours == Sleep {
		r.in.Night++
	}
	if r.first.IsZero() || p.At.Before(r.first) {
		r.first = p.At
	}
	k := place{p.Run, p.Epoch, p.Round, p.Level, p.Person}
	g := r.rung[k]
	if g == nil {
		g = &rung{first: p.At, hours: hours}
		r.rung[k] = g
	}
	if g.n++; p.At.Before(g.first) {
		g.first, g.hours = p.At, hours
	}
}

// since is how long after the opening a moment was.
func (r *recorder) since(t time.Time) time.Duration { return max(t.Sub(r.in.Opened), 0) }

func once(d *time.Duration, is time.Duration) {
	if *d == Never {
		*d = is
	}
}

func (r *recorder) entry(e incident.Entry) {
	was := r.state.Status.Open()
	r.state = r.state.After(e)
	switch is := r.state.Status.Open(); {
	case is && !was:
		if r.in.Opened.IsZero() {
			r.in.Opened = e.At
		}
		r.in.Since = e.At
	case was && !is:
		r.in.Lasted += e.At.Sub(r.in.Since)
		r.in.Since = time.Time{}
	}
	switch f := e.Fact.(type) {
	case incident.AcknowledgedBy:
		if !f.Late && was {
			once(&r.in.Answered, r.since(e.At))
			r.answer(e.By.Person(), e.At)
		}
	case incident.Chosen:
		if !f.Late {
			once(&r.in.Answered, r.since(e.At))
			r.answer(e.By.Person(), e.At)
		}
	case incident.Updated:
		once(&r.in.Told, r.since(e.At))
	case incident.UpdateOverdue:
		if f.Nth <= 1 {
			r.in.LateUpdates++
		}
	case incident.TaskOverdue:
		if f.Nth <= 1 {
			r.in.LateTasks++
		}
	case incident.Staged:
		if i := slices.Index(incident.Stages, f.Stage); i >= 0 && was {
			once(&r.in.Stages[i], r.since(e.At))
		}
	case incident.Reopened:
		if !was {
			r.in.Back++
		}
	case incident.Recurred:
		if was {
			r.in.Back++
		}
	}
	r.climb(e)
	r.deed(e)
}

// deed: whether a person did anything beside answering, as the report of noise has it.
func (r *recorder) deed(e incident.Entry) {
	person := e.By.Person() != "" || strings.HasPrefix(string(e.By), "key:")
	switch e.Fact.(type) {
	case incident.Ended:
		r.in.BySource = e.By.Source()
		r.in.Acted = r.in.Acted || person
	case incident.AcknowledgedBy, incident.Judged, incident.Chosen:
	default:
		r.in.Acted = r.in.Acted || person
	}
}

// climb follows who was called, and what they were passed for.
func (r *recorder) climb(e incident.Entry) {
	switch f := e.Fact.(type) {
	case incident.Asked:
		r.runs[f.Run] = &run{named: f.Policy == ""}
	case incident.Escalated:
		r.of(f.Run).forced = e.By.Person() != "" || strings.HasPrefix(string(e.By), "key:")
	case incident.Called:
		r.called(f)
	case incident.Rested:
		r.missed(f.Run, func(p place) bool { return p.round <= f.Round })
	case incident.Settled:
		if f.How == "exhausted" {
			r.missed(f.Run, func(place) bool { return true })
		}
	}
}

func (r *recorder) of(id int) *run {
	if r.runs[id] == nil {
		r.runs[id] = &run{}
	}
	return r.runs[id]
}

func (r *recorder) called(f incident.Called) {
	u := r.of(f.Run)
	if !f.Extra {
		u.epoch = f.Epoch
		for i, p := range r.at {
			c := &r.in.Calls[i]
			if p.run != f.Run || p.epoch != f.Epoch || c.Answer != Never || p.round == f.Round && p.level >= f.Level && !f.FailOver {
				continue
			}
			c.Missed = c.Missed || !u.forced
			c.Past = c.Past || p.round == f.Round
		}
		u.forced = false
	}
	level := f.Level + 1
	if u.named || f.FailOver {
		level = 0
	}
	r.in.Level = max(r.in.Level, level)
	for _, c := range f.Calls {
		k := place{f.Run, f.Epoch, f.Round, f.Level, c.Person}
		g := r.rung[k]
		if c.Person == "" || g == nil || slices.Contains(r.at, k) {
			continue
		}
		r.at = append(r.at, k)
		r.fresh = append(r.fresh, g.first)
		r.in.Calls = append(r.in.Calls, Call{Person: c.Person, Level: level, At: r.since(g.first), Hours: g.hours, Alarms: g.n, Answer: Never})
	}
}

// missed: their time is over.
func (r *recorder) missed(id int, which func(place) bool) {
	for i, p := range r.at {
		if c := &r.in.Calls[i]; p.run == id && p.epoch == r.of(id).epoch && c.Answer == Never && which(p) {
			c.Missed = true
		}
	}
}

// answer is somebody's, to the last call of theirs.
func (r *recorder) answer(who org.PersonID, at time.Time) {
	for i := len(r.at) - 1; i >= 0 && who != ""; i-- {
		if r.at[i].person == who {
			if c := &r.in.Calls[i]; c.Answer == Never {
				c.Answer, c.Missed = max(at.Sub(r.fresh[i]), 0), false
			}
			return
		}
	}
}

func (r *recorder) end() Incident {
	in, s := r.in, r.state
	in.Apart, in.Merged = s.Sort != "", s.Merged != ""
	in.Severity, in.Service, in.Team, in.Source, in.Category = s.Severity, s.Service, s.Team, s.Integration, s.Category
	if s.Recovery != nil {
		in.Cause = s.Recovery.Category
	}
	if !r.first.IsZero() {
		in.Paged = r.since(r.first)
	}
	for _, o := range s.Opinions {
		if o.Worth {
			in.Worth++
		} else {
			in.NotWorth++
		}
	}
	return in
}
