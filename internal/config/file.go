package config

import (
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml/ast"
)

// File reads a file of options for kong.Configuration: flat YAML whose keys are the
// names of flags. What is said by a flag or in the environment beats it.
func File(r io.Reader) (kong.Resolver, error) {
	name := "configuration"
	if f, ok := r.(*os.File); ok {
		name = f.Name()
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	node, err := document(name, data)
	if err != nil {
		return nil, err
	}
	f := &file{options: map[string]option{}, reader: reader{at: places{}, found: Problems{File: name}}}
	f.read(node)
	return f, f.found.err()
}

// A file is the options of one file.
type file struct {
	options map[string]option
	reader
}

type option struct {
	value any // text, a list of texts as []any, or nil
	place place
}

func (f *file) read(n ast.Node) {
	if n == nil {
		return
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		f.bad("", n, "want options, not %s", kindOf(n))
		return
	}
	for it := m.MapRange(); it.Next(); {
		name, o := it.Key().String(), option{place: placeOf(it.Key())}
		if _, empty := it.Value().(*ast.NullNode); empty {
			f.options[name] = o // says nothing, but must still be an option
			continue
		}
		if list, ok := it.Value().(*ast.SequenceNode); ok {
			texts := make([]string, len(list.Values))
			f.reader.value(name, list, reflect.ValueOf(&texts).Elem())
			all := make([]any, len(texts))
			for i, t := range texts {
				all[i] = t
			}
			o.value = all
		} else {
			var text string
			f.reader.value(name, it.Value(), reflect.ValueOf(&text).Elem())
			o.value = text
		}
		f.options[name] = o
	}
}

// Validate refuses what is no flag of any command.
func (f *file) Validate(app *kong.Application) error {
	flags := map[string]bool{}
	err := kong.Visit(app.Node, func(v kong.Visitable, next kong.Next) error {
		if flag, ok := v.(*kong.Flag); ok {
			flags[flag.Name] = true
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	unknown := Problems{File: f.found.File}
	for name, o := range f.options {
		if !flags[name] || name == "config" {
			unknown.List = append(unknown.List, Problem{o.place.line, o.place.column, name, "there is no such option"})
		}
	}
	return unknown.err()
}

// Resolve is what the file says of a flag that the command line does not mention; nil
// when the environment does.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	if o, ok := f.options[flag.Name]; ok {
		return o.value, nil
	}
	return nil, nil
}
