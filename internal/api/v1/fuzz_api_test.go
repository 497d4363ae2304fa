package v1_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tocsin/internal/store/storetest"
)

var (
	apiCases = flag.Int("api-cases", 30, "requests that the API fuzz makes of every operation, of each caller")
	apiSeed  = flag.Uint64("api-seed", 20261124, "what they are drawn from")
)

// A document is the OpenAPI document, read as anybody would who has nothing else.
type document struct {
	t        *testing.T
	root     map[string]any
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

func published(t *testing.T, text []byte) *document {
	t.Helper()
	root, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{t: t, root: root.(map[string]any), compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("doc:api", root); err != nil {
		t.Fatal(err)
	}
	return d
}

// schema is the compiled schema at a path of the document.
func (d *document) schema(path ...string) *jsonschema.Schema {
	d.t.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	at := "doc:api#"
	for _, p := range path {
		at += "/" + url.PathEscape(escape.Replace(p))
	}
	if d.compiled[at] == nil {
		s, err := d.compiler.Compile(at)
		if err != nil {
			d.t.Fatal(err)
		}
		d.compiled[at] = s
	}
	return d.compiled[at]
}

func object(v any, path ...string) map[string]any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	m, _ := v.(map[string]any)
	return m
}

// A drawer draws values for schemas: mostly good, at times broken.
type drawer struct {
	*rand.Rand
	doc    *document
	broken float64 // how often a value is not what it should be
}

var (
	texts = []string{"", " ", "a", "db", "p", "s", "dba", "rita", "prom", "SEV1", "high", "5m", "-1h", "99999999h", "2026-01-05T08:00", "Europe/Berlin", "2026-02-30T00:00:00Z",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "naïve \u202e\u0000 \U0001f525", "' OR 1=1 --", "../../etc", "%", "{{.}}", strings.Repeat("x", 70), strings.Repeat("é", 21000)}
	numbers = []string{"0", "-1", "1", "1e999", "1e308", "9223372036854775808", "-9223372036854775809", "1.5", "2147483648"}
	deep    = strings.Repeat(`[`, 400) + strings.Repeat(`]`, 400)
	odd     = []string{"null", "true", `""`, "{}", "[]", "[null]", `{"a":{"a":null}}`, `"\ud800"`, deep}
)

// there are things that are there, by the words that may name one in a path or a body:
// what is refused at once finds nothing.
var there = map[string][]string{
	"people": {"rita", "pat", "max"}, "teams": {"dba", "web"}, "services": {"db", "hr", "site"}, "policies": {"p", "p-web"}, "schedules": {"s", "s-web"},
	"integrations": {"prom", "prom-web"}, "heartbeats": {"backup", "backup-web"}, "webhooks": {"bot", "bot-web"},
	"status-pages": {"page", "page-web"}, "forms": {"desk", "desk-web"},
	"service": {"db", "hr", "site"}, "team": {"dba", "web"}, "policy": {"p", "p-web"}, "owner": {"rita", "max"}, "person": {"rita", "max"}, "integration": {"prom", "prom-web"},
	"to": {"rita", "schedule:s", "team:dba", "policy:p-web"}, "targets": {"rita", "schedule:s", "team:web"}, "members": {"rita", "otto"}, "people-of": {"rita", "max"}, "users": {"rita", "max"},
	"catch_all": {"db", "site"}, "matchers": {`host="db-1"`, `env!~"t.*"`}, "every": {"1 week", "1h", "12h"}, "zone": {"Europe/Prague"}, "url": {"https://example.org/hook"}, "source": {"generic", "alertmanager"},
	"channel": {"log"}, "cursor": {"MTp6eg"},
}

func pick[T any](r *drawer, from []T) T { return from[r.IntN(len(from))] }

// value is JSON text, since there is JSON that no value of Go has: doubled keys, huge
// numbers.
func (r *drawer) value(schema map[string]any, depth int) string {
	if r.Float64() < r.broken {
		if r.IntN(3) == 0 {
			return pick(r, numbers)
		}
		return pick(r, odd)
	}
	if ref, ok := schema["$ref"].(string); ok {
		schema = object(r.doc.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	if all, ok := schema["enum"].([]any); ok {
		text, _ := json.Marshal(pick(r, all))
		return string(text)
	}
	if forms, ok := schema["oneOf"].([]any); ok {
		return r.value(object(pick(r, forms)), depth)
	}
	kind, _ := schema["type"].(string)
	if list, ok := schema["type"].([]any); ok {
		kind, _ = pick(r, list).(string)
	}
	switch kind {
	case "object":
		return r.object(schema, depth)
	case "array":
		var items []string
		for range r.IntN(3) * min(1, max(0, 5-depth)) {
			items = append(items, r.value(object(schema, "items"), depth+1))
		}
		return "[" + strings.Join(items, ",") + "]"
	case "integer", "number":
		if r.IntN(4) == 0 {
			return pick(r, numbers)
		}
		return fmt.Sprint(r.IntN(5))
	case "boolean":
		return pick(r, []string{"true", "false"})
	case "null":
		return "null"
	}
	text := pick(r, texts)
	if schema["format"] == "date-time" && r.IntN(3) > 0 {
		text = "2026-12-01T08:00:00Z"
	}
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// field is a value for a field, mostly something that is there.
func (r *drawer) field(name string, schema map[string]any, depth int) string {
	known := there[name]
	if len(known) == 0 || r.IntN(4) == 0 {
		return r.value(schema, depth)
	}
	text, _ := json.Marshal(pick(r, known))
	if schema["type"] == "array" || fmt.Sprint(schema["type"]) == "[array null]" {
		return "[" + string(text) + "]"
	}
	return string(text)
}

func (r *drawer) object(schema map[string]any, depth int) string {
	var fields []string
	required, _ := schema["required"].([]any)
	properties := object(schema, "properties")
	for _, name := range sorted(properties) {
		field := object(properties, name)
		always := slices.Contains(required, any(name))
		if field["readOnly"] == true && r.IntN(20) > 0 || always && r.Float64() < r.broken || !always && (depth > 5 || r.IntN(2) == 0) {
			continue
		}
		for range 1 + r.IntN(20)/19 { // at times twice
			fields = append(fields, fmt.Sprintf("%q:%s", name, r.field(name, field, depth+1)))
		}
	}
	if r.Float64() < r.broken/2 {
		fields = append(fields, `"no_such_field":1`)
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func sorted(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Requests made of the document, good and broken, are answered as it says: with a
// status that it lists, a body of that status's schema, and never with a fault of ours.
// More of them: go test ./internal/api/v1 -run TestAnswersAreAsDocumented -api-cases 2000
func TestAnswersAreAsDocumented(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { answersAreAsDocumented(walking(t), *apiCases) })
	t.Run("postgres", func(t *testing.T) { answersAreAsDocumented(furnish(open(t, storetest.Postgres(t))), (*apiCases+3)/4) })
}

func answersAreAsDocumented(h *home, cases int) {
	t := h.t.(*testing.T)
	doc := published(t, h.api.Document())
	r := &drawer{Rand: rand.New(rand.NewPCG(*apiSeed, 0)), doc: doc}
	ids := map[string][]string{
		"incidents": {string(h.opened("db", "Disk full")), string(h.opened("hr", "Salaries")), string(h.opened("site", "Slow"))}, "silences": {h.silenced("db"), h.silenced("hr"), h.silenced("")},
		"keys": {"key", "narrow"}, "alerts": {"unknown"},
	}
	for plural, known := range there {
		ids[plural] = known
	}
	statuses := map[int]int{}
	for range cases {
		for _, path := range sorted(object(doc.root, "paths")) {
			if strings.HasSuffix(path, "/events") { // never ends
				continue
			}
			for _, method := range sorted(object(doc.root, "paths", path)) {
				for _, as := range []string{"ada", "rita"} {
					r.broken = pick(r, []float64{0, 0, 0.03, 0.2})
					statuses[ask(h, r, as, method, path, ids)]++
				}
			}
		}
	}
	t.Logf("answers by status: %v", statuses)
}

// ask makes one request of an operation and looks at the answer.
func ask(h *home, r *drawer, as, method, path string, ids map[string][]string) int {
	op := object(r.doc.root, "paths", path, method)
	at := strings.TrimPrefix(path, "/api/v1")
	query, head := url.Values{}, []string{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := object(p)
		name := p["name"].(string)
		value := strings.Trim(r.value(object(p, "schema"), 0), `"[]`)
		switch p["in"] {
		case "path":
			plural, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
			if known := ids[plural]; len(known) > 0 && (r.IntN(5) > 0 || value == "") {
				value = pick(r, known)
			}
			if value == "" {
				value = "x"
			}
			at = strings.Replace(at, "{"+name+"}", url.PathEscape(value), 1)
		case "query":
			if r.IntN(3) == 0 {
				if known := there[name]; len(known) > 0 && r.IntN(3) > 0 {
					value = pick(r, known)
				}
				query.Add(name, value)
			}
		case "header":
			if r.IntN(6) == 0 && !strings.ContainsAny(value, "\x00\r\n") {
				head = append(head, name, value)
			}
		}
	}
	if r.Float64() < r.broken {
		query.Add(pick(r, []string{"nope", "cursor", "limit"}), pick(r, []string{"MTo", "MTp4", "%00", "-1", "99999999999999999999"}))
	}
	body, kind := "", "application/json"
	if content := object(op, "requestBody", "content"); content != nil {
		body = r.value(object(content, "application/json", "schema"), 0)
		if r.Float64() < r.broken/2 {
			body = body[:r.IntN(len(body))]
		}
		if r.Float64() < r.broken/2 {
			kind = pick(r, []string{"text/plain", "", "application/xml", ";;", "application/json; charset=latin1"})
		}
		head = append(head, "Content-Type", kind)
	}
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	got := h.do(as, strings.ToUpper(method), at, body, head...)
	where := fmt.Sprintf("%s %.300s as %s %q\n%.1500s\n-> %d %.800s", method, at, as, head, body, got.status, got.body)
	r.doc.judge(h.t, where, path, method, got)
	return got.status
}

// judge holds an answer against the document.
func (d *document) judge(t testing.TB, where, path, method string, got reply) {
	t.Helper()
	if got.status >= 500 {
		t.Errorf("a fault of ours: %s", where)
	}
	if got.status == 304 || got.status == 301 || got.status == 307 { // cleaned by the mux, before there is an operation
		return
	}
	responses := object(d.root, "paths", path, method, "responses")
	status := fmt.Sprint(got.status)
	if responses[status] == nil {
		status = "default"
	}
	if responses[status] == nil {
		t.Errorf("an undocumented status: %s", where)
		return
	}
	kind, _, _ := strings.Cut(got.head.Get("Content-Type"), ";")
	if got.status >= 400 && kind != "application/problem+json" {
		t.Errorf("a fault that is no problem+json but %q: %s", kind, where)
		return
	}
	content := object(responses, status, "content")
	if content == nil {
		if got.body != "" {
			t.Errorf("an undocumented body: %s", where)
		}
		return
	}
	if content[kind] != nil && object(content, kind, "schema")["format"] == "binary" || content["*/*"] != nil && got.status < 300 {
		return // bytes have no shape
	}
	if content[kind] == nil || object(content, kind, "schema") == nil {
		if got.status != 204 && path != "/api/v1/openapi.json" {
			t.Errorf("an undocumented media type %q: %s", kind, where)
		}
		return
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(got.body))
	if err == nil {
		err = d.schema("paths", path, method, "responses", status, "content", kind, "schema").Validate(value)
	}
	if err != nil {
		t.Errorf("not as its schema says: %v\n%s", err, where)
	}
}
