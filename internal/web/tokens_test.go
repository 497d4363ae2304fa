package web

import (
	"strings"
	"testing"
)

// Every colour that a page uses is one of the app's, in light and in dark.
func TestColoursAreTheApps(t *testing.T) {
	c := colours(ownStyle)
	for _, m := range used.FindAllStringSubmatch(ownStyle, -1) {
		if n := strings.Count(c, m[1]+":"); n != 2 {
			t.Errorf("%s has %d colours, want one for light and one for dark", m[1], n)
		}
	}
	if strings.Contains(ownStyle, "#") {
		t.Error("a colour of its own stands in style.css")
	}
	if !strings.Contains(c, "--accent:#4b4fd0;") || !strings.Contains(c, "--accent:#8b8ff5;") {
		t.Errorf("the tokens are read as %s", c)
	}
}
