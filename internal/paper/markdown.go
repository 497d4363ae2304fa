package paper

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	source "github.com/yuin/goldmark/text"
)

var parser = goldmark.New(goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table, extension.TaskList)).Parser()

// Markdown is text with marks. Its headings stand below those of the document: "#" is one
// of level 2.
func (p *Paper) Markdown(s string) {
	src := []byte(strings.TrimSpace(s))
	if len(src) == 0 {
		return
	}
	w := writer{p, src}
	w.blocks(parser.Parse(source.NewReader(src)))
}

// A writer writes one text with marks.
type writer struct {
	*Paper
	src []byte
}

const (
	step    = 6.0 // by which lists and quotes stand further in
	deepest = 8 * step
)

func (w writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.one(n)
	}
}

func (w writer) one(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		w.Heading(n.Level+1, w.plain(n))
	case *ast.Paragraph, *ast.TextBlock:
		w.lines(n)
		if _, ok := n.(*ast.Paragraph); ok {
			w.pdf.Ln(2)
		}
	case *ast.List:
		w.list(n)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.code(n)
	case *ast.Blockquote:
		w.grey(mild)
		w.indented(func() { w.blocks(n) })
		w.grey(0)
	case *ast.ThematicBreak:
		w.Rule()
	case *tables.Table:
		w.table(n)
	case *ast.HTMLBlock:
		w.Paragraph(string(n.Lines().Value(w.src)))
	default:
		w.blocks(n)
	}
}

// indented writes further in.
func (w writer) indented(write func()) {
	was := w.indent
	w.indent = min(w.indent+step, deepest)
	write()
	w.indent = was
}

func (w writer) list(l *ast.List) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		switch {
		case l.IsOrdered():
			mark = fmt.Sprintf("%d.", number)
			number++
		case ticked(item): // its box is mark enough
			mark = ""
		}
		w.room(lineHeight)
		w.font("", textSize)
		w.pdf.SetX(margin + w.indent + 1)
		w.pdf.CellFormat(step-1, lineHeight, mark, "", 0, "L", false, 0, "")
		w.indented(func() { w.blocks(item) })
	}
	if w.indent == 0 {
		w.pdf.Ln(2)
	}
}

// ticked says whether an item of a list has a box.
func ticked(item ast.Node) bool {
	if item.FirstChild() == nil {
		return false
	}
	_, ok := item.FirstChild().FirstChild().(*tables.TaskCheckBox)
	return ok
}

// box draws the box of something to be done, in the place of the bullet, and ticks what is.
func (w writer) box(done bool) {
	const side = 2.6
	x, y := w.pdf.GetXY()
	left, top := margin+w.indent-step+1.2, y+(lineHeight-side)/2
	r, g, b := w.pdf.GetDrawColor()
	w.pdf.SetDrawColor(40, 40, 40)
	w.pdf.SetLineWidth(0.25)
	w.pdf.Rect(left, top, side, side, "D")
	if done {
		w.pdf.SetLineWidth(0.4)
		w.pdf.Line(left+0.5, top+side*0.55, left+side*0.42, top+side-0.5)
		w.pdf.Line(left+side*0.42, top+side-0.5, left+side-0.4, top+0.5)
	}
	w.pdf.SetLineWidth(0.2)
	w.pdf.SetDrawColor(r, g, b)
	w.pdf.SetXY(x, y)
}

func (w writer) code(n ast.Node) {
	w.pdf.SetFont(mono, "", smallSize)
	w.pdf.SetFillColor(244, 244, 244)
	w.pdf.SetX(margin + w.indent)
	w.pdf.MultiCell(width-w.indent, 4.4, shown(strings.TrimRight(string(n.Lines().Value(w.src)), "\n")), "", "L", true)
	w.pdf.Ln(2)
}

// lines writes words with their marks, from the margin to the right.
func (w writer) lines(n ast.Node) {
	left := margin + w.indent
	w.pdf.SetLeftMargin(left)
	w.pdf.SetX(left)
	w.font("", textSize)
	w.inline(n, "")
	w.pdf.SetLeftMargin(margin)
	w.pdf.Ln(lineHeight)
}

func (w writer) inline(parent ast.Node, style string) {
	say := func(s string) {
		w.font(style, textSize)
		w.pdf.Write(lineHeight, shown(s))
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			say(string(n.Segment.Value(w.src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				w.pdf.Ln(lineHeight)
			}
		case *ast.String:
			say(string(n.Value))
		case *ast.CodeSpan:
			w.pdf.SetFont(mono, "", smallSize)
			w.pdf.Write(lineHeight, shown(w.plain(n)))
		case *ast.Emphasis:
			mark := "I"
			if n.Level > 1 {
				mark = "B"
			}
			w.inline(n, with(style, mark))
		case *ast.Link:
			w.inline(n, style)
			if to := string(n.Destination); to != w.plain(n) {
				say(" (" + to + ")")
			}
		case *ast.AutoLink:
			say(string(n.URL(w.src)))
		case *ast.Image:
			say(string(n.Destination))
		case *ast.RawHTML:
			say(string(n.Segments.Value(w.src)))
		case *tables.TaskCheckBox:
			w.box(n.IsChecked)
		default:
			w.inline(n, style)
		}
	}
}

// with is a style with another mark; bold comes before italic.
func with(style, mark string) string {
	bold, italic := strings.Contains(style+mark, "B"), strings.Contains(style+mark, "I")
	switch {
	case bold && italic:
		return "BI"
	case bold:
		return "B"
	}
	return "I"
}

// plain is what is written, without its marks.
func (w writer) plain(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(w.src))
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.URL(w.src))
		default:
			out.WriteString(w.plain(n))
		}
	}
	return out.String()
}

func (w writer) table(t *tables.Table) {
	var out Table
	for r := t.FirstChild(); r != nil; r = r.NextSibling() {
		var row []string
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			if cell, ok := c.(*tables.TableCell); ok && cell.Alignment == tables.AlignRight && out.Head == nil {
				out.Right = append(out.Right, len(row))
			}
			row = append(row, w.plain(c))
		}
		if _, ok := r.(*tables.TableHeader); ok {
			out.Head = row
		} else {
			out.Rows = append(out.Rows, row)
		}
	}
	w.Table(out)
}
