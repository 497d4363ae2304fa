package app

import (
	"context"

	"tocsin/incident"
	"tocsin/internal/store"
)

// Verified is how much of the written was found whole.
type Verified struct{ Changes, Logs int }

// Verify follows the hash chains of the configuration and of every log. Its error
// names the first line that is not what was written.
func Verify(ctx context.Context, st *store.Store) (v Verified, err error) {
	err = st.Read(ctx, func(tx *store.Tx) error {
		seq, err := tx.ConfigSeq()
		v.Changes = int(seq)
		if err != nil {
			return err
		}
		return tx.VerifyConfig()
	})
	const some = 200 // logs in one transaction
	var last incident.ID
	for err == nil {
		n := 0
		err = st.Read(ctx, func(tx *store.Tx) error {
			ids, err := tx.EverySubject(last, some)
			n = len(ids)
			for _, id := range ids {
				if err := tx.VerifyLog(id); err != nil {
					return err
				}
				last = id
			}
			return err
		})
		v.Logs += n
		if n < some {
			break
		}
	}
	return v, err
}
