package source

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/alert"
)

// sound checks what holds for every event of every source.
func sound(t *testing.T, ev alert.Event) {
	t.Helper()
	if ev.Action == "" {
		t.Error("an event without an action")
	}
	if ev.Severity != "" && !ev.Severity.Valid() {
		t.Errorf("severity %q", ev.Severity)
	}
	bounded := func(what, s string, n int) {
		t.Helper()
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			t.Errorf("%s is not clean text: %q", what, s)
		}
		if utf8.RuneCountInString(s) > n {
			t.Errorf("%s has more than %d characters", what, n)
		}
	}
	bounded("title", ev.Title, maxTitle)
	bounded("text", ev.Text, maxText)
	bounded("key", ev.Key, maxKey)
	bounded("by", ev.By, maxName)
	if strings.ContainsAny(ev.Title, "\r\n") {
		t.Errorf("title of two lines: %q", ev.Title)
	}
	if len(ev.Labels) > maxLabels || len(ev.Details) > maxDetails || len(ev.Links) > maxLinks {
		t.Errorf("%d labels, %d details, %d links", len(ev.Labels), len(ev.Details), len(ev.Links))
	}
	for k, v := range ev.Labels {
		bounded("label name", k, maxName)
		bounded("label", v, maxLabel)
	}
	for k, v := range ev.Details {
		bounded("detail name", k, maxName)
		bounded("detail", v, maxDetail)
	}
	for _, l := range ev.Links {
		bounded("link", l.Href, maxHref)
		bounded("link text", l.Text, maxName)
		if !strings.HasPrefix(strings.ToLower(l.Href), "http") {
			t.Errorf("link %q", l.Href)
		}
	}
}
