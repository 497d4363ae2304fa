package org

import "testing"

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		" a\r\nb\t ":            "a\nb",
		"a\x00b\x07\u202Ec":     "abc",
		"\u200b\u200d \u2060":   "",
		"\u2800\u3164":          "",
		"👩‍🚒 ist da":            "👩‍🚒 ist da", // joined by what cannot be seen
		"می\u200cخواهم":         "می\u200cخواهم",
		"\n\n":                  "",
		"\u2067abc\u2069 d\x1b": "abc d",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
