package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Case is what a draft is made of.
type Case struct {
	In      incident.Incident
	Log     incident.Log
	Name    func(org.PersonID) string
	Service string // its name
	Zone    *time.Location
}

// Draft is what a section is begun with. It says nothing that does not stand in the log;
// what only people know is left to them.
func (c Case) Draft(kind string) string {
	switch kind {
	case "summary":
		return c.summary()
	case "impact":
		return c.impact()
	case "timeline":
		return c.Timeline(c.Chosen())
	case "factors":
		return c.factors()
	case "actions":
		return c.actions()
	case "lessons":
		return c.lessons()
	case "customers":
		return c.customers()
	}
	return ""
}

func (c Case) at(t time.Time) string { return t.In(c.Zone).Format("2006-01-02 15:04 MST") }

func (c Case) summary() string {
	in := c.In
	var s strings.Builder
	fmt.Fprintf(&s, "%s: %s", c.at(in.OpenedAt), sentence(in.Title))
	if c.Service != "" {
		fmt.Fprintf(&s, " It hit %s", c.Service)
		if in.Severity != "" {
			fmt.Fprintf(&s, " with severity %s", in.Severity)
		}
		s.WriteString(".")
	}
	if !in.ResolvedAt.IsZero() {
		fmt.Fprintf(&s, " It was over at %s, after %s.", c.at(in.ResolvedAt), lasted(in.ResolvedAt.Sub(in.OpenedAt)))
	}
	if r := in.Recovery; r != nil {
		if r.Cause != "" {
			fmt.Fprintf(&s, " The cause: %s", sentence(r.Cause))
		}
		if r.Fixed != "" {
			fmt.Fprintf(&s, " What ended it: %s", sentence(r.Fixed))
		}
	}
	return s.String()
}

// sentence ends as one.
func sentence(s string) string {
	if s = strings.TrimSpace(s); s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// impact is what can be counted.
func (c Case) impact() string {
	f := Count(c.Log)
	rows := [][2]string{{"Severity", string(c.In.Severity)}, {"Began", c.at(c.In.OpenedAt)}}
	if f.Resolve > 0 {
		rows = append(rows, [2]string{"Over", c.at(c.In.ResolvedAt)}, [2]string{"Lasted", lasted(f.Resolve)})
	}
	rows = append(rows, [2]string{"First call after", after(f.Called, f.Call)}, [2]string{"First answer after", after(f.Answered, f.Answer)})
	for _, s := range incident.Stages {
		if d, ok := f.Stages[s]; ok {
			rows = append(rows, [2]string{"Stage " + string(s) + " after", lasted(d)})
		}
	}
	rows = append(rows, [2]string{"People called", fmt.Sprint(len(f.People))}, [2]string{"Alerts", fmt.Sprint(max(c.In.Alerts, 1))}, [2]string{"Updates to those concerned", fmt.Sprint(f.Updates)})
	if f.Reports > 0 {
		rows = append(rows, [2]string{"Reports by people outside", fmt.Sprint(f.Reports)})
	}
	if f.Reopened > 0 {
		rows = append(rows, [2]string{"Came back", fmt.Sprintf("%d times", f.Reopened)})
	}
	if n := len(c.In.Overrides); n > 0 {
		rows = append(rows, [2]string{"Emergency overrides", fmt.Sprint(n)})
	}
	var s strings.Builder
	s.WriteString("| What | How much |\n|---|---|\n")
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(&s, "| %s | %s |\n", r[0], strings.ReplaceAll(r[1], "|", "/"))
		}
	}
	if u, ok := c.In.LastUpdate(); ok && u.Condition != "" {
		fmt.Fprintf(&s, "\nWhat those concerned were told last: %s\n", u.Condition)
	}
	return strings.TrimSpace(s.String())
}

func after(happened bool, d time.Duration) string {
	if !happened {
		return "never"
	}
	return lasted(d)
}

// lasted is a length of time as people say it.
func lasted(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// Figures are what can be counted of one incident.
type Figures struct {
	Call, Answer, Resolve time.Duration // after it was opened; the last end counts
	Called, Answered      bool
	People                []org.PersonID // who was called
	Updates, Reports      int
	Reopened              int
	Stages                map[incident.Stage]time.Duration // when each was first reached
}

// Count counts them.
func Count(log incident.Log) Figures {
	f := Figures{Stages: map[incident.Stage]time.Duration{}}
	if len(log) == 0 {
		return f
	}
	began := log[0].At
	for _, e := range log {
		since := e.At.Sub(began)
		switch x := e.Fact.(type) {
		case incident.Called:
			for _, c := range x.Calls {
				if c.Person != "" && !slices.Contains(f.People, c.Person) {
					f.People = append(f.People, c.Person)
				}
			}
			if !f.Called && len(x.Calls) > 0 {
				f.Called, f.Call = true, since
			}
		case incident.AcknowledgedBy:
			if !f.Answered && !x.Late {
				f.Answered, f.Answer = true, since
			}
		case incident.Ended:
			f.Resolve = since
		case incident.Reopened, incident.Recurred:
			f.Reopened++
		case incident.Updated:
			f.Updates++
		case incident.Complained:
			f.Reports++
		case incident.Staged:
			if _, ok := f.Stages[x.Stage]; !ok {
				f.Stages[x.Stage] = since
			}
		}
	}
	return f
}

// Chosen are the lines of the log that a retrospective begins with, by their numbers: what
// changed the course of it. People choose others.
func (c Case) Chosen() (lines []int) {
	called := 0
	for _, e := range c.Log {
		switch f := e.Fact.(type) {
		case incident.Called:
			if called++; called > 5 {
				continue
			}
		case incident.AcknowledgedBy:
			if f.Late {
				continue
			}
		case incident.Staged, incident.Confirmed, incident.Recurred, incident.Explained, incident.Ended, incident.Reopened,
			incident.Opened, incident.Raised, incident.Held, incident.Released, incident.HandedOn, incident.TookOver, incident.MergedInto, incident.TookIn,
			incident.Escalated, incident.Reassigned, incident.Unreached, incident.RoleGiven, incident.TaskDone, incident.Updated, incident.UpdateOverdue,
			incident.Noted, incident.RunbookStarted, incident.RunbookEnded, incident.Complained, incident.Finished,
			incident.Overridden, incident.OverrideEnded, incident.OverrideReviewed, incident.ChangeNoted:
		default:
			continue
		}
		lines = append(lines, e.Seq)
	}
	return lines
}

// Timeline are some lines of the log as a list, by their numbers.
func (c Case) Timeline(lines []int) string {
	var s strings.Builder
	day := ""
	for _, e := range c.Log {
		if !slices.Contains(lines, e.Seq) {
			continue
		}
		if d := e.At.In(c.Zone).Format("2006-01-02 MST"); d != day {
			if day = d; s.Len() > 0 {
				s.WriteString("\n")
			}
			fmt.Fprintf(&s, "**%s**\n\n", d)
		}
		s.WriteString(c.Line(e) + "\n")
	}
	return strings.TrimSpace(s.String())
}

// Line is a line of the log in a timeline.
func (c Case) Line(e incident.Entry) string {
	who := ""
	if p := e.By.Person(); p != "" {
		who = c.Name(p) + ": "
	}
	what := strings.Join(strings.Fields(e.Fact.String()), " ")
	if f, ok := e.Fact.(incident.Called); ok {
		what = c.called(f)
	}
	return fmt.Sprintf("- %s %s%s", e.At.In(c.Zone).Format("15:04:05"), who, what)
}

func (c Case) called(f incident.Called) string {
	var names []string
	for _, one := range f.Calls {
		names = append(names, cmp.Or(c.Name(one.Person), one.Email))
	}
	return fmt.Sprintf("level %d called: %s", f.Level+1, strings.Join(names, ", "))
}

func (c Case) factors() string {
	var s strings.Builder
	if r := c.In.Recovery; r != nil && r.Cause != "" {
		fmt.Fprintf(&s, "- %s", sentence(r.Cause))
		if r.Category != "" {
			fmt.Fprintf(&s, " (%s)", r.Category)
		}
		s.WriteString("\n")
	}
	if c.In.Was != "" {
		fmt.Fprintf(&s, "- It was first taken for a symptom of %s.\n", c.In.Was)
	}
	f := Count(c.Log)
	if f.Answered && f.Answer > 15*time.Minute {
		fmt.Fprintf(&s, "- Nobody answered for %s.\n", lasted(f.Answer))
	}
	if f.Reopened > 0 {
		s.WriteString("- It was taken for over, and was not.\n")
	}
	for _, e := range c.Log {
		if x, ok := e.Fact.(incident.Unreached); ok {
			fmt.Fprintf(&s, "- %s could not be reached: %s\n", c.Name(x.Person), sentence(x.Why))
		}
	}
	return strings.TrimSpace(s.String())
}

// actions are those that were added, as a table.
func (c Case) actions() string {
	if c.In.Review == nil || len(c.In.Review.Actions) == 0 {
		return ""
	}
	var s strings.Builder
	for _, a := range c.In.Review.Actions {
		if a.State == incident.Dropped {
			continue
		}
		mark := " "
		if a.State == incident.Done {
			mark = "x"
		}
		fmt.Fprintf(&s, "- [%s] %s", mark, a.Title)
		if a.Owner != "" {
			fmt.Fprintf(&s, ", %s", c.Name(a.Owner))
		}
		if !a.Due.IsZero() {
			fmt.Fprintf(&s, ", by %s", a.Due.In(c.Zone).Format("2006-01-02"))
		}
		s.WriteString("\n")
	}
	return strings.TrimSpace(s.String())
}

func (c Case) lessons() string {
	if c.In.Review == nil {
		return ""
	}
	var s strings.Builder
	for _, l := range c.In.Review.Lessons {
		if !l.Withdrawn {
			fmt.Fprintf(&s, "- %s\n", strings.ReplaceAll(l.Text, "\n", " "))
		}
	}
	return strings.TrimSpace(s.String())
}

// customers is what those outside were told, from the beginning to the end.
func (c Case) customers() string {
	var s strings.Builder
	if !c.In.ResolvedAt.IsZero() {
		fmt.Fprintf(&s, "From %s to %s", c.at(c.In.OpenedAt), c.at(c.In.ResolvedAt))
		fmt.Fprintf(&s, " (%s)", lasted(c.In.ResolvedAt.Sub(c.In.OpenedAt)))
		if c.Service != "" {
			fmt.Fprintf(&s, " %s did not work as it should", c.Service)
		} else {
			s.WriteString(" something did not work as it should")
		}
		s.WriteString(".\n\n")
	}
	for _, e := range c.Log {
		if u, ok := e.Fact.(incident.Updated); ok && u.Condition != "" {
			fmt.Fprintf(&s, "- %s: %s\n", e.At.In(c.Zone).Format("15:04"), strings.ReplaceAll(u.Condition, "\n", " "))
		}
	}
	return strings.TrimSpace(s.String())
}
