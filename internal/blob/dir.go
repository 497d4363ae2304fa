package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tocsin/internal/store"
)

// A Dir is a bin in a directory: for an installation of one machine.
type Dir struct{ path string }

// NewDir makes the directory if there is none.
func NewDir(path string) (Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Dir{}, fmt.Errorf("blob: %w", err)
	}
	return Dir{path}, nil
}

// at is the file of a name, in one of many directories.
func (d Dir) at(name string) (string, error) {
	if len(name) < 4 || strings.ContainsAny(name, "/\\") || name[0] == '.' {
		return "", fmt.Errorf("blob: %q is no name of ours", name)
	}
	id, _, _ := strings.Cut(name, ".")
	return filepath.Join(d.path, id[len(id)-2:], name), nil
}

// Put is whole or not at all, whenever the power goes.
func (d Dir) Put(_ context.Context, name string, sealed []byte) error {
	file, err := d.at(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(sealed)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(file)), syncDir(d.path))
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Take reads a file.
func (d Dir) Take(_ context.Context, name string) ([]byte, error) {
	file, err := d.at(name)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// Drop removes a file.
func (d Dir) Drop(_ context.Context, name string) error {
	file, err := d.at(name)
	if err != nil {
		return err
	}
	if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// A Table is a bin in the database: for PostgreSQL, whose nodes share nothing else.
type Table struct{ store *store.Store }

// NewTable is the bin of a store.
func NewTable(s *store.Store) Table { return Table{s} }

// Put writes a row.
func (t Table) Put(ctx context.Context, name string, sealed []byte) error {
	return t.store.Write(ctx, store.People, func(tx *store.Tx) error { return tx.PutBlob(name, sealed) })
}

// Take reads it.
func (t Table) Take(ctx context.Context, name string) (sealed []byte, err error) {
	err = t.store.Read(ctx, func(tx *store.Tx) error { sealed, err = tx.Blob(name); return err })
	return sealed, err
}

// Drop deletes it.
func (t Table) Drop(ctx context.Context, name string) error {
	return t.store.Write(ctx, store.Background, func(tx *store.Tx) error { return tx.DropBlob(name) })
}
