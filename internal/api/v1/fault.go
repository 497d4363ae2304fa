package v1

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
)

var (
	unknownCaller = huma.Error401Unauthorized("sign in, or send an API key as \"Authorization: Bearer ...\"")
	nothing       = huma.Error404NotFound("there is nothing here")
)

// unmet says that If-Match names another version than this.
func unmet(etag string) error {
	return huma.ErrorWithHeaders(huma.Error412PreconditionFailed("it was changed meanwhile: read it again"), http.Header{"Etag": {etag}})
}

// wrong is a fault of one field.
func wrong(location, text string) error {
	return huma.Error422UnprocessableEntity("validation failed", &huma.ErrorDetail{Location: location, Message: text})
}

// fields are the words with which a refusal may begin, when it is about a field.
var fields = []string{"until", "to", "targets", "severity", "priority", "text", "service", "title", "role", "url", "due", "phase", "condition", "actions", "needs", "next", "affected", "files", "reply", "nonce", "people", "why", "for", "note", "outcome", "owner", "pages", "section", "tags", "starts", "ends", "class", "risk", "plan", "back_out", "services", "approvers", "incident", "override", "reason", "limit", "scenario", "past"}

// fault turns an error into the answer to it. What nobody foresaw is logged under a
// reference, which is all that is told.
func (a *API) fault(ctx context.Context, err error) error {
	var said huma.StatusError
	var refused incident.Refusal
	var denied denial
	var problems *config.Problems
	switch {
	case errors.As(err, &said):
		return err
	case errors.As(err, &denied):
		return huma.Error403Forbidden(denied.text)
	case errors.Is(err, store.ErrNotFound):
		return nothing
	case errors.As(err, &problems):
		return listed(problems)
	case errors.As(err, &refused):
		if field, text, ok := strings.Cut(refused.Text, ": "); ok && slices.Contains(fields, field) {
			return wrong("body."+field, text)
		}
		return huma.Error409Conflict(refused.Text)
	case ctx.Err() != nil:
		return huma.Error503ServiceUnavailable("the request was given up")
	}
	reference := rand.Text()
	a.log.Error("a request failed", "reference", reference, "error", err)
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("that could not be done; ask again, and quote "+reference+" if it stays so"), http.Header{"Retry-After": {"5"}})
}

// listed names every field that is wrong. A path begins with the list and number of
// the one thing that was written, which is the body; rules are a list in their body.
func listed(p *config.Problems) error {
	var all []error
	for _, one := range p.List {
		path := "." + one.Path
		if !strings.HasPrefix(one.Path, "rules") {
			i := strings.IndexAny(one.Path+".", "[.")
			path = strings.TrimPrefix(one.Path[i:], "[0]")
		}
		all = append(all, &huma.ErrorDetail{Location: "body" + path, Message: one.Text})
	}
	return huma.Error422UnprocessableEntity("validation failed", all...)
}

// answer writes a fault outside of huma's hands, in the same form.
func (a *API) answer(w http.ResponseWriter, r *http.Request, err error) {
	err = a.fault(r.Context(), err)
	var with huma.HeadersError
	if errors.As(err, &with) {
		for name, values := range with.GetHeaders() {
			w.Header()[name] = values
		}
	}
	var said huma.StatusError
	errors.As(err, &said)
	var problem *huma.ErrorModel
	errors.As(err, &problem)
	body, _ := json.Marshal(problem) // texts and numbers
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(said.GetStatus())
	w.Write(append(body, '\n'))
}
