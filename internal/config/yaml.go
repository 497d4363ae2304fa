package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile and maxDepth keep a file that is no set-up from costing more than its
// refusal.
const (
	maxFile  = 4 << 20
	maxDepth = 100
)

// document parses the one YAML document of a file; nil is an empty one.
func document(file string, data []byte) (node ast.Node, err error) {
	bad := func(at place, text string) error {
		return &Problems{file, []Problem{{Line: at.line, Column: at.column, Text: text}}}
	}
	if len(data) > maxFile {
		return nil, bad(place{}, fmt.Sprintf("%d bytes are too many, at most %d", len(data), maxFile))
	}
	if at, deep := tooDeep(data); deep {
		return nil, bad(at, fmt.Sprintf("lists and fields stand more than %d deep", maxDepth))
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		at, text := described(err)
		return nil, bad(at, text)
	}
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if node != nil {
			return nil, bad(placeOf(d.Body), "a second document: write one document a file")
		}
		node = d.Body
	}
	return node, nil
}

// tooDeep finds the bracket, dash or question mark with which nesting goes beyond
// maxDepth: the parser is recursive and has no bound of its own. Those within text
// count too; nobody writes that many.
func tooDeep(data []byte) (place, bool) {
	line, column, depth, dashes := 1, 0, 0, 0
	for _, b := range data {
		column++
		switch b {
		case '\n':
			line, column, dashes = line+1, 0, 0
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '-', '?':
			dashes++
		case ' ', '\t':
		default:
			dashes = 0
		}
		if depth > maxDepth || dashes > maxDepth {
			return place{line, column}, true
		}
	}
	return place{}, false
}

// described takes an error of the YAML library apart.
func described(err error) (place, string) {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		var at place
		if t := e.GetToken(); t != nil && t.Position != nil {
			at = place{t.Position.Line, t.Position.Column}
		}
		return at, e.GetMessage()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return place{}, text
}

func placeOf(n ast.Node) place {
	if n == nil {
		return place{}
	}
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken() // its own token is the first colon
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		t = m.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// A reader fills Go values from YAML nodes and goes on after what is wrong, which the
// YAML library's own decoder does not.
type reader struct {
	at    places
	found Problems
}

func (r *reader) bad(path string, n ast.Node, format string, args ...any) {
	at := placeOf(n)
	r.found.List = append(r.found.List, Problem{at.line, at.column, path, fmt.Sprintf(format, args...)})
}

// value reads one node into v.
func (r *reader) value(path string, n ast.Node, v reflect.Value) {
	r.at[path] = placeOf(n)
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return // as if it were not there
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.bad(path, n, "anchors, aliases and tags are not read here: write it out")
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch into := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		if text, ok := r.scalar(path, n); ok {
			if err := into.UnmarshalText([]byte(text)); err != nil {
				r.bad(path, n, "%v", err)
			}
		}
		return
	case yaml.InterfaceUnmarshaler:
		r.library(path, n, v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.fields(path, n, v)
	case reflect.Slice:
		r.list(path, n, v)
	case reflect.String:
		if text, ok := r.scalar(path, n); ok {
			v.SetString(text)
		}
	default:
		r.library(path, n, v)
	}
}

// scalar is the text of a node as it was written: a telephone number is not a number.
func (r *reader) scalar(path string, n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	r.bad(path, n, "want a text, not %s", kindOf(n))
	return "", false
}

func (r *reader) library(path string, n ast.Node, v reflect.Value) {
	if err := yaml.NodeToValue(n, v.Addr().Interface(), yaml.Strict()); err != nil {
		_, text := described(err)
		r.bad(path, n, "%s", text)
	}
}

func (r *reader) list(path string, n ast.Node, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.bad(path, n, "want a list, not %s", kindOf(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, one := range seq.Values {
		r.value(fmt.Sprintf("%s[%d]", path, i), one, v.Index(i))
	}
}

func (r *reader) fields(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.bad(path, n, "want fields, not %s", kindOf(n))
		return
	}
	names, fields := fieldsOf(v)
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		name := key.String()
		if s, ok := key.(*ast.StringNode); ok {
			name = s.Value
		}
		field, ok := fields[name]
		if !ok {
			r.bad(path, key, "unknown field %q: want one of %s", name, strings.Join(names, ", "))
			continue
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		r.value(at, it.Value(), field)
	}
}

// fieldsOf are the fields of a struct by their names in YAML, and the names in order.
func fieldsOf(v reflect.Value) (names []string, fields map[string]reflect.Value) {
	fields = map[string]reflect.Value{}
	for i := range v.NumField() {
		tag, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			inner, more := fieldsOf(v.Field(i))
			for _, name := range inner {
				fields[name] = more[name]
			}
			names = append(names, inner...)
		case tag != "" && tag != "-":
			fields[tag] = v.Field(i)
			names = append(names, tag)
		}
	}
	return slices.Clip(names), fields
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "fields"
	}
	return fmt.Sprintf("%q", n.GetToken().Value)
}
