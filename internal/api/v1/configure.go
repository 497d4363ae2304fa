package v1

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/investigate/runbook"
	"tocsin/org"
)

func (k *kind) list(ctx context.Context, in *listing) (*manyThings, error) {
	c := asking(ctx)
	after, err := in.cursor()
	if err != nil {
		return nil, err
	}
	var items []json.RawMessage
	var next, last string
	for _, r := range c.setup.all { // by id
		if r.Kind != k.name || r.Retired && !in.Retired || after != "" && r.ID <= after || !mentions(c.setup, r, in.Q) {
			continue
		}
		if len(items) == in.Limit {
			next = in.after(last)
			break
		}
		last = r.ID
		items = append(items, k.show(c, r, ""))
	}
	return thingPage(items, next), nil
}

func mentions(s *setup, r store.ConfigRow, q string) bool {
	return q == "" || strings.Contains(strings.ToLower(r.ID+" "+s.names[thing{r.Kind, r.ID}]), strings.ToLower(q))
}

// thingPage is a page of a list of things.
func thingPage(items []json.RawMessage, next string) *manyThings {
	if items == nil {
		items = []json.RawMessage{} // an empty list, not null
	}
	body, err := json.Marshal(page[json.RawMessage]{Items: items, Next: next})
	if err != nil {
		panic("v1: " + err.Error()) // each was JSON before
	}
	return &manyThings{Body: body}
}

func (k *kind) read(ctx context.Context, in *reading) (*oneThing, error) {
	c := asking(ctx)
	r, ok := c.setup.rows[thing{k.name, in.ID}]
	if !ok {
		return nil, store.ErrNotFound
	}
	return &oneThing{ETag: tag(r.Version), Body: k.show(c, r, "")}, nil
}

// readOnly reads what there is only one of; it may not be there yet.
func (k *kind) readOnly(ctx context.Context, _ *only) (*oneThing, error) {
	c := asking(ctx)
	r := k.row(c.setup, k.name)
	return &oneThing{ETag: tag(r.Version), Body: k.show(c, r, "")}, nil
}

// row is the current version of a thing. Of what there is only one of, there is always
// a version, if only version 0.
func (k *kind) row(s *setup, id string) store.ConfigRow {
	r, ok := s.rows[thing{k.name, id}]
	if !ok {
		r = store.ConfigRow{Kind: k.name, ID: id, Body: []byte(`{}`), By: incident.Engine}
		if k.name == config.Rules {
			r.Body = []byte(`[]`)
		}
	}
	return r
}

func (k *kind) versions(ctx context.Context, in *reading) (*manyThings, error) {
	c := asking(ctx)
	var rows []store.ConfigRow
	err := k.api.store.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.ConfigVersions(k.name, in.ID)
		return err
	})
	var items []json.RawMessage
	for _, r := range rows {
		items = append(items, k.show(c, r, ""))
	}
	return thingPage(items, ""), err
}

func (k *kind) versionsOfOnly(ctx context.Context, _ *only) (*manyThings, error) {
	all, err := k.versions(ctx, &reading{ThingID{k.name}})
	if errors.Is(err, store.ErrNotFound) {
		return thingPage(nil, ""), nil
	}
	return all, err
}

func (k *kind) create(ctx context.Context, in *creating) (*oneThing, error) {
	var id struct{ ID string }
	if err := json.Unmarshal(in.Body, &id); err != nil {
		return nil, wrong("body.id", "is no text")
	}
	key := ""
	if k.shownOnce() != "" {
		key = config.NewKey(rand.Reader)
	}
	row, err := k.change(ctx, id.ID, func(was store.ConfigRow, there bool) (json.RawMessage, error) {
		if there && !was.Retired {
			return nil, incident.Refuse("%s %q is there already: change it with PUT or PATCH", k.name, id.ID)
		}
		return in.Body, nil
	}, key)
	if err != nil {
		return nil, err
	}
	return &oneThing{ETag: tag(row.Version), Location: Prefix + "/" + k.plural + "/" + row.ID, Body: k.show(asking(ctx), row, key)}, nil
}

func (k *kind) replace(ctx context.Context, in *changing) (*oneThing, error) {
	return k.put(ctx, in.ID, in.Match, func(store.ConfigRow) (json.RawMessage, error) { return in.Body, nil }, "")
}

func (k *kind) patch(ctx context.Context, in *changing) (*oneThing, error) {
	return k.put(ctx, in.ID, in.Match, func(was store.ConfigRow) (json.RawMessage, error) {
		merged, err := merge(k.unsaid(was.Body), in.Body)
		if err != nil {
			return nil, err
		}
		return merged, k.form(merged)
	}, "")
}

// unsaid is a thing with its secrets named and not said, where they are kept by their
// names: what a patch does not say is kept, and is not what the patch says.
func (k *kind) unsaid(body []byte) []byte {
	var b runbook.Runbook
	if k.name != config.Runbook || json.Unmarshal(body, &b) != nil {
		return body
	}
	out, err := json.Marshal(runbook.Shown(b))
	if err != nil {
		return body
	}
	return out
}

func (k *kind) replaceOnly(ctx context.Context, in *changingOnly) (*oneThing, error) {
	return k.put(ctx, k.name, in.Match, func(store.ConfigRow) (json.RawMessage, error) { return in.Body, nil }, "")
}

func (k *kind) patchOnly(ctx context.Context, in *changingOnly) (*oneThing, error) {
	return k.patch(ctx, &changing{ThingID{k.name}, in.Match, in.ThingBody})
}

// rotate gives an integration a new key, or a webhook a new secret; the old one is good
// no longer.
func (k *kind) rotate(ctx context.Context, in *retiring) (*oneThing, error) {
	return k.put(ctx, in.ID, in.Match, func(was store.ConfigRow) (json.RawMessage, error) {
		if was.Retired {
			return nil, incident.Refuse("%s is retired", was.ID)
		}
		return was.Body, nil
	}, config.NewKey(rand.Reader))
}

// put changes a thing that is there.
func (k *kind) put(ctx context.Context, id string, m Match, to func(store.ConfigRow) (json.RawMessage, error), key string) (*oneThing, error) {
	row, err := k.change(ctx, id, func(was store.ConfigRow, there bool) (json.RawMessage, error) {
		if !there && id != k.name {
			return nil, store.ErrNotFound
		}
		if err := m.check(was.Version); err != nil {
			return nil, err
		}
		return to(was)
	}, key)
	if err != nil {
		return nil, err
	}
	return &oneThing{ETag: tag(row.Version), Body: k.show(asking(ctx), row, key)}, nil
}

func (k *kind) retire(ctx context.Context, in *retiring) (*retired, error) {
	c := asking(ctx)
	var version int
	err := k.api.store.Write(ctx, store.People, func(tx *store.Tx) error {
		s, err := k.api.freeze(tx)
		if err != nil {
			return err
		}
		was, ok := s.rows[thing{k.name, in.ID}]
		if !ok {
			return store.ErrNotFound
		}
		if err := in.check(was.Version); err != nil {
			return err
		}
		if err := k.may(c, s.teamOf(k.name, was.Body)); err != nil {
			return err
		}
		if err := unneeded(s, thing{k.name, in.ID}); err != nil {
			return err
		}
		versions, err := tx.PutConfig(k.api.now(), store.Change{Kind: k.name, ID: in.ID, By: c.Actor()})
		if err != nil {
			return err
		}
		version = versions[0]
		return tx.Touch("config/"+k.name, in.ID)
	})
	return &retired{ETag: tag(version)}, err
}

// unneeded refuses to take away what others still name.
func unneeded(s *setup, t thing) error {
	before, after := config.Read(s.items(thing{})), config.Read(s.items(t))
	had := map[string]bool{}
	for _, p := range config.Faults(before) {
		had[p.Text] = true
	}
	var named []string
	for _, p := range config.Faults(after) {
		if !had[p.Text] {
			named = append(named, after.Where(p.Path))
		}
	}
	if len(named) == 0 {
		return nil
	}
	return incident.Refuse("%s %s is still needed by %s", t.kind, t.id, strings.Join(named, "; "))
}

// freeze locks the configuration and reads it: from here on nobody else changes it.
func (a *API) freeze(tx *store.Tx) (*setup, error) {
	if _, err := tx.PutConfig(a.now()); err != nil {
		return nil, err
	}
	return a.setups.in(tx)
}

// change writes a new version of a thing: what to makes of the old one, checked by the
// code that checks set-up files. With a key, it is the thing's new one.
func (k *kind) change(ctx context.Context, id string, to func(was store.ConfigRow, there bool) (json.RawMessage, error), key string) (row store.ConfigRow, err error) {
	err = k.api.store.Write(ctx, store.People, func(tx *store.Tx) error {
		row, err = k.changeIn(ctx, tx, id, to, key)
		return err
	})
	if err == nil && k.name == config.Schedule {
		k.api.engine.Poke()
	}
	return row, err
}

// changeIn is change, within a transaction that does more.
func (k *kind) changeIn(ctx context.Context, tx *store.Tx, id string, to func(was store.ConfigRow, there bool) (json.RawMessage, error), key string) (row store.ConfigRow, err error) {
	c := asking(ctx)
	s, err := k.api.freeze(tx)
	if err != nil {
		return row, err
	}
	was, there := s.rows[thing{k.name, id}]
	if !there {
		was = k.row(s, id)
	}
	body, err := to(was, there)
	if err != nil {
		return row, err
	}
	item, err := k.item(s, id, was, body, key)
	if err != nil {
		return row, err
	}
	if there {
		if err := k.may(c, s.teamOf(k.name, was.Body)); err != nil {
			return row, err
		}
	}
	if err := k.may(c, k.owner(s, item)); err != nil {
		return row, err
	}
	now := k.api.now()
	versions, err := tx.PutConfig(now, store.Change{Kind: k.name, ID: id, Body: item.Body, By: c.Actor()})
	if err != nil {
		return row, err
	}
	if versions[0] == was.Version { // nothing changed
		return was, nil
	}
	if k.name == config.Schedule && there {
		if err := k.api.engine.ScheduleChanged(tx, org.ScheduleID(id), was.Body, item.Body, versions[0], c.Actor(), now); err != nil {
			return row, err
		}
	}
	row = store.ConfigRow{Kind: k.name, ID: id, Version: versions[0], At: now, By: c.Actor(), Body: item.Body}
	return row, tx.Touch("config/"+k.name, id)
}

// may asks whether the caller may change a thing of a team. A webhook of no team is told
// of everybody's incidents, sensitive ones too: it is not a manager's to make.
func (k *kind) may(c *caller, team org.TeamID) error {
	if k.name == config.Webhook && team == "" && !c.May(org.Administer, "") {
		return denial{"a webhook that belongs to no team hears of everything: that is for an admin; give it a team or a service"}
	}
	return c.may(team)
}

// owner is the team whose right it is to write a thing. A new team is the house's.
func (k *kind) owner(s *setup, item config.Item) org.TeamID {
	if _, there := s.rows[thing{k.name, item.ID}]; k.name == config.Team && !there {
		return ""
	}
	return s.teamOf(k.name, item.Body)
}

// item is a thing as the store keeps it, if it makes sense among all others.
func (k *kind) item(s *setup, id string, was store.ConfigRow, body json.RawMessage, key string) (config.Item, error) {
	plain, err := k.plain(id, body)
	if err != nil {
		return config.Item{}, err
	}
	one := config.Read([]config.Item{{Kind: k.name, ID: id, Body: plain}})
	one.Complete()
	for i := range one.Webhooks {
		one.Webhooks[i].Secret = key
		var had org.Webhook
		if key == "" && json.Unmarshal(was.Body, &had) == nil {
			one.Webhooks[i].Secret = had.Secret
		}
	}
	for i := range one.Channels {
		var had org.Channel
		if json.Unmarshal(was.Body, &had) == nil {
			one.Channels[i] = config.KeepSecrets(one.Channels[i], had)
		}
	}
	for i := range one.Runbooks {
		var had runbook.Runbook
		if json.Unmarshal(was.Body, &had) == nil {
			if one.Runbooks[i], err = runbook.KeepSecrets(one.Runbooks[i], had); err != nil {
				return config.Item{}, err
			}
		}
	}
	for i := range one.TicketSystems {
		one.TicketSystems[i] = k.keepTickets(one.TicketSystems[i], was, key)
	}
	for i := range one.Integrations {
		one.Integrations[i].Key = key
		var had org.Integration
		if json.Unmarshal(was.Body, &had) == nil {
			one.Integrations[i].KeyHash = had.KeyHash
		}
	}
	rest := config.Read(s.items(thing{k.name, id}))
	if k.name == config.Settings {
		rest.Settings = config.Read([]config.Item{{Kind: k.name, ID: id, Body: was.Body}}).Settings
	}
	if err := one.Validate(rest); err != nil {
		return config.Item{}, err
	}
	items := one.Items(k.api.ring)
	if len(items) != 1 {
		return config.Item{}, fmt.Errorf("v1: %s %s makes %d things", k.name, id, len(items))
	}
	return items[0], nil
}
