package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder of Markdown files is what it brings; what cannot be read is named, all at once.
func TestRunbooksIn(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := runbooksIn(dir); err == nil || !strings.Contains(err.Error(), "no file that ends with .md") {
		t.Error(err)
	}
	write("disk.md", "# Disk\n## Look")
	write("db/restart.MD", "## Look")
	write("README.md", "about these")
	write(".git/x.md", "## hidden")
	write("picture.png", "## no")
	all, err := runbooksIn(dir)
	if err != nil || len(all) != 2 || all[0].ID != "restart" || all[1].Name != "Disk" {
		t.Errorf("%+v %v", all, err)
	}
	write("db/disk.md", "## twice")
	write("bad.md", "nothing to do")
	_, err = runbooksIn(dir)
	for _, want := range []string{"bad.md: text: there is no step", "disk.md: has the id disk, as"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
