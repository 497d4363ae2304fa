// Package config reads what an administrator writes down: the options of the server
// and the set-up file.
//
// Server holds the options. Each is a flag; a flag beats its environment variable,
// which beats the file given with --config. A key of that file that is no flag is an
// error, because a misspelt option that is silently ignored is found out at night.
//
// The set-up file is YAML and says who works here and what they answer for: people,
// teams, services, policies, schedules, integrations, rules and settings. Its words
// are the yaml tags of the domain's own types, so that there is nothing to translate.
// It is meant to be kept in version control and applied again and again.
//
//	Parse     bytes -> Setup: the form. Unknown fields, wrong types.
//	Validate  the sense: every reference leads somewhere, every schedule compiles.
//	Items     what is written: one JSON body for each thing, the same each time.
//	Read      the way back: a Setup of what is already configured.
//
// Both Parse and Validate say all that is wrong at once, as Problems: each with its
// path in the file ("people[0].rules[1].method") and its line and column. YAML's
// anchors, aliases, merge keys and tags are refused: they make a file short for its
// author and hard for whoever reads it during an outage.
package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with a file.
type Problem struct {
	Line, Column int    // from 1; 0 when it has no place in the file
	Path         string // "people[0].rules[1].method"; "" is the file itself
	Text         string
}

// Problems is everything that is wrong with a file, in the file's order. Its text is
// for the author: one problem a line, as compilers write them.
type Problems struct {
	File string
	List []Problem
}

func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, one := range p.List {
		where := p.File
		if one.Line > 0 {
			where = fmt.Sprintf("%s:%d:%d", p.File, one.Line, one.Column)
		}
		if one.Path != "" {
			where += ": " + one.Path
		}
		lines[i] = where + ": " + one.Text
	}
	return strings.Join(lines, "\n")
}

// err is the problems in order, or nil when there are none.
func (p *Problems) err() error {
	if len(p.List) == 0 {
		return nil
	}
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p
}

// A place is where a value stands in its file.
type place struct{ line, column int }

// places are the values of a file by their paths.
type places map[string]place

// of is the place of a path, or of the nearest thing around it: what is missing has no
// place of its own.
func (at places) of(path string) place {
	for {
		if p, ok := at[path]; ok || path == "" {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}
