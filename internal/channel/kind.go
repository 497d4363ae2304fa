package channel

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A Kind is a sort of provider that an installation may have, as many of it as it
// wants. Several of one channel stand in for each other.
type Kind struct {
	Name     string // "twilio"
	Channel  string // what contact methods call it: "sms"
	Title    string // for people
	Settings []Setting
	// Free says that settings beyond those that are listed may be given.
	Free bool
	// Rooms says that it keeps threads in rooms (Roomy).
	Rooms bool
	// Proved says against what the calls of this kind were checked. "" is: built from
	// documentation, not proved against the vendor.
	Proved string
	Make   func(Setup) (Channel, error)
}

// A Setting is one thing that a provider must be told.
type Setting struct {
	Name    string
	Help    string
	Secret  bool // shown to nobody once it is set
	Needed  bool
	Default string
}

// Kinds is every kind there is: one file and one line each.
var Kinds = slices.Concat([]Kind{
	twilioKind,
	twilioVoiceKind,
	gatewayKind,
	slackKind,
	telegramKind,
	teamsKind,
	mattermostKind,
	discordKind,
	matrixKind,
	googleChatKind,
	webexKind,
	rocketChatKind,
	pushoverKind,
	gotifyKind,
}, gatewayKinds())

// KindNamed finds a kind.
func KindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// A Setup is what a provider is made of.
type Setup struct {
	ID       string // of the provider in this installation
	Settings map[string]string
	Client   *http.Client // egress's
	Public   string       // the URL under which the house is reached, without a slash at its end
	// Sign makes a token that only this installation can make, for vendors that sign
	// nothing themselves.
	Sign func(text string) string
}

// door is where the vendor reaches us: DoorPath and what follows.
func (s Setup) door(path string) string { return s.Public + DoorPath + s.ID + "/" + path }

// DoorPath is where providers' callbacks and replies come in, below the public URL.
const DoorPath = "/hook/"

// Check says what is wrong with settings, by the setting's name.
func (k Kind) Check(settings map[string]string) (wrong map[string]string) {
	wrong = map[string]string{}
	for _, s := range k.Settings {
		if s.Needed && strings.TrimSpace(settings[s.Name]) == "" {
			wrong[s.Name] = "is missing: " + s.Help
		}
	}
	for name := range settings {
		if !k.Free && !slices.ContainsFunc(k.Settings, func(s Setting) bool { return s.Name == name }) {
			wrong[name] = fmt.Sprintf("%s has no such setting; want some of %s", k.Name, strings.Join(k.names(), ", "))
		}
	}
	return wrong
}

func (k Kind) names() (names []string) {
	for _, s := range k.Settings {
		names = append(names, s.Name)
	}
	return names
}

// Secrets are the names of the settings that nobody is shown. Of settings that are not
// listed all are.
func (k Kind) Secrets(settings map[string]string) (names []string) {
	for name := range settings {
		i := slices.IndexFunc(k.Settings, func(s Setting) bool { return s.Name == name })
		if i < 0 || k.Settings[i].Secret {
			names = append(names, name)
		}
	}
	return names
}

// Make makes a provider of a kind.
func Make(kind string, s Setup) (Channel, error) {
	k, ok := KindNamed(kind)
	if !ok {
		return nil, fmt.Errorf("there is no kind of channel %q", kind)
	}
	wrong := k.Check(s.Settings)
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		return nil, fmt.Errorf("settings.%s: %s", name, wrong[name])
	}
	given := s.Settings
	s.Settings = map[string]string{}
	for _, one := range k.Settings {
		if one.Default != "" {
			s.Settings[one.Name] = one.Default
		}
	}
	for name, value := range given {
		if value = strings.TrimSpace(value); value != "" {
			s.Settings[name] = value
		}
	}
	if s.Sign == nil {
		s.Sign = func(string) string { return "" }
	}
	return k.Make(s)
}

// HasRooms says whether a channel keeps threads in rooms.
func HasRooms(name string) bool {
	return slices.ContainsFunc(Kinds, func(k Kind) bool { return k.Channel == name && k.Rooms })
}

// Names is every channel that contact methods may name.
func Names() []string {
	names := []string{"email", "log", "ntfy"}
	for _, k := range Kinds {
		if !slices.Contains(names, k.Channel) {
			names = append(names, k.Channel)
		}
	}
	slices.Sort(names)
	return names
}
