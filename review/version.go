package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// A Document is a retrospective as it is written.
type Document struct {
	In      incident.Incident
	Texts   map[string]string // by section
	Name    func(org.PersonID) string
	People  map[org.PersonID]string // everybody whose name may stand in it
	Service string
	Zone    *time.Location
}

// A Part is a section of a version.
type Part struct{ Title, Text string }

// A Version is what an audience reads of it.
type Version struct {
	For    org.Audience
	Title  string
	Notes  []string // what it is, above its first section
	Parts  []Part
	Signed string // by whom; nobody is named to those outside
}

// Version is what an audience reads: the sections that are for it, without what is marked
// as for others, and to customers without the names of people. Actions and lessons of which
// nobody wrote stand there as they are now.
func (d Document) Version(a org.Audience) Version {
	v := Version{For: a, Title: d.In.Title}
	if d.In.Review == nil {
		return v
	}
	began := d.In.OpenedAt.In(d.Zone).Format("2006-01-02 15:04 MST")
	if a == org.Customers {
		if u, ok := d.In.LastUpdate(); ok && u.Title != "" { // what it is called outside
			v.Title = u.Title
		}
		v.Notes = []string{began}
	} else {
		v.Notes = []string{
			fmt.Sprintf("%s · %s · began %s · version for %s", d.Service, d.In.Severity, began, audienceName(a)),
			"State: " + stateName(d.In.Review.State),
		}
		for i, s := range d.In.Review.Signed {
			if i > 0 {
				v.Signed += ", "
			}
			v.Signed += d.Name(s.Person) + " on " + s.At.In(d.Zone).Format("2006-01-02")
		}
	}
	c, lessons := Case{In: d.In, Name: d.Name, Zone: d.Zone}, false
	for _, s := range d.In.Review.Sections {
		lessons = lessons || s.Draft == "lessons"
		text := strings.TrimSpace(Redact(d.Texts[s.ID], a))
		if strings.TrimSpace(d.Texts[s.ID]) == "" && (s.Draft == "actions" || s.Draft == "lessons") {
			text = c.Draft(s.Draft) // nobody wrote in it: as they stand
		}
		if !s.Shows(a) || text == "" {
			continue
		}
		if a == org.Customers {
			text = d.nameless(text)
		}
		v.Parts = append(v.Parts, Part{s.Title, text})
	}
	if text := c.Draft("lessons"); text != "" && !lessons && a == org.Administration {
		v.Parts = append(v.Parts, Part{"Lessons", text})
	}
	return v
}

func audienceName(a org.Audience) string {
	if a == org.Board {
		return "the board"
	}
	return string(a)
}

func stateName(s incident.RetroState) string {
	switch s {
	case incident.RetroInReview:
		return "in review"
	case incident.RetroSignedOff:
		return "signed off"
	}
	return string(s)
}

// nameless is a text in which people are what they were there.
func (d Document) nameless(text string) string {
	var names []string
	for id, name := range d.People {
		for _, n := range []string{name, string(id)} {
			if len([]rune(n)) >= 3 && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	// The longest first: "Ann Lee" before "Ann".
	slices.SortFunc(names, func(a, b string) int {
		if n := len(b) - len(a); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for i, n := range names {
		names[i] = regexp.QuoteMeta(n)
	}
	if len(names) == 0 {
		return text
	}
	all := regexp.MustCompile(`(^|[^\p{L}\p{N}])(?:` + strings.Join(names, "|") + `)($|[^\p{L}\p{N}])`)
	for range 2 { // two names beside each other share what is between them
		text = all.ReplaceAllString(text, "${1}a responder${2}")
	}
	return text
}

var (
	opens = regexp.MustCompile(`^:::\s*(internal|board)\s*$`)
	shuts = regexp.MustCompile(`^:::\s*$`)
)

// Redact leaves out of a text what an audience does not read. A line ":::internal" begins
// what is for administration alone, ":::board" what the board reads too; a line ":::" ends
// it. What is not ended goes on to the end of the text: better too little than too much.
func Redact(text string, a org.Audience) string {
	var out []string
	hidden := false
	for line := range strings.SplitSeq(text, "\n") {
		mark := strings.TrimRight(line, " \r\t")
		if m := opens.FindStringSubmatch(mark); m != nil {
			hidden = a == org.Customers || a == org.Board && m[1] == "internal"
			continue
		}
		if shuts.MatchString(mark) {
			hidden = false
			continue
		}
		if !hidden {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// Marked is a text for those who read all of it: what is not for everybody is set apart,
// and says for whom it is.
func Marked(text string) string {
	var out []string
	apart := false
	for line := range strings.SplitSeq(text, "\n") {
		mark := strings.TrimRight(line, " \r\t")
		if m := opens.FindStringSubmatch(mark); m != nil {
			apart = true
			out = append(out, "", "> **"+m[1]+"**", ">")
			continue
		}
		if shuts.MatchString(mark) {
			apart = false
			out = append(out, "")
			continue
		}
		if apart {
			line = "> " + line
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// Markdown is a version as text.
func (v Version) Markdown() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n", v.Title)
	for _, n := range v.Notes {
		fmt.Fprintf(&s, "%s\n\n", n)
	}
	s.WriteString(v.Body())
	if v.Signed != "" {
		fmt.Fprintf(&s, "\n---\n\nSigned by %s\n", v.Signed)
	}
	return s.String()
}

// Body are its sections alone. What those outside read needs no heading when it is all
// there is.
func (v Version) Body() string {
	if v.For == org.Customers && len(v.Parts) == 1 {
		return v.Parts[0].Text + "\n"
	}
	var s strings.Builder
	for i, p := range v.Parts {
		if i > 0 {
			s.WriteString("\n")
		}
		fmt.Fprintf(&s, "## %s\n\n%s\n", p.Title, p.Text)
	}
	return s.String()
}
