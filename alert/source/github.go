package source

import (
	"net/url"
	"strings"

	"tocsin/alert"
)

// GitHub reads what a repository says of itself by its webhook: what was deployed,
// released, or pushed to the branch that things are built from. These are changes: nobody
// is told, and whoever looks for the cause of an incident will want to know. What else a
// repository says is not kept. The labels repository, environment and branch tell rules
// which service it is about.
type GitHub struct{}

func (GitHub) Name() string { return "github" }

func (GitHub) Parse(head map[string][]string, body []byte) ([]alert.Event, error) {
	root, err := forgeBody(head, body)
	if err != nil {
		return nil, err
	}
	ev := alert.Event{Action: alert.Change}
	is := func(path string) string { return text(at(root, path)) }
	putLabel(&ev, "repository", is("repository.full_name"))
	ev.By = line(is("sender.login"), maxName)
	switch {
	case has(root, "zen", "hook_id"):
		return []alert.Event{{Action: alert.Test, Title: line(either(is("repository.full_name"), "GitHub")+" is connected", maxTitle), Labels: ev.Labels}}, nil
	case has(root, "deployment"):
		githubDeployment(&ev, is)
	case has(root, "release"):
		if is("action") != "published" && is("action") != "released" {
			return nil, nil
		}
		putLabel(&ev, "change", "release")
		ev.Key = dedupKey("release/" + is("release.id"))
		ev.Title = line("released "+either(is("release.name"), is("release.tag_name"))+" of "+is("repository.name"), maxTitle)
		ev.Text, ev.At = clean(is("release.body"), maxText), when(is("release.published_at"))
		putLink(&ev, is("release.html_url"), is("release.tag_name"), false)
	case has(root, "ref", "after", "commits"):
		branch, ok := strings.CutPrefix(is("ref"), "refs/heads/")
		if !ok || branch != either(is("repository.default_branch"), is("repository.master_branch"), branch) || is("deleted") == "true" {
			return nil, nil // a tag is a release, and a branch beside is nobody's yet
		}
		putLabel(&ev, "change", "push")
		putLabel(&ev, "branch", branch)
		ev.Key = dedupKey("push/" + is("after"))
		pushed(&ev, branch, either(is("repository.name"), is("repository.full_name")), elements(at(root, "commits")), is("head_commit.message"))
		ev.At = when(is("head_commit.timestamp"))
		putLink(&ev, is("compare"), "compare", false)
	default:
		return nil, nil
	}
	return []alert.Event{ev}, nil
}

func githubDeployment(ev *alert.Event, is func(string) string) {
	putLabel(ev, "change", "deployment")
	putLabel(ev, "environment", either(is("deployment.environment"), is("deployment_status.environment")))
	state := either(is("deployment_status.state"), "pending")
	ev.Key = dedupKey("deployment/" + is("deployment.id"))
	deployed(ev, state, either(is("repository.name"), is("repository.full_name")), is("deployment.ref"), is("deployment.sha"))
	ev.Text = clean(either(is("deployment_status.description"), is("deployment.description")), maxText)
	ev.At = when(either(is("deployment_status.updated_at"), is("deployment_status.created_at"), is("deployment.created_at")))
	putLink(ev, either(is("deployment_status.log_url"), is("deployment_status.target_url")), "log", false)
}

// deployed says of a deployment what is deployed, where, and how that went.
func deployed(ev *alert.Event, state, what, ref, sha string) {
	state = strings.ToLower(state)
	said := "deploying "
	switch state {
	case "success":
		said = "deployed "
	case "failure", "failed", "error":
		said, state = "could not deploy ", "failure"
	case "canceled", "cancelled", "inactive":
		said = "gave up deploying "
	}
	title := said + what
	if len(sha) > 7 {
		sha = sha[:7]
	}
	if ref = either(ref, sha); ref != "" {
		title += " " + ref
	}
	if env := ev.Labels["environment"]; env != "" {
		title += " to " + env
	}
	ev.Title = line(title, maxTitle)
	putDetail(ev, "state", state)
	putDetail(ev, "commit", sha)
}

// pushed says of a push how much it was, and what the last of it is.
func pushed(ev *alert.Event, branch, what string, commits []any, last string) {
	first, _, _ := strings.Cut(strings.TrimSpace(last), "\n")
	title := "pushed to " + branch + " of " + what
	if first != "" {
		title += ": " + first
	}
	ev.Title = line(title, maxTitle)
	var all []string
	for _, c := range commits {
		if o, ok := c.(object); ok && len(all) < 20 {
			first, _, _ := strings.Cut(text(lookup(o, "message")), "\n")
			all = append(all, line(first, maxTitle))
		}
	}
	ev.Text = clean(strings.Join(all, "\n"), maxText)
}

// forgeBody reads the body of a forge's webhook: JSON, also in the field of a form.
func forgeBody(head map[string][]string, body []byte) (object, error) {
	if contentType(head) == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil && form.Has("payload") {
			body = []byte(form.Get("payload"))
		}
	}
	return decodeObject(body)
}
