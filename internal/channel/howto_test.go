package channel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHowTo: the channel that docs/channels.md shows is whole. It is put beside the
// others, with its line, built, and sends a page.
func TestHowTo(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the package once more")
	}
	page, err := os.ReadFile("../../docs/channels.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(page), "```go\n")
	code, _, ended := strings.Cut(code, "```")
	if !ok || !ended {
		t.Fatal("docs/channels.md shows no channel")
	}
	kinds, err := os.ReadFile("kind.go")
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Replace(string(kinds), "\tgotifyKind,\n", "\tgotifyKind,\n\tsirenKind,\n", 1)
	if line == string(kinds) {
		t.Fatal("Kinds has no place for a line")
	}
	test := `package channel

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSiren(t *testing.T) {
	howls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { howls++ }))
	defer server.Close()
	c, err := Make("siren", Setup{ID: "roof", Settings: map[string]string{"server": server.URL}, Client: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), Message{ID: "1", To: "roof", Title: "db is down"}); err != nil || howls != 1 {
		t.Fatal(err, howls)
	}
}
`
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay := `{"Replace":{`
	for i, f := range [][2]string{{"siren.go", code}, {"kind.go", line}, {"siren_test.go", test}} {
		if i > 0 {
			overlay += ","
		}
		file := filepath.Join(dir, f[0])
		if err := os.WriteFile(file, []byte(f[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay += `"` + filepath.Join(here, f[0]) + `":"` + file + `"`
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, []byte(overlay+"}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "test", "-overlay", file, "-run", "^TestSiren$", ".").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
