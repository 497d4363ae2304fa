package source

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"

	"tocsin/alert"
)

// Generic reads JSON whose shape nobody told us, forms, and plain text. It knows what
// monitoring calls things: it finds the state, the key, the title, the severity and
// the rest by the names senders use (generic_words.go), at the top or in the usual
// envelopes, and everything else goes to the details.
//
// A list is an event for each element; so is a list under "alerts", "events" or
// "incidents". A body that is Alertmanager's is read as that. What says no state is a
// trigger. What gives no key gets one from what it is about (host, service, check) or,
// failing that, from its title without the words that say how it goes, so that
// "[FIRING] disk full" and "[RESOLVED] disk full" meet.
type Generic struct{}

func (Generic) Name() string { return "generic" }

// maxEvents is how many events one body may hold.
const maxEvents = 5000

func (Generic) Parse(head map[string][]string, body []byte) ([]alert.Event, error) {
	kind := contentType(head)
	text := strings.TrimSpace(strings.TrimPrefix(string(body), "\xef\xbb\xbf"))
	switch {
	case text == "":
		return nil, &Unreadable{"the body is empty"}
	case text[0] == '{' || text[0] == '[':
		return genericJSON(body)
	case kind == "application/x-www-form-urlencoded":
		return genericForm(text)
	case kind == "text/plain" && text[0] != '<' && text[0] != '"':
		return one(object{"message": text})
	}
	return nil, &Unreadable{"neither JSON nor a form"}
}

// why is what an *Unreadable says.
func why(err error) string {
	var u *Unreadable
	if errors.As(err, &u) {
		return u.Why
	}
	return err.Error()
}

func contentType(head map[string][]string) string {
	for name, values := range head {
		if strings.EqualFold(name, "Content-Type") && len(values) > 0 {
			kind, _, err := mime.ParseMediaType(values[0])
			if err == nil {
				return kind
			}
		}
	}
	return ""
}

// genericJSON reads all values of a body: one, or one a line.
func genericJSON(body []byte) ([]alert.Event, error) {
	all, err := decodeAll(body)
	events, bad := []alert.Event(nil), []string(nil)
	if err != nil {
		bad = append(bad, why(err))
	}
	for _, v := range all {
		for i, element := range elements(v) {
			if len(events) >= maxEvents {
				return events, &Unreadable{fmt.Sprintf("more than %d events", maxEvents)}
			}
			more, err := genericElement(element)
			events = append(events, more...)
			if err != nil {
				bad = append(bad, fmt.Sprintf("element %d: %s", i+1, why(err)))
			}
		}
	}
	if len(bad) > 0 {
		return events, &Unreadable{clean(strings.Join(bad, "; "), maxDetail)}
	}
	return events, nil
}

// genericElement reads what stands for one event, or for a list of them.
func genericElement(v any) ([]alert.Event, error) {
	o, ok := v.(object)
	if !ok {
		return nil, &Unreadable{"not a JSON object"}
	}
	if likeAlertmanager(o) {
		ev, fault := firing(o, nil)
		if fault != "" {
			return nil, &Unreadable{fault}
		}
		return []alert.Event{ev}, nil
	}
	if likeGrafanaLegacy(o) {
		return grafanaRule(o)
	}
	for _, s := range shapes() {
		if s.like(o) {
			return s.read(o)
		}
	}
	for _, name := range []string{"alerts", "events", "incidents"} {
		list, ok := lookup(o, name).([]any)
		if !ok || len(list) == 0 {
			continue
		}
		if first, ok := list[0].(object); ok && likeAlertmanager(first) {
			return notification(o)
		}
		if _, ok := list[0].(object); ok {
			return inherited(o, list)
		}
	}
	return one(o)
}

// likeAlertmanager says whether an object is an alert as Prometheus writes it.
func likeAlertmanager(o object) bool {
	_, labels := o["labels"].(object)
	_, annotations := o["annotations"].(object)
	_, starts := o["startsAt"]
	return labels && (annotations || starts)
}

// inherited reads a list of events; each has what stands beside the list, unless it
// says otherwise itself.
func inherited(parent object, list []any) (events []alert.Event, err error) {
	bad := 0
	for _, v := range list {
		o, ok := v.(object)
		if !ok || len(events) >= maxEvents {
			bad++
			continue
		}
		whole := object{}
		for k, v := range parent {
			if _, ok := scalar(v); ok {
				whole[k] = v
			}
		}
		for k, v := range o {
			whole[k] = v
		}
		more, _ := one(whole)
		events = append(events, more...)
	}
	if bad > 0 {
		err = &Unreadable{fmt.Sprintf("%d of %d elements", bad, len(list))}
	}
	return events, err
}

// genericForm reads a form. Some senders put JSON into one field of it, and curl calls
// plain text a form.
func genericForm(body string) ([]alert.Event, error) {
	values, err := url.ParseQuery(body)
	if err != nil && len(values) == 0 {
		return nil, &Unreadable{err.Error()}
	}
	o := object{}
	for k, v := range values {
		if len(values) == 1 && len(v) == 1 && v[0] == "" {
			return one(object{"message": k})
		}
		o[k] = strings.Join(v, ", ")
	}
	for _, name := range []string{"payload", "data", "json", "alert"} {
		s, _ := o[name].(string)
		if s = strings.TrimSpace(s); strings.HasPrefix(s, "{") {
			return genericJSON([]byte(s))
		}
	}
	return one(o)
}

// one reads one event.
func one(o object) ([]alert.Event, error) {
	if len(o) == 0 {
		return nil, &Unreadable{"an empty object"}
	}
	fs := gather(o)
	var ev alert.Event
	var word string // what the state says, for the severity
	ev.Action, word = fs.action()
	fs.labels(&ev, o)
	fs.words(&ev, word)
	ev.Severity = fs.severity(&ev, word)
	ev.Key = fs.key(&ev, o)
	ev.At = fs.time(ev.Action)
	switch ev.Action {
	case alert.Acknowledge, alert.Unacknowledge, alert.Note:
		by, _ := fs.shallow(byNames)
		ev.By = line(by, maxName)
	}
	fs.links(&ev, o)
	for _, k := range sorted(o) {
		if s, ok := o[k].(string); ok && (s == ev.Title || s == ev.Text) || labelHolders[plain(k)] {
			continue
		}
		flatten(&ev, k, o[k], 2)
	}
	return []alert.Event{ev}, nil
}
