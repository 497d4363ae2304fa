package source

import (
	"net/url"
	"strings"
	"testing"

	"tocsin/alert"
)

// What repositories say of themselves: deployments, releases, and pushes to where things
// are built from; the rest is nobody's.
func TestForges(t *testing.T) {
	const repo = `"repository":{"name":"shop","full_name":"fennel/shop","default_branch":"main"},"sender":{"login":"farid"}`
	const project = `"project":{"name":"shop","path_with_namespace":"fennel/shop","default_branch":"main"}`
	for name, c := range map[string]struct {
		src  Source
		body string
		want string // key, kind, title, state
	}{
		"deployment": {GitHub{}, `{"deployment":{"id":7,"sha":"4f1c2aa9001122","ref":"v8.14.0","environment":"production"},"deployment_status":{"state":"success","updated_at":"2026-11-23T02:00:00Z"},` + repo + `}`,
			"deployment/7|deployment|deployed shop v8.14.0 to production|success|farid"},
		"failed": {GitHub{}, `{"deployment":{"id":7,"sha":"4f1c2aa9001122","environment":"production"},"deployment_status":{"state":"error"},` + repo + `}`,
			"deployment/7|deployment|could not deploy shop 4f1c2aa to production|failure|farid"},
		"push":    {GitHub{}, `{"ref":"refs/heads/main","before":"1","after":"abc","commits":[{"message":"Faster\n\nmore"}],"head_commit":{"message":"Faster\n\nmore","timestamp":"2026-11-23T02:00:00Z"},` + repo + `}`, "push/abc|push|pushed to main of shop: Faster||farid"},
		"beside":  {GitHub{}, `{"ref":"refs/heads/try","after":"abc","commits":[],` + repo + `}`, ""},
		"tag":     {GitHub{}, `{"ref":"refs/tags/v1","after":"abc","commits":[],` + repo + `}`, ""},
		"release": {GitHub{}, `{"action":"published","release":{"id":3,"tag_name":"v1","html_url":"https://example.org/v1"},` + repo + `}`, "release/3|release|released v1 of shop||farid"},
		"draft":   {GitHub{}, `{"action":"created","release":{"id":3,"tag_name":"v1"},` + repo + `}`, ""},
		"star":    {GitHub{}, `{"action":"created","starred_at":"2026-11-23T02:00:00Z",` + repo + `}`, ""},
		"ping":    {GitHub{}, `{"zen":"Keep it simple","hook_id":1,` + repo + `}`, "||fennel/shop is connected||"},
		"gitlab deployment": {GitLab{}, `{"object_kind":"deployment","status":"failed","deployment_id":9,"environment":"staging","ref":"main","short_sha":"12ab34c","user":{"username":"elif"},` + project + `}`,
			"deployment/9|deployment|could not deploy shop main to staging|failure|elif"},
		"gitlab push":    {GitLab{}, `{"object_kind":"push","ref":"refs/heads/main","after":"abc","user_username":"elif","commits":[{"message":"One"},{"message":"Two","timestamp":"2026-11-23T03:00:00+01:00"}],` + project + `}`, "push/abc|push|pushed to main of shop: Two||elif"},
		"gitlab gone":    {GitLab{}, `{"object_kind":"push","ref":"refs/heads/main","after":"0000000000","commits":[],` + project + `}`, ""},
		"gitlab merge":   {GitLab{}, `{"object_kind":"merge_request","object_attributes":{"id":4,"action":"merge","title":"Faster","target_branch":"main"},"user":{"username":"elif"},` + project + `}`, "merge/4|merge|merged Faster of shop||elif"},
		"gitlab release": {GitLab{}, `{"object_kind":"release","action":"create","id":5,"name":"Two","tag":"v2",` + project + `}`, "release/5|release|released Two of shop||"},
		"gitlab comment": {GitLab{}, `{"object_kind":"note",` + project + `}`, ""},
	} {
		for head, body := range map[string]string{"application/json": c.body, "application/x-www-form-urlencoded": url.Values{"payload": {c.body}}.Encode()} {
			events, err := c.src.Parse(map[string][]string{"Content-Type": {head}}, []byte(body))
			got := ""
			for _, e := range events {
				if e.Action != alert.Change && e.Action != alert.Test {
					t.Errorf("%s: it is %s", name, e.Action)
				}
				if e.Labels["repository"] != "fennel/shop" {
					t.Errorf("%s: of %v", name, e.Labels)
				}
				got += strings.Join([]string{e.Key, e.Labels["change"], e.Title, e.Details["state"], e.By}, "|")
			}
			if err != nil || got != c.want {
				t.Errorf("%s as %s: %q, %v; want %q", name, head, got, err, c.want)
			}
		}
	}
	for _, src := range []Source{GitHub{}, GitLab{}} {
		for _, body := range []string{"", "[]", "not json"} {
			if _, err := src.Parse(nil, []byte(body)); err == nil {
				t.Errorf("%s reads %q", src.Name(), body)
			}
		}
	}
}
