package source

import (
	"strings"
	"unicode"

	"tocsin/alert"
)

// Names are compared without case and punctuation: alert_id, alertId and "Alert ID"
// are one. In a list the better name stands first.

// envelopes are objects that hold the event; things are objects that hold what it is
// about, of which only identity and name count, with the thing's name before them.
var (
	envelopes = set("alert", "event", "data", "incident", "issue", "problem", "payload", "details", "notification",
		"heartbeat", "essentials", "body", "result", "alarm", "detail", "context", "ticket", "metricalert", "objectattributes",
		"alertgroup", "checkrun", "workflowrun", "checksuite")
	things = set("monitor", "check", "entity", "host", "service", "rule", "trigger", "resource", "policy", "condition",
		"stream", "sensor", "device", "repository", "workflow", "item")
	// toldAsObjects may be written {"value": "ALARM", ...}.
	toldAsObjects = set("state", "status", "severity", "priority", "level")
	labelHolders  = set("labels", "tags", "dimensions", "meta", "fields", "alerttags", "customlabels", "systemlabels",
		"userlabels", "policyuserlabels")
)

var (
	stateNames = []string{"eventaction", "action", "alertaction", "messagetype", "notificationtype", "alerttransition",
		"transition", "currentstate", "newstate", "newstatevalue", "alertstate", "state", "monitorcondition",
		"alertstatus", "status", "currentstatus", "servicestate", "hoststate", "alerttypefriendlyname", "eventtype",
		"alerttype", "triggertype", "conclusion", "result", "eventname", "clear", "event", "type"}
	// verbNames may also ask for a note, an update, a change or a heartbeat. Elsewhere
	// those words name something else: a Deployment that fails is no change.
	verbNames = set("eventaction", "action", "alertaction", "eventtype")
	// trueNames fire when they are true, falseNames when they are false.
	trueNames  = []string{"firing", "isfiring", "triggered", "alerting", "isalert", "active", "isactive", "alarm", "down", "isdown", "failed"}
	falseNames = []string{"resolved", "isresolved", "recovered", "isok", "up", "isup", "healthy", "ishealthy", "closed"}

	keyNames = []string{"dedupkey", "dedup", "deduplicationkey", "dedupid", "incidentkey", "alias", "alertuid",
		"fingerprint", "alertkey", "originalertid", "alertid", "issueidentifier", "incidentid", "problemid", "issueid", "alertcyclekey",
		"aggregkey", "alarmarn", "ticketid", "metricalertid", "alertgroupid", "correlationid", "groupkey"}
	// thingKeys name the thing and not the alert: only all of them together are a key.
	thingKeys = []string{"entityid", "hostid", "serviceid", "deviceid", "sensorid", "monitorid", "checkid", "triggerid",
		"ruleid", "ruleuid", "streamid", "conditionid", "eventdefinitionid", "testid", "itemid", "repositoryid", "workflowid",
		"checkrunname", "headbranch"}
	looseKeys  = []string{"key", "uid"}
	linkKeys   = []string{"triggerid", "alertid", "incidentid", "monitorid", "checkid"}
	whereNames = []string{"host", "hostname", "node", "server", "instance", "device", "target", "resource", "resourcename",
		"entity", "entityname", "monitorurl"}
	whatNames = []string{"servicename", "servicedesc", "servicedescription", "service", "checkname", "check", "sensor",
		"sensorname", "monitor", "monitorname", "monitorfriendlyname", "alertname", "alarmname", "rulename", "conditionname",
		"policyname", "searchname", "jobname", "job", "queue", "probe"}

	titleNames = []string{"title", "summary", "subject", "headline", "eventtitle", "alerttitle", "problemtitle", "messagetitle", "displaytitle", "checkrunname", "entitydisplayname",
		"alertname", "alarmname", "rulename", "message", "msg", "shortmessage", "statemessage", "trigger", "searchname",
		"checkname", "monitorname", "monitorfriendlyname", "eventdefinitiontitle", "description", "text", "name", "body", "output"}
	textNames = []string{"description", "details", "alertdetails", "text", "body", "message", "longdescription",
		"statemessage", "msg", "reason", "newstatereason", "messagebody", "bodyplain", "serviceoutput", "hostoutput", "output", "note", "comment", "error", "errormessage", "content"}
	severityNames = []string{"severity", "sev", "alertseverity", "level", "alertlevel", "loglevel", "criticality",
		"priority", "alertpriority", "urgency", "importancelevel", "importance", "impact"}
	byNames = []string{"acknowledgedby", "ackedby", "ackauthor", "author", "username", "user", "actor", "by"}

	beganNames = []string{"startsat", "startedat", "start", "triggeredat", "firedat", "fireddatetime", "occurredat",
		"createdat", "openedat", "statechangedtimestamp"}
	endedNames = []string{"endsat", "endedat", "end", "resolvedat", "resolveddatetime", "closedat", "recoveredat",
		"statechangedtimestamp"}
	sentNames = []string{"timestamp", "time", "at", "datetime", "date", "eventtime", "eventtimestamp", "updatedat"}

	// labelNames are fields that say where or whose, and so are worth matching.
	labelNames = set(append(append([]string{"environment", "env", "team", "cluster", "region", "namespace", "source",
		"component", "group", "class", "application", "app", "customer", "site", "datacenter", "severity"},
		whereNames...), whatNames...)...)
)

// states are the words that say what happens. Words that could go either way
// ("pending", "completed", "unknown") are not among them: what says no state fires.
var states = byWord(map[alert.Action]string{
	alert.Trigger: `firing fire fired trigger triggered alert alerting alarm alarmed problem down open opened new created
		active activated start started raised raise set breached degraded outage unreachable offline unhealthy failing fail
		failed failure error unresolved anomalous critical warning crit warn emergency fatal major minor disaster unavailable`,
	alert.Resolve: `resolved resolve ok okay up recovered recover recovery restored clear cleared close closed normal
		healthy fixed end ended inactive success successful succeeded passed good online operational available solved
		deactivated cancelled canceled`,
	alert.Acknowledge:   `ack acked acknowledge acknowledged acknowledgement acknowledgment accepted`,
	alert.Unacknowledge: `unack unacked unacknowledge unacknowledged`,
	alert.Note: `note comment commented addnote insufficientdata downtimestart downtimeend downtimecancelled flappingstart
		flappingstop flappingdisabled paused`,
	alert.Update:    `update updated`,
	alert.Change:    `change changed deploy deployment deployed release released`,
	alert.Heartbeat: `heartbeat alive keepalive`,
})

// titleStates are the states that senders put before or after a title. They are left
// out of a key made from the title.
var titleStates = set("firing", "alerting", "triggered", "problem", "down", "open", "opened", "resolved", "recovered",
	"recovery", "ok", "up", "clear", "cleared", "closed", "alert")

func byWord(words map[alert.Action]string) map[string]alert.Action {
	m := map[string]alert.Action{}
	for a, list := range words {
		for _, w := range strings.Fields(list) {
			m[w] = a
		}
	}
	return m
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// plain is a name without case and punctuation.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// state reads what a short text says of the state: the whole of it, or else its last
// or first word ("alert.resolved", "ALERT_NOTIFICATION_CLEAR", "Down (timeout)"). A
// negation says nothing. A word that can only be an end counts wherever it stands
// ("POLICY_CLOSE_CRITICAL", "ResolvedCritical"), unless it failed.
func state(s string) (alert.Action, bool) {
	if len(s) > 64 {
		return "", false
	}
	if a, ok := states[plain(s)]; ok {
		return a, true
	}
	words := strings.FieldsFunc(strings.ToLower(unjoined(s)), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 || len(words) > 5 {
		return "", false
	}
	for _, w := range words {
		if w == "not" || w == "no" || w == "un" {
			return "", false
		}
	}
	last := words[len(words)-1]
	for _, w := range words {
		if ends[w] && !strings.HasPrefix(last, "fail") && last != "error" {
			return alert.Resolve, true
		}
	}
	if a, ok := states[last]; ok {
		return a, true
	}
	a, ok := states[words[0]]
	return a, ok
}

// ends are the words that say nothing but that it is over.
var ends = set("resolved", "recovered", "recovery", "cleared", "closed", "close", "cancelled", "canceled", "ended")

// unjoined puts a space before each capital that follows a small letter.
func unjoined(s string) string {
	var b strings.Builder
	small := false
	for _, r := range s {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		small = unicode.IsLower(r)
	}
	return b.String()
}

// placeholder says whether a value is a template that the sender did not fill in.
func placeholder(s string) bool {
	if len(s) < 2 {
		return false
	}
	first, last := s[0], s[len(s)-1]
	return first == '$' && !strings.ContainsAny(s, " .,0123456789") ||
		strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") ||
		strings.HasPrefix(s, "${") && last == '}' ||
		first == '*' && last == '*' || first == '%' && last == '%'
}

// bracketed finds a state in brackets or before a colon at the start of a title:
// "[RESOLVED] disk full", "Recovery: disk full".
func bracketed(title string) (alert.Action, bool) {
	var found alert.Action
	for rest := title; ; {
		_, inner, ok := strings.Cut(rest, "[")
		if !ok {
			break
		}
		inner, rest, _ = strings.Cut(inner, "]")
		if a, ok := state(inner); ok && (found == "" || a == alert.Trigger) {
			found = a // in doubt it fires
		}
	}
	if found != "" {
		return found, true
	}
	if before, _, ok := strings.Cut(title, ":"); ok && !strings.ContainsRune(before, ' ') {
		return state(before)
	}
	return "", false
}

// stableTitle is a title without brackets before it and states around it, which
// differ between a trigger and its resolve.
func stableTitle(title string) string {
	words := strings.Fields(title)
	for len(words) > 1 {
		w := words[0]
		bracket := strings.HasPrefix(w, "[") && strings.HasSuffix(w, "]")
		prefix := strings.HasSuffix(w, ":") && titleStates[plain(w)]
		if !bracket && !prefix {
			break
		}
		words = words[1:]
	}
	for len(words) > 1 && titleStates[plain(words[len(words)-1])] {
		words = words[:len(words)-1]
		if last := words[len(words)-1]; len(words) > 1 && (last == "is" || last == "now") {
			words = words[:len(words)-1]
		}
	}
	return strings.Join(words, " ")
}
