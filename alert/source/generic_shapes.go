package source

import (
	"maps"
	"strings"

	"tocsin/alert"
)

// A shape is a kind of body that its fields' names alone would not explain. It is known
// by its structure, and read by its meaning.
type shape struct {
	like func(object) bool
	read func(object) ([]alert.Event, error)
}

// shapes is a function because what reads an envelope reads its content by the shapes.
func shapes() []shape {
	return []shape{
		{likeSNS, readSNS},
		{likeEventBridge, readEventBridge},
		{likeKuma, readKuma},
		{likePagerDutyChange, readChange},
		{likeObjectLog, readChange},
		{likeTest, readTest},
	}
}

// has says whether an object has all of these fields.
func has(o object, names ...string) bool {
	for _, n := range names {
		if lookup(o, n) == nil {
			return false
		}
	}
	return true
}

// as reads an event and says what it is, whatever its words say.
func as(a alert.Action, o object) ([]alert.Event, error) {
	events, err := one(o)
	for i := range events {
		events[i].Action = a
	}
	return events, err
}

// likeSNS: the envelope of Amazon's SNS, which calls itself text/plain.
func likeSNS(o object) bool {
	return has(o, "Type", "MessageId", "TopicArn") || has(o, "Type", "TopicArn", "SubscribeURL")
}

// readSNS opens the envelope. What is in it is JSON, or words. That a topic wants its
// subscription confirmed is not an alarm: whoever set it up presses the link.
func readSNS(o object) ([]alert.Event, error) {
	topic := text(lookup(o, "TopicArn"))
	if kind := text(lookup(o, "Type")); kind != "Notification" {
		ev := alert.Event{
			Action: alert.Note, Key: dedupKey("sns " + kind + " " + topic),
			Title: line("SNS "+kind+": "+topic, maxTitle), Text: clean(text(lookup(o, "Message")), maxText), At: when(text(lookup(o, "Timestamp"))),
		}
		putLink(&ev, text(lookup(o, "SubscribeURL")), "confirm the subscription", false)
		return []alert.Event{ev}, nil
	}
	message := strings.TrimSpace(text(lookup(o, "Message")))
	if strings.HasPrefix(message, "{") {
		if inner, err := decodeObject([]byte(message)); err == nil {
			inner = maps.Clone(inner)
			if has(inner, "AlarmName", "NewStateValue") {
				return cloudWatch(inner)
			}
			if lookup(inner, "subject") == nil && lookup(inner, "title") == nil {
				inner["subject"] = text(lookup(o, "Subject"))
			}
			return genericElement(inner)
		}
	}
	return one(object{"subject": text(lookup(o, "Subject")), "message": message, "timestamp": text(lookup(o, "Timestamp")), "topic": topic})
}

// cloudWatch: an alarm is known by its ARN, or else by its account, region and name.
// One that lacks data says nothing of what it watches, which is a note.
func cloudWatch(o object) ([]alert.Event, error) {
	name := text(lookup(o, "AlarmName"))
	o["title"] = either(name+": "+text(lookup(o, "AlarmDescription")), name)
	if blank(lookup(o, "AlarmDescription")) {
		o["title"] = name
	}
	if blank(lookup(o, "AlarmArn")) {
		o["alarmarn"] = strings.Join([]string{text(lookup(o, "AWSAccountId")), text(lookup(o, "Region")), name}, "/")
	}
	if plain(text(lookup(o, "NewStateValue"))) == "insufficientdata" {
		o["action"] = "note"
	}
	if at := lookup(o, "StateChangeTime"); at != nil {
		o["timestamp"] = at
	}
	return one(o)
}

// likeEventBridge: an event of Amazon's EventBridge. Its id is the message's, not the
// thing's.
func likeEventBridge(o object) bool { return has(o, "detail-type", "detail", "source") }

func readEventBridge(o object) ([]alert.Event, error) {
	o = maps.Clone(o)
	delete(o, "id")
	if all := elements(lookup(o, "resources")); len(all) > 0 && !blank(all[0]) {
		o["resource"] = text(all[0])
	}
	return one(o)
}

// likeKuma: Uptime Kuma tells the state of a monitor by a number, and a test by having
// neither monitor nor state.
func likeKuma(o object) bool {
	beat, there := o["heartbeat"]
	_, monitor := o["monitor"]
	_, told := beat.(object)
	return there && monitor && (told || beat == nil) && lookup(o, "msg") != nil
}

func readKuma(o object) ([]alert.Event, error) {
	beat, ok := o["heartbeat"].(object)
	if !ok {
		return as(alert.Test, o)
	}
	switch text(beat["status"]) {
	case "0":
		return as(alert.Trigger, o)
	case "1":
		return as(alert.Resolve, o)
	case "2", "3": // pending, maintenance
		return as(alert.Note, o)
	}
	return one(o)
}

// likePagerDutyChange: a change event in PagerDuty's dialect.
func likePagerDutyChange(o object) bool {
	p, ok := o["payload"].(object)
	return ok && has(o, "routing_key") && has(p, "summary") && lookup(o, "event_action") == nil && lookup(p, "severity") == nil
}

// likeObjectLog: somebody created, updated or deleted an entry of an inventory.
func likeObjectLog(o object) bool {
	switch strings.ToLower(text(lookup(o, "event"))) {
	case "created", "updated", "deleted":
		return has(o, "model", "data") || has(o, "snapshots")
	}
	return false
}

func readChange(o object) ([]alert.Event, error) {
	events, err := as(alert.Change, o)
	for i := range events {
		events[i].Severity = ""
		if likeObjectLog(o) {
			events[i].Title = line(strings.TrimSpace(text(lookup(o, "model"))+" "+text(lookup(o, "event"))+" by "+text(lookup(o, "username"))), maxTitle)
		}
	}
	return events, err
}

// testNames are the fields in which "test" means the event, and not what it is about.
var testNames = []string{"current_state", "state", "event_type", "alert_type", "notification_type", "message_type", "event_action"}

// likeTest: the sender says that it is being tried, or says nothing but a few words
// that a test is made of.
func likeTest(o object) bool {
	for _, n := range testNames {
		switch plain(text(lookup(o, n))) {
		case "test", "testing", "testnotification", "testalert", "testevent":
			return true
		}
	}
	if len(o) != 1 {
		return false
	}
	said := strings.Fields(strings.ToLower(either(text(o["msg"]), text(o["message"]), text(o["text"]))))
	tests := false
	for _, w := range said {
		w = plain(w)
		tests = tests || w == "test" || w == "testing"
		if w != "" && !testWords[w] {
			return false
		}
	}
	return tests
}

var testWords = set("test", "testing", "webhook", "hook", "message", "notification", "alert", "event", "this", "is", "a", "an", "the",
	"just", "only", "from", "for", "of", "connection", "integration", "channel", "hello")

func readTest(o object) ([]alert.Event, error) { return as(alert.Test, o) }
