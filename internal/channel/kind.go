package channel

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// A Kind is a sort of provider that an installation may have, as many of it as it
// wants. Several of one channel stand in for each other.
type Kind struct {
	Name     string // "twilio"
	Channel  string // what contact methods call it: "sms"
	Title    string // for people
	Settings Settings
	// Free says that settings beyond those that are listed may be given.
	Free bool
	// Rooms says that it keeps threads in rooms (Roomy).
	Rooms bool
	// Proved says against what the calls of this kind were checked. "" is: built from
	// documentation, not proved against the vendor.
	Proved string
	Make   func(Setup) (Channel, error)
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
func (k Kind) Check(settings map[string]string) map[string]string {
	return k.Settings.Check(k.Name, k.Free, settings)
}

// Secrets are the names of the settings that nobody is shown.
func (k Kind) Secrets(settings map[string]string) []string { return k.Settings.Secrets(settings) }

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
	s.Settings = k.Settings.Filled(s.Settings)
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
