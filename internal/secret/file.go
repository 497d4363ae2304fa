package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads a ring from a file. It refuses a file that others may read.
func Load(path string) (*Ring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("secret: %s can be read by others (mode %#o): chmod 600 it", path, mode)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	r, err := parse(string(b))
	if err != nil {
		return nil, fmt.Errorf("secret: %s: %w", path, err)
	}
	return r, nil
}

// Create loads the ring of a file and makes one with a new key when there is none; made
// says that it did. Two that create at once end up with the same ring, and a crash
// leaves all or nothing.
func Create(path string) (r *Ring, made bool, err error) {
	r, err = Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, false, err
	}
	if r, err = Generate(rand.Reader); err != nil {
		return nil, false, err
	}
	err = r.place(path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, fmt.Errorf("secret: %w", err)
	}
	made = err == nil
	r, err = Load(path)
	return r, made, err
}

// place writes the ring to a file that must not exist yet. A link, unlike a rename,
// never replaces a ring that somebody else has just made.
func (r *Ring) place(path string) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".ring-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(r.text())
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// FromEnv reads a ring from the text of an environment variable, which is the same as
// that of a file.
func FromEnv(text string) (*Ring, error) {
	r, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("secret: the key ring from the environment: %w", err)
	}
	return r, nil
}
