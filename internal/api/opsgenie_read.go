package api

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// request tells how a request went. While its events wait for triage it is "not
// processed", which clients know as a 404 with a header of its own.
func (c *ogCall) request(id string) error {
	var r store.Request
	var a alert.Alert
	settled, err := c.engine.Until(c.r.Context(), seesItself, func(tx *store.Tx) (bool, error) {
		var err error
		if r, err = tx.Request(id); err != nil || r.Integration != c.in.ID {
			return true, cmp.Or(err, error(store.ErrNotFound))
		}
		if r.Decided {
			return true, nil
		}
		if waits, err := tx.Waits(c.in.ID, r.Key, r.At); err != nil || waits {
			return false, err
		}
		a, err = tx.AlertOf(store.AlertKey{Integration: c.in.ID, Key: r.Key}, r.At)
		if errors.Is(err, store.ErrNotFound) {
			r.Failure, err = errNoAlert.message, nil
		}
		return true, err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &ogFault{http.StatusNotFound, "Request not found", nil}
	case err != nil:
		return err
	case !settled:
		c.w.Header().Set("X-Opsgenie-Errortype", "RequestNotProcessed")
		return &ogFault{http.StatusNotFound, "Request not found. It might not be processed, yet.", nil}
	}
	if !r.Decided && a.ID != "" {
		r.Alert = a.ID
		if r.Action != "Create" && !a.Open && a.ResolvedAt.Before(r.At) {
			r.Failure = "Alert is already closed"
		}
	}
	data := map[string]any{
		"success": r.Failure == "", "isSuccess": r.Failure == "", "action": r.Action, "processedAt": r.At.Format(time.RFC3339Nano),
		"integrationId": c.in.ID, "status": cmp.Or(r.Failure, ogStatus(r.Action)), "alertId": r.Alert, "alias": r.Key,
	}
	return c.answer(http.StatusOK, map[string]any{"data": data})
}

// ogStatus is how a request went well, in a few words.
func ogStatus(action string) string {
	if action == "Create" {
		return "Created alert"
	}
	return action + " done"
}

// get shows an alert.
func (c *ogCall) get(id string) error {
	a, err := c.find(id)
	if err != nil {
		return err
	}
	var l listed
	err = c.engine.Read(c.r.Context(), func(tx *store.Tx) (err error) {
		l, err = withIncident(tx, a)
		return err
	})
	if err != nil {
		return err
	}
	said := l.show(c.in)
	said["entity"], said["description"], said["actions"] = a.Last.Labels["entity"], a.Last.Text, []string{}
	details := a.Last.Details
	if details == nil {
		details = map[string]string{}
	}
	said["details"] = details
	return c.answer(http.StatusOK, map[string]any{"data": said})
}

// A listed is an alert with its incident.
type listed struct {
	alert.Alert
	in incident.Incident
}

func withIncident(tx *store.Tx, a alert.Alert) (listed, error) {
	if a.Subject == "" { // it waits: nobody was called for it
		return listed{a, incident.Incident{
			Status: incident.Triggered, Title: a.Title, Service: a.Service, Severity: a.Severity, Priority: alert.PriorityOf(a.Severity), At: a.LastAt, OpenedAt: a.FirstAt,
		}}, nil
	}
	sub, err := tx.Subject(a.Subject)
	if err != nil {
		return listed{Alert: a}, err
	}
	return listed{a, sub.Incident}, nil
}

func (l listed) acknowledged() bool { return l.Open && l.in.Status == incident.Acknowledged }
func (l listed) snoozed() bool      { return l.Open && l.in.Status == incident.Snoozed }

func (l listed) status() string {
	if l.Open {
		return "open"
	}
	return "closed"
}

// updated is when something last happened to the alert or its incident.
func (l listed) updated() time.Time {
	at := l.LastAt
	for _, t := range []time.Time{l.ResolvedAt, l.in.At} {
		if t.After(at) {
			at = t
		}
	}
	return at
}

// show is the alert as Opsgenie's lists show it.
func (l listed) show(in org.Integration) map[string]any {
	report := map[string]any{}
	if !l.in.OwnedAt.IsZero() {
		report["ackTime"], report["acknowledgedBy"] = l.in.OwnedAt.Sub(l.FirstAt).Milliseconds(), l.in.Owner
	}
	if !l.Open {
		report["closeTime"] = l.ResolvedAt.Sub(l.FirstAt).Milliseconds()
	}
	responders := []map[string]string{}
	for one := range strings.SplitSeq(l.Last.Labels["responders"], ",") {
		if kind, name, ok := strings.Cut(one, ":"); ok {
			responders = append(responders, map[string]string{"type": kind, "name": name, "id": name})
		}
	}
	said := map[string]any{
		"id": l.ID, "tinyId": tinyOf(l.ID), "alias": l.Key, "message": l.Title, "status": l.status(),
		"acknowledged": l.acknowledged(), "isSeen": len(l.in.Answered) > 0, "seen": len(l.in.Answered) > 0,
		"tags": append([]string{}, tagsOf(l.Alert)...), "snoozed": l.snoozed(), "count": l.Count,
		"lastOccurredAt": l.LastAt.Format(time.RFC3339Nano), "createdAt": l.FirstAt.Format(time.RFC3339Nano),
		"updatedAt": l.updated().Format(time.RFC3339Nano), "source": l.Last.Labels["source"], "owner": l.in.Owner,
		"priority": priorityOf(l.Severity), "responders": responders, "report": report,
		"integration": map[string]any{"id": in.ID, "name": in.Name, "type": "API"},
	}
	if l.snoozed() {
		said["snoozedUntil"] = l.in.SnoozeUntil.Format(time.RFC3339Nano)
	}
	return said
}

// priorityOf is a severity in Opsgenie's words.
func priorityOf(s org.Severity) string {
	if !s.Valid() {
		s = org.SEV3
	}
	return "P" + string(s)[3:]
}

// tagsOf are the tags of an alert.
func tagsOf(a alert.Alert) []string {
	if a.Last.Labels["tags"] == "" {
		return nil
	}
	return strings.Split(a.Last.Labels["tags"], ",")
}

const (
	listMost = 100   // alerts of one page
	listDeep = 20000 // alerts that a list looks at, newest first
)

// matching walks over the newest alerts that a query means.
func (c *ogCall) matching(take func(listed) bool) error {
	q, err := parseQuery(c.query.Get("query"))
	if err != nil {
		return unprocessable("query", "%v", err)
	}
	// What was just said is to be seen; what triage has not seen by then is not waited for.
	if _, err := c.engine.Until(c.r.Context(), seesItself, func(tx *store.Tx) (bool, error) {
		waits, err := tx.Waits(c.in.ID, "", c.at)
		return !waits, err
	}); err != nil {
		return err
	}
	return c.engine.Read(c.r.Context(), func(tx *store.Tx) error {
		var failed error
		err := tx.AlertsFrom(c.in.ID, listDeep, func(a alert.Alert) bool {
			var l listed
			if l, failed = withIncident(tx, a); failed != nil {
				return false
			}
			return !q.matches(&l) || take(l)
		})
		return cmp.Or(failed, err)
	})
}

func (c *ogCall) count() error {
	n := 0
	if err := c.matching(func(listed) bool { n++; return true }); err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"data": map[string]any{"count": n}})
}

// sorts are the fields by which a list can be sorted.
var sorts = map[string]func(a, b listed) int{
	"createdAt":      func(a, b listed) int { return a.FirstAt.Compare(b.FirstAt) },
	"updatedAt":      func(a, b listed) int { return a.updated().Compare(b.updated()) },
	"lastOccurredAt": func(a, b listed) int { return a.LastAt.Compare(b.LastAt) },
	"tinyId":         func(a, b listed) int { return cmp.Compare(a.ID, b.ID) },
	"alias":          func(a, b listed) int { return cmp.Compare(a.Key, b.Key) },
	"message":        func(a, b listed) int { return cmp.Compare(a.Title, b.Title) },
	"status":         func(a, b listed) int { return cmp.Compare(a.status(), b.status()) },
	"owner":          func(a, b listed) int { return cmp.Compare(a.in.Owner, b.in.Owner) },
	"source":         func(a, b listed) int { return cmp.Compare(a.Last.Labels["source"], b.Last.Labels["source"]) },
	"count":          func(a, b listed) int { return cmp.Compare(a.Count, b.Count) },
}

// list shows the alerts that a query means, a page at a time.
func (c *ogCall) list() error {
	limit, err := c.number("limit", 20, 1, listMost)
	if err != nil {
		return err
	}
	offset, err := c.number("offset", 0, 0, listDeep)
	if err != nil {
		return err
	}
	by := cmp.Or(c.query.Get("sort"), "createdAt")
	compare := sorts[by]
	if compare == nil {
		return unprocessable("sort", "%q is no field to sort by", by)
	}
	descending := !strings.EqualFold(c.query.Get("order"), "asc")
	var all []listed
	enough := offset + limit + 1 // one more says whether there is a next page
	err = c.matching(func(l listed) bool {
		all = append(all, l)
		return by != "createdAt" || !descending || len(all) < enough
	})
	if err != nil {
		return err
	}
	if by != "createdAt" || !descending {
		slices.SortStableFunc(all, func(a, b listed) int {
			if descending {
				a, b = b, a
			}
			return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID))
		})
	}
	page := all[min(offset, len(all)):min(offset+limit, len(all))]
	shown := make([]any, len(page))
	for i, l := range page {
		shown[i] = l.show(c.in)
	}
	paging := map[string]string{"first": c.pageLink(0, limit)}
	if len(all) > offset+limit {
		paging["next"] = c.pageLink(offset+limit, limit)
	}
	if offset > 0 {
		paging["prev"] = c.pageLink(max(offset-limit, 0), limit)
	}
	return c.answer(http.StatusOK, map[string]any{"data": shown, "paging": paging})
}

// number is a number in the query of a call.
func (c *ogCall) number(name string, usual, least, most int) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, unprocessable(name, "a whole number from %d to %d", least, most)
	}
	return n, nil
}

// pageLink is the address of another page of the same list.
func (c *ogCall) pageLink(offset, limit int) string {
	q := url.Values{}
	for _, name := range []string{"query", "sort", "order"} {
		if v := c.query.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	q.Set("offset", strconv.Itoa(offset))
	q.Set("limit", strconv.Itoa(limit))
	return c.engine.PublicURL() + "/v2/alerts?" + q.Encode()
}

// notes shows what people wrote about an alert.
func (c *ogCall) notes(id string) error {
	return c.lines(id, func(e incident.Entry) map[string]any {
		n, ok := e.Fact.(incident.Noted)
		if !ok {
			return nil
		}
		return map[string]any{"note": n.Text, "owner": e.By.Name()}
	})
}

// logs shows everything that happened to the incident of an alert.
func (c *ogCall) logs(id string) error {
	return c.lines(id, func(e incident.Entry) map[string]any {
		return map[string]any{"log": e.Fact.String(), "type": "system", "owner": e.By.Name()}
	})
}

// lines shows a page of lines of a log, newest first unless asked otherwise. A line's
// offset is its number in the log; a page goes on after it.
func (c *ogCall) lines(id string, show func(incident.Entry) map[string]any) error {
	limit, err := c.number("limit", listMost, 1, listMost)
	if err != nil {
		return err
	}
	after, err := c.number("offset", 0, 0, incident.MaxFacts)
	if err != nil {
		return err
	}
	a, err := c.find(id)
	if err != nil {
		return err
	}
	var log incident.Log
	if err := c.engine.Read(c.r.Context(), func(tx *store.Tx) (err error) { log, err = tx.Log(a.Subject); return err }); err != nil {
		return err
	}
	ascending := strings.EqualFold(c.query.Get("order"), "asc")
	if !ascending {
		slices.Reverse(log)
	}
	all := []any{}
	for _, e := range log {
		if after > 0 && (ascending && e.Seq <= after || !ascending && e.Seq >= after) {
			continue
		}
		line := show(e)
		if line == nil {
			continue
		}
		line["createdAt"], line["offset"] = e.At.Format(time.RFC3339Nano), strconv.Itoa(e.Seq)
		if all = append(all, line); len(all) == limit {
			break
		}
	}
	return c.answer(http.StatusOK, map[string]any{"data": all, "paging": map[string]string{}})
}
