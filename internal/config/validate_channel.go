package config

import (
	"maps"
	"slices"
	"strings"

	"tocsin/internal/channel"
	"tocsin/org"
)

// channels checks providers by their kinds, and that each can be made.
func (c *checker) channels() {
	at := within("channels")
	c.ids(Channel, len(c.Channels), at, func(i int) string { return string(c.Channels[i].ID) })
	for i, v := range c.Channels {
		k, ok := channel.KindNamed(v.Kind)
		if !ok {
			c.bad(at(i)+".kind", "%q is no kind of channel: want one of %s", v.Kind, strings.Join(kindNames(), ", "))
			continue
		}
		if slices.Contains(channelsOfFlags, string(v.ID)) {
			c.bad(at(i)+".id", "%q is the name of a channel that the server's own options set up", v.ID)
		}
		wrong := k.Check(v.Settings)
		for _, name := range slices.Sorted(maps.Keys(wrong)) {
			c.bad(at(i)+".settings."+name, "%s", wrong[name])
		}
		if len(wrong) > 0 {
			continue
		}
		if _, err := channel.Make(v.Kind, channel.Setup{ID: string(v.ID), Settings: v.Settings, Public: "https://tocsin.example.org"}); err != nil {
			path, text, ok := strings.Cut(err.Error(), ": ")
			if !ok || !strings.HasPrefix(path, "settings.") {
				path, text = "settings", err.Error()
			}
			c.bad(at(i)+"."+path, "%s", text)
		}
	}
}

// channelsOfFlags are providers that options of the server make.
var channelsOfFlags = []string{"email", "log", "ntfy"}

func kindNames() (names []string) {
	for _, k := range channel.Kinds {
		names = append(names, k.Name)
	}
	return names
}

// Shown is a channel without its secrets.
func Shown(c org.Channel) org.Channel {
	k, _ := channel.KindNamed(c.Kind)
	c.Settings = without(c.Settings, k.Secrets(c.Settings))
	return c
}

// KeepSecrets is a channel with the secrets it had, where it names no others. An empty
// one takes it away.
func KeepSecrets(c, had org.Channel) org.Channel {
	if k, _ := channel.KindNamed(c.Kind); had.Kind == c.Kind {
		c.Settings = keeping(c.Settings, had.Settings, k.Secrets(had.Settings))
	}
	return c
}

// without is settings without some.
func without(settings map[string]string, names []string) map[string]string {
	out := maps.Clone(settings)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// keeping is settings with some of those that there were, where they are not named anew.
func keeping(settings, had map[string]string, names []string) map[string]string {
	out := maps.Clone(settings)
	for _, name := range names {
		if _, named := out[name]; !named {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = had[name]
		}
	}
	return out
}
