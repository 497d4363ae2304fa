package paper

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func sample() *Paper {
	p := New("Größe, Ωmega & Жук: what the night was like", at)
	p.Note("For the board · SEV1")
	p.Heading(1, "Summary")
	p.Markdown("It was **bad**, then *well* and ***both***: `systemctl restart` 🙂 漢字.\nA second line.\n\n- one\n- two with a [link](https://example.org/x)\n  1. deeper\n  2. still\n- [x] done\n\n> quoted\n\n```\ncode   is  kept\n```\n\n| What | How much |\n|---|--:|\n| People | 12 |\n\n<b>no HTML</b>\n\n---\n\n## A part\n\nEnd.")
	p.Heading(2, "Numbers")
	rows := [][]string{}
	for i := range 60 {
		rows = append(rows, []string{fmt.Sprintf("service-%d", i), strings.Repeat("what it is about, at length ", i%4), fmt.Sprint(i * 1234)})
	}
	p.Table(Table{Head: []string{"Service", "About", "Minutes"}, Rows: rows, Right: []int{2}})
	p.Paragraph("The end.")
	return p
}

// A document has its pages; its letters are those of the fonts.
func TestPaper(t *testing.T) {
	one, err := sample().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(one, []byte("%PDF-1")) || bytes.Count(one, []byte("/Type /Page\n")) < 3 {
		t.Errorf("%d bytes that are no PDF of several pages", len(one))
	}
	if got := shown("a\u200db\tc\x00🙂漢ß"); got != "ab c□□ß" {
		t.Errorf("%q", got)
	}
	if to := os.Getenv("TOCSIN_PAPER"); to != "" { // for whoever wants to look at it
		if err := os.WriteFile(to, one, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Nothing that people write breaks a document.
func TestPaperTakesEverything(t *testing.T) {
	for _, text := range []string{"", "\x00\xff\xfe", strings.Repeat("W", 5000), strings.Repeat("> ", 60) + "deep", strings.Repeat("- ", 60) + "deep", "|a|\n|-|\n", "![x](y)", "# \n## ", "[ ](", strings.Repeat("漢", 300)} {
		p := New(text, at)
		p.Markdown(text)
		p.Paragraph(text)
		p.Table(Table{Head: []string{text}, Rows: [][]string{{text, text}, {}, nil}})
		p.Table(Table{})
		if _, err := p.Bytes(); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
