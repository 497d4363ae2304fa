package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

const documentSetup = `
people: [{id: jane, role: admin, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}, {id: omar}]
teams: [{id: dba, members: [jane, omar]}]
policies: [{id: p, team: dba, levels: [{targets: ["schedule:s"], wait: 5m, when: {severities: [SEV1, SEV2, SEV3]}}], repeat: {count: 2}}]
schedules: [{id: s, team: dba, layers: [{id: l, people: [jane, omar], every: 1 week, from: "2026-01-05T08:00", hours: ["Mon-Fri 09:00-17:00"]}]}]
services: [{id: db, team: dba, policy: p, depends_on: [catch]}, {id: catch, policy: p}]
integrations: [{id: prom, source: alertmanager, service: db}]
rules: [{name: all, match: ['severity="critical"'], severity: SEV1}]
settings: {catch_all: catch}
`

// An independent reader takes the committed document for valid OpenAPI 3.1, finds it
// to be the one that is served, and finds what the server says to be as it says.
func TestDocument(t *testing.T) {
	s := start(t, documentSetup)
	committed, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, served := s.get(t, "/api/v1/openapi.json"); served != string(committed) {
		t.Error("docs/openapi.json is not what is served: run make openapi")
	}
	document, err := libopenapi.NewDocument(committed)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("%s: %s", p.Message, p.Reason)
		}
	}
	out, err := command(t.Context(), "key", "add", "--data", s.Data, "reader", "--owner", "jane",
		"--scope", "read-incidents,read-setup,respond,configure,administer").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	token := regexp.MustCompile(`toc_\S+`).FindString(string(out))
	ask := func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), method, s.URL+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if ok, problems := v.ValidateHttpRequest(r); !ok {
			t.Errorf("%s %s: %s: %s", method, path, problems[0].Message, problems[0].Reason)
		}
		r.Body = io.NopCloser(strings.NewReader(body))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body = io.NopCloser(strings.NewReader(string(text)))
		if ok, problems := v.ValidateHttpResponse(r, res); !ok {
			for _, p := range problems {
				t.Errorf("%s %s: %d: %s: %s\n%s", method, path, res.StatusCode, p.Message, p.Reason, text)
			}
		}
		return string(text)
	}
	opened := ask("POST", "/incidents", `{"service":"db","title":"Disk full","severity":"SEV2"}`)
	id := regexp.MustCompile(`"id":"([a-z0-9]+)"`).FindStringSubmatch(opened)[1]
	for _, path := range []string{
		"/incidents", "/incidents/" + id, "/incidents/" + id + "/timeline", "/incidents/" + id + "/pages", "/incidents/" + id + "/alerts", "/incidents/none",
		"/alerts", "/pages", "/oncall", "/audit", "/people", "/people/jane", "/people/jane/versions", "/teams", "/teams/dba", "/services", "/services/db",
		"/policies", "/policies/p", "/policies/p/preview", "/schedules", "/schedules/s", "/schedules/s/shifts", "/schedules/s/overrides",
		"/integrations", "/integrations/prom", "/rules", "/rules/versions", "/settings", "/settings/versions", "/export",
	} {
		ask("GET", path, "")
	}
	ask("POST", "/incidents/"+id+"/acknowledge", `{}`)
	ask("POST", "/incidents/"+id+"/responders", `{"targets":["omar"],"why":"knows it"}`)
	ask("POST", "/incidents/bulk", `{"verb":"resolve","ids":["`+id+`","none"]}`)
	ask("POST", "/integrations", `{"id":"hooks","name":"Hooks","source":"generic","service":"db"}`)
	ask("POST", "/apply", `{"yaml":"people: [{id: eve}]","plan":true}`)
	ask("POST", "/apply", `{"yaml":"people: [{nam: eve}]"}`)
}
