package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	v1 "tocsin/internal/api/v1"
	"tocsin/investigate"
	"tocsin/investigate/runbook"
	"tocsin/org"
	"tocsin/review/drill"
)

// known are the things that a path may name: of the team dba, and of web.
var known = map[string][2]string{
	"people": {"pat", "quin"}, "teams": {"dba", "web"}, "services": {"db", "site"}, "policies": {"p", "p-web"}, "schedules": {"s", "s-web"},
	"integrations": {"prom", "prom-web"}, "heartbeats": {"backup", "backup-web"}, "webhooks": {"bot", "bot-web"},
	"channels": {"relay", "relay-web"}, "runbooks": {"restart", "restart-web"}, "keys": {"key", "narrow"}, "status-pages": {"page", "page-web"}, "forms": {"desk", "desk-web"}, "ticket-systems": {"jira", "jira-web"}, "scenarios": {"out", "out-web"},
}

// bodies are the least that each write takes, so that nothing but permission can be
// what is wrong with it.
func bodyFor(method, pattern, team string) string {
	service := map[string]string{"dba": "db", "web": "site"}[team]
	switch {
	case method == "GET" || method == "DELETE" || strings.HasSuffix(pattern, "/rotate"):
		return ""
	case strings.HasSuffix(pattern, "/snooze"):
		return `{"until":"2036-01-01T00:00:00Z"}` // too far: what may be is refused later
	case strings.HasSuffix(pattern, "/reassign"):
		return `{"to":"rita"}`
	case strings.HasSuffix(pattern, "/responders"):
		return `{"targets":["rita"]}`
	case strings.HasSuffix(pattern, "/roles"):
		return `{"role":"scribe"}`
	case strings.HasSuffix(pattern, "/links"):
		return `{"url":"nowhere"}`
	case strings.HasSuffix(pattern, "/messages"), strings.HasSuffix(pattern, "/messages/{message}"):
		return `{"text":"hm"}`
	case strings.HasSuffix(pattern, "{id}/read"):
		return `{"message":1}`
	case strings.HasSuffix(pattern, "{id}/mute"):
		return `{"muted":true}`
	case strings.HasSuffix(pattern, "/conversations"), strings.HasSuffix(pattern, "/conversations/{id}/people"):
		return `{"people":["pat"]}`
	case strings.HasSuffix(pattern, "/conversations/{id}"):
		return `{"title":"hm"}`
	case strings.HasSuffix(pattern, "/tasks"):
		return `{"title":"hm","due":"2006-01-02T15:04:05Z"}`
	case strings.HasSuffix(pattern, "/notes"), strings.HasSuffix(pattern, "/replies"):
		return `{"text":"hm"}`
	case strings.HasSuffix(pattern, "/updates"):
		return `{"phase":"investigating","to":[],"affected":[]}`
	case strings.HasSuffix(pattern, "/follows"):
		return `{"service":"none"}`
	case strings.HasSuffix(pattern, "/followers"):
		return `{"channel":"none","address":"x"}`
	case strings.HasSuffix(pattern, "/severity"):
		return `{"severity":"SEV1","why":"hm"}`
	case strings.HasSuffix(pattern, "/fold"):
		return `{"under":"x"}`
	case strings.HasSuffix(pattern, "/{id}/runbooks"):
		return `{"runbook":"none"}`
	case strings.HasSuffix(pattern, "/steps/{step}"):
		return `{"do":"done"}`
	case strings.HasSuffix(pattern, "/{id}/tickets"), strings.HasSuffix(pattern, "/{action}/tickets"):
		return `{"system":"none"}`
	case strings.HasSuffix(pattern, "/{id}/test") && strings.Contains(pattern, "/ticket-systems/"), strings.HasSuffix(pattern, "/{id}/retry"):
		return ""
	case pattern == v1.Prefix+"/drills", pattern == v1.Prefix+"/drills/preview":
		return fmt.Sprintf(`{"scenario":"payments","service":%q,"people":["pat"]}`, service)
	case strings.HasSuffix(pattern, "/drills/{id}/stop"):
		return `{}`
	case strings.Contains(pattern, "/scenarios"):
		if method == "PATCH" {
			return `{}`
		}
		return fmt.Sprintf(`{"id":"new","title":"t","severity":"SEV2","team":%q}`, team)
	case strings.Contains(pattern, "/ticket-systems"):
		if method == "PATCH" {
			return `{}`
		}
		return `{"id":"new","kind":"github","settings":{"token":"t","repository":"a/b"}}`
	case strings.HasSuffix(pattern, "/feedback"):
		return `{"verdict":"worked"}`
	case strings.HasSuffix(pattern, "/runbooks/check"):
		return `{"runbook":{"text":"## s"}}`
	case pattern == v1.Prefix+"/changes", pattern == v1.Prefix+"/changes/preview":
		return fmt.Sprintf(`{"class":"normal","services":[%q],"starts":"2035-01-01T00:00:00Z","ends":"2035-01-01T01:00:00Z"%s}`, service,
			map[bool]string{true: `,"title":"t","plan":"p","back_out":"b","approvers":["person:quin"]`}[strings.HasSuffix(pattern, "/changes")])
	case strings.HasSuffix(pattern, "/changes/{id}/done"):
		return `{"outcome":"worked"}`
	case strings.HasSuffix(pattern, "/incidents/bulk"):
		return `{"verb":"note","text":"hm","ids":["x"]}`
	case strings.HasSuffix(pattern, "/incidents"):
		return fmt.Sprintf(`{"title":"t","service":%q}`, service)
	case strings.HasPrefix(pattern, v1.Prefix+"/people/{id}/"), strings.HasPrefix(pattern, v1.Prefix+"/incidents"):
		return `{}`
	case strings.HasSuffix(pattern, "/people/import"):
		return `{"csv":"id,name\n","plan":true}`
	case strings.HasSuffix(pattern, "/keys"):
		return `{"name":"script","deeds":["read incidents"]}`
	case strings.Contains(pattern, "/silences"):
		if method == "POST" {
			return fmt.Sprintf(`{"matchers":["a=b"],"service":%q,"end":"2036-01-01T00:00:00Z","comment":"hm"}`, service)
		}
		return `{"matchers":["a=b"],"end":"2036-01-01T00:00:00Z","comment":"hm"}`
	case pattern == v1.Prefix+"/replay":
		return `{"yaml":"{}"}`
	case strings.HasSuffix(pattern, "/replay"):
		return `{"since":"2026-01-01T00:00:00Z"}`
	case strings.HasSuffix(pattern, "/{id}/import"):
		return `{"as":"layers","ics":"BEGIN:VCALENDAR\nEND:VCALENDAR","plan":true}`
	case strings.HasSuffix(pattern, "/calendars"):
		return `{"kind":"schedule","of":"s"}`
	case strings.HasSuffix(pattern, "/time-off"):
		return `{"from":"2035-01-01T00:00:00Z","until":"2035-01-02T00:00:00Z"}`
	case strings.HasSuffix(pattern, "/disputes"):
		return `{"line":"none"}`
	case strings.HasSuffix(pattern, "/swaps"):
		return `{"from":"2035-01-01T00:00:00Z","until":"2035-01-02T00:00:00Z"}`
	case strings.Contains(pattern, "/swaps/"), strings.HasSuffix(pattern, "/take"), strings.HasSuffix(pattern, "/{id}/preview"):
		return `{}`
	case strings.HasSuffix(pattern, "/overrides"), strings.HasSuffix(pattern, "/overrides/{override}"):
		return `{"op":"set","start":"2030-01-01T00:00:00Z","end":"2030-01-02T00:00:00Z","users":["rita"]}`
	case method == "PATCH":
		return `{}`
	case strings.Contains(pattern, "/people"):
		return `{"id":"new"}`
	case strings.Contains(pattern, "/teams"): // whoever replaces it leaves its members where they are
		return map[string]string{"dba": `{"id":"new","members":["max","rita","olaf","stine"]}`, "web": `{"id":"new","members":["otto"]}`}[team]
	case strings.Contains(pattern, "/services"):
		return fmt.Sprintf(`{"id":"new","team":%q}`, team)
	case strings.Contains(pattern, "/policies"):
		return fmt.Sprintf(`{"id":"new","team":%q,"levels":[{"targets":["rita"]}]}`, team)
	case strings.Contains(pattern, "/schedules"):
		return fmt.Sprintf(`{"id":"new","team":%q,"layers":[{"id":"l","people":["rita"],"every":"1 week","from":"2026-01-05T08:00"}]}`, team)
	case strings.Contains(pattern, "/integrations"):
		return fmt.Sprintf(`{"id":"new","source":"generic","service":%q}`, service)
	case strings.Contains(pattern, "/heartbeats"):
		return fmt.Sprintf(`{"id":"new","every":"1h","integration":"prom","team":%q}`, team)
	case strings.Contains(pattern, "/status-pages"):
		return fmt.Sprintf(`{"id":"new","team":%q}`, team)
	case strings.Contains(pattern, "/forms"):
		return fmt.Sprintf(`{"id":"new","team":%q,"service":%q,"categories":[{"id":"a","name":"A"}]}`, team, service)
	case strings.Contains(pattern, "/webhooks"):
		return fmt.Sprintf(`{"id":"new","url":"https://example.org/hook","team":%q}`, team)
	case strings.Contains(pattern, "/runbooks"):
		return fmt.Sprintf(`{"id":"new","team":%q,"text":"## s"}`, team)
	case strings.Contains(pattern, "/sifting"):
		return `{}`
	case strings.Contains(pattern, "/rules"):
		return `{"rules":[]}`
	case strings.HasSuffix(pattern, "/apply"):
		return `{"yaml":"{}"}`
	}
	return `{}`
}

// may is what the matrix says, written down once more and apart from the code: who may
// what in their own team (dba) and in the other (web).
func may(who, deed, team string) bool {
	read := map[string]bool{"read incidents": true, "read setup": true}
	if deed == "keep keys" || deed == "keep profile" || deed == "talk" { // everybody's who may sign in
		return who != "narrow"
	}
	switch who {
	case "ada", "key":
		return true
	case "team-key": // as a manager of dba, and an observer elsewhere
		return read[deed] || (deed == "respond" || deed == "configure") && team == "dba"
	case "narrow":
		return deed == "read incidents"
	case "stine":
		return deed == "read incidents"
	case "olaf":
		return read[deed]
	case "rita":
		return read[deed] || deed == "respond" && team != "web"
	case "max":
		return read[deed] || (deed == "respond" || deed == "configure") && team != "web"
	case "otto":
		return read[deed] || (deed == "respond" || deed == "configure") && team != "dba"
	}
	return false
}

// walking is a house with the same things for both teams.
func walking(t *testing.T) *home { return furnish(open(t, "")) }

func furnish(h *home) *home {
	h.configure(map[string]any{
		"person/pat": org.Person{ID: "pat", Name: "Pat", Methods: []org.Method{{ID: "pats-telephone", Channel: "log", Address: "pat", Verified: true}}}, "person/quin": org.Person{ID: "quin", Name: "Quin"}, // they never ask
		"policy/p-web":           withTeam(setup["policy/p"], "p-web", "web"),
		"schedule/s-web":         withTeam(setup["schedule/s"], "s-web", "web"),
		"heartbeat/backup":       org.Heartbeat{ID: "backup", Name: "Backup", Every: org.Duration(time.Hour), Integration: "prom"},
		"heartbeat/backup-web":   org.Heartbeat{ID: "backup-web", Name: "Backup", Every: org.Duration(time.Hour), Integration: "prom-web"},
		"channel/relay":          org.Channel{ID: "relay", Name: "Relay", Kind: "gotify", Settings: map[string]string{"server": "https://gotify.example"}, Disabled: true},
		"channel/relay-web":      org.Channel{ID: "relay-web", Name: "Relay", Kind: "gotify", Settings: map[string]string{"server": "https://gotify.example"}, Disabled: true},
		"ticket_system/jira":     org.TicketSystem{ID: "jira", Name: "Jira", Kind: "github", Secret: "never-to-be-seen", Settings: map[string]string{"token": "never-to-be-seen", "repository": "a/b"}, Disabled: true},
		"ticket_system/jira-web": org.TicketSystem{ID: "jira-web", Name: "Jira", Kind: "github", Secret: "never-to-be-seen", Settings: map[string]string{"token": "never-to-be-seen", "repository": "a/b"}, Disabled: true},
		"webhook/bot":            org.Webhook{ID: "bot", Name: "Bot", URL: "https://example.org/hook", Secret: "never-to-be-seen", Team: "dba"},
		"webhook/bot-web":        org.Webhook{ID: "bot-web", Name: "Bot", URL: "https://example.org/hook", Secret: "never-to-be-seen", Service: "site"},
		"status_page/page":       org.StatusPage{ID: "page", Name: "Page", Team: "dba", Internal: true},
		"status_page/page-web":   org.StatusPage{ID: "page-web", Name: "Page", Team: "web"},
		"form/desk":              org.Form{ID: "desk", Name: "Desk", Team: "dba", Service: "db", Categories: []org.FormCategory{{ID: "a", Name: "A"}}},
		"form/desk-web":          org.Form{ID: "desk-web", Name: "Desk", Team: "web", Service: "site", Categories: []org.FormCategory{{ID: "a", Name: "A"}}},
		"scenario/out":           drill.Scenario{ID: "out", Name: "Out", Title: "t", Severity: "SEV2", Team: "dba"},
		"scenario/out-web":       drill.Scenario{ID: "out-web", Name: "Out", Title: "t", Severity: "SEV2", Team: "web"},
		"runbook/restart":        runbook.Runbook{ID: "restart", Name: "Restart", Team: "dba", Text: "## s"},
		"runbook/restart-web":    runbook.Runbook{ID: "restart-web", Name: "Restart", Team: "web", Text: "## s"},
		"integration/prom-web":   org.Integration{ID: "prom-web", Name: "Prometheus", Source: "alertmanager", Service: "site"},
	})
	return h
}

// posted is a notice on a status page.
func (h *home) posted(page org.StatusPageID) incident.ID {
	h.t.Helper()
	id, err := h.engine.Post(h.t.Context(), "person:ada", investigate.Posting{Page: page, Form: incident.ForInformation, Title: "Shorter hours", Text: "We open at nine."}, h.engine.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func walk(h *home, r v1.Route, as, team string) {
	h.t.Helper()
	n := map[string]int{"dba": 0, "web": 1}[team]
	path := strings.TrimPrefix(r.Pattern, v1.Prefix)
	if strings.HasPrefix(path, "/incidents/{id}") {
		path = strings.Replace(path, "{id}", string(h.opened(org.ServiceID([]string{"db", "site"}[n]), "a")), 1)
	}
	if strings.HasPrefix(path, "/drills/{id}") {
		path = strings.Replace(path, "{id}", string(h.drilled(org.ServiceID([]string{"db", "site"}[n]), "pat")), 1)
	}
	if strings.HasPrefix(path, "/changes/{id}") {
		path = strings.Replace(path, "{id}", string(h.proposed(org.ServiceID([]string{"db", "site"}[n]))), 1)
	}
	if strings.HasPrefix(path, "/notices/{id}") {
		path = strings.Replace(path, "{id}", string(h.posted(org.StatusPageID([]string{"page", "page-web"}[n]))), 1)
	}
	if strings.HasPrefix(path, "/silences/{id}") {
		path = strings.Replace(path, "{id}", h.silenced(org.ServiceID([]string{"db", "site"}[n])), 1)
	}
	for plural, ids := range known {
		if strings.HasPrefix(path, "/"+plural+"/") {
			path = strings.Replace(path, "{id}", ids[n], 1)
		}
	}
	path = strings.NewReplacer("{id}", "unknown", "{message}", "1", "{update}", "1", "{override}", "unknown", "{session}", "unknown").Replace(path)
	body := strings.Replace(bodyFor(r.Method, r.Pattern, team), `"new"`, fmt.Sprintf("%q", "new-"+as+"-"+team), 1) // each makes their own
	if r.Method == "PUT" {
		body = strings.Replace(body, fmt.Sprintf(`"id":"new-%s-%s",`, as, team), "", 1)
		body = strings.Replace(body, fmt.Sprintf(`"id":"new-%s-%s"`, as, team), "", 1)
	}
	if as == "team-key" && r.Pattern == v1.Prefix+"/keys" {
		body = strings.Replace(body, `{`, `{"team":"dba",`, 1) // it can make no wider one
	}
	got := h.do(as, r.Method, path, body)
	where := fmt.Sprintf("%s %s as %q for %s: %d", r.Method, path, as, team, got.status)
	if got.status >= 500 || got.status >= 300 && got.status < 400 {
		h.t.Errorf("%s %s", where, got.body)
	}
	if as == "" || as == "integration key" {
		if got.status != 401 || got.head.Get("WWW-Authenticate") == "" {
			h.t.Errorf("%s, want 401", where)
		}
		return
	}
	if r.Pattern == v1.Prefix+"/incidents/bulk" { // answers for each
		team = map[bool]string{true: "dba", false: ""}[as == "team-key"]
	}
	// A new team belongs to nobody yet: it is for managers of everything. A page by hand is
	// of no team: it is for whoever responds anywhere by their own role.
	if r.Pattern == v1.Prefix+"/teams" || strings.HasPrefix(r.Pattern, v1.Prefix+"/calls") {
		team = ""
	}
	// Who decides about changes, and reviews overrides, may be of another team.
	if strings.HasSuffix(r.Pattern, "/changes/{id}/approve") || strings.HasSuffix(r.Pattern, "/changes/{id}/deny") || strings.HasSuffix(r.Pattern, "/overrides/{override}/review") {
		team = ""
	}
	// The policy of both teams calls rita: who is called to an incident writes in its room.
	if strings.Contains(r.Pattern, "/incidents/{id}/messages") && as == "rita" {
		team = "dba"
	}
	want := may(as, r.Permission, team)
	if (got.status != 403) != want {
		h.t.Errorf("%s, may: %v\n%s", where, want, got.body)
	}
	if got.status == 403 && !strings.Contains(got.body, "is for a") && !strings.Contains(got.body, "API key may not") {
		h.t.Errorf("%s does not say who can: %s", where, got.body)
	}
}

// What one may not see is answered as what never was, in every way.
func TestSensitiveIncidents(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		secret, plain := h.opened("hr", "Salaries are public"), h.opened("db", "Disk full")
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		for as, sees := range map[string]bool{"ada": true, "max": true, "rita": true, "key": true, "olaf": false, "stine": false, "otto": false, "narrow": false} {
			if n := h.must(200, as, "GET", "/incidents", "").items(); n != map[bool]int{true: 2, false: 1}[sees] {
				t.Errorf("%s sees %d incidents", as, n)
			}
			pages := h.must(200, as, "GET", "/pages", "").body
			if strings.Contains(pages, string(secret)) != sees || !strings.Contains(pages, string(plain)) {
				t.Errorf("%s sees pages %s", as, pages)
			}
			for _, r := range h.api.Routes() {
				if !strings.HasPrefix(r.Pattern, v1.Prefix+"/incidents/{id}") || sees {
					continue
				}
				path := strings.TrimPrefix(r.Pattern, v1.Prefix)
				body := bodyFor(r.Method, r.Pattern, "dba")
				hidden := h.do(as, r.Method, strings.Replace(path, "{id}", string(secret), 1), body)
				unknown := h.do(as, r.Method, strings.Replace(path, "{id}", string(secret[:25])+"x", 1), body)
				if hidden.status != unknown.status || hidden.body != unknown.body {
					t.Errorf("%s %s as %s: %d %s, of one that never was %d %s", r.Method, path, as, hidden.status, hidden.body, unknown.status, unknown.body)
				}
			}
		}
	})
}

// An Access can change a thing into another team's only when it may in both.
func TestMovingBetweenTeams(t *testing.T) {
	h := open(t, "")
	h.refused(403, "manager of team web", "max", "PATCH", "/services/db", `{"team":"web"}`)
	h.refused(403, "manager of team dba", "otto", "PATCH", "/services/db", `{"team":"web"}`)
	h.must(200, "ada", "PATCH", "/services/db", `{"team":"web"}`)
	h.must(200, "otto", "PATCH", "/services/db", `{"name":"The database"}`)
}
