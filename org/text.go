package org

import (
	"strings"
	"unicode"
)

// Clean is a text as others may be shown it: without what cannot be seen and does something
// all the same (control characters but for line breaks and tabs, marks that turn the
// direction of what follows), and without space around it. A text in which nothing can be
// seen is none.
func Clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	if strings.IndexFunc(text, seen) < 0 {
		return ""
	}
	return strings.TrimSpace(text)
}

// seen says whether a rune leaves a mark.
func seen(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r) && r != 0x115F && r != 0x3164 && r != 0x2800
}
