package app

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"

	"tocsin/internal/blob"
	"tocsin/internal/config"
	"tocsin/internal/store"
)

// cabinet is where attachments go: into the S3-compatible store that is named, or else
// beside the database; PostgreSQL's nodes share nothing but the database.
func cabinet(o config.Server, st *store.Store, log *slog.Logger) (*blob.Cabinet, error) {
	client, secret, err := o.S3()
	if err != nil {
		return nil, err
	}
	var bin blob.Bin
	switch {
	case client != nil:
		bin, err = blob.NewS3(blob.S3Options{
			Endpoint: o.S3Endpoint, Bucket: o.S3Bucket, Prefix: o.S3Prefix, Region: o.S3Region, KeyID: o.S3Key, Secret: secret, HostStyle: o.S3HostStyle, Client: client,
		})
	case st.Dialect() == "sqlite":
		bin, err = blob.NewDir(filepath.Join(o.Data, "attachments"))
	default:
		bin = blob.NewTable(st)
	}
	if err != nil {
		return nil, fmt.Errorf("attachments: %w", err)
	}
	return blob.New(st, bin, rand.Reader, log), nil
}
