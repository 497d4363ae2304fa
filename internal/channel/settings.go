package channel

import (
	"fmt"
	"slices"
	"strings"
)

// A Setting is one thing that a provider must be told.
type Setting struct {
	Name    string
	Help    string
	Secret  bool // shown to nobody once it is set
	Needed  bool
	Default string
}

// Settings are those that something may be given: a provider here, a ticket system in
// internal/tracker.
type Settings []Setting

// Check says what is wrong with what was given to something called name, by the setting's
// name. A free one may be given others as well.
func (s Settings) Check(name string, free bool, given map[string]string) (wrong map[string]string) {
	wrong = map[string]string{}
	var names []string
	for _, one := range s {
		names = append(names, one.Name)
		if one.Needed && strings.TrimSpace(given[one.Name]) == "" {
			wrong[one.Name] = "is missing: " + one.Help
		}
	}
	for other := range given {
		if !free && !slices.Contains(names, other) {
			wrong[other] = fmt.Sprintf("%s has no such setting; want some of %s", name, strings.Join(names, ", "))
		}
	}
	return wrong
}

// Secrets are the names of what was given that nobody is shown. Of what is not listed all
// is.
func (s Settings) Secrets(given map[string]string) (names []string) {
	for name := range given {
		i := slices.IndexFunc(s, func(one Setting) bool { return one.Name == name })
		if i < 0 || s[i].Secret {
			names = append(names, name)
		}
	}
	return names
}

// Filled is what was given, with what is usual for the rest.
func (s Settings) Filled(given map[string]string) map[string]string {
	out := map[string]string{}
	for _, one := range s {
		if one.Default != "" {
			out[one.Name] = one.Default
		}
	}
	for name, value := range given {
		if value = strings.TrimSpace(value); value != "" {
			out[name] = value
		}
	}
	return out
}
