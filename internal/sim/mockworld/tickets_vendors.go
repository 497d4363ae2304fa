package mockworld

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Jira is its REST API 2.
var Jira = Fake{
	Name: "jira",
	Routes: []Route{
		{"GET", "/rest/api/2/myself", func(_ *World, c *Call) error { return ticketUser(c) }, func(*World, *Call) Reply {
			return said(map[string]any{"displayName": house, "accountId": "1"})
		}},
		{"GET", "/rest/api/2/project/{key}", func(_ *World, c *Call) error { return ticketUser(c) }, func(_ *World, c *Call) Reply {
			if c.Names["key"] != TicketSpace {
				return Reply{Status: 404, Body: `{"errorMessages":["No project could be found with key '` + c.Names["key"] + `'."],"errors":{}}`}
			}
			return said(map[string]any{"key": TicketSpace, "name": "Operations"})
		}},
		{"POST", "/rest/api/2/search", func(_ *World, c *Call) error {
			return first(ticketUser(c), object(c, "jql", "maxResults", "fields", "startAt"))
		}, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			issues := []any{}
			for _, t := range w.at("jira").tickets {
				if slices.ContainsFunc(t.Labels, func(l string) bool { return strings.Contains(c.Text("jql"), strconv.Quote(l)) }) {
					issues = append(issues, jiraIssue(t))
				}
			}
			return said(map[string]any{"issues": issues, "total": len(issues)})
		}},
		{"POST", "/rest/api/2/issue", func(_ *World, c *Call) error {
			f := within(c, "fields")
			err := first(ticketUser(c), object(c, "fields"), fields(f, "project issuetype summary", "description", "labels", "priority", "components", "assignee", "customfield_10001"), texts(f, 255, "summary"))
			if project, _ := f["project"].(map[string]any); err == nil && project["key"] != TicketSpace {
				err = errors.New("project: valid project is required")
			}
			for _, l := range strs(f["labels"]) {
				if err == nil && strings.ContainsAny(l, " \t") {
					err = fmt.Errorf("labels: the label %q contains spaces which is invalid", l)
				}
			}
			return err
		}, func(w *World, c *Call) Reply {
			f := within(c, "fields")
			t := &Ticket{Title: word(f["summary"]), Text: word(f["description"]), Labels: strs(f["labels"]), Fields: f}
			then := w.add("jira", t)
			r := said(map[string]any{"id": strconv.Itoa(10000 + t.N), "key": t.Key, "self": "https://jira.example.org/rest/api/2/issue/" + strconv.Itoa(10000+t.N)})
			r.Status, r.Then = 201, then
			return r
		}},
		{"GET", "/rest/api/2/issue/{key}", func(_ *World, c *Call) error { return ticketUser(c) }, on("jira", "key", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) { return jiraIssue(t), false })},
		{"GET", "/rest/api/2/issue/{key}/transitions", func(_ *World, c *Call) error { return ticketUser(c) }, on("jira", "key", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			way := map[string]any{"id": "31", "name": "Close", "to": map[string]any{"name": "Done", "statusCategory": map[string]any{"key": "done"}}}
			if t.Done {
				way = map[string]any{"id": "11", "name": "Reopen", "to": map[string]any{"name": "To Do", "statusCategory": map[string]any{"key": "new"}}}
			}
			return map[string]any{"transitions": []any{way}}, false
		})},
		{"POST", "/rest/api/2/issue/{key}/transitions", func(_ *World, c *Call) error {
			return first(ticketUser(c), object(c, "transition", "fields", "update"), fields(within(c, "transition"), "id"))
		}, on("jira", "key", 204, func(_ *World, c *Call, t *Ticket) (any, bool) {
			t.move("jira", c.Text("transition.id") == "31")
			return nil, true
		})},
		{"GET", "/rest/api/2/issue/{key}/comment", func(_ *World, c *Call) error { return ticketUser(c) }, on("jira", "key", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			all := []any{}
			for _, r := range slices.Backward(t.Comments) {
				all = append(all, map[string]any{"id": strconv.Itoa(r.ID), "body": r.Text, "author": map[string]any{"displayName": r.Author}, "created": r.At.Format("2006-01-02T15:04:05.000-0700")})
			}
			return map[string]any{"comments": all, "total": len(all)}, false
		})},
		{"POST", "/rest/api/2/issue/{key}/comment", func(_ *World, c *Call) error {
			return first(ticketUser(c), object(c, "body", "visibility"), texts(c.JSON, 32767, "body"))
		}, on("jira", "key", 201, func(w *World, c *Call, t *Ticket) (any, bool) {
			return map[string]any{"id": strconv.Itoa(w.comment(t, c.Text("body")))}, true
		})},
	},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"errorMessages":[%q],"errors":{}}`, why)}
	},
}

func jiraIssue(t *Ticket) map[string]any {
	category := "new"
	if t.Done {
		category = "done"
	}
	return map[string]any{"key": t.Key, "fields": map[string]any{"status": map[string]any{"name": t.Word, "statusCategory": map[string]any{"key": category}}}}
}

func ticketBearer(c *Call) error { return bearer(c, "Bearer ", TicketToken) }

// GitHub is its REST API, as of 2022-11-28.
var GitHub = Fake{
	Name: "github",
	Routes: []Route{
		{"GET", "/user", func(_ *World, c *Call) error { return ticketBearer(c) }, func(*World, *Call) Reply { return said(map[string]any{"login": "tocsin-bot"}) }},
		{"GET", "/repos/acme/shop", func(_ *World, c *Call) error { return ticketBearer(c) }, func(*World, *Call) Reply {
			return said(map[string]any{"full_name": TicketRepo, "has_issues": true})
		}},
		{"GET", "/repos/acme/shop/issues", func(_ *World, c *Call) error {
			err := ticketBearer(c)
			if _, e := time.Parse(time.RFC3339, c.Query.Get("since")); err == nil && e != nil {
				err = fmt.Errorf("since: %w", e)
			}
			return err
		}, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			all := []any{}
			since, _ := time.Parse(time.RFC3339, c.Query.Get("since")) // it was looked at
			for _, t := range w.at("github").tickets {
				if slices.Contains(t.Labels, c.Query.Get("labels")) && !t.At.Before(since) && c.Query.Get("page") == "1" {
					all = append(all, gitHubIssue(t))
				}
			}
			return said(all)
		}},
		{"POST", "/repos/acme/shop/issues", func(_ *World, c *Call) error {
			return first(ticketBearer(c), object(c, "title", "body", "labels", "assignees", "milestone", "type"), texts(c.JSON, 256, "title"))
		}, func(w *World, c *Call) Reply {
			t := &Ticket{Title: c.Text("title"), Text: c.Text("body"), Labels: strs(c.JSON["labels"]), Fields: c.JSON}
			then := w.add("github", t)
			r := said(gitHubIssue(t))
			r.Status, r.Then = 201, then
			return r
		}},
		{"GET", "/repos/acme/shop/issues/{n}", func(_ *World, c *Call) error { return ticketBearer(c) }, on("github", "n", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) { return gitHubIssue(t), false })},
		{"PATCH", "/repos/acme/shop/issues/{n}", func(_ *World, c *Call) error {
			err := first(ticketBearer(c), object(c, "state", "state_reason", "title", "body", "labels"))
			if s := c.Text("state"); err == nil && s != "open" && s != "closed" {
				err = fmt.Errorf("state: %q", s)
			}
			return err
		}, on("github", "n", 200, func(_ *World, c *Call, t *Ticket) (any, bool) {
			was := t.Done
			t.move("github", c.Text("state") == "closed")
			return gitHubIssue(t), was != t.Done
		})},
		{"GET", "/repos/acme/shop/issues/{n}/comments", func(_ *World, c *Call) error { return ticketBearer(c) }, on("github", "n", 200, func(_ *World, c *Call, t *Ticket) (any, bool) {
			all := []any{}
			since, _ := time.Parse(time.RFC3339, c.Query.Get("since"))
			for _, r := range t.Comments {
				if !r.At.Before(since) {
					all = append(all, map[string]any{"id": r.ID, "body": r.Text, "user": map[string]any{"login": r.Author}})
				}
			}
			return all, false
		})},
		{"POST", "/repos/acme/shop/issues/{n}/comments", func(_ *World, c *Call) error {
			return first(ticketBearer(c), object(c, "body"), texts(c.JSON, 65536, "body"))
		}, on("github", "n", 201, func(w *World, c *Call, t *Ticket) (any, bool) {
			return map[string]any{"id": w.comment(t, c.Text("body"))}, true
		})},
	},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"message":%q}`, why)}
	},
}

func gitHubIssue(t *Ticket) map[string]any {
	return map[string]any{"number": t.N, "state": t.Word, "html_url": fmt.Sprintf("https://github.example.org/%s/issues/%d", TicketRepo, t.N), "body": t.Text, "title": t.Title}
}

func ticketPrivate(c *Call) error {
	if c.Header.Get("PRIVATE-TOKEN") != TicketToken {
		return errDenied
	}
	return nil
}

// GitLab is its REST API 4.
var GitLab = Fake{
	Name: "gitlab",
	Routes: []Route{
		{"GET", "/api/v4/user", func(_ *World, c *Call) error { return ticketPrivate(c) }, func(*World, *Call) Reply { return said(map[string]any{"username": "tocsin-bot"}) }},
		{"GET", "/api/v4/projects/{p}", func(_ *World, c *Call) error { return ticketPrivate(c) }, func(*World, *Call) Reply {
			return said(map[string]any{"path_with_namespace": TicketRepo, "id": 7})
		}},
		{"GET", "/api/v4/projects/{p}/issues", func(_ *World, c *Call) error { return ticketPrivate(c) }, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			all := []any{}
			for _, t := range w.at("gitlab").tickets {
				if slices.Contains(t.Labels, c.Query.Get("labels")) && strings.Contains(t.Text, c.Query.Get("search")) {
					all = append(all, gitLabIssue(t))
				}
			}
			return said(all)
		}},
		{"POST", "/api/v4/projects/{p}/issues", func(_ *World, c *Call) error {
			return first(ticketPrivate(c), object(c, "title", "description", "labels", "assignee_ids", "confidential", "issue_type", "due_date"), texts(c.JSON, 255, "title"))
		}, func(w *World, c *Call) Reply {
			t := &Ticket{Title: c.Text("title"), Text: c.Text("description"), Labels: strings.Split(c.Text("labels"), ","), Fields: c.JSON}
			then := w.add("gitlab", t)
			r := said(gitLabIssue(t))
			r.Status, r.Then = 201, then
			return r
		}},
		{"GET", "/api/v4/projects/{p}/issues/{n}", func(_ *World, c *Call) error { return ticketPrivate(c) }, on("gitlab", "n", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) { return gitLabIssue(t), false })},
		{"PUT", "/api/v4/projects/{p}/issues/{n}", func(_ *World, c *Call) error {
			err := first(ticketPrivate(c), object(c, "state_event", "title", "description", "labels"))
			if s := c.Text("state_event"); err == nil && s != "close" && s != "reopen" {
				err = fmt.Errorf("state_event: %q", s)
			}
			return err
		}, on("gitlab", "n", 200, func(_ *World, c *Call, t *Ticket) (any, bool) {
			t.move("gitlab", c.Text("state_event") == "close")
			return gitLabIssue(t), true
		})},
		{"GET", "/api/v4/projects/{p}/issues/{n}/notes", func(_ *World, c *Call) error { return ticketPrivate(c) }, on("gitlab", "n", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			all := []any{}
			for _, r := range slices.Backward(t.Comments) {
				all = append(all, map[string]any{"id": r.ID, "body": r.Text, "system": false, "author": map[string]any{"name": r.Author}, "created_at": r.At})
			}
			return append(all, map[string]any{"id": 9999, "body": "changed the description", "system": true, "author": map[string]any{"name": "ann"}, "created_at": t.At}), false
		})},
		{"POST", "/api/v4/projects/{p}/issues/{n}/notes", func(_ *World, c *Call) error {
			return first(ticketPrivate(c), object(c, "body", "internal"), texts(c.JSON, 1000000, "body"))
		}, on("gitlab", "n", 201, func(w *World, c *Call, t *Ticket) (any, bool) {
			return map[string]any{"id": w.comment(t, c.Text("body"))}, true
		})},
	},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"message":%q}`, why)}
	},
}

func gitLabIssue(t *Ticket) map[string]any {
	return map[string]any{"iid": t.N, "id": 100 + t.N, "state": t.Word, "web_url": fmt.Sprintf("https://gitlab.example.org/%s/-/issues/%d", TicketRepo, t.N), "description": t.Text}
}

// ServiceNow is its Table API.
var ServiceNow = Fake{
	Name: "servicenow",
	Routes: []Route{
		{"GET", "/api/now/table/incident", func(_ *World, c *Call) error { return ticketUser(c) }, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			all := []any{}
			for _, t := range w.at("servicenow").tickets {
				if c.Query.Get("sysparm_query") == "correlation_id="+t.Mark {
					all = append(all, serviceNowRow(t))
				}
			}
			return said(map[string]any{"result": all})
		}},
		{"POST", "/api/now/table/incident", func(_ *World, c *Call) error {
			return first(ticketUser(c), object(c, "short_description", "description", "correlation_id", "correlation_display", "urgency", "impact", "category", "assignment_group", "caller_id"), texts(c.JSON, 160, "short_description"), atMost("correlation_id", c.Text("correlation_id"), 100))
		}, func(w *World, c *Call) Reply {
			t := &Ticket{Title: c.Text("short_description"), Text: c.Text("description"), Mark: c.Text("correlation_id"), Fields: c.JSON}
			then := w.add("servicenow", t)
			r := said(map[string]any{"result": serviceNowRow(t)})
			r.Status, r.Then = 201, then
			return r
		}},
		{"GET", "/api/now/table/incident/{id}", func(_ *World, c *Call) error { return ticketUser(c) }, on("servicenow", "id", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			return map[string]any{"result": serviceNowRow(t)}, false
		})},
		{"PATCH", "/api/now/table/incident/{id}", func(_ *World, c *Call) error {
			err := first(ticketUser(c), object(c, "", "state", "close_code", "close_notes", "work_notes", "comments"))
			if err == nil && c.Text("state") == "6" && (c.Text("close_code") == "" || c.Text("close_notes") == "") {
				err = errors.New("data policy exception: the following fields are mandatory: Resolution code, Resolution notes")
			}
			return err
		}, on("servicenow", "id", 200, func(w *World, c *Call, t *Ticket) (any, bool) {
			if s := c.Text("state"); s != "" {
				t.move("servicenow", s == "6")
			}
			for _, name := range []string{"work_notes", "comments"} {
				if said := c.Text(name); said != "" {
					w.comment(t, said)
				}
			}
			return map[string]any{"result": serviceNowRow(t)}, true
		})},
		{"GET", "/api/now/table/sys_journal_field", func(_ *World, c *Call) error { return ticketUser(c) }, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			all := []any{}
			for _, t := range w.at("servicenow").tickets {
				if !strings.HasPrefix(c.Query.Get("sysparm_query"), "element_id="+t.ref("servicenow")+"^") {
					continue
				}
				for _, r := range slices.Backward(t.Comments) {
					all = append(all, map[string]any{"sys_id": fmt.Sprintf("%032x", r.ID), "value": r.Text, "sys_created_by": r.Author, "sys_created_on": r.At.UTC().Format(time.DateTime)})
				}
			}
			return said(map[string]any{"result": all})
		}},
	},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"error":{"message":%q,"detail":"see the log"},"status":"failure"}`, why)}
	},
}

func serviceNowRow(t *Ticket) map[string]any {
	value := "1"
	if t.Done {
		value = "6"
	}
	return map[string]any{
		"sys_id": map[string]any{"value": t.ref("servicenow"), "display_value": t.ref("servicenow")}, "number": map[string]any{"value": t.Key, "display_value": t.Key},
		"state": map[string]any{"value": value, "display_value": t.Word},
	}
}

func zendeskUser(c *Call) error { return basic(c, TicketUser+"/token", TicketToken) }

// Zendesk is its Support API 2.
var Zendesk = Fake{
	Name: "zendesk",
	Routes: []Route{
		{"GET", "/api/v2/users/me.json", nil, func(_ *World, c *Call) Reply {
			if zendeskUser(c) != nil {
				return said(map[string]any{"user": map[string]any{"id": nil, "name": "Anonymous user", "role": "end-user"}})
			}
			return said(map[string]any{"user": map[string]any{"id": 7, "name": house, "role": "agent"}})
		}},
		{"GET", "/api/v2/tickets.json", func(_ *World, c *Call) error { return zendeskUser(c) }, func(w *World, c *Call) Reply {
			w.mu.Lock()
			defer w.mu.Unlock()
			all := []any{}
			for _, t := range w.at("zendesk").tickets {
				if t.Mark == c.Query.Get("external_id") {
					all = append(all, map[string]any{"id": t.N, "status": t.Word})
				}
			}
			return said(map[string]any{"tickets": all})
		}},
		{"POST", "/api/v2/tickets.json", func(_ *World, c *Call) error {
			t := within(c, "ticket")
			comment, _ := t["comment"].(map[string]any)
			err := first(zendeskUser(c), object(c, "ticket"), fields(t, "subject comment", "external_id", "tags", "type", "priority", "status", "requester", "group_id", "custom_fields"),
				texts(t, 150, "subject"), fields(comment, "body", "public", "html_body"))
			if p := word(t["priority"]); err == nil && !slices.Contains([]string{"urgent", "high", "normal", "low"}, p) {
				err = fmt.Errorf("priority: %q is invalid", p)
			}
			return err
		}, func(w *World, c *Call) Reply {
			f := within(c, "ticket")
			comment, _ := f["comment"].(map[string]any)
			t := &Ticket{Title: word(f["subject"]), Text: word(comment["body"]), Mark: word(f["external_id"]), Labels: strs(f["tags"]), Fields: f}
			then := w.add("zendesk", t)
			r := said(map[string]any{"ticket": map[string]any{"id": t.N, "status": t.Word}})
			r.Status, r.Then = 201, then
			return r
		}},
		{"GET", "/api/v2/tickets/{n}.json", func(_ *World, c *Call) error { return zendeskUser(c) }, on("zendesk", "n", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			return map[string]any{"ticket": map[string]any{"id": t.N, "status": t.Word}}, false
		})},
		{"PUT", "/api/v2/tickets/{n}.json", func(_ *World, c *Call) error {
			return first(zendeskUser(c), object(c, "ticket"), fields(within(c, "ticket"), "", "status", "comment", "priority"))
		}, on("zendesk", "n", 200, func(w *World, c *Call, t *Ticket) (any, bool) {
			if s := c.Text("ticket.status"); s != "" {
				t.move("zendesk", s == "solved")
			}
			events := []any{}
			if said := c.Text("ticket.comment.body"); said != "" {
				events = append(events, map[string]any{"id": w.comment(t, said), "type": "Comment"})
			}
			return map[string]any{"ticket": map[string]any{"id": t.N, "status": t.Word}, "audit": map[string]any{"events": events}}, true
		})},
		{"GET", "/api/v2/tickets/{n}/comments.json", func(_ *World, c *Call) error { return zendeskUser(c) }, on("zendesk", "n", 200, func(_ *World, _ *Call, t *Ticket) (any, bool) {
			all, users := []any{}, []any{}
			for _, r := range slices.Backward(t.Comments) {
				all = append(all, map[string]any{"id": r.ID, "author_id": len(users) + 1, "body": r.Text, "created_at": r.At})
				users = append(users, map[string]any{"id": len(users) + 1, "name": r.Author})
			}
			return map[string]any{"comments": all, "users": users}, false
		})},
	},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"error":"RecordInvalid","description":%q}`, why)}
	},
}
