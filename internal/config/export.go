package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml"

	"tocsin/org"
)

// YAML is the set-up as a file that Parse reads. Keys and secrets stay where they are:
// a thing that has one already keeps it when the file is applied.
func (s Setup) YAML() ([]byte, error) {
	s.Webhooks = slices.Clone(s.Webhooks)
	for i := range s.Webhooks {
		s.Webhooks[i].Secret = ""
	}
	s.Channels = slices.Clone(s.Channels)
	for i := range s.Channels {
		s.Channels[i] = Shown(s.Channels[i])
	}
	s.Runbooks = slices.Clone(s.Runbooks)
	for i := range s.Runbooks {
		s.Runbooks[i].Secrets = nil
	}
	s.TicketSystems = slices.Clone(s.TicketSystems)
	for i := range s.TicketSystems {
		s.TicketSystems[i] = ShownTickets(s.TicketSystems[i])
		s.TicketSystems[i].Secret = ""
	}
	integrations := make([]org.Integration, len(s.Integrations))
	for i, one := range s.Integrations {
		integrations[i] = one.Integration
	}
	var file yaml.MapSlice
	add := func(name string, v any) {
		if r := reflect.ValueOf(v); r.Kind() == reflect.Slice && r.Len() > 0 || r.Kind() == reflect.Pointer && !r.IsNil() {
			file = append(file, yaml.MapItem{Key: name, Value: v})
		}
	}
	add("people", s.People)
	add("teams", s.Teams)
	add("services", s.Services)
	add("policies", s.Policies)
	add("schedules", s.Schedules)
	add("integrations", integrations)
	add("heartbeats", s.Heartbeats)
	add("webhooks", s.Webhooks)
	add("channels", s.Channels)
	add("status_pages", s.StatusPages)
	add("forms", s.Forms)
	add("runbooks", s.Runbooks)
	add("ticket_systems", s.TicketSystems)
	add("scenarios", s.Scenarios)
	add("rules", s.Rules)
	add("sifting", s.Sifting)
	add("settings", s.Settings)
	if file == nil {
		return []byte("{}\n"), nil
	}
	out, err := yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("config: write YAML: %w", err)
	}
	return out, nil
}
