package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"tocsin/internal/web"
)

// Header values that every reply shares.
var (
	noSniff    = []string{"nosniff"}
	jsonType   = []string{"application/json"}
	retryAfter = []string{"5"}
)

// write answers with JSON.
func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	if status == http.StatusServiceUnavailable {
		h["Retry-After"] = retryAfter
	}
	w.WriteHeader(status)
	w.Write(body) // whoever has gone will ask again
}

// refuse tells a fault in a dialect.
func refuse(w http.ResponseWriter, dialect string, status int, why ...string) {
	switch dialect {
	case "html":
		web.Fault(w, status)
	case "pagerduty":
		pagerDutyFault(w, status, why)
	case "pagerduty v1":
		if status == http.StatusTooManyRequests {
			status = http.StatusForbidden // what clients of version 1 take for "later"
		}
		pagerDutyFault(w, status, why)
	case "opsgenie":
		opsgenieFault(w, status, why[0], nil)
	case amDialect:
		alertmanagerFault(w, &amFault{status, status, why[0]})
	default:
		problem(w, status, why)
	}
}

// problem tells a fault as RFC 9457 wants it.
func problem(w http.ResponseWriter, status int, why []string) {
	var p struct {
		Title  string   `json:"title"`
		Status int      `json:"status"`
		Detail string   `json:"detail"`
		Errors []string `json:"errors,omitempty"`
	}
	p.Title, p.Status, p.Detail = http.StatusText(status), status, why[0]
	if len(why) > 1 {
		p.Errors = why
	}
	body, _ := json.Marshal(p) // texts and a number
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if status == http.StatusServiceUnavailable {
		h["Retry-After"] = retryAfter
	}
	w.WriteHeader(status)
	w.Write(body)
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			text, _ := json.Marshal(s)
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// accepted answers a webhook.
func accepted(w http.ResponseWriter, events int, fault error) {
	var room [128]byte
	b := append(room[:0], `{"status":"accepted","events":`...)
	b = strconv.AppendInt(b, int64(events), 10)
	if fault != nil {
		b = append(b, `,"errors":[`...)
		b = appendText(b, fault.Error())
		b = append(b, ']')
	}
	write(w, http.StatusAccepted, append(b, '}'))
}
