package web

import (
	"regexp"
	"strings"

	"tocsin/web"
)

var (
	twoColours = regexp.MustCompile(`(--[a-z0-9-]+):\s*light-dark\(([^,()]+),\s*([^,()]+)\);`)
	used       = regexp.MustCompile(`var\((--[a-z0-9-]+)\)`)
)

// colours are the app's own that a style uses, as browsers know them that are older than
// light-dark(): whoever is woken has the telephone that they have.
func colours(style string) string {
	wanted := map[string]bool{}
	for _, m := range used.FindAllStringSubmatch(style, -1) {
		wanted[m[1]] = true
	}
	var light, dark strings.Builder
	for _, m := range twoColours.FindAllStringSubmatch(web.Tokens, -1) {
		if wanted[m[1]] {
			light.WriteString(m[1] + ":" + m[2] + ";")
			dark.WriteString(m[1] + ":" + m[3] + ";")
		}
	}
	return ":root{" + light.String() + "}\n@media (prefers-color-scheme: dark){:root{" + dark.String() + "}}\n"
}

// Style is a style sheet with the app's colours before it, and the policy of a page that
// has it inside and loads nothing: no script, no font, nothing from elsewhere.
func Style(own string) (style, policy string) {
	style = colours(own) + own
	return style, "default-src 'none'; style-src 'sha256-" + hash(style) + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}
