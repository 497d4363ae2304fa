// Package apply brings the configuration to what a set-up file says. The command line
// does it beside a server, on the database itself; the API does it for those who are
// elsewhere.
//
// Plan says what would change and Run changes it, in one transaction, all or nothing.
// Only what differs is written: applying the same file again writes nothing. Export is
// the way back: the configuration as a set-up file.
package apply

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/investigate/runbook"
	"tocsin/oncall"
	"tocsin/org"
)

// A Step is what applying a set-up does with one thing.
type Step struct {
	Do       Do
	Kind, ID string
	Version  int      // that it has afterwards
	Changed  []string // of an update: the fields that differ, "levels" or "methods"
	// Integration is set where the key of an integration is made, or is given anew;
	// Key is empty in a plan whose key is yet to be made. It is shown once.
	Integration *org.Integration
	Key         string
	// Secret is set where the secret of a webhook is made, or is given anew: "" in a plan
	// whose secret is yet to be made.
	Secret *string

	body []byte
}

// Do is a verb of a Step.
type Do string

const (
	Create    Do = "create"
	Update    Do = "update"
	Unchanged Do = "unchanged"
	Retire    Do = "retire"
)

// A Wish is a set-up that is to be applied.
type Wish struct {
	Setup config.Setup
	Ring  *secret.Ring
	// Prune retires what the file does not name, and empties rules and settings that
	// it leaves out.
	Prune bool
	Rand  io.Reader // of new keys
}

// NewWish is a set-up to be applied, with new keys from the system's randomness.
func NewWish(setup config.Setup, ring *secret.Ring, prune bool) Wish {
	return Wish{Setup: setup, Ring: ring, Prune: prune, Rand: rand.Reader}
}

// Plan is what Run would do. New keys are not made yet.
func Plan(ctx context.Context, st *store.Store, w Wish) ([]Step, error) {
	w.Rand = nil
	var steps []Step
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		steps, err = w.steps(tx)
		return err
	})
	return steps, err
}

// Run validates the set-up against what is configured and writes what differs, all or
// nothing. Its error is *config.Problems where the file is wrong.
func Run(ctx context.Context, st *store.Store, w Wish, by incident.Actor, now time.Time) ([]Step, error) {
	var steps []Step
	err := st.Write(ctx, store.People, func(tx *store.Tx) (err error) {
		if _, err = tx.PutConfig(now); err != nil { // changes nothing; from here on nobody else does
			return err
		}
		if steps, err = w.steps(tx); err != nil {
			return err
		}
		var changes []store.Change
		for _, s := range steps {
			if s.Do != Unchanged {
				changes = append(changes, store.Change{Kind: s.Kind, ID: s.ID, Body: s.body, By: by})
			}
		}
		if len(changes) == 0 {
			return nil
		}
		if _, err = tx.PutConfig(now, changes...); err != nil {
			return err
		}
		for _, c := range changes {
			if err := tx.Touch("config/"+c.Kind, c.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return steps, err
}

// A thing is one row of the configuration by its name.
type thing struct{ kind, id string }

// steps compares the set-up with what is configured now.
func (w Wish) steps(tx *store.Tx) ([]Step, error) {
	rows, err := tx.Config()
	if err != nil {
		return nil, err
	}
	has := make(map[thing]store.ConfigRow, len(rows))
	var all, stays []config.Item
	for _, r := range rows {
		has[thing{r.Kind, r.ID}] = r
		item := config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body}
		all = append(all, item)
		if !r.Retired && !w.Prune {
			stays = append(stays, item)
		}
	}
	existing := config.Read(stays)
	had := config.Read(all)
	w.Setup.Channels = kept(w.Setup.Channels, had.Channels)
	w.Setup.TicketSystems = keptTickets(w.Setup.TicketSystems, had.TicketSystems)
	w.Setup.Schedules = overridden(w.Setup.Schedules, had.Schedules)
	if w.Setup.Runbooks, err = sealed(w.Setup.Runbooks, had.Runbooks); err != nil {
		return nil, err
	}
	if err := w.Setup.Validate(existing); err != nil {
		return nil, err
	}
	setup, keys, err := w.keyed(had.Integrations, existing.Integrations)
	if err != nil {
		return nil, err
	}
	shown := map[string]map[string]string{}
	setup.Webhooks, shown[config.Webhook] = secrets(w, w.Setup.Webhooks, had.Webhooks, func(h *org.Webhook) (string, *string) { return string(h.ID), &h.Secret })
	setup.TicketSystems, shown[config.TicketSystem] = secrets(w, w.Setup.TicketSystems, had.TicketSystems, func(t *org.TicketSystem) (string, *string) { return string(t.ID), &t.Secret })
	items := setup.Items(w.Ring)
	steps := make([]Step, 0, len(items))
	named := map[thing]bool{}
	for _, item := range items {
		t := thing{item.Kind, item.ID}
		named[t] = true
		s := step(item, has[t])
		if i, ok := keys[item.ID]; ok && item.Kind == config.Integrating {
			s.Integration, s.Key = &i.Integration, i.Key
		}
		if secret, ok := shown[item.Kind][item.ID]; ok {
			s.Secret = &secret
		}
		steps = append(steps, s)
	}
	if w.Prune {
		steps = append(steps, pruned(rows, named)...)
	}
	return steps, nil
}

// keyed is the set-up with every integration's key: the file's, the one it has, or a
// new one. The integrations whose key is new are returned by their ids.
func (w Wish) keyed(had, stays []config.Integration) (config.Setup, map[string]config.Integration, error) {
	hashes, owners := map[org.IntegrationID]string{}, map[string]org.IntegrationID{}
	for _, i := range had {
		hashes[i.ID] = i.KeyHash
	}
	setup, fresh := w.Setup, map[string]config.Integration{}
	setup.Integrations = slices.Clone(setup.Integrations)
	for n := range setup.Integrations {
		i := &setup.Integrations[n]
		i.KeyHash = hashes[i.ID]
		if i.Key == "" && i.KeyHash == "" && w.Rand != nil {
			i.Key = config.NewKey(w.Rand)
		}
		before := i.KeyHash
		if i.Key != "" {
			i.KeyHash = config.KeyHash(w.Ring, i.Key)
		}
		if before == "" || i.KeyHash != before {
			fresh[string(i.ID)] = *i
		}
	}
	for _, i := range slices.Concat(setup.Integrations, stays) {
		owner, taken := owners[i.KeyHash]
		if taken && owner != i.ID && i.KeyHash != "" {
			return setup, nil, incident.Refuse("%s: integrations %s and %s have the same key", setup.File, owner, i.ID)
		}
		owners[i.KeyHash] = i.ID
	}
	return setup, fresh, nil
}

// kept is the file's channels with the secrets that they had.
func kept(file, had []org.Channel) []org.Channel {
	out := slices.Clone(file)
	for i, c := range out {
		n := slices.IndexFunc(had, func(h org.Channel) bool { return h.ID == c.ID })
		if n >= 0 {
			out[i] = config.KeepSecrets(c, had[n])
		}
	}
	return out
}

// overridden is the file's schedules with the overrides that people made, unless the file
// says which there are: nobody's cover ends because a set-up is applied again.
func overridden(file, had []oncall.Schedule) []oncall.Schedule {
	out := slices.Clone(file)
	for i, v := range out {
		n := slices.IndexFunc(had, func(h oncall.Schedule) bool { return h.ID == v.ID })
		if v.Patches == nil && n >= 0 {
			out[i].Patches = had[n].Patches
		}
	}
	return out
}

// sealed is the file's runbooks with the secrets that they had.
func sealed(file, had []runbook.Runbook) (out []runbook.Runbook, err error) {
	out = slices.Clone(file)
	for i, b := range out {
		if n := slices.IndexFunc(had, func(h runbook.Runbook) bool { return h.ID == b.ID }); n >= 0 {
			if out[i], err = runbook.KeepSecrets(b, had[n]); err != nil {
				return nil, incident.Refuse("runbook %s: %v", b.ID, err)
			}
		}
	}
	return out, nil
}

// secrets gives each of the file's things its secret: the file's, the one that it has, or a
// new one. Those that are new are returned by their ids.
func secrets[T any](w Wish, file, had []T, of func(*T) (id string, secret *string)) ([]T, map[string]string) {
	before, fresh := map[string]string{}, map[string]string{}
	for i := range had {
		id, secret := of(&had[i])
		before[id] = *secret
	}
	all := slices.Clone(file)
	for i := range all {
		id, secret := of(&all[i])
		if *secret == "" {
			*secret = before[id]
		}
		if *secret == "" && w.Rand != nil {
			*secret = config.NewKey(w.Rand)
		}
		if *secret == "" || *secret != before[id] {
			fresh[id] = *secret
		}
	}
	return all, fresh
}

// step compares one thing with its row, which is zero when there is none.
func step(item config.Item, row store.ConfigRow) Step {
	s := Step{Do: Update, Kind: item.Kind, ID: item.ID, Version: row.Version + 1, body: item.Body}
	switch {
	case row.Version == 0 || row.Retired:
		s.Do = Create
	case string(row.Body) == string(item.Body):
		s.Do, s.Version = Unchanged, row.Version
	default:
		s.Changed = changed(row.Body, item.Body)
	}
	return s
}

// changed are the fields in which two JSON objects differ; none when they are no
// objects.
func changed(before, after []byte) []string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return nil
	}
	names := map[string]bool{}
	for name := range a {
		names[name] = string(a[name]) != string(b[name])
	}
	for name := range b {
		names[name] = string(a[name]) != string(b[name])
	}
	maps.DeleteFunc(names, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(names))
}

// pruned takes away what is configured and not named. Of rules and settings there is
// always one; theirs are emptied.
func pruned(rows []store.ConfigRow, named map[thing]bool) (steps []Step) {
	for _, r := range rows {
		switch {
		case r.Retired || named[thing{r.Kind, r.ID}] || !config.InFile(r.Kind):
		case r.Kind == config.Rules:
			steps = append(steps, step(config.Item{Kind: r.Kind, ID: r.ID, Body: []byte(`[]`)}, r))
		case r.Kind == config.Settings || r.Kind == config.Sifting:
			steps = append(steps, step(config.Item{Kind: r.Kind, ID: r.ID, Body: []byte(`{}`)}, r))
		default:
			steps = append(steps, Step{Do: Retire, Kind: r.Kind, ID: r.ID, Version: r.Version + 1})
		}
	}
	return steps
}

// Print writes the steps for a person, and for each new key or secret what to paste into
// the other side. Public is the server's URL.
func Print(w io.Writer, steps []Step, public string) error {
	var b strings.Builder
	same := 0
	for _, s := range steps {
		name := s.Kind
		if s.ID != s.Kind {
			name += " " + s.ID
		}
		switch s.Do {
		case Create:
			fmt.Fprintf(&b, "+ %s\n", name)
		case Update:
			fmt.Fprintf(&b, "~ %s (version %d)", name, s.Version)
			if len(s.Changed) > 0 {
				fmt.Fprintf(&b, ": %s", strings.Join(s.Changed, ", "))
			}
			b.WriteByte('\n')
		case Retire:
			fmt.Fprintf(&b, "- %s\n", name)
		default:
			same++
		}
	}
	if same > 0 {
		fmt.Fprintf(&b, "= %d unchanged\n", same)
	}
	for _, s := range steps {
		if s.Integration != nil {
			b.WriteString(Paste(*s.Integration, s.Key, public))
		}
		switch {
		case s.Secret == nil:
		case *s.Secret == "":
			fmt.Fprintf(&b, "\n%s (%s): a secret will be made and shown\n", s.ID, whose(s.Kind))
		case s.Kind == config.TicketSystem:
			fmt.Fprintf(&b, "\n%s (ticket system): shown once\n  secret  %s\n  its webhook calls  %s%s%s/%s\n", s.ID, *s.Secret, public, tracker.DoorPath, s.ID, *s.Secret)
		default:
			fmt.Fprintf(&b, "\n%s (webhook): shown once\n  secret  %s\n", s.ID, *s.Secret)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Paste is what goes into the sender's own configuration.
func Paste(i org.Integration, key, public string) string {
	if key == "" {
		return fmt.Sprintf("\n%s (%s): a key will be made and shown\n", i.ID, i.Source)
	}
	if i.Source == "pagerduty" {
		return fmt.Sprintf("\n%s (%s): shown once\n  URL          %s/v2/enqueue\n  routing_key  %s\n", i.ID, i.Source, public, key)
	}
	if i.Source == "opsgenie" {
		return fmt.Sprintf("\n%s (%s): shown once\n  API URL  %s/\n  API key  %s\n", i.ID, i.Source, public, key)
	}
	said := fmt.Sprintf("\n%s (%s): shown once\n  URL  %s/in/%s/%s\n", i.ID, i.Source, public, i.Source, key)
	if i.Source == "alertmanager" {
		said += fmt.Sprintf("  for Prometheus itself, amtool, Grafana  %s/am/%s\n", public, key)
	}
	return said
}
