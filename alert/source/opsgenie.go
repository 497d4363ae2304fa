package source

import (
	"maps"
	"slices"
	"strings"

	"tocsin/alert"
	"tocsin/org"
)

// Opsgenie reads what creates an alert in Opsgenie's Alert API v2. Key is empty when the
// sender gave no alias: the caller makes one. What is longer than Opsgenie takes is cut;
// a body that Opsgenie would refuse is *Unprocessable. A note that comes along is an
// event of its own.
//
// Tags stand in one label, "tags", with commas between them, so that rules can match
// them (tags=~"(.*,)?db(,.*)?"); entity, source and responders are labels too, and
// details are the event's details. Everybody whom Opsgenie would have called stands in
// the label "responders" ("team:dba,user:omar@example.org"): who is called here is for
// rules and policies to say.
type Opsgenie struct{}

func (Opsgenie) Name() string { return "opsgenie" }

// Unprocessable says what Opsgenie would refuse a body for, by field.
type Unprocessable struct{ Fields map[string]string }

func (e *Unprocessable) Error() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		all = append(all, name+": "+e.Fields[name])
	}
	return "not processable: " + strings.Join(all, "; ")
}

// What Opsgenie takes, in characters and in pieces.
const (
	opsgenieMessage     = 130
	opsgenieAlias       = 512
	opsgenieDescription = 15000
	opsgenieTag         = 50
	opsgenieTags        = 20
	opsgenieDetails     = 8000
	opsgenieNote        = 25000
	opsgenieShort       = 100 // source and user
	opsgenieEntity      = 512
)

// An OpsgenieBody is the body of any call about an alert. What a call does not have is
// zero.
type OpsgenieBody struct {
	Message, Alias, Description string
	Entity, Source, User, Note  string
	Priority                    string // as written
	Responders                  []OpsgenieName
	One                         OpsgenieName // of assign, escalate, teams and responders
	Tags                        []string
	Details                     map[string]string
	EndTime                     string
}

// An OpsgenieName names somebody in Opsgenie's way: any of id, name and username.
type OpsgenieName struct{ Type, Name string }

// ReadOpsgenie reads the body of a call. None at all is an empty one, as for an
// acknowledgement that says nothing else.
func ReadOpsgenie(body []byte) (OpsgenieBody, error) {
	var b OpsgenieBody
	if len(body) == 0 {
		return b, nil
	}
	var o object
	if err := decode(body, &o); err != nil {
		return b, err
	}
	b.Message = line(text(o["message"]), opsgenieMessage)
	b.Alias = strings.TrimSpace(text(o["alias"]))
	b.Description = clean(text(o["description"]), opsgenieDescription)
	b.Entity = line(text(o["entity"]), opsgenieEntity)
	b.Source = line(text(o["source"]), opsgenieShort)
	b.User = line(text(o["user"]), opsgenieShort)
	b.Note = strings.TrimSpace(clean(text(o["note"]), opsgenieNote))
	b.Priority = strings.ToUpper(strings.TrimSpace(text(o["priority"])))
	b.EndTime = text(o["endTime"])
	b.Tags = opsgenieTagsOf(o["tags"])
	b.Details = opsgenieDetailsOf(o["details"])
	for _, v := range elements(o["responders"]) {
		if one, ok := opsgenieName("", v); ok {
			b.Responders = append(b.Responders, one)
		}
	}
	for field, kind := range map[string]string{"owner": "user", "team": "team", "responder": "", "escalation": "escalation"} {
		if one, ok := opsgenieName(kind, o[field]); ok {
			b.One = one
		}
	}
	return b, nil
}

// opsgenieName reads who is meant: {"type":"team","name":"dba"}.
func opsgenieName(kind string, v any) (n OpsgenieName, ok bool) {
	o, _ := v.(object)
	n.Type = strings.ToLower(text(o["type"]))
	if kind != "" {
		n.Type = kind
	}
	for _, field := range []string{"username", "name", "id"} {
		if n.Name == "" {
			n.Name = line(text(o[field]), maxName)
		}
	}
	return n, n.Name != ""
}

// opsgenieTagsOf are tags, each once; a comma parts two, as it does in Opsgenie's URLs.
func opsgenieTagsOf(v any) (tags []string) {
	for _, one := range elements(v) {
		tags = append(tags, OpsgenieTags(text(one))...)
	}
	return MergeTags(nil, tags)
}

// OpsgenieTags are the tags of a list with commas.
func OpsgenieTags(list string) (tags []string) {
	for one := range strings.SplitSeq(list, ",") {
		if one = line(one, opsgenieTag); one != "" {
			tags = append(tags, one)
		}
	}
	return tags
}

// MergeTags adds tags to others, each once, as many as Opsgenie takes.
func MergeTags(to, tags []string) []string {
	to = slices.Clip(to)
	for _, one := range tags {
		if len(to) < opsgenieTags && !slices.Contains(to, one) {
			to = append(to, one)
		}
	}
	return to
}

// opsgenieDetailsOf are details, all together no longer than Opsgenie takes.
func opsgenieDetailsOf(v any) map[string]string {
	o, _ := v.(object)
	var details map[string]string
	left := opsgenieDetails
	for _, name := range sorted(o) {
		value := clean(text(o[name]), left)
		if left -= len(name) + len(value); left <= 0 {
			break
		}
		put(&details, name, value, maxDetails, opsgenieDetails)
	}
	return details
}

// OpsgenieSeverity is what a priority of Opsgenie means here: P1 is SEV1; "" when it is
// no priority.
func OpsgenieSeverity(priority string) org.Severity {
	if len(priority) == 2 && priority[0] == 'P' {
		if s := org.Severity("SEV" + priority[1:]); s.Valid() {
			return s
		}
	}
	return ""
}

// OpsgenieKey is the dedup key of an alias.
func OpsgenieKey(alias string) string {
	alias = strings.TrimSpace(alias)
	if alias == clean(alias, opsgenieAlias) && alias != alert.UnreadableKey {
		return alias
	}
	return "sha256:" + hash(alias)
}

func (Opsgenie) Parse(_ map[string][]string, body []byte) ([]alert.Event, error) {
	if len(body) == 0 {
		return nil, &Unreadable{"the body is empty"}
	}
	b, err := ReadOpsgenie(body)
	if err != nil {
		return nil, err
	}
	if b.Message == "" {
		return nil, &Unprocessable{map[string]string{"message": "Message can not be empty."}}
	}
	ev := alert.Event{
		Action: alert.Trigger, Key: OpsgenieKey(b.Alias), Title: b.Message, Text: b.Description,
		Severity: OpsgenieSeverity(b.Priority), Details: b.Details,
	}
	if ev.Severity == "" {
		ev.Severity = org.SEV3 // Opsgenie's own default
	}
	putLabel(&ev, "tags", strings.Join(b.Tags, ","))
	putLabel(&ev, "entity", b.Entity)
	putLabel(&ev, "source", b.Source)
	var all []string
	for _, r := range b.Responders {
		all = append(all, r.Type+":"+r.Name)
	}
	putLabel(&ev, "responders", strings.Join(all, ","))
	events := []alert.Event{ev}
	if b.Note != "" {
		events = append(events, alert.Event{Action: alert.Note, Key: ev.Key, Text: b.Note, By: b.User})
	}
	return events, nil
}
