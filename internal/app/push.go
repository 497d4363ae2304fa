package app

import (
	"context"

	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/store"
)

// vapidKey is where the key stands by which push services know this installation.
const vapidKey = "push/vapid"

// pushChannel is the channel to devices. Its key is made on the first start and kept,
// sealed, in the database: devices are signed up for it.
func pushChannel(ctx context.Context, st *store.Store, o config.Server) (*channel.Push, error) {
	var secret []byte
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		secret, err = tx.SealedMeta(vapidKey)
		return err
	})
	if err == nil && secret == nil {
		fresh, e := channel.NewVAPID()
		if e != nil {
			return nil, e
		}
		err = st.Write(ctx, store.People, func(tx *store.Tx) (err error) {
			secret, err = tx.KeepSealedMeta(vapidKey, fresh.Secret())
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	key, err := channel.ParseVAPID(secret)
	if err != nil {
		return nil, err
	}
	return o.Push(key)
}
