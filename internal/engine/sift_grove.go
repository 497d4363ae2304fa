package engine

import (
	"errors"

	"tocsin/alert"
	"tocsin/alert/cause"
	"tocsin/internal/store"
)

// A grove is the forest of what fires, as the database has it: a cache of this node. It
// is good for one configuration, and for one state of the right to triage, whose gen
// goes up with every batch that changes it, on any node.
type grove struct {
	config int64
	gen    int64
	forest *cause.Forest
}

// takeGrove takes the cache away; whoever fails with it has lost it.
func (e *Engine) takeGrove() *grove { return e.grove.Swap(nil) }

// plant gives a batch the forest of what fires, and looks at what was changed beside
// triage, or by another configuration.
//
// Should that panic, nothing explains anything in this batch: everybody is paged, and no
// event is lost to it.
func (t *triaging) plant(gen int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.e.log.Error("the forest of causes is broken; alerts page without it", "error", p)
			t.grove = nil
		}
	}()
	t.gen = gen
	if !t.s.sieve.Explains() {
		return nil
	}
	stirred, err := t.tx.Stirred()
	if err != nil {
		return err
	}
	t.grove = t.e.takeGrove()
	if t.grove == nil || t.grove.config != t.s.seq || t.grove.gen != gen {
		return t.replant()
	}
	var ids []string
	for _, id := range stirred {
		a, err := t.Alert(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		t.grew = true
		if err == nil && t.counts(a) {
			ids = append(ids, t.grove.forest.Fire(t.s.sieve.Tree(&a, t.Integration(a.Integration)))...)
		} else {
			ids = append(ids, t.grove.forest.Resolve(id)...)
		}
	}
	return t.desk().Look(ids)
}

// counts says whether an alert explains others, or may be explained.
func (t *triaging) counts(a alert.Alert) bool {
	return a.Open && (a.Subject != "" || a.Sifted.Stage != alert.Transient && a.Sifted.Stage != alert.Threshold)
}

// replant makes the forest from the open alerts, and looks at those that stand elsewhere
// now than they did.
func (t *triaging) replant() error {
	pairs, err := t.tx.Pairs()
	if err != nil {
		return err
	}
	t.grove, t.grew = &grove{config: t.s.seq, forest: t.s.sieve.Forest(pairs)}, true
	was := map[string]bool{}
	for after := (store.AlertKey{}); ; {
		some, err := t.tx.FiringAfter(after, readAtATime)
		if err != nil {
			return err
		}
		for _, a := range some {
			after = store.AlertKey{Integration: a.Integration, Key: a.Key}
			if t.counts(a) {
				t.grove.forest.Fire(t.s.sieve.Tree(&a, t.Integration(a.Integration)))
				was[a.ID] = a.Sifted.Stage == alert.Symptom
			}
		}
		if len(some) < readAtATime {
			break
		}
	}
	var moved []string
	for id, symptom := range was {
		if (t.grove.forest.Root(id) != id) != symptom {
			moved = append(moved, id)
		}
	}
	return t.desk().Look(moved)
}
