package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"tocsin/alert/source"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/org"
)

// heartbeatCall serves what stands below /v2/heartbeats.
func (c *ogCall) heartbeatCall() error {
	verb, name := c.r.Method, ""
	if len(c.path) > 0 {
		name = c.path[0]
	}
	if len(c.path) > 1 {
		verb += " " + strings.Join(c.path[1:], "/")
	}
	if name == "" {
		switch verb {
		case "GET":
			return c.listHeartbeats()
		case "POST":
			return c.changeHeartbeat("", http.StatusCreated, "Created")
		}
		return &ogFault{http.StatusMethodNotAllowed, "Method not allowed", nil}
	}
	switch verb {
	case "GET ping", "POST ping", "HEAD ping", "PUT ping":
		if err := c.engine.Ping(c.r.Context(), c.in.ID, name, c.at); err != nil {
			return heartbeatFault(err)
		}
		return c.answer(http.StatusAccepted, map[string]any{"result": "PONG - Heartbeat received"})
	case "GET":
		b, err := c.engine.Heartbeat(c.r.Context(), c.in.ID, name)
		if err != nil {
			return heartbeatFault(err)
		}
		return c.answer(http.StatusOK, map[string]any{"data": ogHeartbeat(b)})
	case "PATCH", "PUT":
		return c.changeHeartbeat(name, http.StatusOK, "Updated")
	case "DELETE":
		return c.turnHeartbeat(name, "Deleted", func(b *org.Heartbeat) { b.Retired = true })
	case "POST enable":
		return c.turnHeartbeat(name, "Enabled", func(b *org.Heartbeat) { b.Disabled = false })
	case "POST disable":
		return c.turnHeartbeat(name, "Disabled", func(b *org.Heartbeat) { b.Disabled = true })
	}
	return &ogFault{http.StatusMethodNotAllowed, "Method not allowed", nil}
}

// heartbeatFault is an error of a heartbeat in Opsgenie's words.
func heartbeatFault(err error) error {
	if errors.Is(err, engine.ErrNoHeartbeat) {
		return &ogFault{http.StatusNotFound, "Heartbeat does not exist", nil}
	}
	return err
}

func (c *ogCall) listHeartbeats() error {
	all, err := c.engine.Heartbeats(c.r.Context(), c.in.ID)
	if err != nil {
		return err
	}
	list := make([]any, len(all))
	for i, b := range all {
		list[i] = ogHeartbeat(b)
	}
	return c.answer(http.StatusOK, map[string]any{"data": map[string]any{"heartbeats": list}})
}

// units are those of Opsgenie's intervals.
var units = map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}

// ogHeartbeat is a heartbeat as Opsgenie shows it, in the largest unit that divides its
// interval.
func ogHeartbeat(b engine.Heartbeat) map[string]any {
	interval, unit := max(int64(b.Every.D()/time.Minute), 1), "minutes"
	for _, u := range []string{"hours", "days"} {
		if d := b.Every.D(); d >= units[u] && d%units[u] == 0 {
			interval, unit = int64(d/units[u]), u
		}
	}
	said := map[string]any{
		"name": b.Name, "description": b.Description, "interval": interval, "intervalUnit": unit,
		"enabled": !b.Disabled, "expired": b.Missed, "alertMessage": b.Message,
		"alertTags": append([]string{}, b.Tags...), "alertPriority": priorityOf(b.Severity),
	}
	if b.Team != "" {
		said["ownerTeam"] = map[string]any{"id": b.Team, "name": b.Team}
	}
	if !b.PingedAt.IsZero() {
		said["lastPingTime"] = b.PingedAt.Format(time.RFC3339Nano)
	}
	return said
}

// A heartbeatBody is what a client wants a heartbeat to be; what it leaves out stays.
type heartbeatBody struct {
	Name         *string     `json:"name"`
	Description  *string     `json:"description"`
	Interval     json.Number `json:"interval"`
	IntervalUnit string      `json:"intervalUnit"`
	Enabled      *bool       `json:"enabled"`
	OwnerTeam    struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"ownerTeam"`
	AlertMessage  *string  `json:"alertMessage"`
	AlertTags     []string `json:"alertTags"`
	AlertPriority string   `json:"alertPriority"`
}

// changeHeartbeat makes a heartbeat, or changes the one of a name.
func (c *ogCall) changeHeartbeat(name string, status int, result string) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	var want heartbeatBody
	if err := json.Unmarshal(body, &want); err != nil {
		return unprocessable("body", "%v", err)
	}
	if name == "" && want.Name != nil {
		name = *want.Name
	}
	team, found, err := c.engine.TargetCalled(c.r.Context(), "team", cmp.Or(want.OwnerTeam.ID, want.OwnerTeam.Name))
	if err != nil {
		return err
	}
	b, err := c.engine.ChangeHeartbeat(c.r.Context(), c.in.ID, name, incident.BySource(c.in.ID), c.at, func(b *org.Heartbeat) error {
		switch creates := status == http.StatusCreated; {
		case creates && b.ID != "":
			return incident.Refuse("name: Heartbeat with name [%s] already exists.", name)
		case !creates && b.ID == "":
			return engine.ErrNoHeartbeat
		}
		if found {
			b.Team = org.TeamID(team.ID)
		}
		return want.fill(b)
	})
	if err != nil {
		return heartbeatFault(err)
	}
	shown, err := c.engine.Heartbeat(c.r.Context(), c.in.ID, b.Name)
	if err != nil {
		return err
	}
	return c.answer(status, map[string]any{"result": result, "data": ogHeartbeat(shown)})
}

// fill writes what a client wants into a heartbeat.
func (want heartbeatBody) fill(b *org.Heartbeat) error {
	if b.ID == "" {
		b.Every = org.Duration(10 * time.Minute) // Opsgenie's own default
	}
	if want.Interval != "" || want.IntervalUnit != "" {
		n, err := want.Interval.Int64()
		unit, ok := units[strings.ToLower(cmp.Or(want.IntervalUnit, "minutes"))]
		if err != nil || n < 1 || n > 1e6 {
			return incident.Refuse("interval: a whole number, at least 1")
		}
		if !ok {
			return incident.Refuse("intervalUnit: minutes, hours or days")
		}
		b.Every = org.Duration(time.Duration(n) * unit)
	}
	if want.Description != nil {
		b.Description = *want.Description
	}
	if want.AlertMessage != nil {
		b.Message = strings.Join(strings.Fields(*want.AlertMessage), " ")
	}
	if want.AlertTags != nil {
		b.Tags = source.MergeTags(nil, source.OpsgenieTags(strings.Join(want.AlertTags, ",")))
	}
	if want.AlertPriority != "" {
		if b.Severity = source.OpsgenieSeverity(strings.ToUpper(want.AlertPriority)); b.Severity == "" {
			return incident.Refuse("alertPriority: P1 to P5")
		}
	}
	if want.Enabled != nil {
		b.Disabled = !*want.Enabled
	}
	return nil
}

// turnHeartbeat switches a heartbeat on or off, or retires it.
func (c *ogCall) turnHeartbeat(name, result string, turn func(*org.Heartbeat)) error {
	b, err := c.engine.ChangeHeartbeat(c.r.Context(), c.in.ID, name, incident.BySource(c.in.ID), c.at, func(b *org.Heartbeat) error {
		if b.ID == "" {
			return engine.ErrNoHeartbeat
		}
		turn(b)
		return nil
	})
	if err != nil {
		return heartbeatFault(err)
	}
	said := map[string]any{"result": result}
	if !b.Retired {
		said["data"] = map[string]any{"name": b.Name, "enabled": !b.Disabled, "expired": false}
	}
	return c.answer(http.StatusOK, said)
}

// ping is a heartbeat by its address alone, for curl at the end of a job. Any
// integration may have heartbeats.
func (g *ingest) ping(w http.ResponseWriter, r *http.Request) {
	in, err := g.integration(r.Context(), w, "opsgenie", r.PathValue("key"))
	switch {
	case err == nil:
		err = g.engine.Ping(r.Context(), in.ID, r.PathValue("name"), g.engine.Now())
	case !errors.Is(err, engine.ErrUnknownKey):
		return // it has been answered
	}
	switch {
	case errors.Is(err, engine.ErrUnknownKey) || errors.Is(err, engine.ErrNoHeartbeat):
		refuse(w, "problem", http.StatusNotFound, "no integration with this key has a heartbeat of this name")
	case err != nil:
		g.failed(r.Context(), w, "opsgenie", err)
	default:
		write(w, http.StatusAccepted, []byte(`{"status":"accepted"}`))
	}
}
