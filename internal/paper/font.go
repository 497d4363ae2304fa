package paper

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// The families of the document.
const (
	text = "go"
	mono = "go-mono"
)

// A face is a style of the text with its font.
type face struct {
	style string
	body  []byte
}

var (
	faces    = []face{{"", goregular.TTF}, {"B", gobold.TTF}, {"I", goitalic.TTF}, {"BI", gobolditalic.TTF}}
	monoFace = gomono.TTF
)

// unknown stands where the font has no picture.
const unknown = '□'

// pictures says which letters the fonts have. All of them have the same.
var pictures = struct {
	sync.Mutex
	font  *sfnt.Font
	known map[rune]bool
}{known: map[rune]bool{}}

func pictured(r rune) bool {
	pictures.Lock()
	defer pictures.Unlock()
	if ok, asked := pictures.known[r]; asked {
		return ok
	}
	if pictures.font == nil {
		f, err := sfnt.Parse(goregular.TTF)
		if err != nil {
			panic("paper: the font is broken: " + err.Error())
		}
		pictures.font = f
	}
	n, err := pictures.font.GlyphIndex(nil, r)
	ok := err == nil && n != 0 && r <= 0xffff
	if len(pictures.known) < 4096 { // what people write is a few letters
		pictures.known[r] = ok
	}
	return ok
}

// shown is a text of letters that the fonts have.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\u200d', r == '\ufe0f', unicode.Is(unicode.Cf, r):
			return -1
		case pictured(r):
			return r
		}
		return unknown
	}, strings.ToValidUTF8(s, string(unknown)))
}
