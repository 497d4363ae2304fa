package status

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
)

// Atom (RFC 4287). An entry keeps its id for ever, wherever it stands.
type (
	atomFeed struct {
		XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang      string      `xml:"xml:lang,attr"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Updated   string      `xml:"updated"`
		Author    atomAuthor  `xml:"author"`
		Generator string      `xml:"generator"`
		Links     []atomLink  `xml:"link"`
		Entries   []atomEntry `xml:"entry"`
	}
	atomAuthor struct {
		Name string `xml:"name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr,omitempty"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Link    atomLink `xml:"link"`
		Content atomText `xml:"content"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

const mostEntries = 50

// write is a feed as it is sent.
func (f atomFeed) write() []byte {
	f.Generator = "Tocsin"
	body, err := xml.MarshalIndent(f, "", " ")
	if err != nil {
		panic("status: atom: " + err.Error()) // texts only
	}
	return append([]byte(xml.Header), append(body, '\n')...)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// uuid is an id made of a name: the same name is the same id, whatever address the house
// has. (RFC 9562, version 8.)
func uuid(name string) string {
	h := sha256.Sum256([]byte("tocsin " + name))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// plain is what an update says, as text.
func plain(u incident.Updated, w Words) string {
	var lines []string
	for _, l := range linesOf(u, w) {
		if l.Name != "" {
			l.Text = l.Name + ": " + l.Text
		}
		lines = append(lines, l.Text)
	}
	return strings.Join(lines, "\n")
}

// atom is the feed of a page: an entry for each update.
func (s *Site) atom(m Model, zone *time.Location) []byte {
	sh := s.sheet(m.Page)
	w := sh.Words
	f := atomFeed{
		Lang: w.Lang, ID: sh.Whole, Title: m.Page.Name, Updated: instant(stamp(m)), Author: atomAuthor{m.Page.Name},
		Links: []atomLink{{Rel: "self", Type: atomType, Href: sh.Whole + "/" + atomFile}, {Rel: "alternate", Type: "text/html", Href: sh.Whole}},
	}
	for _, list := range [][]Affair{m.Now, m.Told, m.Ahead, m.Past} {
		for _, a := range list {
			if !a.Retro.At.IsZero() && len(f.Entries) < mostEntries {
				f.Entries = append(f.Entries, atomEntry{
					ID: fmt.Sprintf("%s#%s-retrospective", sh.Whole, a.ID), Title: w.T("letter.update", w.T("retro"), a.Title),
					Updated: instant(a.Retro.At), Link: atomLink{Href: sh.Whole}, Content: atomText{"text", a.Retro.Text},
				})
			}
			for i := len(a.Updates) - 1; i >= 0 && len(f.Entries) < mostEntries; i-- {
				u := a.Updates[i]
				text := plain(u.Updated, w)
				if a.Form == incident.PlannedWork && !u.Phase.Over() {
					text += "\n" + w.T("from", w.Moment(a.begins(), zone), w.Moment(a.Ends, zone))
				}
				f.Entries = append(f.Entries, atomEntry{
					ID: fmt.Sprintf("%s#%s-%d", sh.Whole, a.ID, u.N), Title: w.T("letter.update", w.Phase(u.Phase), a.Title),
					Updated: instant(u.At), Link: atomLink{Href: sh.Whole}, Content: atomText{"text", text},
				})
			}
		}
	}
	return f.write()
}
