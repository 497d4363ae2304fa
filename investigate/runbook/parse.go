package runbook

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Document is the text of a runbook, read.
type Document struct {
	Title string // of its first heading
	When  string // Markdown: when it is to be used
	Steps []Step
}

// A Step is one thing to do.
type Step struct {
	Title    string
	Text     string // Markdown
	Approval bool   // a second person must agree
	Action   *Action
	line     int
}

// How a step is done.
const (
	Manual  = "manual"
	HTTP    = "http"
	Webhook = "webhook"
)

// Kind is how the step is done.
func (s Step) Kind() string {
	if s.Action == nil {
		return Manual
	}
	return s.Action.Kind
}

// An Action is what the house does for a step.
type Action struct {
	Kind    string
	Webhook string // of the set-up, of one kind
	Method  string
	URL     string
	Header  []Header
	Body    string
	Timeout time.Duration
	// Expect are the statuses that mean it worked; without, any of 2xx.
	Expect []int
	// Repeat says that it may be done twice: after a crash it is.
	Repeat bool
}

// A Header is one line of a request.
type Header struct{ Name, Value string }

// The bounds of an action.
const (
	usualTimeout = 30 * time.Second
	MaxTimeout   = 5 * time.Minute
	mostHeaders  = 20
	maxStepTitle = 120 // runes
)

// Parse reads a text. Its error names the line.
func Parse(text string) (Document, error) {
	var d Document
	switch {
	case len(text) > MaxText:
		return d, fmt.Errorf("%d bytes are too many, at most %d", len(text), MaxText)
	case !utf8.ValidString(text):
		return d, errors.New("is not UTF-8")
	case strings.ContainsRune(text, 0):
		return d, errors.New("holds a NUL")
	}
	p := parser{doc: &d}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		p.at++
		if err := p.read(line); err != nil {
			return d, err
		}
	}
	if err := p.end(); err != nil {
		return d, err
	}
	if len(d.Steps) == 0 {
		return d, errors.New(`there is no step: each begins with a heading such as "## Look at the graph"`)
	}
	return d, nil
}

// A parser reads line by line.
type parser struct {
	doc    *Document
	at     int
	text   []string // of what is being read: the beginning, or a step
	fence  string   // that closes the block being read; "": none
	block  []string // of an action, while one is being read
	action *Action
	began  int // the line of the fence
}

func (p *parser) wrong(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{line}, args...)...)
}

func (p *parser) read(line string) error {
	bare := strings.TrimRight(line, " \t")
	switch {
	case p.fence != "":
		return p.inside(line)
	case fenceOf(bare) != "":
		return p.open(bare)
	case strings.HasPrefix(bare, "# ") && len(p.doc.Steps) == 0 && p.doc.Title == "" && blank(p.text):
		p.doc.Title = strings.TrimSpace(bare[2:])
		return nil
	case strings.HasPrefix(bare, "## "):
		return p.step(strings.TrimSpace(strings.Trim(bare[3:], "# ")))
	}
	p.text = append(p.text, line)
	return nil
}

func blank(lines []string) bool {
	return !slices.ContainsFunc(lines, func(l string) bool { return strings.TrimSpace(l) != "" })
}

// fenceOf is the fence that a line begins with.
func fenceOf(line string) string {
	t := strings.TrimLeft(line, " ")
	if len(line)-len(t) > 3 {
		return ""
	}
	for _, c := range []string{"`", "~"} {
		if n := len(t) - len(strings.TrimLeft(t, c)); n >= 3 && !(c == "`" && strings.Contains(t[n:], "`")) {
			return strings.Repeat(c, n)
		}
	}
	return ""
}

// open begins a block: one of an action is taken out of the text.
func (p *parser) open(line string) error {
	p.fence, p.began = fenceOf(line), p.at
	info := strings.Fields(strings.TrimLeft(line, " `~"))
	if len(info) == 0 || info[0] != HTTP && info[0] != Webhook {
		p.text = append(p.text, line)
		return nil
	}
	if len(p.doc.Steps) == 0 {
		return p.wrong(p.at, "an action stands in a step: begin one with ## before it")
	}
	if p.doc.Steps[len(p.doc.Steps)-1].Action != nil || p.action != nil {
		return p.wrong(p.at, "a step has one action: make another step of it")
	}
	a, err := options(info)
	if err != nil {
		return p.wrong(p.at, "%w", err)
	}
	p.action, p.block = a, nil
	return nil
}

// options reads what follows the fence: "http timeout=30s expect=200,202 repeat".
func options(info []string) (*Action, error) {
	a := &Action{Kind: info[0], Timeout: usualTimeout}
	for _, word := range info[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "timeout":
			d, err := time.ParseDuration(value)
			if err != nil || d < time.Second || d > MaxTimeout {
				return nil, fmt.Errorf("timeout: %q is not between 1s and %s", value, MaxTimeout)
			}
			a.Timeout = d
		case "expect":
			for one := range strings.SplitSeq(value, ",") {
				n, err := strconv.Atoi(one)
				if err != nil || n < 200 || n > 599 {
					return nil, fmt.Errorf("expect: %q is no status", one)
				}
				a.Expect = append(a.Expect, n)
			}
		case "repeat":
			a.Repeat = true
		default:
			if a.Kind == Webhook && a.Webhook == "" && value == "" {
				a.Webhook = word
				continue
			}
			return nil, fmt.Errorf("%q is none of timeout=30s, expect=200 and repeat", word)
		}
	}
	if a.Kind == Webhook && a.Webhook == "" {
		return nil, errors.New("webhook: which one? Write its id: ```webhook restarts")
	}
	return a, nil
}

// inside reads a line of a block.
func (p *parser) inside(line string) error {
	t := strings.TrimSpace(line)
	closes := strings.HasPrefix(t, p.fence) && strings.Trim(t, p.fence[:1]) == ""
	if p.action == nil {
		p.text = append(p.text, line)
		if closes {
			p.fence = ""
		}
		return nil
	}
	if !closes {
		p.block = append(p.block, line)
		return nil
	}
	p.fence = ""
	if err := p.action.fill(p.block); err != nil {
		return p.wrong(p.began, "%w", err)
	}
	p.doc.Steps[len(p.doc.Steps)-1].Action, p.action = p.action, nil
	return nil
}

// step ends what was being read and begins a step.
func (p *parser) step(title string) error {
	if err := p.end(); err != nil {
		return err
	}
	s := Step{line: p.at}
	if rest, ok := strings.CutSuffix(title, "[approval]"); ok {
		s.Approval, title = true, strings.TrimSpace(rest)
	}
	s.Title = strings.TrimSpace(strings.TrimLeft(title, "0123456789.) "))
	switch {
	case s.Title == "":
		return p.wrong(p.at, "a step needs a title")
	case placeholder.MatchString(s.Title):
		return p.wrong(p.at, "a title holds no placeholder: it stands in the text below")
	case utf8.RuneCountInString(s.Title) > maxStepTitle:
		return p.wrong(p.at, "a title of at most %d characters", maxStepTitle)
	case len(p.doc.Steps) >= mostSteps:
		return p.wrong(p.at, "more than %d steps: nobody follows them at night", mostSteps)
	}
	p.doc.Steps = append(p.doc.Steps, s)
	return nil
}

// end closes what was being read.
func (p *parser) end() error {
	text := strings.TrimSpace(strings.Join(p.text, "\n"))
	p.text = nil
	if p.action != nil {
		return p.wrong(p.began, "the block of the action is not closed")
	}
	line := 1
	if n := len(p.doc.Steps); n > 0 {
		p.doc.Steps[n-1].Text, line = text, p.doc.Steps[n-1].line
	} else {
		p.doc.When = text
	}
	if err := checkText(text); err != nil {
		return p.wrong(line, "%w", err)
	}
	return nil
}

// fill reads the block of an action.
func (a *Action) fill(lines []string) error {
	if a.Kind == Webhook {
		a.Body = strings.TrimSpace(strings.Join(lines, "\n"))
		return checkAction(a)
	}
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return errors.New("what is to be asked for? Begin with a line such as GET https://example.org/health")
	}
	method, address, ok := strings.Cut(strings.TrimSpace(lines[0]), " ")
	if a.Method, a.URL = method, strings.TrimSpace(address); !ok || !slices.Contains(methods, method) {
		return fmt.Errorf("%q does not begin with one of %s and an address", lines[0], strings.Join(methods, ", "))
	}
	lines = lines[1:]
	for len(lines) > 0 && strings.TrimSpace(lines[0]) != "" {
		name, value, ok := strings.Cut(lines[0], ":")
		if name = strings.TrimSpace(name); !ok || !token(name) {
			return fmt.Errorf("%q is no header such as Accept: text/plain; an empty line stands before the body", lines[0])
		}
		if slices.ContainsFunc(forbidden, func(f string) bool { return strings.EqualFold(f, name) }) {
			return fmt.Errorf("the header %s is set by the house", name)
		}
		a.Header = append(a.Header, Header{name, strings.TrimSpace(value)})
		lines = lines[1:]
	}
	if len(a.Header) > mostHeaders {
		return fmt.Errorf("%d headers are too many, at most %d", len(a.Header), mostHeaders)
	}
	a.Body = strings.TrimSpace(strings.Join(lines, "\n"))
	return checkAction(a)
}

var (
	methods   = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
	forbidden = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade"}
)

// Again says whether it may be done again by itself after a crash, when nobody knows
// whether it was done.
func (a *Action) Again() bool {
	return a.Repeat || a.Kind == HTTP && (a.Method == "GET" || a.Method == "HEAD")
}

// What is the action in a few words, without what may be secret: "POST
// deploy.example.org".
func (a *Action) What() string {
	if a.Kind == Webhook {
		return "webhook " + a.Webhook
	}
	host, _ := hostOf(a.URL)
	return a.Method + " " + host
}

// hostOf is the host of an address that may hold placeholders behind it.
func hostOf(address string) (string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return "", errors.New("an address begins with https:// or http://")
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	switch u, err := url.Parse(scheme + "://" + host); {
	case strings.Contains(host, "{{"):
		return "", errors.New("the host of an address is no placeholder: an alert would say where secrets go")
	case err != nil || u.Hostname() == "" || u.User != nil || host == "":
		return "", fmt.Errorf("%q is no host", host)
	}
	return host, nil
}

func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	})
}
