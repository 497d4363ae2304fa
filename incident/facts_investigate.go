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

	// TaskAdded is something that is to be done. Task counts them from 1. With Role it is
	// done by whoever has the role, now and later.
	TaskAdded struct {
		Task  int          `json:"task"`
		Title string       `json:"title"`
		Owner org.PersonID `json:"owner,omitempty"`
		Due   time.Time    `json:"due,omitzero"`
		Role  string       `json:"role,omitempty"`
		Stage Stage        `json:"stage,omitempty"` // of the recovery that it belongs to
		List  string       `json:"list,omitempty"`  // the checklist that it is of
		// Override is the emergency override that is to be reviewed: that alone ends the task.
		Override int `json:"override,omitempty"`
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
	// ListAdded says that a checklist is to be done; its tasks follow.
	ListAdded struct {
		List  string `json:"list"`
		Name  string `json:"name"`
		Tasks int    `json:"tasks"`
		Why   string `json:"why,omitempty"`
	}
	// HandedOn says that whoever has the incident gives it to another, who has it once they
	// answer.
	HandedOn struct {
		To   org.PersonID `json:"to"`
		Note string       `json:"note,omitempty"`
	}
	// TookOver says that they have it now, with the roles and the tasks of whoever gave it.
	TookOver struct {
		Person org.PersonID `json:"person"`
		From   org.PersonID `json:"from"`
	}
	// MergedInto says that it is the same trouble as another incident's, which goes on.
	MergedInto struct {
		Incident ID     `json:"incident"`
		Title    string `json:"title"`
	}
	// TookIn says that another incident is the same trouble, and over with that.
	TookIn struct {
		Incident ID             `json:"incident"`
		Title    string         `json:"title"`
		Alerts   int            `json:"alerts,omitempty"`
		Answered []org.PersonID `json:"answered,omitempty"` // who answered for it
		Present  []org.PersonID `json:"present,omitempty"`  // who took part in it
	}
	// Parted says that alerts of one incident are another trouble. It stands in both: in
	// the one that they left To says where they are now, in the other From whence they came.
	Parted struct {
		From   ID     `json:"from,omitempty"`
		To     ID     `json:"to,omitempty"`
		Title  string `json:"title"` // of the other one
		Alerts int    `json:"alerts"`
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
func (ListAdded) Kind() string       { return "investigate.list_added" }
func (HandedOn) Kind() string        { return "investigate.handed_on" }
func (TookOver) Kind() string        { return "investigate.took_over" }
func (MergedInto) Kind() string      { return "investigate.merged_into" }
func (TookIn) Kind() string          { return "investigate.took_in" }
func (Parted) Kind() string          { return "investigate.parted" }
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
	who := f.Owner
	if f.Role != "" {
		who = org.PersonID(f.Role)
	}
	return fmt.Sprintf("task %d: %s%s", f.Task, f.Title, owed(who, f.Due))
}

func (f ListAdded) String() string {
	tasks := "1 task"
	if f.Tasks != 1 {
		tasks = fmt.Sprintf("%d tasks", f.Tasks)
	}
	return because(fmt.Sprintf("checklist: %s, %s", f.Name, tasks), f.Why)
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

func (f HandedOn) String() string {
	return because(fmt.Sprintf("hands it over to %s", f.To), f.Note)
}

func (f TookOver) String() string   { return fmt.Sprintf("%s took over from %s", f.Person, f.From) }
func (f MergedInto) String() string { return "the same trouble as " + f.Title }
func (f TookIn) String() string     { return "this is also " + f.Title }

func (f Parted) String() string {
	if f.To != "" {
		return fmt.Sprintf("%s is another trouble", f.Title)
	}
	return fmt.Sprintf("split from %s", f.Title)
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
