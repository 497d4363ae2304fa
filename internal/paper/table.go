package paper

import "slices"

// A Table has one line of heads and rows of as many cells. A row that is shorter has empty
// cells at its end.
type Table struct {
	Head  []string
	Rows  [][]string
	Right []int // columns whose cells stand at the right, such as numbers
}

const (
	cellPad  = 1.2
	narrow   = 12.0 // no column is narrower, in millimetres
	manyCols = 7    // from here on the text is smaller
	mostHead = 4    // lines of a head that are shown
)

// Table writes a table across the page. Columns are as wide as what stands in them, as far
// as there is room; what is longer is wrapped. The heads stand on each of its pages.
func (p *Paper) Table(t Table) {
	n := len(t.Head)
	for _, r := range t.Rows {
		n = max(n, len(r))
	}
	if n == 0 {
		return
	}
	size := smallSize
	if n >= manyCols {
		size = 7
	}
	g := grid{p: p, size: size, height: size * 0.48, right: t.Right, widths: p.widths(t, n, size)}
	g.head = g.cells(t.Head, "B")
	for i, c := range g.head {
		g.head[i] = c[:min(len(c), mostHead)]
	}
	p.room(g.tall(g.head) + 3*g.height)
	g.heads()
	for _, r := range t.Rows {
		g.row(g.cells(r, ""))
	}
	p.pdf.Ln(4)
}

// widths shares the page out: what is narrow gets all that it wants, the rest share what
// is left.
func (p *Paper) widths(t Table, n int, size float64) []float64 {
	room := width - p.indent
	want := make([]float64, n)
	measure := func(row []string, style string) {
		p.font(style, size)
		for i, c := range row {
			want[i] = max(want[i], p.pdf.GetStringWidth(shown(c))+2*cellPad+0.5)
		}
	}
	measure(t.Head, "B")
	for _, r := range t.Rows {
		measure(r, "")
	}
	order := make([]int, n)
	for i := range order {
		order[i], want[i] = i, max(want[i], narrow)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case want[a] < want[b]:
			return -1
		case want[a] > want[b]:
			return 1
		}
		return 0
	})
	out, left := make([]float64, n), room
	for k, i := range order {
		out[i] = min(want[i], left/float64(n-k))
		left -= out[i]
	}
	return out
}

// A grid is a table that is being written.
type grid struct {
	p            *Paper
	size, height float64
	widths       []float64
	right        []int
	head         [][]string
}

// cells are the lines of each cell of a row.
func (g grid) cells(row []string, style string) [][]string {
	g.p.font(style, g.size)
	out := make([][]string, len(g.widths))
	for i := range out {
		if i < len(row) && row[i] != "" {
			out[i] = g.p.pdf.SplitText(shown(row[i]), g.widths[i]-2*cellPad)
		}
	}
	return out
}

func (g grid) tall(cells [][]string) float64 {
	lines := 1
	for _, c := range cells {
		lines = max(lines, len(c))
	}
	return float64(lines)*g.height + 2*cellPad
}

// heads writes the line of heads, where there is one.
func (g grid) heads() {
	if !slices.ContainsFunc(g.head, func(c []string) bool { return len(c) > 0 }) {
		return
	}
	g.write(g.head, "B", 0, 1<<30)
	g.line(mild)
}

// row writes one row; on a page where it does not fit, another begins. One that is taller
// than a page goes on over several.
func (g grid) row(cells [][]string) {
	_, page := g.p.pdf.GetPageSize()
	left := func() float64 { return page - bottom - g.p.pdf.GetY() }
	if g.tall(cells) > left() && g.tall(cells) < page-bottom-margin-g.tall(g.head) {
		g.p.pdf.AddPage()
		g.heads()
	}
	lines := 1
	for _, c := range cells {
		lines = max(lines, len(c))
	}
	for from := 0; from < lines; {
		fits := int((left() - 2*cellPad) / g.height)
		if fits < 1 {
			g.p.pdf.AddPage()
			g.heads()
			continue
		}
		g.write(cells, "", from, from+fits)
		from += fits
	}
	g.line(220)
}

// write writes some lines of each cell beside each other.
func (g grid) write(cells [][]string, style string, from, to int) {
	g.p.font(style, g.size)
	x, y, tall := margin+g.p.indent, g.p.pdf.GetY(), 0.0
	for i, c := range cells {
		align := "L"
		if slices.Contains(g.right, i) {
			align = "R"
		}
		some := c[min(from, len(c)):min(to, len(c))]
		for k, s := range some {
			g.p.pdf.SetXY(x+cellPad, y+cellPad+float64(k)*g.height)
			g.p.pdf.CellFormat(g.widths[i]-2*cellPad, g.height, s, "", 0, align, false, 0, "")
		}
		tall = max(tall, float64(len(some))*g.height)
		x += g.widths[i]
	}
	g.p.pdf.SetXY(margin, y+max(tall, g.height)+2*cellPad)
}

func (g grid) line(grey int) {
	w := 0.0
	for _, c := range g.widths {
		w += c
	}
	g.p.pdf.SetDrawColor(grey, grey, grey)
	g.p.pdf.SetLineWidth(0.2)
	left, y := margin+g.p.indent, g.p.pdf.GetY()
	g.p.pdf.Line(left, y, left+w, y)
}
