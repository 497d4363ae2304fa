package runbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A placeholder is {{label.NAME}}, {{incident.FIELD}}, {{secret.NAME}} or {{person}}.
var placeholder = regexp.MustCompile(`\{\{\s*([a-z]+)(?:\.([A-Za-z0-9_.-]+))?\s*\}\}`)

// Fields are those of {{incident.FIELD}}.
var Fields = []string{"id", "title", "service", "team", "severity", "url"}

// Values are what placeholders stand for.
type Values struct {
	Label    func(name string) string
	Incident map[string]string // by Fields
	Person   string            // who runs it
	Secrets  map[string]string
}

const maxValue = 1000 // runes of a value from outside

func (v Values) of(kind, name string) string {
	var s string
	switch kind {
	case "label":
		if v.Label != nil {
			s = v.Label(name)
		}
	case "incident":
		s = v.Incident[name]
	case "person":
		s = v.Person
	case "secret":
		return v.Secrets[name]
	}
	if r := []rune(s); len(r) > maxValue {
		s = string(r[:maxValue])
	}
	return s
}

// check says what is wrong with a text's placeholders.
func check(text string, secrets bool) error {
	rest := placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		switch kind, name := m[1], m[2]; {
		case kind == "label" && name != "", kind == "person" && name == "", kind == "incident" && slices.Contains(Fields, name), secrets && kind == "secret" && secretName.MatchString(name):
			return ""
		}
		return p
	})
	switch m := placeholder.FindStringSubmatch(rest); {
	case m != nil && m[1] == "secret" && !secrets:
		return errors.New("a secret stands in an action alone: text is shown to people")
	case m != nil && m[1] == "incident":
		return fmt.Errorf("%s: an incident has %s", m[0], strings.Join(Fields, ", "))
	case m != nil:
		return fmt.Errorf("%s is none of {{label.NAME}}, {{incident.id}}, {{secret.NAME}} and {{person}}", m[0])
	case strings.Contains(rest, "{{"):
		return errors.New("{{ begins a placeholder such as {{label.instance}}")
	}
	return nil
}

// checkText is check for what people read. What stands in code may hold anything that is
// no placeholder of ours.
func checkText(text string) error {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if m[1] == "secret" || m[1] == "label" || m[1] == "incident" || m[1] == "person" {
			if err := check(m[0], false); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAction says what is wrong with an action.
func checkAction(a *Action) error {
	if a.Kind == HTTP {
		if _, err := hostOf(a.URL); err != nil {
			return err
		}
	}
	texts := []string{a.URL, a.Body}
	for _, h := range a.Header {
		texts = append(texts, h.Value)
	}
	for _, t := range texts {
		if err := check(t, true); err != nil {
			return err
		}
	}
	return nil
}

// Needs are the secrets that an action names.
func (a *Action) Needs() (names []string) {
	texts := []string{a.URL, a.Body}
	for _, h := range a.Header {
		texts = append(texts, h.Value)
	}
	for _, t := range texts {
		for _, m := range placeholder.FindAllStringSubmatch(t, -1) {
			if m[1] == "secret" && !slices.Contains(names, m[2]) {
				names = append(names, m[2])
			}
		}
	}
	return names
}

// Missing is the first secret that is not there; "": none.
func (a *Action) Missing(secrets map[string]string) string {
	for _, name := range a.Needs() {
		if secrets[name] == "" {
			return name
		}
	}
	return ""
}

// fill puts values into a text, each escaped for its place.
func fill(text string, v Values, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		return escape(v.of(m[1], m[2]))
	})
}

// Text is a step's text with what it says of the alert and the incident, as Markdown that
// says nothing else by it.
func Text(text string, v Values) string {
	v.Secrets = nil
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		if m[1] != "label" && m[1] != "incident" && m[1] != "person" {
			return p
		}
		value := strings.Join(strings.Fields(v.of(m[1], m[2])), " ")
		if value == "" {
			return p // it says better what is missing than nothing would
		}
		return marks.Replace(value)
	})
}

var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "!", `\!`, "&", "&amp;")

// A Request is an action with everything in its place.
type Request struct {
	Method, URL string
	Header      []Header
	Body        string
}

// Request is what goes out for an action. A value never leaves its place: it is escaped in
// the path and the query of an address, within a string of JSON, and in a form, and takes
// no line of its own in a header.
func (a *Action) Request(v Values) (Request, error) {
	r := Request{Method: a.Method}
	path, query, asked := strings.Cut(a.URL, "?")
	r.URL = fill(path, v, url.PathEscape)
	if asked {
		r.URL += "?" + fill(query, v, url.QueryEscape)
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return r, errors.New("its address cannot be used")
	}
	if host, _ := hostOf(a.URL); a.Kind == HTTP && u.Host != host {
		return r, errors.New("its address would lead elsewhere")
	}
	form := false
	for _, h := range a.Header {
		r.Header = append(r.Header, Header{h.Name, fill(h.Value, v, oneLine)})
		form = form || strings.EqualFold(h.Name, "Content-Type") && strings.HasPrefix(h.Value, "application/x-www-form-urlencoded")
	}
	switch {
	case form:
		r.Body = fill(a.Body, v, url.QueryEscape)
	case strings.HasPrefix(a.Body, "{"), strings.HasPrefix(a.Body, "["):
		r.Body = fill(a.Body, v, inJSON)
		if !json.Valid([]byte(r.Body)) {
			return r, errors.New("its body is no JSON: placeholders stand within quotes")
		}
	default:
		r.Body = fill(a.Body, v, func(s string) string { return s })
	}
	return r, nil
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// inJSON is a value within a string of JSON.
func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(b[1 : len(b)-1])
}

// Redact takes secrets out of what came back.
func Redact(text string, secrets map[string]string) string {
	var all []string
	for _, s := range secrets {
		if len(s) < 4 { // would take letters out of words
			continue
		}
		all = append(all, s, url.QueryEscape(s), url.PathEscape(s), inJSON(s))
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, s := range all {
		text = strings.ReplaceAll(text, s, "•••")
	}
	return text
}
