package sim

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firstDay is the date of a script that names none: a Monday in winter.
var firstDay = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// marks begin the lines that the house writes.
const (
	markSent    = ">" // a page reached its provider
	markFailed  = "x" // a page did not
	markUnknown = "?" // nobody can say: no answer came
	markReply   = "<" // what a person hears who answers a page
	markRefusal = "!" // a decision's no
	markShown   = "=" // what the script asked to see
	markAloud   = "~" // what the house reported of itself
)

const marks = markSent + markFailed + markUnknown + markReply + markRefusal + markShown + markAloud

// A script is a night as it is written.
type script struct {
	head   []string // the lines before the first scene
	setup  string   // YAML, when the head has it
	day    time.Time
	scenes []scene
}

// A scene is one thing that happens, and what stands around it in the file.
type scene struct {
	line    int
	at      time.Time
	text    string   // the verb and its words
	raw     []string // as written, with the block below it
	block   string   // indented lines below the verb
	remarks []remark
}

// A remark is a comment or an empty line below a scene, after so many of its outputs.
type remark struct {
	after int
	text  string
}

var timed = regexp.MustCompile(`^(?:(\d{4}-\d\d-\d\d) |\+(\d{1,3}) )?(\d\d:\d\d:\d\d)(?:\s+(.*))?$`)

// audits is the time between two self-audits: a minute, as everywhere, where the night
// loses something that they find, or plans maintenance, which they take up; else a quarter
// of an hour, as most of what a night costs is them.
func (s script) audits() time.Duration {
	if strings.Contains(s.setup, "windows:") || slices.ContainsFunc(s.scenes, func(sc scene) bool { return strings.HasPrefix(sc.text, "lose ") }) {
		return time.Minute
	}
	return 15 * time.Minute
}

// parse reads a script. What the house did in it is left out: it is done anew.
func parse(text string) (s script, err error) {
	s.day = firstDay
	outputs := 0
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		m := timed.FindStringSubmatch(line)
		last := len(s.scenes) - 1
		switch {
		case m == nil && last < 0:
			s.head = append(s.head, line)
		case m == nil && strings.HasPrefix(line, " ") && outputs == 0 && len(s.scenes[last].remarks) == 0:
			s.scenes[last].raw = append(s.scenes[last].raw, line)
			s.scenes[last].block += line + "\n"
		case m == nil && (strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")):
			s.scenes[last].remarks = append(s.scenes[last].remarks, remark{outputs, line})
		case m == nil:
			return s, fmt.Errorf("line %d: want a time, a comment, or an indented block below a verb: %s", i+1, line)
		case isOutput(m[4]):
			if last < 0 {
				return s, fmt.Errorf("line %d: the house did something before anything happened", i+1)
			}
			outputs++
		default:
			s.lead(outputs)
			outputs = 0
			if err := s.scene(m, i+1, line); err != nil {
				return s, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	s.lead(outputs)
	if len(s.scenes) == 0 {
		return s, fmt.Errorf("nothing happens in this night: write a line such as 02:13:00  down db-1")
	}
	s.setup = setupIn(s.head)
	return s, nil
}

// lead makes the remarks below all outputs of a scene the lead of the next: they stay
// there, however many outputs there are.
func (s *script) lead(outputs int) {
	if len(s.scenes) == 0 {
		return
	}
	for i, r := range s.scenes[len(s.scenes)-1].remarks {
		if r.after == outputs {
			s.scenes[len(s.scenes)-1].remarks[i].after = math.MaxInt
		}
	}
}

func isOutput(text string) bool {
	return len(text) > 1 && text[1] == ' ' && strings.Contains(marks, text[:1])
}

func (s *script) scene(m []string, number int, line string) error {
	clock, err := time.Parse(time.TimeOnly, m[3])
	if err != nil {
		return err
	}
	day := s.day
	switch {
	case m[1] != "" && len(s.scenes) > 0:
		return fmt.Errorf("a date stands on the first line only; write +1 for the next day")
	case m[1] != "":
		if day, err = time.Parse(time.DateOnly, m[1]); err != nil {
			return err
		}
		s.day = day
	case m[2] != "":
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return err
		}
		day = day.AddDate(0, 0, n)
	}
	at := day.Add(clock.Sub(clock.Truncate(24 * time.Hour)))
	if n := len(s.scenes); n > 0 && at.Before(s.scenes[n-1].at) {
		return fmt.Errorf("%s is before the line above; write +1 for the next day", m[3])
	}
	s.scenes = append(s.scenes, scene{line: number, at: at, text: m[4], raw: []string{line}})
	return nil
}

// setupIn is the YAML of a head: all of it above a line of three dashes.
func setupIn(head []string) string {
	for i, line := range head {
		if strings.TrimRight(line, " ") == "---" {
			return strings.Join(head[:i], "\n") + "\n"
		}
	}
	return ""
}

// stamp writes a time as the script does.
func (s script) stamp(t time.Time) string {
	days := int(t.Sub(s.day) / (24 * time.Hour))
	form := time.TimeOnly
	if t.Nanosecond() != 0 {
		form = "15:04:05.000"
	}
	if days == 0 {
		return t.Format(form)
	}
	return fmt.Sprintf("+%d %s", days, t.Format(form))
}

// A transcript is the script with what the house did.
type transcript struct {
	lines   []string
	remarks []remark // of the scene that is playing
	outputs int
}

// begin writes a scene, after what is left of the scene before.
func (t *transcript) begin(sc scene) {
	t.flush()
	t.lines = append(t.lines, sc.raw...)
	t.remarks, t.outputs = sc.remarks, 0
	t.remark()
}

func (t *transcript) output(line string) {
	t.lines = append(t.lines, line)
	t.outputs++
	t.remark()
}

// remark writes the remarks that stand here in the script.
func (t *transcript) remark() {
	for len(t.remarks) > 0 && t.remarks[0].after <= t.outputs {
		t.lines = append(t.lines, t.remarks[0].text)
		t.remarks = t.remarks[1:]
	}
}

func (t *transcript) flush() {
	for _, r := range t.remarks {
		t.lines = append(t.lines, r.text)
	}
	t.remarks = nil
}

func (t *transcript) String() string {
	t.flush()
	return strings.Join(t.lines, "\n") + "\n"
}

// Diff is what a night did otherwise than its script: lines with "-" stand in the
// script only, lines with "+" happened only. It is empty when nothing differs.
func Diff(want, got string) string {
	if want == got {
		return ""
	}
	a, b := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	common := make([][]int, len(a)+1) // length of the longest common tail from i, j
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	write := func(mark, line string) {
		if line != "" {
			out.WriteString(mark + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			write("  ", a[i])
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			write("- ", a[i])
			i++
		default:
			write("+ ", b[j])
			j++
		}
	}
	return out.String()
}
