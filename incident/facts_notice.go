package incident

import (
	"fmt"
	"slices"
	"time"

	"tocsin/org"
)

// A notice stands on a status page although nothing of ours is an incident: something to
// know, a disruption that somebody else has, planned work. It is a subject of its own kind,
// so that what was said, by whom and when stands in a log like everything else. Its facts
// are the third step's; what it tells is Updated, as with incidents.

// KindNotice is the kind of subject that a notice is.
const KindNotice = "notice"

// A NoticeForm is what a notice is about.
type NoticeForm string

const (
	ForInformation NoticeForm = "notice"     // something to know: nothing is wrong
	Disruption     NoticeForm = "disruption" // something does not work
	PlannedWork    NoticeForm = "work"       // something will be worked on
)

// NoticeForms are those.
var NoticeForms = []NoticeForm{ForInformation, Disruption, PlannedWork}

// The phases that incidents do not have.
const (
	PhaseNotice  Phase = "notice"  // for information
	PhasePlanned Phase = "planned" // work that will begin
	PhaseWorking Phase = "working" // and that goes on
	PhaseOff     Phase = "off"     // and that does not take place
)

// Over says whether those concerned were told that there is no more to come.
func (p Phase) Over() bool { return p == PhaseResolved || p == PhaseOff }

// Phases are those that a notice of a form may be in, in their order.
func (f NoticeForm) Phases() []Phase {
	switch f {
	case ForInformation:
		return []Phase{PhaseNotice, PhaseResolved}
	case PlannedWork:
		return []Phase{PhasePlanned, PhaseWorking, PhaseResolved, PhaseOff}
	}
	return Phases
}

type (
	// NoticePosted says that there is one, on which page and about what. Begins is when it
	// is shown, or, of planned work, when that begins; Ends is when it is over by itself,
	// zero when somebody says so.
	NoticePosted struct {
		Page   org.StatusPageID `json:"page"`
		Form   NoticeForm       `json:"form"`
		Begins time.Time        `json:"begins,omitzero"`
		Ends   time.Time        `json:"ends,omitzero"`
	}
	// NoticeDrafted is what it will say at first, where that waits for Begins.
	NoticeDrafted struct {
		First Updated `json:"first,omitzero"`
	}
	// NoticeMoved says that it begins or ends at another time.
	NoticeMoved struct {
		Begins time.Time `json:"begins,omitzero"`
		Ends   time.Time `json:"ends,omitzero"`
	}
	// UpdateWithdrawn says that an update was taken back: what it said is gone for good,
	// from here on nobody is sent it, and no page shows it. Now is what those concerned
	// were told last without it, and At when; without a number, nothing. Spent is the
	// highest number that was given out.
	UpdateWithdrawn struct {
		N     int       `json:"n"`
		Line  int       `json:"line"`            // of the log
		Draft int       `json:"draft,omitempty"` // the line that had it before it was shown
		Why   string    `json:"why,omitempty"`
		Now   Updated   `json:"now,omitzero"`
		At    time.Time `json:"at,omitzero"`
		By    Actor     `json:"by,omitempty"` // of Now
		Spent int       `json:"spent"`
	}
)

func (NoticePosted) Kind() string    { return "investigate.notice_posted" }
func (NoticeDrafted) Kind() string   { return "investigate.notice_drafted" }
func (NoticeMoved) Kind() string     { return "investigate.notice_moved" }
func (UpdateWithdrawn) Kind() string { return "investigate.update_withdrawn" }

func (f NoticePosted) String() string {
	line := fmt.Sprintf("a %s for the status page %s", f.Form, f.Page)
	return line + span(f.Begins, f.Ends)
}

func (f NoticeDrafted) String() string {
	if f.First.N == 0 {
		return "what was taken back later"
	}
	return "will say: " + f.First.Condition
}

func (f NoticeMoved) String() string { return "other times:" + span(f.Begins, f.Ends) }

func (f UpdateWithdrawn) String() string {
	return because(fmt.Sprintf("update %d was taken back", f.N), f.Why)
}

func span(from, to time.Time) (s string) {
	if !from.IsZero() {
		s += " from " + minute(from)
	}
	if !to.IsZero() {
		s += " until " + minute(to)
	}
	return s
}

// A Notice is where one stands.
type Notice struct {
	Page   org.StatusPageID `json:"page"`
	Form   NoticeForm       `json:"form"`
	Begins time.Time        `json:"begins,omitzero"`
	Ends   time.Time        `json:"ends,omitzero"`
	First  *Updated         `json:"first,omitempty"` // while it waits to be shown
}

// noticed is After for what is told without an incident.
func (in Incident) noticed(e Entry) Incident {
	switch f := e.Fact.(type) {
	case NoticePosted:
		in.Notice = &Notice{Page: f.Page, Form: f.Form, Begins: f.Begins, Ends: f.Ends}
	case NoticeDrafted:
		if in.Notice != nil {
			n := *in.Notice
			n.First = &f.First
			in.Notice = &n
		}
	case NoticeMoved:
		if in.Notice != nil {
			n := *in.Notice
			n.Begins, n.Ends = f.Begins, f.Ends
			in.Notice = &n
		}
	case UpdateWithdrawn:
		in.News = &News{Last: f.Now, At: f.At, By: f.By, Spent: f.Spent}
	}
	return in
}

// shown is a notice that has said what it waited with.
func (n *Notice) shown() *Notice {
	if n == nil || n.First == nil {
		return n
	}
	m := *n
	m.First = nil
	return &m
}

// NextUpdate is the number of the next update: no number is given out twice.
func (in Incident) NextUpdate() int {
	if in.News == nil {
		return 1
	}
	return max(in.News.Last.N, in.News.Spent) + 1
}

// Withdraw takes back the update of a number: what the log says then is told last.
func (l Log) Withdraw(n int, why string) (UpdateWithdrawn, error) {
	f := UpdateWithdrawn{N: n, Why: why}
	gone := map[int]bool{}
	for _, e := range l {
		if w, ok := e.Fact.(UpdateWithdrawn); ok {
			gone[w.Line] = true
			f.Spent = max(f.Spent, w.Spent)
		}
	}
	for _, e := range slices.Backward(l) {
		if d, ok := e.Fact.(NoticeDrafted); ok && d.First.N == n {
			f.Draft = e.Seq
		}
		u, ok := e.Fact.(Updated)
		if !ok || gone[e.Seq] {
			continue
		}
		f.Spent = max(f.Spent, u.N)
		switch {
		case u.N == n:
			f.Line = e.Seq
		case f.Now.N == 0 && u.N > 0:
			f.Now, f.At, f.By = u, e.At, e.By
		}
	}
	if f.Line == 0 {
		return f, Refuse("there is no update %d, or it was taken back already", n)
	}
	return f, nil
}
