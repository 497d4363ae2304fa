package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// A Login is the server that the command line asks, and with which token.
type Login struct {
	Server string `yaml:"server"`
	Token  string `yaml:"token"`
}

// loginFile is tocsin/cli.yaml in $XDG_CONFIG_HOME, which is ~/.config.
func loginFile() (string, error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "tocsin", "cli.yaml"), nil
}

// ReadLogin reads the login of whoever runs the command; without one it is empty. A
// file that others can read is refused: its token may be known to them. No error shows
// what stands in it.
func ReadLogin() (l Login, err error) {
	path, err := loginFile()
	if err != nil {
		return l, nil // nobody's home, nobody's login
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return l, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return l, fmt.Errorf("%s can be read by others (%s): chmod 600 it, and make a new API key if others were there", path, info.Mode().Perm())
	}
	if err := yaml.NewDecoder(f, yaml.Strict()).Decode(&l); err != nil || l.Server == "" {
		return Login{}, fmt.Errorf("%s is not as tocsin login writes it: sign in anew, or remove it", path)
	}
	return l, nil
}

// WriteLogin keeps a login, and says where.
func WriteLogin(l Login) (path string, err error) {
	if path, err = loginFile(); err != nil {
		return "", err
	}
	text, err := yaml.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("config: login: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".cli-*") // nobody else can read it, from its first byte on
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := cmp.Or(err, f.Close()); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}
