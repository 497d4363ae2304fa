package sim

import (
	"os"
	"strings"
	"testing"
)

// A night with a drill comes to the same figures, and the same load, as the night without
// it.
func TestDrillsCountNowhere(t *testing.T) {
	text, err := os.ReadFile("nights/a-drill-beside-the-real-thing.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(text), "---\n")
	var without []string
	for line := range strings.Lines(string(text)) {
		if _, said, _ := strings.Cut(line, "  "); strings.Contains(said, "drill") && strings.Contains(lines, line) || strings.HasPrefix(said, "score") {
			continue
		}
		without = append(without, line)
	}
	counted := func(script string) (shown []string) {
		t.Helper()
		played, err := Play(t.Context(), script, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, played, found := strings.Cut(played, "  figures\n")
		if !found {
			t.Fatal("nothing was counted")
		}
		return strings.Split(played, "\n")
	}
	with, bare := counted(string(text)), counted(strings.Join(without, ""))
	if len(bare) < 8 || strings.Join(with, "\n") != strings.Join(bare, "\n") {
		t.Errorf("with a drill:\n%s\nwithout:\n%s", strings.Join(with, "\n"), strings.Join(bare, "\n"))
	}
}
