// Package paper makes PDF documents of what the house has to say: headings, paragraphs,
// Markdown and tables, in one look. It draws nothing but text and lines, so that what it
// makes is small, can be searched, and prints in black and white.
//
// A paper is written from top to bottom and read with Bytes:
//
//	p := paper.New("Retrospective", now)
//	p.Heading(1, "What happened")
//	p.Markdown(text)
//	p.Table(paper.Table{Head: []string{"Service", "Minutes"}, Rows: rows, Right: []int{1}})
//	body, err := p.Bytes()
//
// The fonts are the Go fonts, which are part of the program: Latin, Greek and Cyrillic
// letters with their marks. What they have no picture of (emoji, Chinese) is shown as a box,
// and never breaks a document.
//
// Markdown is read as the app reads it (internal/prose); pictures are shown as their
// addresses, HTML as text.
package paper

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// The measures of a page, in millimetres, and of its text, in points.
const (
	margin     = 20.0
	bottom     = 22.0
	width      = 210 - 2*margin
	textSize   = 10.0
	smallSize  = 8.5
	lineHeight = 5.0

	longestTitle = 200 // runes
)

// The greys of lines and of small text; everything else is black.
const (
	faint = 150
	mild  = 90
)

// A Paper is a document that is being written.
type Paper struct {
	pdf    *fpdf.Fpdf
	indent float64
}

// New begins a document of A4 pages. The title stands on its first page and in its
// properties, the moment at the foot of each page.
func New(title string, at time.Time) *Paper {
	p := &Paper{pdf: fpdf.New("P", "mm", "A4", "")}
	at = at.UTC()
	title = shown(title)
	if all := []rune(title); len(all) > longestTitle {
		title = string(all[:longestTitle]) + "…"
	}
	for _, f := range faces {
		p.pdf.AddUTF8FontFromBytes(text, f.style, f.body)
	}
	p.pdf.AddUTF8FontFromBytes(mono, "", monoFace)
	p.pdf.SetCompression(true)
	p.pdf.SetCatalogSort(true)
	p.pdf.SetCreationDate(at)
	p.pdf.SetModificationDate(at)
	p.pdf.SetTitle(title, true)
	p.pdf.SetCreator("Tocsin", true)
	p.pdf.SetMargins(margin, margin, margin)
	p.pdf.SetCellMargin(0)
	p.pdf.SetAutoPageBreak(true, bottom)
	p.pdf.AliasNbPages("{pages}")
	p.pdf.SetFooterFunc(func() { p.foot(title, at) })
	p.pdf.AddPage()
	p.font("B", 19)
	p.block(title, 8.5, "L")
	p.pdf.Ln(2)
	return p
}

// foot is the line at the end of each page.
func (p *Paper) foot(title string, at time.Time) {
	p.pdf.SetY(-14)
	p.font("", 7.5)
	p.grey(mild)
	right := fmt.Sprintf("%s · %d/{pages}", at.Format("2006-01-02 15:04 UTC"), p.pdf.PageNo())
	p.pdf.CellFormat(width-50, 4, p.fitting(title, width-55), "", 0, "L", false, 0, "")
	p.pdf.CellFormat(50, 4, right, "", 0, "R", false, 0, "")
	p.grey(0)
}

// fitting is as much of a line as there is room for.
func (p *Paper) fitting(line string, room float64) string {
	if p.pdf.GetStringWidth(line) <= room {
		return line
	}
	all := []rune(line)
	for len(all) > 0 && p.pdf.GetStringWidth(string(all)+"…") > room {
		all = all[:len(all)-1]
	}
	return string(all) + "…"
}

func (p *Paper) grey(level int) { p.pdf.SetTextColor(level, level, level) }

func (p *Paper) font(style string, size float64) { p.pdf.SetFont(text, style, size) }

// block writes lines from the left margin, and goes on beneath them.
func (p *Paper) block(s string, height float64, align string) {
	p.pdf.SetX(margin + p.indent)
	p.pdf.MultiCell(width-p.indent, height, s, "", align, false)
}

// Note is a line of small grey text: what the document is, and for whom.
func (p *Paper) Note(s string) {
	p.font("", smallSize)
	p.grey(mild)
	p.block(shown(s), 4.4, "L")
	p.grey(0)
	p.pdf.Ln(1.5)
}

// headSizes are those of headings, by their level.
var headSizes = []float64{14.5, 12, 10.5}

// Heading begins a part. Levels are 1 to 3. What follows stands on the same page.
func (p *Paper) Heading(level int, s string) {
	level = min(max(level, 1), len(headSizes))
	size := headSizes[level-1]
	p.room(size*0.5 + 4*lineHeight)
	p.pdf.Ln(6 - float64(level))
	p.font("B", size)
	if level < 3 {
		p.pdf.Bookmark(shown(s), level-1, -1)
	}
	p.block(shown(s), size*0.5, "L")
	p.pdf.Ln(1.5)
}

// room begins another page when so much does not fit beneath what is there.
func (p *Paper) room(height float64) {
	_, page := p.pdf.GetPageSize()
	if p.pdf.GetY()+height > page-bottom {
		p.pdf.AddPage()
	}
}

// Paragraph is text as it is; line breaks stand where they were typed.
func (p *Paper) Paragraph(s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	p.font("", textSize)
	p.block(shown(s), lineHeight, "L")
	p.pdf.Ln(2)
}

// Rule is a line across the page.
func (p *Paper) Rule() {
	p.room(6)
	y := p.pdf.GetY() + 2
	p.pdf.SetDrawColor(faint, faint, faint)
	p.pdf.Line(margin+p.indent, y, margin+width, y)
	p.pdf.Ln(5)
}

// Bytes is the document as a file.
func (p *Paper) Bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := p.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return out.Bytes(), nil
}
