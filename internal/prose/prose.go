// Package prose turns what people write into HTML that is safe to show: Markdown in,
// a small set of elements out. It is the only place where that happens, so that the app,
// mail and pages for others have one sanitizer and one look.
//
// What stays: paragraphs, headings, lists (also of tasks), quotes, code, tables,
// emphasis, strike-through, rules, and links to http, https and mailto. Line breaks
// stand where they were typed: a note at 3 a.m. is not typeset. HTML that somebody
// types is text. Images are links to them: a picture from elsewhere would tell its host
// who reads what, and when.
package prose

import (
	"bytes"
	"html"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	rendered "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// Most is how many bytes of a text are read; what is longer is shown as it is.
const Most = 64 << 10

var (
	markdown = goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table, extension.TaskList),
		goldmark.WithRendererOptions(rendered.WithHardWraps(), renderer.WithNodeRenderers(util.Prioritized(asText{}, 1))),
	)
	clean = sanitizer()
)

// sanitizer lets through what the renderer makes of Markdown, and nothing else: it is
// the belt to the renderer's braces.
func sanitizer() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "del",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9+#-]{1,30}$`)).OnElements("code")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}

// HTML is a text as it is shown.
func HTML(text string) string {
	if len(text) > Most {
		return "<pre>" + html.EscapeString(text) + "</pre>"
	}
	var out bytes.Buffer
	if err := markdown.Convert([]byte(text), &out); err != nil {
		return "<pre>" + html.EscapeString(text) + "</pre>"
	}
	return clean.Sanitize(out.String())
}

// asText shows HTML as the text that somebody typed, and an image as a link to it.
type asText struct{}

func (a asText) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, a.raw)
	r.Register(ast.KindHTMLBlock, a.block)
	r.Register(ast.KindImage, a.image)
}

func (asText) raw(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w.WriteString(html.EscapeString(string(n.(*ast.RawHTML).Segments.Value(source))))
	}
	return ast.WalkSkipChildren, nil
}

func (asText) block(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	b := n.(*ast.HTMLBlock)
	if entering {
		w.WriteString("<p>" + html.EscapeString(string(b.Lines().Value(source))))
		return ast.WalkContinue, nil
	}
	if b.HasClosure() {
		w.WriteString(html.EscapeString(string(b.ClosureLine.Value(source))))
	}
	w.WriteString("</p>\n")
	return ast.WalkContinue, nil
}

func (asText) image(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		w.WriteString(`<a href="` + html.EscapeString(string(n.(*ast.Image).Destination)) + `">`)
		if n.FirstChild() == nil {
			w.WriteString("image")
		}
		return ast.WalkContinue, nil
	}
	w.WriteString("</a>")
	return ast.WalkContinue, nil
}
