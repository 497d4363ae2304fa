package apply

import (
	"context"
	"fmt"

	"tocsin/internal/config"
	"tocsin/internal/store"
)

// Export is what is configured and not retired as a set-up file. Keys and secrets are
// not in it: whoever applies it to this installation changes nothing, and to another
// one is given new ones.
func Export(ctx context.Context, st *store.Store) ([]byte, error) {
	var items []config.Item
	err := st.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		items = nil
		for _, r := range rows {
			if r.Unreadable != nil { // left out, it would be retired wherever the file is applied
				return fmt.Errorf("%s %s: %w", r.Kind, r.ID, r.Unreadable)
			}
			if !r.Retired {
				items = append(items, config.Item{Kind: r.Kind, ID: r.ID, Body: r.Body})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return config.Read(items).YAML()
}
