package config

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"tocsin/alert"
	"tocsin/alert/sift"
	"tocsin/escalate"
	"tocsin/internal/secret"
	"tocsin/investigate/runbook"
	"tocsin/oncall"
	"tocsin/org"
	"tocsin/review/drill"
)

// A Setup is what a set-up file says.
type Setup struct {
	File          string             `yaml:"-"`
	People        []org.Person       `yaml:"people"`
	Teams         []org.Team         `yaml:"teams"`
	Services      []org.Service      `yaml:"services"`
	Policies      []escalate.Policy  `yaml:"policies"`
	Schedules     []oncall.Schedule  `yaml:"schedules"`
	Integrations  []Integration      `yaml:"integrations"`
	Heartbeats    []org.Heartbeat    `yaml:"heartbeats"`
	Webhooks      []org.Webhook      `yaml:"webhooks"`
	Channels      []org.Channel      `yaml:"channels"`
	StatusPages   []org.StatusPage   `yaml:"status_pages"`
	Forms         []org.Form         `yaml:"forms"`
	Runbooks      []runbook.Runbook  `yaml:"runbooks"`
	TicketSystems []org.TicketSystem `yaml:"ticket_systems"`
	Scenarios     []drill.Scenario   `yaml:"scenarios"`
	Rules         *[]alert.Rule      `yaml:"rules"`    // in their order; nil leaves them as they are
	Sifting       *sift.Sifting      `yaml:"sifting"`  // nil leaves it as it is
	Settings      *org.Settings      `yaml:"settings"` // nil leaves them as they are

	at places
}

// An Integration is one of the file, which may bring its key along. Without a key it
// keeps the one it has, or is given a new one.
type Integration struct {
	org.Integration `yaml:",inline"`
	Key             string `yaml:"key,omitempty"`
}

// Parse reads a set-up file; name is the file's, for errors, which are *Problems.
//
// What has no name is called by its id. Contact methods count as verified, because the
// administrator vouches for what stands in the file.
func Parse(name string, data []byte) (Setup, error) {
	s := Setup{File: name, at: places{}}
	node, err := document(name, data)
	if err != nil || node == nil {
		return s, err
	}
	r := &reader{at: s.at, found: Problems{File: name}}
	r.value("", node, reflect.ValueOf(&s).Elem())
	s.Complete()
	return s, r.found.err()
}

// Complete fills in what a set-up may leave out: names, and that an administrator
// vouches for contact methods.
func (s *Setup) Complete() {
	for i := range s.People {
		p := &s.People[i]
		name(&p.Name, p.ID)
		for m := range p.Methods {
			p.Methods[m].Verified = true
		}
	}
	for i := range s.Teams {
		name(&s.Teams[i].Name, s.Teams[i].ID)
	}
	for i := range s.Services {
		name(&s.Services[i].Name, s.Services[i].ID)
	}
	for i := range s.Policies {
		name(&s.Policies[i].Name, s.Policies[i].ID)
	}
	for i := range s.Schedules {
		name(&s.Schedules[i].Name, s.Schedules[i].ID)
	}
	for i := range s.Integrations {
		name(&s.Integrations[i].Name, s.Integrations[i].ID)
	}
	for i := range s.Heartbeats {
		name(&s.Heartbeats[i].Name, s.Heartbeats[i].ID)
	}
	for i := range s.Webhooks {
		name(&s.Webhooks[i].Name, s.Webhooks[i].ID)
	}
	for i := range s.Channels {
		name(&s.Channels[i].Name, s.Channels[i].ID)
	}
	for i := range s.StatusPages {
		name(&s.StatusPages[i].Name, s.StatusPages[i].ID)
	}
	for i := range s.Forms {
		name(&s.Forms[i].Name, s.Forms[i].ID)
	}
	for i := range s.Runbooks {
		titled(&s.Runbooks[i])
	}
	for i := range s.TicketSystems {
		name(&s.TicketSystems[i].Name, s.TicketSystems[i].ID)
	}
	for i := range s.Scenarios {
		name(&s.Scenarios[i].Name, s.Scenarios[i].ID)
	}
}

func name[ID ~string](name *string, id ID) {
	if *name == "" {
		*name = string(id)
	}
}

// The kinds of configuration, as the store and the engine know them. Of rules, sifting
// and settings there is one each, whose id is its kind.
const (
	Person       = "person"
	Team         = "team"
	Service      = "service"
	Policy       = "policy"
	Schedule     = "schedule"
	Integrating  = "integration"
	Heartbeat    = "heartbeat"
	Webhook      = "webhook"
	Channel      = "channel"
	StatusPage   = "status_page"
	Form         = "form"
	Runbook      = "runbook"
	TicketSystem = "ticket_system"
	Scenario     = "scenario"
	Rules        = "rules"
	Sifting      = "sifting"
	Settings     = "settings"
)

// InFile says whether a set-up file can name things of a kind. What it cannot name,
// such as API keys, applying a file leaves alone.
func InFile(kind string) bool {
	switch kind {
	case Person, Team, Service, Policy, Schedule, Integrating, Heartbeat, Webhook, Channel, StatusPage, Form, Runbook, TicketSystem, Scenario, Rules, Sifting, Settings:
		return true
	}
	return false
}

// An Item is one thing of the configuration as it is stored. The same thing has the
// same body, byte for byte.
type Item struct {
	Kind, ID string
	Body     []byte // JSON
}

// KeyHash is what is stored of an integration's key.
func KeyHash(ring *secret.Ring, key string) string { return ring.Hash("integration key", key) }

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// NewKey is 32 letters and digits, about 190 bits; every source takes it as its key.
func NewKey(rand io.Reader) string {
	var key strings.Builder
	var b [1]byte
	for key.Len() < 32 {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			panic("config: the source of randomness failed: " + err.Error())
		}
		if n := int(b[0]) & 63; n < len(keyAlphabet) { // others are drawn again: each is as likely
			key.WriteByte(keyAlphabet[n])
		}
	}
	return key.String()
}

// Items is the set-up as it is stored. An integration without a key in the file has
// the KeyHash that it brings along, and a webhook its secret, which the store seals.
func (s Setup) Items(ring *secret.Ring) []Item {
	var out []Item
	add := func(kind, id string, v any) {
		body, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("config: %s %s: %v", kind, id, err)) // our own types always have a JSON form
		}
		out = append(out, Item{kind, id, body})
	}
	for _, p := range s.People {
		add(Person, string(p.ID), p)
	}
	for _, t := range s.Teams {
		add(Team, string(t.ID), t)
	}
	for _, p := range s.Policies {
		add(Policy, string(p.ID), p)
	}
	for _, v := range s.Schedules {
		add(Schedule, string(v.ID), v)
	}
	for _, v := range s.Services {
		add(Service, string(v.ID), v)
	}
	for _, i := range s.Integrations {
		if i.Key != "" {
			i.KeyHash = KeyHash(ring, i.Key)
		}
		add(Integrating, string(i.ID), i.Integration)
	}
	for _, b := range s.Heartbeats {
		add(Heartbeat, string(b.ID), b)
	}
	for _, h := range s.Webhooks {
		add(Webhook, string(h.ID), h)
	}
	for _, c := range s.Channels {
		add(Channel, string(c.ID), c)
	}
	for _, p := range s.StatusPages {
		add(StatusPage, string(p.ID), p)
	}
	for _, f := range s.Forms {
		add(Form, string(f.ID), f)
	}
	for _, b := range s.Runbooks {
		add(Runbook, b.ID, b)
	}
	for _, t := range s.TicketSystems {
		add(TicketSystem, string(t.ID), t)
	}
	for _, v := range s.Scenarios {
		add(Scenario, v.ID, v)
	}
	if s.Rules != nil {
		add(Rules, Rules, *s.Rules)
	}
	if s.Sifting != nil {
		add(Sifting, Sifting, *s.Sifting)
	}
	if s.Settings != nil {
		add(Settings, Settings, *s.Settings)
	}
	return out
}

// Read is the way back from Items: the set-up of what is stored. Of keys there are
// only the hashes. What cannot be read is left out, so that it can be applied anew.
func Read(items []Item) Setup {
	var s Setup
	for _, i := range items {
		switch i.Kind {
		case Person:
			read(i, &s.People)
		case Team:
			read(i, &s.Teams)
		case Service:
			read(i, &s.Services)
		case Policy:
			read(i, &s.Policies)
		case Schedule:
			read(i, &s.Schedules)
		case Integrating:
			var found []org.Integration
			read(i, &found)
			for _, one := range found {
				s.Integrations = append(s.Integrations, Integration{Integration: one})
			}
		case Heartbeat:
			read(i, &s.Heartbeats)
		case Webhook:
			read(i, &s.Webhooks)
		case Channel:
			read(i, &s.Channels)
		case StatusPage:
			read(i, &s.StatusPages)
		case Form:
			read(i, &s.Forms)
		case Runbook:
			read(i, &s.Runbooks)
		case TicketSystem:
			read(i, &s.TicketSystems)
		case Scenario:
			read(i, &s.Scenarios)
		case Rules:
			var found [][]alert.Rule
			read(i, &found)
			if len(found) > 0 {
				s.Rules = &found[0]
			}
		case Sifting:
			var found []sift.Sifting
			read(i, &found)
			if len(found) > 0 {
				s.Sifting = &found[0]
			}
		case Settings:
			var found []org.Settings
			read(i, &found)
			if len(found) > 0 {
				s.Settings = &found[0]
			}
		}
	}
	return s
}

// read adds what an item holds to a list.
func read[T any](i Item, list *[]T) {
	var one T
	if json.Unmarshal(i.Body, &one) == nil {
		*list = append(*list, one)
	}
}
