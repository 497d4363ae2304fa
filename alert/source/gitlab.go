package source

import (
	"strings"

	"tocsin/alert"
)

// GitLab reads what a project says of itself by its webhook: what was deployed, released,
// merged, or pushed to the branch that things are built from; as GitHub does.
type GitLab struct{}

func (GitLab) Name() string { return "gitlab" }

func (GitLab) Parse(head map[string][]string, body []byte) ([]alert.Event, error) {
	root, err := forgeBody(head, body)
	if err != nil {
		return nil, err
	}
	ev := alert.Event{Action: alert.Change}
	is := func(path string) string { return text(at(root, path)) }
	putLabel(&ev, "repository", is("project.path_with_namespace"))
	ev.By = line(either(is("user.username"), is("user_username"), is("user.name"), is("user_name")), maxName)
	name := either(is("project.name"), is("project.path_with_namespace"))
	switch either(is("object_kind"), is("event_name")) {
	case "deployment":
		putLabel(&ev, "change", "deployment")
		putLabel(&ev, "environment", is("environment"))
		ev.Key = dedupKey("deployment/" + is("deployment_id"))
		deployed(&ev, is("status"), name, is("ref"), either(is("short_sha"), is("commit_id")))
		ev.Text, ev.At = clean(is("commit_title"), maxText), when(is("status_changed_at"))
		putLink(&ev, is("deployable_url"), "job", false)
	case "release":
		if is("action") != "create" {
			return nil, nil
		}
		putLabel(&ev, "change", "release")
		ev.Key = dedupKey("release/" + either(is("id"), is("tag")))
		ev.Title = line("released "+either(is("name"), is("tag"))+" of "+name, maxTitle)
		ev.Text, ev.At = clean(is("description"), maxText), when(either(is("released_at"), is("created_at")))
		putLink(&ev, is("url"), is("tag"), false)
	case "push":
		branch, ok := strings.CutPrefix(is("ref"), "refs/heads/")
		if !ok || branch != either(is("project.default_branch"), branch) || strings.Trim(is("after"), "0") == "" {
			return nil, nil
		}
		putLabel(&ev, "change", "push")
		putLabel(&ev, "branch", branch)
		ev.Key = dedupKey("push/" + is("after"))
		commits, last := elements(at(root, "commits")), ""
		if n := len(commits); n > 0 {
			if o, ok := commits[n-1].(object); ok {
				last, ev.At = text(lookup(o, "message")), when(text(lookup(o, "timestamp")))
				putLink(&ev, text(lookup(o, "url")), "commit", false)
			}
		}
		pushed(&ev, branch, name, commits, last)
	case "merge_request":
		if is("object_attributes.action") != "merge" {
			return nil, nil
		}
		putLabel(&ev, "change", "merge")
		putLabel(&ev, "branch", is("object_attributes.target_branch"))
		ev.Key = dedupKey("merge/" + is("object_attributes.id"))
		ev.Title = line("merged "+is("object_attributes.title")+" of "+name, maxTitle)
		ev.At = when(is("object_attributes.updated_at"))
		putLink(&ev, is("object_attributes.url"), "merge request", false)
	default:
		return nil, nil
	}
	return []alert.Event{ev}, nil
}
