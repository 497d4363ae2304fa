package incident

import (
	"fmt"
	"strings"
	"time"

	"tocsin/org"
)

// Step 3: investigation and diagnosis.
type (
	// Noted is what somebody wrote into the log.
	Noted struct {
		Text string `json:"text"`
		// In is the thread of a chat where they wrote it: "slack:C012/1700000000.000001".
		In string `json:"in,omitempty"`
	}
	// MessageRedacted says that what a message of the room said was taken away for good.
	MessageRedacted struct {
		Message int   `json:"message"` // its number
		Of      Actor `json:"of"`      // who wrote it
	}
	// RoleGiven says who has a role from here on. Without To, nobody does.
	RoleGiven struct {
		Role string       `json:"role"`
		To   org.PersonID `json:"to,omitempty"`
		From org.PersonID `json:"from,omitempty"` // who had it
	}
	// Came says that whoever did it takes part.
	Came struct{}
	// Went says that they do not any longer.
	Went struct{}
	// Linked is a place where the work goes on: a conference, a graph, a document.
	Linked struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	}

	// TaskAdded is something that is to be done. Task counts them from 1.
	TaskAdded struct {
		Task  int          `json:"task"`
		Title string       `json:"title"`
		Owner org.PersonID `json:"owner,omitempty"`
		Due   time.Time    `json:"due,omitzero"`
	}
	// TaskChanged is how a task is from here on.
	TaskChanged struct {
		Task  int          `json:"task"`
		Title string       `json:"title"`
		Owner org.PersonID `json:"owner,omitempty"`
		Due   time.Time    `json:"due,omitzero"`
	}
	// TaskDone says that it is done, and what came of it.
	TaskDone struct {
		Task    int    `json:"task"`
		Title   string `json:"title"`
		Outcome string `json:"outcome,omitempty"`
	}
	// TaskReopened says that it is not done.
	TaskReopened struct {
		Task  int    `json:"task"`
		Title string `json:"title"`
		Why   string `json:"why,omitempty"`
	}
	// TaskDropped says that it need not be done.
	TaskDropped struct {
		Task  int    `json:"task"`
		Title string `json:"title"`
		Why   string `json:"why,omitempty"`
	}
	// TaskOverdue says that a task should be done by now, for the Nth time, and to whom.
	TaskOverdue struct {
		Task  int            `json:"task"`
		Title string         `json:"title"`
		Nth   int            `json:"nth"`
		To    []org.PersonID `json:"to,omitempty"`
	}
	// RolesWanted says that roles which the severity asks for are nobody's, for the Nth
	// time, and who was asked to take or give them.
	RolesWanted struct {
		Roles []string       `json:"roles"`
		Nth   int            `json:"nth"`
		To    []org.PersonID `json:"to,omitempty"`
	}
)

func (Noted) Kind() string           { return "investigate.noted" }
func (MessageRedacted) Kind() string { return "investigate.message_redacted" }
func (RoleGiven) Kind() string       { return "investigate.role_given" }
func (Came) Kind() string            { return "investigate.came" }
func (Went) Kind() string            { return "investigate.went" }
func (Linked) Kind() string          { return "investigate.linked" }
func (TaskAdded) Kind() string       { return "investigate.task_added" }
func (TaskChanged) Kind() string     { return "investigate.task_changed" }
func (TaskDone) Kind() string        { return "investigate.task_done" }
func (TaskReopened) Kind() string    { return "investigate.task_reopened" }
func (TaskDropped) Kind() string     { return "investigate.task_dropped" }
func (TaskOverdue) Kind() string     { return "investigate.task_overdue" }
func (RolesWanted) Kind() string     { return "investigate.roles_wanted" }

func (f Noted) String() string { return "note: " + f.Text }

func (f MessageRedacted) String() string {
	return fmt.Sprintf("message %d of %s was redacted", f.Message, f.Of.Name())
}

func (f RoleGiven) String() string {
	switch {
	case f.To == "":
		return fmt.Sprintf("%s is not %s any longer", f.From, f.Role)
	case f.From != "":
		return fmt.Sprintf("%s is %s, after %s", f.To, f.Role, f.From)
	}
	return fmt.Sprintf("%s is %s", f.To, f.Role)
}

func (Came) String() string     { return "takes part" }
func (Went) String() string     { return "takes part no longer" }
func (f Linked) String() string { return f.Title + ": " + f.URL }

func (f TaskAdded) String() string {
	return fmt.Sprintf("task %d: %s%s", f.Task, f.Title, owed(f.Owner, f.Due))
}

func (f TaskChanged) String() string {
	return fmt.Sprintf("task %d is now: %s%s", f.Task, f.Title, owed(f.Owner, f.Due))
}

func (f TaskDone) String() string {
	return because(fmt.Sprintf("done: %s", f.Title), f.Outcome)
}

func (f TaskReopened) String() string {
	return because(fmt.Sprintf("not done: %s", f.Title), f.Why)
}

func (f TaskDropped) String() string {
	return because(fmt.Sprintf("need not be done: %s", f.Title), f.Why)
}

func (f TaskOverdue) String() string {
	line := "overdue: " + f.Title
	if len(f.To) > 0 {
		line += "; told " + joinIDs(f.To)
	}
	return line
}

func (f RolesWanted) String() string {
	return "nobody is " + strings.Join(f.Roles, ", ") + "; asked " + joinIDs(f.To)
}

// owed is whose a task is and until when.
func owed(owner org.PersonID, due time.Time) string {
	var b strings.Builder
	if owner != "" {
		b.WriteString(", " + string(owner))
	}
	if !due.IsZero() {
		b.WriteString(", by " + due.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return b.String()
}
