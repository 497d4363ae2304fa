package channel

import (
	"net/url"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/alert"
	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// The bounds of what goes out, in bytes.
const (
	maxHeadline = 200
	maxLine     = 1000
	maxPlain    = 16 << 10
	maxLines    = 50
	maxLinks    = 10
	maxURL      = 2000
)

// Headline is the page in one line of at most 200 bytes: "db-1 is down", "Omar has it:
// db-1 is down", "resolved: db-1 is down", "FO: db-1 is down"; a hand-over or report
// says its own text. A drill's begins with "DRILL: ".
func Headline(m Message) string { return marked(m, "") }

// marked is the headline behind what says how bad it is. That it is a drill stands before
// both.
func marked(m Message, badge string) string {
	if !m.Drill {
		return badge + headline(m)
	}
	m.Title, m.Text = strings.ReplaceAll(m.Title, incident.DrillMark, ""), strings.ReplaceAll(m.Text, incident.DrillMark, "")
	return incident.DrillMark + badge + oneLine(headline(m), maxHeadline-len(incident.DrillMark))
}

func headline(m Message) string {
	title, text := oneLine(m.Title, maxHeadline), oneLine(m.Text, maxHeadline)
	if title == "" {
		title = "something is wrong"
		if m.Service != "" {
			title += " with " + m.Service
		}
	}
	var line string
	switch m.Purpose {
	case escalate.FailOver:
		line = "FO: " + title
	case escalate.Told:
		line = about(text, "somebody has it", title)
	case escalate.AllClear:
		line = about(text, "resolved", title)
	case escalate.HandOver, escalate.Shift, escalate.Copy, escalate.Mention:
		line = about(text, "handed over", title)
		if text != "" {
			line = text
		}
	case escalate.Report:
		line = about(text, "nobody answered", title)
		if text != "" {
			line = text
		}
	case escalate.Update:
		line = about(text, "the cause", title)
	case escalate.Work:
		line = about(text, "something for you to do", title)
	default:
		line = title
	}
	if more := oneLine(m.More, 60); more != "" {
		return oneLine(line, maxHeadline-len(more)-4) + " (+ " + more + ")"
	}
	return oneLine(line, maxHeadline)
}

// about puts what a notice says before what it is about, unless it names that itself.
func about(text, otherwise, title string) string {
	switch {
	case text == "":
		return otherwise + ": " + title
	case strings.Contains(text, title):
		return text
	}
	return text + ": " + title
}

// Plain is the whole page as plain text of at most 16 KiB. What is needed in the night
// stands first, so that a cut takes the least.
func Plain(m Message) string {
	return Headline(m) + "\n\n" + details(m, maxPlain-maxHeadline-2)
}

// details is the page without its headline, in at most max bytes.
func details(m Message, max int) string {
	w := &bounded{max: max}
	// It cannot fail: the template is fixed, its functions return no errors, and the
	// writer swallows what is too much.
	if err := plain.Execute(w, view(m)); err != nil {
		panic("channel: plain text: " + err.Error())
	}
	return w.String()
}

var plain = template.Must(template.New("plain").Parse(
	`{{range .Facts}}{{.Name}}: {{.Text}}
{{end}}{{with .AckURL}}
{{$.Verb}}: {{.}}
{{end}}{{with .URL}}{{if not $.AckURL}}
{{end}}Open: {{.}}
{{end}}{{if .Lines}}
{{range .Lines}}{{.}}
{{end}}{{end}}{{if .Links}}
{{range .Links}}{{.Text}}: {{.Href}}
{{end}}{{end}}{{with .LeaveURL}}
No more of these: {{.}}
{{end}}`))

// A page is what templates see of a message: cleaned, bounded, in the person's zone.
type page struct {
	Headline, AckURL, URL string
	Verb, Open            string // what the two links are called
	LeaveURL              string
	Loud                  bool
	Facts                 []fact
	Lines                 []string
	Links                 []alert.Link
}

type fact struct{ Name, Text string }

func view(m Message) page {
	v := page{Headline: Headline(m), AckURL: webURL(m.AckURL), URL: webURL(m.URL), LeaveURL: webURL(m.LeaveURL), Verb: answerVerb(m), Open: "Open the incident", Loud: m.Purpose.Alarms()}
	if len(m.Choices) > 0 || m.Purpose == escalate.Shift || m.LeaveURL != "" {
		v.Open = "Open in Tocsin"
	}
	add := func(name, text string) {
		if text = oneLine(text, maxHeadline); text != "" {
			v.Facts = append(v.Facts, fact{name, text})
		}
	}
	if m.Drill {
		add("Drill", "nothing is wrong: this is practice")
	}
	severity := string(m.Severity)
	if m.Priority == org.Low && m.Purpose.Alarms() { // every notice travels low: that says nothing about the incident
		severity = strings.TrimPrefix(severity+", low priority", ", ")
	}
	add("Severity", severity)
	add("Service", m.Service)
	add("Team", m.Team)
	if !m.At.IsZero() {
		add("Began", clock(m.At, m.Zone))
	}
	add("Incident", m.Subject)
	if m.ReplyTo != "" {
		v.Lines = append(v.Lines, howToReply(m))
	}
	for _, l := range m.Body {
		if len(v.Lines) == maxLines {
			v.Lines = append(v.Lines, "…")
			break
		}
		v.Lines = append(v.Lines, oneLine(l, maxLine))
	}
	for _, l := range m.Links {
		if l.Href = webURL(l.Href); l.Href == "" || len(v.Links) == maxLinks {
			continue
		}
		if l.Text = oneLine(l.Text, maxHeadline); l.Text == "" {
			l.Text = "Link"
		}
		v.Links = append(v.Links, l)
	}
	return v
}

// answerVerb is what the link is called by which a page is answered.
func answerVerb(m Message) string {
	if len(m.Choices) > 1 {
		return "Answer"
	}
	return "Acknowledge"
}

// howToReply says what to write in answer to a mail.
func howToReply(m Message) string {
	if len(m.Choices) > 0 {
		return "Or reply: " + choices(m.Choices) + "."
	}
	return "Or reply: ack acknowledges, e escalates, r resolves; anything else is a note."
}

func clock(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("Mon 2 Jan 2006 15:04:05 MST")
}

// webURL is the URL if it is one that may be shown as a link, or "".
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.String()
}

// oneLine makes text from outside safe to stand in a line of ours, in at most max
// bytes: what controls terminals, mail headers or the direction of writing becomes a
// space, runs of space become one, and what is not UTF-8 is replaced.
func oneLine(s string, max int) string {
	if len(s) > 8*max {
		s = s[:8*max] // white space apart, this is more than enough
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return cut(strings.Join(strings.Fields(s), " "), max)
}

// OneLine makes text from outside safe to stand in a line of ours, and Bounded to stand in
// a note, in at most max bytes.
func OneLine(s string, max int) string { return oneLine(s, max) }
func Bounded(s string, max int) string {
	return cut(strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")), max)
}

// cut shortens text to at most max bytes, at a rune, and shows that it did.
func cut(s string, max int) string {
	const mark = "…"
	if len(s) <= max {
		return s
	}
	if max < len(mark) {
		return ""
	}
	end := max - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// bounded is a writer that keeps the first max bytes and swallows the rest.
type bounded struct {
	max int
	buf strings.Builder
}

func (w *bounded) Write(p []byte) (int, error) {
	if room := w.max + 1 - w.buf.Len(); room > 0 { // one too many, so that cut sees it
		w.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (w *bounded) String() string { return cut(w.buf.String(), w.max) }
