package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/url"
	"strings"
	"time"

	"tocsin/alert"
)

// ResolveTimeout is how long an alert fires whose sender gives it no end.
const ResolveTimeout = 5 * time.Minute

// A PostFault is why Alertmanager's API would refuse a post. A Code of 0 means that the
// reply is the message alone, as a JSON string.
type PostFault struct {
	Status  int
	Code    int
	Message string
}

func (e *PostFault) Error() string { return e.Message }

// PostedAlerts reads what is posted to Alertmanager's API v2 as Prometheus does it: each
// alert says what holds until its end, and is said again before that. It fires if its
// end is yet to come. Good alerts are returned whatever the others are: the error, a
// *PostFault or, when nothing could be read, an *Unreadable too, tells of those.
//
// When the firing began is not held against a repetition: two Prometheus servers that
// watch the same never agree on it.
func PostedAlerts(body []byte, now time.Time) ([]alert.Event, error) {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, &PostFault{422, 602, "alerts in body is required"}
	}
	if d := depth(body); d > maxDepth {
		return nil, unreadablePost(fmt.Errorf("nested %d levels deep", d))
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, unreadablePost(err)
	}
	var events []alert.Event
	var broken, missing *PostFault
	var invalid []error
	for i, one := range raw {
		var v any
		_ = decode(one, &v) // it is good JSON: Unmarshal has read it
		a, ok := v.(object)
		if !ok {
			if broken == nil {
				broken = parseFault(fmt.Errorf("json: cannot unmarshal %s into Go value of type models.PostableAlert", kindOf(v)))
			}
			continue
		}
		labels := lookup(a, "labels")
		if labels == nil {
			if missing == nil {
				missing = &PostFault{422, 602, fmt.Sprintf("%d.labels in body is required", i)}
			}
			continue
		}
		if _, ok := labels.(object); !ok {
			if broken == nil {
				broken = parseFault(fmt.Errorf("json: cannot unmarshal %s into Go struct field PostableAlert.labels of type models.LabelSet", kindOf(labels)))
			}
			continue
		}
		if u := text(lookup(a, "generatorURL")); u != "" && missing == nil {
			if _, err := url.ParseRequestURI(u); err != nil { // the alert is worth more than its link
				missing = &PostFault{422, 601, fmt.Sprintf("%d.generatorURL in body must be of type uri: %q", i, u)}
			}
		}
		ev, err := posted(a, now)
		if err != nil {
			invalid = append(invalid, err)
			continue
		}
		events = append(events, ev)
	}
	switch {
	case broken != nil:
		return events, errors.Join(broken, &Unreadable{broken.Message})
	case missing != nil:
		return events, missing
	case len(invalid) > 0:
		return events, &PostFault{400, 0, errors.Join(invalid...).Error()}
	}
	return events, nil
}

// unreadablePost is the reply to what is no list of alerts.
func unreadablePost(err error) error {
	why := err
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		why = fmt.Errorf("json: cannot unmarshal %s into Go value of type models.PostableAlerts", wrong.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), err.Error() == "unexpected end of JSON input":
		why = io.ErrUnexpectedEOF
	}
	return errors.Join(parseFault(why), &Unreadable{clean(why.Error(), maxDetail)})
}

func parseFault(err error) *PostFault {
	return &PostFault{400, 400, fmt.Sprintf(`parsing alerts body from "" failed, because %v`, err)}
}

// kindOf is what JSON calls a value.
func kindOf(v any) string {
	switch v.(type) {
	case object:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "bool"
	case nil:
		return "null"
	}
	return "number"
}

// posted reads one alert.
func posted(a object, now time.Time) (ev alert.Event, err error) {
	labels, notes := pairs(lookup(a, "labels")), pairs(lookup(a, "annotations"))
	began, ends := when(text(lookup(a, "startsAt"))), when(text(lookup(a, "endsAt")))
	describe(&ev, labels, notes)
	switch {
	case !began.IsZero() && !ends.IsZero() && ends.Before(began):
		return ev, errors.New("start time must be before end time")
	case len(ev.Labels) == 0:
		return ev, errors.New("at least one label pair required")
	}
	if ends.IsZero() {
		ends = now.Add(ResolveTimeout)
	}
	ev.Action, ev.At, ev.Until = alert.Trigger, began, ends
	if !ends.After(now) {
		ev.Action, ev.At = alert.Resolve, ends
	}
	ev.Key = Fingerprint(labels)
	alertLinks(&ev, a, notes)
	return ev, nil
}

// Fingerprint is what Alertmanager calls an alert with these labels.
func Fingerprint(labels map[string]string) string {
	h := fnv.New64a()
	for _, k := range sorted(labels) {
		if labels[k] != "" {
			h.Write([]byte(k + "\xff" + labels[k] + "\xff"))
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
