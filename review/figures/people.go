package figures

import (
	"time"

	"tocsin/org"
)

// A Climb is what calls of one level came to.
type Climb struct {
	Paged    int // calls
	Answered int
	Missed   int
	Past     int
}

func (c *Climb) add(call *Call) {
	c.Paged++
	if call.Answer != Never {
		c.Answered++
	}
	if call.Missed {
		c.Missed++
	}
	if call.Past {
		c.Past++
	}
}

// A Load is what calls came to for somebody, or for some.
type Load struct {
	Climb
	Levels  map[int]*Climb // by the level; 0 is by name
	Hours   [len(AllHours)]int
	Alarms  int
	Answers time.Duration // the times until they answered, added up
	Apart   int           // calls that were about no incident: pages by hand
}

// Loads are everybody's.
type Loads struct {
	All    Load
	People map[org.PersonID]*Load
}

func newLoads() *Loads { return &Loads{People: map[org.PersonID]*Load{}} }

func (l *Loads) add(in *Incident) {
	for i := range in.Calls {
		c := &in.Calls[i]
		one := l.People[c.Person]
		if one == nil {
			one = &Load{}
			l.People[c.Person] = one
		}
		one.add(c, in.Apart)
		l.All.add(c, in.Apart)
	}
}

func (l *Load) add(c *Call, apart bool) {
	l.Climb.add(c)
	if l.Levels == nil {
		l.Levels = map[int]*Climb{}
	}
	level := l.Levels[c.Level]
	if level == nil {
		level = &Climb{}
		l.Levels[c.Level] = level
	}
	level.add(c)
	l.Hours[c.Hours]++
	l.Alarms += c.Alarms
	if c.Answer != Never {
		l.Answers += c.Answer
	}
	if apart {
		l.Apart++
	}
}

// Plus adds what another bore.
func (l *Load) Plus(o *Load) {
	l.Climb.plus(o.Climb)
	if l.Levels == nil {
		l.Levels = map[int]*Climb{}
	}
	for n, c := range o.Levels {
		if l.Levels[n] == nil {
			l.Levels[n] = &Climb{}
		}
		l.Levels[n].plus(*c)
	}
	for i, n := range o.Hours {
		l.Hours[i] += n
	}
	l.Alarms += o.Alarms
	l.Answers += o.Answers
	l.Apart += o.Apart
}

func (c *Climb) plus(o Climb) {
	c.Paged += o.Paged
	c.Answered += o.Answered
	c.Missed += o.Missed
	c.Past += o.Past
}

// A Bearing is a figure of what people bear.
type Bearing struct {
	Key, Name, Unit, Sentence string
	Since                     int

	of func(*Call) bool
}

// Bearings are all that are counted in calls, in the order in which they are shown.
var Bearings = []Bearing{
	{"called", "Called", "calls", "How often a level of a policy called the person, or somebody did by name, and at least one alarm went out to them.", 1, func(*Call) bool { return true }},
	{"answered", "Answered", "calls", "Of the calls, those after which the person acknowledged the incident.", 1, func(c *Call) bool { return c.Answer != Never }},
	{"missed", "Missed", "calls", "Of the calls, those whose time to answer ran out before the person acknowledged, and that they did not answer later either.", 1, func(c *Call) bool { return c.Missed }},
	{"past", "Escalated past", "calls", "Of the calls, those after which the next level was called before the person had acknowledged.", 1, func(c *Call) bool { return c.Past }},
	{"working", "In working hours", "calls", "Calls whose first alarm came from Monday to Friday between 8:00 and 18:00, by the person's own clock.", 1, during(Working)},
	{"evening", "In the evening", "calls", "Calls whose first alarm came from Monday to Friday between 18:00 and 22:00 or 7:00 and 8:00, by the person's own clock.", 1, during(Evening)},
	{"weekend", "At the weekend", "calls", "Calls whose first alarm came on a Saturday or Sunday between 7:00 and 22:00, by the person's own clock.", 1, during(Weekend)},
	{"sleep", "In sleeping hours", "calls", "Calls whose first alarm came between 22:00 and 7:00, by the person's own clock.", 1, during(Sleep)},
}

func during(h Hours) func(*Call) bool { return func(c *Call) bool { return c.Hours == h } }

// FindBearing is one of them.
func FindBearing(key string) (Bearing, bool) {
	for _, b := range Bearings {
		if b.Key == key {
			return b, true
		}
	}
	return Bearing{}, false
}

// Counted is how many calls of an incident a number is made of. person "" is everybody
// whom is says to be in it; level below 0 is every level.
func (b Bearing) Counted(in *Incident, is func(org.PersonID) bool, level int) (n int) {
	for i := range in.Calls {
		if c := &in.Calls[i]; is(c.Person) && (level < 0 || c.Level == level) && b.of(c) {
			n++
		}
	}
	return n
}
