// Command gen writes a Go client from an OpenAPI 3.1 document: go run . DOCUMENT FILE.
//
// It knows what our own document has and refuses what it does not: a schema for every
// body, by reference or as a page of a list, parameters in path and query. Headers that
// every write has are options of the client, written by hand. An operation that answers
// no JSON (the stream of events) has no method.
//
// A general generator makes 30,000 lines of this document, and needs a library at run
// time; docs/decisions says more.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen DOCUMENT FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(document, file string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	code, err := Generate(text)
	if err != nil {
		return err
	}
	return os.WriteFile(file, code, 0o644)
}

// A Document is what we read of an OpenAPI document.
type Document struct {
	Paths      map[string]map[string]Operation
	Components struct{ Schemas map[string]*Schema }
}

// An Operation is one method of one path.
type Operation struct {
	ID          string `json:"operationId"`
	Summary     string
	Parameters  []Parameter
	RequestBody *struct{ Content map[string]Content }
	Responses   map[string]struct{ Content map[string]Content }
}

// A Parameter stands in path, query or header.
type Parameter struct {
	Name, In, Description string
	Schema                *Schema
}

// Content is what a body of one media type holds.
type Content struct{ Schema *Schema }

// A Schema is JSON Schema as far as we use it.
type Schema struct {
	Ref         string `json:"$ref"`
	Type        oneOrMore
	Format      string
	Description string
	Enum        []any
	Items       *Schema
	OneOf       []*Schema
	Properties  map[string]*Schema
	Required    []string
	// More is true, false or the schema of further properties.
	More json.RawMessage `json:"additionalProperties"`
}

// oneOrMore is a type, or a type and null.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// is is the type, null apart.
func (s *Schema) is() string {
	for _, t := range s.Type {
		if t != "null" {
			return t
		}
	}
	return ""
}
