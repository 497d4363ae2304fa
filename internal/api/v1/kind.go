package v1

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/oncall"
	"tocsin/org"
	"tocsin/review/drill"
)

// A kind is one kind of configuration: how it is called in paths and in the store, and
// what it is in Go.
type kind struct {
	plural, name string
	of           reflect.Type
	api          *API
}

var kinds = []kind{
	{plural: "people", name: config.Person, of: reflect.TypeFor[org.Person]()},
	{plural: "teams", name: config.Team, of: reflect.TypeFor[org.Team]()},
	{plural: "services", name: config.Service, of: reflect.TypeFor[org.Service]()},
	{plural: "policies", name: config.Policy, of: reflect.TypeFor[escalate.Policy]()},
	{plural: "schedules", name: config.Schedule, of: reflect.TypeFor[oncall.Schedule]()},
	{plural: "integrations", name: config.Integrating, of: reflect.TypeFor[org.Integration]()},
	{plural: "heartbeats", name: config.Heartbeat, of: reflect.TypeFor[org.Heartbeat]()},
	{plural: "webhooks", name: config.Webhook, of: reflect.TypeFor[org.Webhook]()},
	{plural: "channels", name: config.Channel, of: reflect.TypeFor[org.Channel]()},
	{plural: "status-pages", name: config.StatusPage, of: reflect.TypeFor[org.StatusPage]()},
	{plural: "forms", name: config.Form, of: reflect.TypeFor[org.Form]()},
	{plural: "runbooks", name: config.Runbook, of: reflect.TypeFor[runbook.Runbook]()},
	{plural: "ticket-systems", name: config.TicketSystem, of: reflect.TypeFor[org.TicketSystem]()},
	{plural: "scenarios", name: config.Scenario, of: reflect.TypeFor[drill.Scenario]()},
	{plural: "rules", name: config.Rules, of: reflect.TypeFor[ruleList]()},
	{plural: "sifting", name: config.Sifting, of: reflect.TypeFor[sift.Sifting]()},
	{plural: "settings", name: config.Settings, of: reflect.TypeFor[org.Settings]()},
}

// ruleList is how the rules stand in a body: a list alone could never gain a field.
type ruleList struct {
	Rules []alert.Rule `json:"rules"`
}

func kindNamed(plural string) *kind {
	for i := range kinds {
		if kinds[i].plural == plural {
			return &kinds[i]
		}
	}
	panic("v1: no kind " + plural)
}

// kindAt is the kind whose path this is.
func kindAt(path string) *kind {
	for segment := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(path, Prefix), "/"), "/") {
		if segment != "" {
			return kindNamed(segment)
		}
	}
	panic("v1: no kind at " + path)
}

// What a kind's routes take and give. Their bodies have the kind's own schema.
type (
	ThingID struct {
		ID string `path:"id" maxLength:"64"`
	}
	only  struct{}
	Match struct {
		IfMatch string `header:"If-Match" doc:"The ETag of the version that is to be changed; another one is refused with 412"`
	}
	ThingBody struct {
		Body json.RawMessage `required:"true"`
	}
	reading  struct{ ThingID }
	creating struct{ ThingBody }
	changing struct {
		ThingID
		Match
		ThingBody
	}
	retiring struct {
		ThingID
		Match
	}
	changingOnly struct {
		Match
		ThingBody
	}
	listing struct {
		Retired bool   `query:"retired" doc:"Also those that are retired"`
		Q       string `query:"q" maxLength:"200" doc:"Part of the id or the name"`
		Paging
	}
	oneThing struct {
		ETag     string `header:"ETag"`
		Location string `header:"Location"`
		Body     json.RawMessage
	}
	manyThings struct {
		Body json.RawMessage
	}
	retired struct {
		ETag string `header:"ETag"`
	}
)

// of makes a method of a kind a route.
func of[I, O any](plural string, do func(*kind, context.Context, *I) (*O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		k := *kindNamed(plural)
		k.api = a
		k.describe(&op)
		serve(func(_ *API, ctx context.Context, in *I) (*O, error) { return do(&k, ctx, in) })(a, op)
	}
}

// describe gives an operation the schemas of the kind.
func (k *kind) describe(op *huma.Operation) {
	whole := k.schema()
	content := func(s *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: s}}
	}
	reply := whole
	status := "200"
	switch {
	case op.Method == "POST" && strings.HasSuffix(op.Path, "/rotate"):
		reply = k.keyed()
	case op.Method == "POST":
		op.DefaultStatus, status = 201, "201"
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(whole)}
		if k.shownOnce() != "" {
			reply = k.keyed()
		}
	case op.Method == "PUT":
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(whole)}
	case op.Method == "PATCH":
		any := &huma.Schema{Type: huma.TypeObject, Description: "The fields that change; null takes one away", AdditionalProperties: true}
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(any)}
		op.RequestBody.Content["application/merge-patch+json"] = &huma.MediaType{Schema: any}
	case op.Method == "DELETE":
		return
	case strings.HasSuffix(op.Path, "/versions"), strings.HasSuffix(op.Path, "/"+k.plural) && k.name != config.Rules && k.name != config.Sifting && k.name != config.Settings:
		reply = listSchema(whole)
	}
	op.Responses = map[string]*huma.Response{status: {Description: "OK", Content: content(reply)}}
}

// listSchema is a page of a list.
func listSchema(item *huma.Schema) *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"items"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"items": {Type: huma.TypeArray, Items: item},
			"next":  {Type: huma.TypeString, Description: "The cursor of what follows; absent at the end"},
		},
	}
	s.PrecomputeMessages()
	return s
}

// meta are the fields that every thing has beside its own, and that only we write.
func meta() map[string]*huma.Schema {
	return map[string]*huma.Schema{
		"version":    {Type: huma.TypeInteger, ReadOnly: true, Description: "Counted from 1; it is the ETag too"},
		"changed_at": {Type: huma.TypeString, Format: "date-time", ReadOnly: true},
		"changed_by": {Type: huma.TypeString, ReadOnly: true},
		"retired":    {Type: huma.TypeBoolean, ReadOnly: true},
	}
}

// schema is that of a thing of the kind, by reference: the domain's own type, with what
// we add and without what nobody may see.
func (k *kind) schema() *huma.Schema {
	return k.named(k.of.Name(), nil)
}

// shownOnce is the field in which a thing's secret is shown when it is made; "": it has
// none. An integration's key is kept as a hash, a webhook's secret is sealed.
func (k *kind) shownOnce() string {
	switch k.name {
	case config.Integrating:
		return "key"
	case config.Webhook, config.TicketSystem:
		return "secret"
	}
	return ""
}

// hidden are the fields that nobody reads or writes through the API.
var hidden = []string{"key_hash", "secret"}

// keyed is the schema of a thing whose secret is shown.
func (k *kind) keyed() *huma.Schema {
	field := k.shownOnce()
	return k.named(k.of.Name()+"With"+strings.ToUpper(field[:1])+field[1:], map[string]*huma.Schema{
		field: {Type: huma.TypeString, Description: "Shown this once", ReadOnly: true},
	})
}

func (k *kind) named(name string, more map[string]*huma.Schema) *huma.Schema {
	name = strings.ToUpper(name[:1]) + name[1:]
	registry := k.api.huma.OpenAPI().Components.Schemas
	if registry.Map()[name] == nil {
		s := huma.SchemaFromType(registry, k.of)
		for _, field := range hidden {
			delete(s.Properties, field)
		}
		for field, schema := range meta() {
			s.Properties[field] = schema
		}
		for field, schema := range more {
			s.Properties[field] = schema
		}
		var required []string
		for _, field := range s.Required {
			if field != "id" && field != "name" && !slices.Contains(hidden, field) {
				required = append(required, field)
			}
		}
		s.Required = required
		s.PrecomputeMessages()
		registry.Map()[name] = s
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// read is a version as the API shows it: its own fields, then ours.
func (k *kind) show(c *caller, r store.ConfigRow, key string) json.RawMessage {
	fields := map[string]any{}
	if k.name == config.Rules {
		fields["rules"] = json.RawMessage(r.Body)
	} else if err := json.Unmarshal(r.Body, &fields); err != nil {
		fields = map[string]any{"id": r.ID}
	}
	for _, field := range hidden {
		delete(fields, field)
	}
	if address, ok := fields["url"].(string); ok && k.name == config.Webhook && !c.May(org.Configure, c.setup.teamOf(r.Kind, r.Body)) {
		fields["url"] = origin(address)
	}
	if k.name == config.Channel {
		settings(fields, r, c.May(org.Administer, ""))
	}
	if k.name == config.TicketSystem {
		ticketSettings(fields, r, c.May(org.Administer, ""))
	}
	if secrets, ok := fields["secrets"].(map[string]any); ok && k.name == config.Runbook { // their names alone
		for name := range secrets {
			secrets[name] = ""
		}
	}
	if k.name == config.Person && !c.May(org.Administer, "") && string(c.Person) != r.ID {
		masked(fields)
	}
	fields["version"], fields["changed_at"], fields["changed_by"] = r.Version, r.At.Format(time.RFC3339Nano), r.By
	if r.Retired {
		fields["retired"] = true
	}
	if key != "" {
		fields[k.shownOnce()] = key
	}
	body, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("v1: %s %s: %v", k.name, r.ID, err)) // it was JSON before
	}
	return body
}

// masked takes the addresses of somebody away: they are for themselves and admins.
func masked(person map[string]any) {
	methods, _ := person["methods"].([]any)
	for _, m := range methods {
		if m, ok := m.(map[string]any); ok {
			m["address"] = ""
		}
	}
}

// settings shows those of a channel that are no secrets, to admins.
func settings(fields map[string]any, r store.ConfigRow, admin bool) {
	delete(fields, "settings")
	var v org.Channel
	if admin && json.Unmarshal(r.Body, &v) == nil {
		fields["settings"] = config.Shown(v).Settings
	}
}

// origin is an address without what may be a secret in it.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func tag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// check refuses a change of another version than the one that was read.
func (m Match) check(version int) error { return m.met(tag(version)) }

// met is check for what has an ETag and no version.
func (m Match) met(etag string) error {
	if m.IfMatch == "" || m.IfMatch == "*" {
		return nil
	}
	for one := range strings.SplitSeq(m.IfMatch, ",") {
		if strings.TrimPrefix(strings.TrimSpace(one), "W/") == etag {
			return nil
		}
	}
	return unmet(etag)
}

// spanAlias is how a span of a cover looks from outside: it has two forms.
type spanForm struct{}

func (spanForm) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: `In a cycle {"off_s", "dur_s"}, in a fixed cover [start, end)`,
		OneOf: []*huma.Schema{
			{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
			{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
				"off_s": {Type: huma.TypeInteger}, "dur_s": {Type: huma.TypeInteger},
			}},
		},
	}
}

var (
	spanType  = reflect.TypeFor[oncall.Span]()
	spanAlias = reflect.TypeFor[spanForm]()
)
