// Package org knows the people and the things they care for: persons and how each
// wants to be reached, teams, the services teams keep alive, and the integrations
// through which monitoring speaks about them.
//
// Everything here is configuration: it changes when a person changes it, every
// change is a new version in the store, and the last version but one is never lost.
// Retiring replaces deleting, because open incidents cite what they were opened
// under.
//
// The package imports nothing of ours, asks nobody the time and touches no disk. It
// also holds the words that every other room shares: identifiers, priority,
// severity, targets, durations as people write them, and the one embedded time-zone
// database (zone.go), so that a server's own zone files never decide who is paged.
package org

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

type (
	PersonID      string
	MethodID      string // unique within its person
	TeamID        string
	ServiceID     string
	PolicyID      string
	ScheduleID    string
	IntegrationID string
)

// A Person can be called.
type Person struct {
	ID      PersonID           `json:"id" yaml:"id"`
	Name    string             `json:"name" yaml:"name"`
	Zone    string             `json:"zone,omitempty" yaml:"zone,omitempty"`       // IANA name; "" is UTC
	Country string             `json:"country,omitempty" yaml:"country,omitempty"` // whose holidays they keep: "CZ"; "" is that of the zone
	Role    Role               `json:"role,omitempty" yaml:"role,omitempty"`       // "" is responder
	Methods []Method           `json:"methods,omitempty" yaml:"methods,omitempty"`
	Rules   []NotificationRule `json:"rules,omitempty" yaml:"rules,omitempty"`
	Reach   `yaml:",inline"`
	// Capacity is how much of what others bear is their share: 0.5 of who works half; 0 is 1.
	Capacity float64 `json:"capacity,omitempty" yaml:"capacity,omitempty"`
	Retired  bool    `json:"retired,omitempty" yaml:"-"`
}

// Home is the country whose holidays the person keeps; "" is that we do not know.
func (p Person) Home() string {
	if p.Country != "" {
		return p.Country
	}
	return CountryOf(p.Zone)
}

// A Method is one address of a person on one channel.
type Method struct {
	ID       MethodID `json:"id" yaml:"id"`
	Name     string   `json:"name,omitempty" yaml:"name,omitempty"` // what the person calls it
	Channel  string   `json:"channel" yaml:"channel"`               // the channel's name: "email", "ntfy", "log", ...
	Address  string   `json:"address" yaml:"address"`
	Verified bool     `json:"verified,omitempty" yaml:"-"`
	Disabled bool     `json:"disabled,omitempty" yaml:"disabled,omitempty"`
}

// Usable says whether a page may go out over the method.
func (m Method) Usable() bool { return m.Verified && !m.Disabled && m.Address != "" }

// A NotificationRule says which method is tried how long after the person is called.
// After is counted from the call, not from the rule before. A rule with Every is
// persistent: it is tried again every so often until it is read or answered, for at
// most For (8 hours when it is zero).
type NotificationRule struct {
	Priority Priority `json:"priority,omitempty" yaml:"priority,omitempty"` // "" means both
	After    Duration `json:"after,omitempty" yaml:"after,omitempty"`
	Method   MethodID `json:"method" yaml:"method"`
	Every    Duration `json:"every,omitempty" yaml:"every,omitempty"`
	For      Duration `json:"for,omitempty" yaml:"for,omitempty"`
	// Unless makes it a second line: it is tried only when no page about the same thing
	// was "delivered" to the person, or "read" by them, before.
	Unless string `json:"unless,omitempty" yaml:"unless,omitempty"`
}

// Method finds one of the person's contact methods.
func (p Person) Method(id MethodID) (Method, bool) {
	for _, m := range p.Methods {
		if m.ID == id {
			return m, true
		}
	}
	return Method{}, false
}

// Reachable says whether any page could go out to the person at all.
func (p Person) Reachable() bool {
	for _, m := range p.Methods {
		if !p.Retired && m.Usable() {
			return true
		}
	}
	return false
}

// A Team owns services and answers for them together.
type Team struct {
	ID      TeamID     `json:"id" yaml:"id"`
	Name    string     `json:"name" yaml:"name"`
	Members []PersonID `json:"members,omitempty" yaml:"members,omitempty"`
	// Roles are those that members have in this team instead of their own.
	Roles map[PersonID]Role `json:"roles,omitempty" yaml:"roles,omitempty"`
	// Room is where each of its incidents has a thread: a channel and the address of the
	// room there, "slack:C012AB3CD".
	Room string `json:"room,omitempty" yaml:"room,omitempty"`
	// Replies are what its people often write in the rooms of its incidents.
	Replies []string `json:"replies,omitempty" yaml:"replies,omitempty"`
	Retired bool     `json:"retired,omitempty" yaml:"-"`
}

// A Service is a thing that can break. Its team answers for it, its policy says how.
type Service struct {
	ID        ServiceID   `json:"id" yaml:"id"`
	Name      string      `json:"name" yaml:"name"`
	Team      TeamID      `json:"team,omitempty" yaml:"team,omitempty"`
	Policy    PolicyID    `json:"policy,omitempty" yaml:"policy,omitempty"`
	DependsOn []ServiceID `json:"depends_on,omitempty" yaml:"depends_on,omitempty"`
	// Reopen is how long after its resolve an alert that fires again reopens the old
	// incident instead of opening a new one; nil means ten minutes.
	Reopen *Duration `json:"reopen,omitempty" yaml:"reopen,omitempty"`
	// Watch is how long what is well again is watched before it is over: what has come
	// back by then was never over. 0 is not at all.
	Watch Duration `json:"watch,omitempty" yaml:"watch,omitempty"`
	// Sift says how its alerts are sifted before they page; what it leaves out is as in
	// the settings.
	Sift Sift `json:"sift,omitzero" yaml:"sift,omitempty"`
	// Support are its support hours, outside of which what happens to it is of low priority.
	Support *SupportHours `json:"support,omitempty" yaml:"support,omitempty"`
	// Sensitive keeps its incidents from everybody but those who answer for its team.
	Sensitive bool `json:"sensitive,omitempty" yaml:"sensitive,omitempty"`
	// CostPerHour is what an hour costs in which it is down, in the currency of the settings.
	CostPerHour float64 `json:"cost_per_hour,omitempty" yaml:"cost_per_hour,omitempty"`
	// Secure keeps what happened out of messages: they say only that one waits.
	Secure  bool `json:"secure,omitempty" yaml:"secure,omitempty"`
	Retired bool `json:"retired,omitempty" yaml:"-"`
}

// An Integration is a door for one sender: a key, the dialect it speaks, and the
// service its events belong to unless a rule says otherwise.
type Integration struct {
	ID      IntegrationID `json:"id" yaml:"id"`
	Name    string        `json:"name" yaml:"name"`
	Source  string        `json:"source" yaml:"source"` // the source's name: "alertmanager", "pagerduty", "generic"
	Service ServiceID     `json:"service,omitempty" yaml:"service,omitempty"`
	Mapping *Mapping      `json:"mapping,omitempty" yaml:"mapping,omitempty"` // of a generic one
	KeyHash string        `json:"key_hash,omitempty" yaml:"-"`                // keyed hash; the key itself is shown once and not kept
	Retired bool          `json:"retired,omitempty" yaml:"-"`
}

// A Mapping says where a generic sender puts things. Each field is a path into its JSON,
// names and numbers with dots between ("alert.hosts.0"), from an event or, with "$." in
// front, from the whole body; or a text with paths in braces ("{host}: {check.name}").
// What is empty, or not found, is found by the names that senders use.
type Mapping struct {
	Each     string            `json:"each,omitempty" yaml:"each,omitempty"` // the list of events
	Key      string            `json:"key,omitempty" yaml:"key,omitempty"`
	Title    string            `json:"title,omitempty" yaml:"title,omitempty"`
	Text     string            `json:"text,omitempty" yaml:"text,omitempty"`
	State    string            `json:"state,omitempty" yaml:"state,omitempty"`
	Severity string            `json:"severity,omitempty" yaml:"severity,omitempty"`
	Labels   map[string]string `json:"labels,omitempty" yaml:"labels,omitempty"`
	// The sender's own words, whatever their case.
	Firing     []string            `json:"firing,omitempty" yaml:"firing,omitempty"`
	Resolved   []string            `json:"resolved,omitempty" yaml:"resolved,omitempty"`
	Severities map[string]Severity `json:"severities,omitempty" yaml:"severities,omitempty"`
}

// Settings are the few choices that hold for the whole installation.
type Settings struct {
	// CatchAll is the service of events that nobody claims, and its policy is called
	// when a whole climb reaches nobody.
	CatchAll ServiceID `json:"catch_all,omitempty" yaml:"catch_all,omitempty"`
	// Matrix says how bad what is, and what that asks for.
	Matrix *Matrix `json:"matrix,omitempty" yaml:"matrix,omitempty"`
	// Sift is how alerts are sifted where their service does not say.
	Sift Sift `json:"sift,omitzero" yaml:"sift,omitempty"`
	// Digest is who hears each week what was held back and proved real, and which rules
	// matched nothing.
	Digest *WeeklyDigest `json:"digest,omitempty" yaml:"digest,omitempty"`
	// Messages are pages by hand that are sent often.
	Messages []Message `json:"messages,omitempty" yaml:"messages,omitempty"`
	// Guidelines say how those concerned are told of incidents, in their order.
	Guidelines []Guideline `json:"guidelines,omitempty" yaml:"guidelines,omitempty"`
	// Keep is for how long what people say to each other is kept.
	Keep KeepDays `json:"keep,omitzero" yaml:"keep,omitempty"`
	// Checklists are tasks that incidents begin with.
	Checklists []Checklist `json:"checklists,omitempty" yaml:"checklists,omitempty"`
	// Closures say what must be complete before incidents are closed, Retrospectives what
	// is written about them; both in their order.
	Closures       []Closure       `json:"closures,omitempty" yaml:"closures,omitempty"`
	Retrospectives []Retrospective `json:"retrospectives,omitempty" yaml:"retrospectives,omitempty"`
	// Reports are those that people are told of by themselves.
	Reports []ScheduledReport `json:"reports,omitempty" yaml:"reports,omitempty"`
	// Currency is that of costs, as people write it: "EUR".
	Currency string `json:"currency,omitempty" yaml:"currency,omitempty"`
	// Changes say how changes are made; without them each is asked of whom it names.
	Changes *ChangeRules `json:"changes,omitempty" yaml:"changes,omitempty"`
}

// KeepDays is for how many days messages are kept; 0 is for ever. Those in the room of an
// incident are counted from its end, the others each from when it was written.
type KeepDays struct {
	Rooms     int `json:"rooms,omitempty" yaml:"rooms,omitempty"`
	Sensitive int `json:"sensitive,omitempty" yaml:"sensitive,omitempty"` // rooms of sensitive services; 0: as the others
	Direct    int `json:"direct,omitempty" yaml:"direct,omitempty"`
	Groups    int `json:"groups,omitempty" yaml:"groups,omitempty"`
}

// A Checklist is tasks that belong together. Those that name severities or services are
// added to the incidents that are of one of each by themselves, when they begin or, with
// Stage, when their recovery comes to it; all others by hand.
type Checklist struct {
	ID         string          `json:"id" yaml:"id"`
	Name       string          `json:"name" yaml:"name"`
	Severities []Severity      `json:"severities,omitempty" yaml:"severities,omitempty"`
	Services   []ServiceID     `json:"services,omitempty" yaml:"services,omitempty"`
	Stage      string          `json:"stage,omitempty" yaml:"stage,omitempty"` // contain, fix, recover, watch
	Tasks      []ChecklistTask `json:"tasks" yaml:"tasks"`
}

// A ChecklistTask is one of them.
type ChecklistTask struct {
	Title string   `json:"title" yaml:"title"`
	Role  string   `json:"role,omitempty" yaml:"role,omitempty"`   // whoever has it does it
	Due   Duration `json:"due,omitempty" yaml:"due,omitempty"`     // after it was added; 0 is at no time
	Stage string   `json:"stage,omitempty" yaml:"stage,omitempty"` // that it belongs to
}

// Fits says whether a checklist is added to such an incident by itself.
func (c Checklist) Fits(severity Severity, service ServiceID) bool {
	if len(c.Severities) == 0 && len(c.Services) == 0 {
		return false
	}
	return (len(c.Severities) == 0 || slices.Contains(c.Severities, severity)) && (len(c.Services) == 0 || slices.Contains(c.Services, service))
}

// A WeeklyDigest is told on a day of the week at an hour.
type WeeklyDigest struct {
	Tell []Target `json:"tell" yaml:"tell"`
	Day  string   `json:"day,omitempty" yaml:"day,omitempty"` // "mon" without
	At   Duration `json:"at,omitempty" yaml:"at,omitempty"`   // since midnight; 9h without
	Zone string   `json:"zone,omitempty" yaml:"zone,omitempty"`
}

// Next is when it is told after a moment.
func (d WeeklyDigest) Next(after time.Time) time.Time {
	zone, err := Zone(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	day, at := d.Day, d.At
	if day == "" {
		day = "mon"
	}
	if at == 0 {
		at = usualDigest
	}
	local := after.In(zone)
	for n := range 9 {
		if t := midnight(local, n, at); Days[t.Weekday()] == day && t.After(after) {
			return t.UTC()
		}
	}
	return after.Add(7 * 24 * time.Hour) // a day that does not exist
}

// A Message is a predefined page by hand.
type Message struct {
	ID      string          `json:"id" yaml:"id"`
	Title   string          `json:"title" yaml:"title"`
	Text    string          `json:"text,omitempty" yaml:"text,omitempty"`
	Targets []string        `json:"targets,omitempty" yaml:"targets,omitempty"` // as POST /calls takes them
	Choices []MessageChoice `json:"choices,omitempty" yaml:"choices,omitempty"`
}

// A MessageChoice is an answer to a predefined message.
type MessageChoice struct {
	Text     string `json:"text" yaml:"text"`
	Positive bool   `json:"positive,omitempty" yaml:"positive,omitempty"`
}

// A Priority is the lane of notification.
type Priority string

const (
	High Priority = "high"
	Low  Priority = "low"
)

// A Severity says how bad it is: SEV1 is the worst.
type Severity string

const (
	SEV1 Severity = "SEV1"
	SEV2 Severity = "SEV2"
	SEV3 Severity = "SEV3"
	SEV4 Severity = "SEV4"
	SEV5 Severity = "SEV5"
)

// Valid says whether the severity is one of the five.
func (s Severity) Valid() bool { return len(s) == 4 && s >= SEV1 && s <= SEV5 }

// A Target is whom a level of a policy calls; exactly one field is set. It is
// written "person:jane", "schedule:primary", "team:dba", "policy:managers" or
// "email:reports@example.org"; a bare word is a person. Of a schedule it may name a place
// (Place): "schedule:primary/secondary".
type Target struct {
	Kind string // person, schedule, team, policy or email
	ID   string
}

func (t Target) String() string {
	if t == (Target{}) {
		return ""
	}
	return t.Kind + ":" + t.ID
}

// Place parts the target of a schedule: "db/secondary" is the role secondary of db,
// "db/next" and "db/previous" are who stands after and before the one on call.
func (t Target) Place() (id, place string) {
	id, place, _ = strings.Cut(t.ID, "/")
	return id, place
}

func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what String wrote. Nothing is the zero target, which whoever
// needs somebody refuses.
func (t *Target) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Target{}
		return nil
	}
	kind, id, ok := strings.Cut(string(b), ":")
	if !ok {
		kind, id = "person", string(b)
	}
	switch kind {
	case "person", "schedule", "team", "policy", "email":
	default:
		return fmt.Errorf("target %q: want person:x, schedule:x, team:x, policy:x or email:x", b)
	}
	if id == "" {
		return fmt.Errorf("target %q names nobody", b)
	}
	*t = Target{Kind: kind, ID: id}
	return nil
}

// A Duration is a time.Duration that is written as people write it: "5m", "1h30m".
type Duration time.Duration

// D is the duration as the standard library knows it.
func (d Duration) D() time.Duration { return time.Duration(d) }

func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration such as 30s, 5m or 1h30m", b)
	}
	*d = Duration(v)
	return nil
}

// UnmarshalJSON refuses a bare number, which would not say its unit.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is not a duration: write its unit, such as \"5m\"", b)
	}
	return d.UnmarshalText([]byte(s))
}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID makes an identifier that sorts by the time it was told: 48 bits of
// milliseconds since 1970 and 80 bits from rand, in 26 characters.
func NewID(now time.Time, rand io.Reader) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	if _, err := io.ReadFull(rand, b[6:]); err != nil {
		panic("org: the source of randomness failed: " + err.Error())
	}
	var out [26]byte
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	for i := 25; i >= 0; i-- {
		out[i] = idAlphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}
