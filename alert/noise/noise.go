// Package noise counts what alerts cost people: by rule, by integration and by service,
// how many came, how many pages they were, how many of those at night, and how many were
// for nothing: answered without anybody doing anything, over by themselves within five
// minutes, or not worth a page in the words of those who were paged.
//
// It is pure. Whoever asks brings the alerts and incidents of a while.
package noise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Brief is how soon what ends by itself need not have paged.
const Brief = 5 * time.Minute

// An Origin is where an alert comes from.
type Origin struct {
	Rule        string // "": none decided anything
	Integration org.IntegrationID
	Service     org.ServiceID
}

// A Trouble is an incident, with what became of it.
type Trouble struct {
	ID       incident.ID
	Title    string
	Origin   Origin // of the alert that it was opened for
	Opened   time.Time
	Ended    time.Time // zero: it is open
	BySource bool      // monitoring ended it, and nobody else
	Pages    int       // alarms that were sent
	Night    int       // of those, between 22:00 and 07:00 for the person
	Answered bool
	Acted    bool // a person did more than answer
	Was      string
	Promoted bool // a person let it page that had been held back
	LetGo    int  // times before that its alert was over before it counted, and called nobody
	Opinions []incident.Opinion
}

// Idle says whether people were paged and answered, and there was nothing to do.
func (t Trouble) Idle() bool { return t.Pages > 0 && t.Answered && !t.Acted && t.BySource }

// Brief says whether it paged and was over by itself in no time.
func (t Trouble) Brief() bool {
	return t.Pages > 0 && t.BySource && !t.Ended.IsZero() && t.Ended.Sub(t.Opened) <= Brief
}

// A Line is what one rule, integration or service came to.
type Line struct {
	Name      string
	Alerts    int
	Incidents int
	Pages     int
	Night     int
	Idle      int
	Brief     int
	Worth     int // opinions
	NotWorth  int
}

// By says what lines stand for.
type By string

const (
	ByRule        By = "rule"
	ByIntegration By = "integration"
	ByService     By = "service"
)

func (o Origin) name(by By) string {
	switch by {
	case ByRule:
		return o.Rule
	case ByIntegration:
		return string(o.Integration)
	}
	return string(o.Service)
}

// Report is one line for each name, the noisiest first.
func Report(by By, alerts []Origin, troubles []Trouble) []Line {
	lines := map[string]*Line{}
	line := func(o Origin) *Line {
		name := o.name(by)
		if lines[name] == nil {
			lines[name] = &Line{Name: name}
		}
		return lines[name]
	}
	for _, a := range alerts {
		line(a).Alerts++
	}
	for _, t := range troubles {
		line(t.Origin).add(t)
	}
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Pages, a.Pages), cmp.Compare(b.Alerts, a.Alerts), strings.Compare(a.Name, b.Name))
	})
	return out
}

// Sum is all of it in one line.
func Sum(alerts []Origin, troubles []Trouble) Line {
	l := Line{Alerts: len(alerts)}
	for _, t := range troubles {
		l.add(t)
	}
	return l
}

func (l *Line) add(t Trouble) {
	l.Incidents++
	l.Pages += t.Pages
	l.Night += t.Night
	if t.Idle() {
		l.Idle++
	}
	if t.Brief() {
		l.Brief++
	}
	for _, o := range t.Opinions {
		if o.Worth {
			l.Worth++
		} else {
			l.NotWorth++
		}
	}
}

// A Real is what was held back and proved real.
type Real struct {
	ID    incident.ID
	Title string
	At    time.Time
	Why   string
}

// Proved are the incidents that had been held back before somebody had to do something
// about them, the newest first.
func Proved(troubles []Trouble) (list []Real) {
	for _, t := range troubles {
		worth := slices.ContainsFunc(t.Opinions, func(o incident.Opinion) bool { return o.Worth })
		why := ""
		switch {
		case t.Promoted:
			why = "somebody let it page that had been held back"
		case t.Was != "" && t.Acted:
			why = "it was a symptom of " + t.Was + ", and somebody had to act on it afterwards"
		case t.Was != "" && worth:
			why = "it was a symptom of " + t.Was + ", and was worth a page afterwards"
		case t.LetGo > 0 && (t.Acted || worth):
			why = fmt.Sprintf("it had come and gone %d times before, too briefly or too seldom to call anybody, and then somebody had to act on it", t.LetGo)
			if t.LetGo == 1 {
				why = "it had come and gone once before, too briefly or too seldom to call anybody, and then somebody had to act on it"
			}
		default:
			continue
		}
		list = append(list, Real{t.ID, t.Title, t.Opened, why})
	}
	slices.SortStableFunc(list, func(a, b Real) int { return b.At.Compare(a.At) })
	return list
}
