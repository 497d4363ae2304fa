package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sources are what dist is made of; sum.mjs hashes the same.
var sources = []string{"index.html", "package-lock.json", "vite.config.ts", "src", "i18n", "public"}

// A dist that is older than its sources shows people yesterday's app. Branches that do
// not commit dist set STALE_UI_OK.
func TestDistIsFresh(t *testing.T) {
	if !fresh(t) {
		t.Errorf("dist was built of other sources: run `make web` (they are %s now)", sum(t))
	}
}

// fresh says whether dist was built of the sources as they are. A branch that does not
// commit dist has nothing to say about it.
func fresh(t *testing.T) bool {
	want, err := os.ReadFile("dist/sources.sha256")
	if err != nil {
		t.Fatal(err)
	}
	is := sum(t) == strings.TrimSpace(string(want))
	if !is && os.Getenv("STALE_UI_OK") != "" {
		t.Skip("STALE_UI_OK is set, and dist is of other sources")
	}
	return is
}

// sum is the hash of all sources, by name.
func sum(t *testing.T) string {
	var all []string
	for _, s := range sources {
		err := fs.WalkDir(os.DirFS("."), s, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	h := sha256.New()
	for _, p := range all {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		one := sha256.Sum256(b)
		h.Write([]byte(p + " " + hex.EncodeToString(one[:]) + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// What may be loaded, in bytes of gzip. The first are what somebody needs who is woken:
// the shell, the list and one incident. The goal is the limit.
const (
	mostFirstJS  = 60_000
	mostFirstCSS = 15 << 10
	mostLazy     = 40 << 10
	mostDist     = 2 << 20 // not compressed
)

// roots are what is asked for first; what these import counts with them.
var roots = []string{"app.js", "list.js", "room.js", "en-core.js", "en-room.js"}

// imported finds what a part cannot run without. What it loads later, by import(), is
// not among that.
var imported = regexp.MustCompile(`(?:from|import)\s*"\./([\w.-]+\.js)"`)

// firstParts are the roots, all that they import, and the styles of these.
func firstParts(t *testing.T) map[string]bool {
	found := map[string]bool{}
	for todo := slices.Clone(roots); len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if found[name] {
			continue
		}
		b, err := fs.ReadFile(Dist(), name)
		if err != nil {
			t.Fatalf("the app has no %s: %v", name, err)
		}
		found[name] = true
		for _, m := range imported.FindAllSubmatch(b, -1) {
			todo = append(todo, string(m[1]))
		}
		css := strings.TrimSuffix(name, ".js") + ".css"
		if _, err := fs.Stat(Dist(), css); err == nil {
			found[css] = true
		}
	}
	return found
}

func TestBudgets(t *testing.T) {
	fresh(t)
	first := firstParts(t)
	sizes := map[string]int{}
	total := 0
	err := fs.WalkDir(Dist(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(Dist(), p)
		total += len(b)
		ext := path.Ext(p)
		if err != nil || ext != ".js" && ext != ".css" {
			return err
		}
		var z bytes.Buffer
		w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
		w.Write(b)
		w.Close()
		if first[p] {
			sizes[ext] += z.Len()
			t.Logf("%6d %s", z.Len(), p)
		} else if z.Len() > mostLazy {
			t.Errorf("%s: %d bytes of gzip; a lazy part has at most %d", p, z.Len(), mostLazy)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("first: %d bytes of JS, %d of CSS; dist: %d bytes", sizes[".js"], sizes[".css"], total)
	if sizes[".js"] == 0 || sizes[".js"] > mostFirstJS || sizes[".css"] == 0 || sizes[".css"] > mostFirstCSS || total > mostDist {
		t.Errorf("first: %d bytes of JS (at most %d), %d of CSS (at most %d); dist: %d (at most %d)",
			sizes[".js"], mostFirstJS, sizes[".css"], mostFirstCSS, total, mostDist)
	}
}

// The service worker keeps the list and an incident for when there is no network: all
// parts of them, and no name that is not a part. (The build may write many names as one
// text with commas.)
func TestWorkerKeepsWhatIsNeeded(t *testing.T) {
	fresh(t)
	b, err := fs.ReadFile(Dist(), "sw.js")
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{}
	for _, m := range regexp.MustCompile("[\"'`,]([\\w.-]+\\.(?:js|css))").FindAllSubmatch(b, -1) {
		name := string(m[1])
		kept[name] = true
		if _, err := fs.Stat(Dist(), name); err != nil {
			t.Errorf("sw.ts keeps %s, which is not built", name)
		}
	}
	for name := range firstParts(t) {
		if !kept[name] {
			t.Errorf("sw.ts does not keep %s, without which nothing is seen offline", name)
		}
	}
}

// Colours live in tokens.css alone, and HTML that comes as text is set in one place.
func TestSourcesAreClean(t *testing.T) {
	colour := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsl`)
	font := regexp.MustCompile(`font(-size)?:[^;]*\b[0-9.]+px`)
	err := fs.WalkDir(os.DirFS("src"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile("src/" + p)
		text := string(b)
		if p != "ui/Markdown.svelte" && strings.Contains(text, "{@html") {
			t.Errorf("src/%s: {@html}: only ui/Markdown.svelte may", p)
		}
		if _, style, ok := strings.Cut(text, "<style"); ok || strings.HasSuffix(p, ".css") {
			if !ok {
				style = text
			}
			if p != "tokens.css" && colour.MatchString(style) {
				t.Errorf("src/%s: the colour %s does not come from tokens.css", p, colour.FindString(style))
			}
			if font.MatchString(style) {
				t.Errorf("src/%s: %s: fonts are in rem, from tokens.css", p, font.FindString(style))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every language has every text, with the same holes in it.
func TestTextsAreComplete(t *testing.T) {
	keys := regexp.MustCompile(`(?m)^  "([^"]+)": (.*)$`)
	hole := regexp.MustCompile(`\{[a-z_]+\}`)
	read := func(name string) map[string]string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, m := range keys.FindAllStringSubmatch(string(b), -1) {
			holes := hole.FindAllString(m[2], -1)
			slices.Sort(holes)
			all[m[1]] = strings.Join(slices.Compact(holes), " ")
		}
		return all
	}
	areas, err := os.ReadDir("i18n/en")
	if err != nil {
		t.Fatal(err)
	}
	for _, area := range areas {
		en, de := read("i18n/en/"+area.Name()), read("i18n/de/"+area.Name())
		if len(en) == 0 {
			t.Errorf("i18n/en/%s has no text", area.Name())
		}
		for k, holes := range en {
			if other, ok := de[k]; !ok || other != holes {
				t.Errorf("i18n/de/%s: %q: there %v, with the holes %q; want %q", area.Name(), k, ok, other, holes)
			}
		}
		for k := range de {
			if _, ok := en[k]; !ok {
				t.Errorf("i18n/de/%s: %q is not in English", area.Name(), k)
			}
		}
	}
}
