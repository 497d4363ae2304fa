package prose_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tocsin/internal/prose"
)

func TestHTML(t *testing.T) {
	for text, want := range map[string]string{
		"**down** since `db-1`\nrebooted": "<p><strong>down</strong> since <code>db-1</code><br>\nrebooted</p>\n",
		"see https://example.org/x":       `<p>see <a href="https://example.org/x" rel="nofollow noreferrer noopener" target="_blank">https://example.org/x</a></p>` + "\n",
		"<b onclick=x>bold</b>":           "<p>&lt;b onclick=x&gt;bold&lt;/b&gt;</p>\n",
		"[x](javascript:alert(1))":        "<p>x</p>\n",
		"[x](/users)":                     "<p>x</p>\n",
		"![plot](https://example.org/a.png)": `<p><a href="https://example.org/a.png" rel="nofollow noreferrer noopener" target="_blank">plot</a></p>` +
			"\n",
		"<script>alert(1)</script>": "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
		"~~no~~":                    "<p><del>no</del></p>\n",
		"```go\nx < y\n```":         "<pre><code class=\"language-go\">x &lt; y\n</code></pre>\n",
	} {
		if got := prose.HTML(text); got != want {
			t.Errorf("%q is shown as\n%q, want\n%q", text, got, want)
		}
	}
	if got := prose.HTML(strings.Repeat("<", prose.Most+1)); !strings.HasPrefix(got, "<pre>&lt;&lt;") {
		t.Errorf("a long text is shown as %.40q", got)
	}
}

// Whatever is typed, nothing comes out but harmless elements with harmless attributes.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{"# a\n\n- [ ] b\n\n|a|b|\n|-|-|\n|1|2|", "<img src=x onerror=alert(1)>", "[a](data:text/html;base64,x)", "<!-- x -->", "&#x3C;script&#x3E;", "[x]: javascript:y\n[x]"} {
		f.Add(s)
	}
	harmless := " p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong del table thead tbody tr th td a input "
	f.Fuzz(func(t *testing.T, text string) {
		z := html.NewTokenizer(strings.NewReader(prose.HTML(text)))
		for {
			switch z.Next() {
			case html.ErrorToken:
				return
			case html.CommentToken, html.DoctypeToken:
				t.Errorf("%q comes out with %s", text, z.Raw())
			case html.StartTagToken, html.SelfClosingTagToken:
				tag := z.Token()
				if !strings.Contains(harmless, " "+tag.Data+" ") {
					t.Errorf("%q comes out with <%s>", text, tag.Data)
				}
				for _, a := range tag.Attr {
					value := strings.ToLower(strings.TrimSpace(a.Val))
					switch {
					case a.Key == "href" && (strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "mailto:")):
					case a.Key == "class" || a.Key == "start" || a.Key == "rel" || a.Key == "target" || a.Key == "type" || a.Key == "checked" || a.Key == "disabled":
					default:
						t.Errorf("%q comes out with %s=%q", text, a.Key, a.Val)
					}
				}
			}
		}
	})
}
