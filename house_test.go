package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules of the house: a package may import what stands behind its name, and no
// other package of ours. The domain stands at the root and does no I/O; the machinery
// stands under internal.
const rules = `
	org
	incident: org
	oncall: org
	oncall/roster
	oncall/load: oncall oncall/roster org
	oncall/lint: oncall org
	oncall/ical: oncall org

	# The five steps. None knows another; all know the incident.
	alert: incident org
	escalate: incident org
	investigate: incident org
	investigate/talk: incident org
	resolve: incident org
	review: incident org
	resolve/ticket: incident org

	investigate/runbook: incident org
	review/figures: incident org
	review/drill: incident org review/figures
	alert/source: alert org
	alert/noise: incident org
	alert/cause
	alert/sift: alert alert/cause incident org

	# The app that people see, built and embedded.
	web

	# The machinery. It sees the domain; the domain never sees it.
	internal/secret
	internal/prose
	internal/paper
	internal/gate
	internal/egress
	internal/pgtest
	internal/throttle
	internal/channel: alert escalate incident org internal/egress
	internal/channel/pushtest
	internal/channel/smtptest
	internal/tracker: org internal/channel internal/egress resolve/ticket
	internal/store: alert alert/cause alert/sift escalate incident oncall oncall/ical org resolve internal/secret investigate/runbook investigate/talk
	internal/store/storetest: internal/pgtest internal/secret internal/store
	internal/engine: alert alert/cause alert/noise alert/sift escalate incident investigate oncall oncall/ical oncall/load oncall/roster org resolve review internal/channel internal/paper internal/secret internal/store investigate/runbook investigate/talk review/drill review/figures resolve/ticket
	internal/auth: incident org internal/secret internal/store internal/engine internal/throttle internal/web
	internal/status: escalate incident org internal/channel internal/config internal/egress internal/engine internal/prose internal/secret internal/store internal/throttle internal/web
	internal/report: incident org internal/blob internal/channel internal/config internal/engine internal/prose internal/secret internal/status internal/store internal/throttle internal/web
	internal/inbox: incident internal/engine internal/store
	internal/follow: alert alert/cause alert/sift escalate incident oncall org resolve internal/channel internal/egress internal/secret internal/store internal/engine investigate/runbook review/figures resolve/ticket internal/tracker
	internal/api: alert alert/cause alert/sift alert/source escalate incident oncall org resolve internal/api/v1 internal/auth internal/channel internal/engine internal/report internal/secret internal/status internal/store internal/web internal/blob internal/follow internal/tracker
	internal/api/v1: alert alert/cause alert/noise alert/sift alert/source escalate incident investigate oncall oncall/lint oncall/load oncall/ical oncall/roster org resolve review internal/apply internal/auth internal/channel internal/config internal/engine internal/follow internal/paper internal/prose internal/secret internal/store investigate/runbook investigate/talk internal/blob review/drill review/figures internal/tracker resolve/ticket
	internal/blob: incident org internal/secret internal/store investigate/talk
	internal/web: alert alert/cause alert/sift escalate incident oncall org resolve internal/engine internal/store web
	internal/config: alert alert/cause alert/sift alert/source escalate incident oncall org internal/channel internal/egress internal/gate internal/secret internal/tracker investigate/runbook resolve/ticket review/drill
	internal/apply: incident oncall org internal/config internal/secret internal/store internal/tracker investigate/runbook
	internal/convert: alert alert/cause alert/sift org internal/config
	internal/client
	internal/client/gen

	# These two see everything.
	internal/sim: *
	internal/sim/mockworld
	internal/app: *
`

// The domain may not reach the world, and may not ask the time.
var (
	forbidden = []string{"os", "net", "net/http", "database/sql", "log", "log/slog", "sync"}
	asks      = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
)

// banned names say nothing about what a package is.
var banned = []string{"util", "utils", "common", "types", "model", "models", "helper", "helpers", "manager", "base"}

const longestDoc = 40 // lines of a package's page

func TestHouse(t *testing.T) {
	may := map[string][]string{}
	for line := range strings.Lines(rules) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			name, imports, _ := strings.Cut(line, ":")
			may[name] = strings.Fields(imports)
		}
	}
	docs := map[string]int{}
	parses, fuzzes := map[string]string{}, map[string]bool{} // by package
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata" || d.Name() == "node_modules" || file == "tools") {
			return fs.SkipDir
		}
		pkg := path.Dir(file)
		if d.IsDir() || !strings.HasSuffix(file, ".go") || pkg == "." {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		test := strings.HasSuffix(file, "_test.go")
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				fuzzes[pkg] = fuzzes[pkg] || test && strings.HasPrefix(fn.Name.Name, "Fuzz")
				if !test && strings.HasPrefix(fn.Name.Name, "Parse") {
					parses[pkg] = fn.Name.Name
				}
			}
		}
		if test {
			return nil
		}
		if f.Doc != nil {
			docs[pkg] = max(docs[pkg], strings.Count(f.Doc.Text(), "\n"))
		} else {
			docs[pkg] += 0
		}
		if slices.Contains(banned, path.Base(pkg)) {
			t.Errorf("%s: %q says nothing about what a package is", file, path.Base(pkg))
		}
		allowed, known := may[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the rules of the house", file, pkg)
		}
		atRoot := !strings.HasPrefix(pkg, "internal/")
		for _, im := range f.Imports {
			p, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(p, "tocsin/"); ok && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
				t.Errorf("%s: %s may not import %s", file, pkg, ours)
			}
			if atRoot && slices.Contains(forbidden, p) {
				t.Errorf("%s: the domain may not import %s", file, p)
			}
		}
		if atRoot {
			noTime(t, file, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, lines := range docs {
		if lines == 0 || lines > longestDoc {
			t.Errorf("%s: its doc comment has %d lines; a page is 1 to %d", pkg, lines, longestDoc)
		}
	}
	for pkg, name := range parses {
		if !fuzzes[pkg] && !strings.HasSuffix(pkg, "test") { // what serves tests reads what we wrote
			t.Errorf("%s: %s has no fuzz test", pkg, name)
		}
	}
	for pkg := range may {
		if _, err := os.Stat(pkg); err == nil && docs[pkg] == 0 {
			t.Errorf("%s stands in the rules and has no doc comment", pkg)
		}
	}
}

// noTime: the domain is told the time, it does not ask.
func noTime(t *testing.T, file string, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(asks, s.Sel.Name) {
				t.Errorf("%s: time.%s: the domain is told the time, it does not ask", file, s.Sel.Name)
			}
		}
		return true
	})
}
