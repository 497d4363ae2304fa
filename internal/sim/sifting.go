package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/alert"
	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// alert is the open alert that a key names, or else the last one.
func (p *player) alert(ctx context.Context, key string) (a alert.Alert, err error) {
	k := store.AlertKey{Integration: p.alarm(words{"KEY": key}).from, Key: key}
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		for _, look := range []func([]store.AlertKey) (map[store.AlertKey]alert.Alert, error){tx.OpenAlerts, tx.LastResolved} {
			found, err := look([]store.AlertKey{k})
			if err != nil {
				return err
			}
			var ok bool
			if a, ok = found[k]; ok {
				return nil
			}
		}
		return fmt.Errorf("nobody ever spoke of %q", key)
	})
	return a, err
}

func (p *player) why(ctx context.Context, w words) error {
	a, err := p.alert(ctx, w["KEY"])
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		r, err := engine.WhyNoPage(tx, a)
		switch {
		case err != nil:
			return err
		case r.Stage == "":
			p.say(markShown, "nothing holds it back")
			return nil
		}
		text := fmt.Sprintf("%s since %s: %s", r.Stage, p.script.stamp(r.Since.UTC()), r.Why)
		if !r.Until.IsZero() {
			text += ", until " + p.script.stamp(r.Until.UTC())
		}
		p.say(markShown, "%s (%d events)", text, r.Events)
		return nil
	})
}

func (p *player) beneath(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		list, err := engine.Beneath(tx, id)
		if err != nil {
			return err
		}
		fires := 0
		var keys []string
		for _, a := range list {
			keys = append(keys, a.Key)
			if a.Open {
				fires++
			}
		}
		p.say(markShown, "%d, of which %d fire: %s", len(list), fires, strings.Join(keys, " "))
		return nil
	})
}

func (p *player) splits(ctx context.Context, w words) error {
	a, err := p.alert(ctx, w["KEY"])
	if err != nil {
		return err
	}
	return p.engine.Split(ctx, a.ID, incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
}

func (p *player) puts(ctx context.Context, w words) error {
	a, err := p.alert(ctx, w["KEY"])
	if err != nil {
		return err
	}
	c, err := p.alert(ctx, w["CAUSE"])
	if err != nil {
		return err
	}
	return p.engine.Put(ctx, a.ID, c.ID, incident.ByPerson(org.PersonID(w["PERSON"])), p.now)
}

// finishes answers for the program of an action that ran by itself.
func (p *player) finishes(ctx context.Context, w words) error {
	var run store.Action
	err := p.engine.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.ActionsSince(w["ACTION"], time.Time{}, 1)
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("%s did not run", w["ACTION"])
		}
		if err == nil {
			run = all[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	counted, err := p.engine.Finish(ctx, run, w[""] == "works", w["TEXT"], time.Second, p.now)
	if err == nil && !counted {
		err = fmt.Errorf("%s has ended already", w["ACTION"])
	}
	return err
}
