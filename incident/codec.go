package incident

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// all is one of each fact, for the codec.
var all = []Fact{
	Opened{}, Joined{}, Repeated{}, Cleared{}, Raised{}, Held{}, Released{}, Reopened{}, Gathered{}, Left{}, Flapped{},
	Asked{}, Called{}, Skipped{}, Waiting{}, Rested{}, Settled{}, Unreached{}, Reached{}, Reported{}, HandedOver{}, Retriggered{}, Pinned{},
	AcknowledgedBy{}, Unacknowledged{}, SnoozedUntil{}, Escalated{}, Reassigned{},
	Handed{},
	Composed{}, Chosen{},
	Noted{}, RoleGiven{}, Came{}, Went{}, Linked{}, TaskAdded{}, TaskChanged{}, TaskDone{}, TaskReopened{}, TaskDropped{}, TaskOverdue{}, RolesWanted{}, MessageRedacted{}, ListAdded{}, HandedOn{}, TookOver{}, MergedInto{}, TookIn{}, Parted{},
	Updated{}, UpdateOverdue{}, UpdateWithdrawn{}, NoticePosted{}, NoticeDrafted{}, NoticeMoved{}, Complained{}, Wrote{}, Replied{},
	RunbookStarted{}, StepAsked{}, StepApproved{}, StepDeclined{}, ApprovalOverdue{}, StepBegun{}, StepEnded{}, RunbookEnded{}, RunbookJudged{},
	Acted{}, Finished{}, Passed{}, Judged{},
	Ended{}, Explained{}, Staged{}, Confirmed{}, Recurred{},
	ChangeRequested{}, ChangeAmended{}, ChangeApproved{}, ChangeDenied{}, ChangeStarted{}, ChangeEnded{}, ChangeCancelled{}, ChangeOverran{}, ChangeNoted{},
	Overridden{}, OverrideEnded{}, OverrideReviewed{}, OverrideOwed{},
	Filed{}, RetroDrafted{}, RetroWritten{}, RetroSubmitted{}, RetroReturned{}, RetroSigned{}, RetroPublished{},
	ActionAdded{}, ActionChanged{}, ActionDone{}, ActionDropped{}, ActionReopened{}, ActionNoted{}, ActionReminded{}, ActionOverdue{}, ActionRecurred{}, Recalled{}, LessonLearned{}, LessonWithdrawn{},
	TicketOpened{}, TicketMoved{}, TicketUnlinked{},
	Drilled{}, Injected{}, DrillStopped{},
}

var kinds = func() map[string]reflect.Type {
	m := make(map[string]reflect.Type, len(all))
	for _, f := range all {
		if m[f.Kind()] != nil {
			panic("incident: two facts of kind " + f.Kind())
		}
		m[f.Kind()] = reflect.TypeOf(f)
	}
	return m
}()

// Unknown is a fact that a newer version wrote. It is kept and shown as it is.
type Unknown struct {
	Name string
	Body json.RawMessage
}

func (u Unknown) Kind() string   { return u.Name }
func (u Unknown) String() string { return u.Name + " " + string(u.Body) }

// Encode turns a fact into the text that the log keeps.
func Encode(f Fact) (kind, body string, err error) {
	if u, ok := f.(Unknown); ok {
		return u.Name, string(u.Body), nil
	}
	b, err := json.Marshal(f)
	if err != nil {
		return "", "", fmt.Errorf("incident: encode %s: %w", f.Kind(), err)
	}
	return f.Kind(), string(b), nil
}

// Decode reads what Encode wrote, or what any released version wrote.
func Decode(kind, body string) (Fact, error) {
	typ, ok := kinds[kind]
	if !ok {
		return Unknown{kind, json.RawMessage(body)}, nil
	}
	v := reflect.New(typ)
	if err := json.Unmarshal([]byte(body), v.Interface()); err != nil {
		return nil, fmt.Errorf("incident: decode %s: %w", kind, err)
	}
	return v.Elem().Interface().(Fact), nil
}
