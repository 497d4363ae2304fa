package v1

import (
	"context"
	"fmt"

	"tocsin/internal/store"
)

// Views are what somebody keeps the list of incidents narrowed to: theirs in every
// browser, and nobody else's.
type Views struct {
	Views []store.SavedView `json:"views" maxItems:"50" nullable:"false"`
}

type viewsChange struct{ Body Views }

func (a *API) views(ctx context.Context, _ *only) (*struct{ Body Views }, error) {
	out := &struct{ Body Views }{Views{Views: []store.SavedView{}}}
	if asking(ctx).self() == "" {
		return nil, store.ErrNotFound
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Views(asking(ctx).self())
		out.Body.Views = append(out.Body.Views, all...)
		return err
	})
}

func (a *API) changeViews(ctx context.Context, in *viewsChange) (*struct{ Body Views }, error) {
	me := asking(ctx).self()
	if me == "" {
		return nil, store.ErrNotFound
	}
	if err := in.twice(); err != nil {
		return nil, err
	}
	return &struct{ Body Views }{in.Body}, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		return tx.PutViews(me, in.Body.Views, a.now())
	})
}

// twice refuses two views of one name.
func (in *viewsChange) twice() error {
	had := map[string]bool{}
	for i, v := range in.Body.Views {
		if had[v.Name] {
			return wrong(fmt.Sprintf("body.views[%d].name", i), "stands there twice")
		}
		had[v.Name] = true
	}
	return nil
}
