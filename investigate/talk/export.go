package talk

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// A Written conversation is one to be read outside of the house.
type Written struct {
	Title    string
	Kind     Kind
	People   []string
	Messages []Message
	Versions map[int][]Version // what messages said before, by their number
	At       time.Time         // when it was written out
	Zone     *time.Location
	Name     func(by string) string // of an actor, as people call them
}

// FileName is what an attachment is called in an export: no two are the same, and none
// leads anywhere else.
func FileName(m Message, f File) string {
	return fmt.Sprintf("files/%04d-%s-%s", m.Seq, f.ID[max(0, len(f.ID)-6):], path.Base(f.Name))
}

// Markdown is the conversation as a text.
func (w Written) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", line(w.Title))
	if len(w.People) > 0 {
		fmt.Fprintf(&b, "%s\n\n", line(strings.Join(w.People, ", ")))
	}
	fmt.Fprintf(&b, "Written out at %s; times are of %s.\n", w.At.In(w.Zone).Format("2006-01-02 15:04:05 MST"), w.Zone)
	day := ""
	for _, m := range w.Messages {
		at := m.At.In(w.Zone)
		if d := at.Format("2006-01-02"); d != day {
			day = d
			fmt.Fprintf(&b, "\n## %s\n", d)
		}
		fmt.Fprintf(&b, "\n**%s** %s", line(w.Name(string(m.By))), at.Format("15:04:05"))
		if m.Reply > 0 {
			fmt.Fprintf(&b, " (answers %d)", m.Reply)
		}
		fmt.Fprintf(&b, " · %d\n\n", m.Seq)
		w.body(&b, m)
	}
	return b.String()
}

func (w Written) body(b *strings.Builder, m Message) {
	if m.Redacted() {
		fmt.Fprintf(b, "*redacted by %s at %s*", line(w.Name(string(m.RedactedBy))), m.RedactedAt.In(w.Zone).Format("2006-01-02 15:04:05"))
		if m.Why != "" {
			fmt.Fprintf(b, ": %s", line(m.Why))
		}
		b.WriteString("\n")
		return
	}
	if m.Text != "" {
		b.WriteString(quoted(m.Text))
	}
	for _, f := range m.Files {
		mark := ""
		if f.Image {
			mark = "!"
		}
		fmt.Fprintf(b, "\n%s[%s](%s)\n", mark, line(f.Name), strings.ReplaceAll(FileName(m, f), " ", "%20"))
	}
	for _, v := range w.Versions[m.Seq] {
		fmt.Fprintf(b, "\nbefore it was changed, at %s:\n\n%s", v.At.In(w.Zone).Format("2006-01-02 15:04:05"), quoted(v.Text))
	}
}

// line is a text that stays within its line.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// quoted keeps what somebody wrote apart from what we write: a heading of theirs is none
// of the document's.
func quoted(s string) string {
	return "> " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n> ") + "\n"
}
