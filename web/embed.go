// Package web is the app that people see: Svelte under src, built by Vite into dist
// with fixed file names, and committed, so that `go build`, `go run` and `go test` need
// no Node. Here it is embedded; internal/web serves it. README.md says how to add a
// screen, a component and a text.
package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var files embed.FS

// Tokens are the app's colours, for pages that are not the app.
//
//go:embed src/tokens.css
var Tokens string

// Dist is the built app: index.html and what it loads.
func Dist() fs.FS {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic("web: " + err.Error()) // the directory is named right above
	}
	return dist
}
