package gate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often it is looked at most whether the files changed.
const lookEvery = time.Second

// Files are a certificate and its key in two files. They are read again when they
// changed; what cannot be used then is told, and the old ones go on.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	as     [2]stamp
	looked time.Time
}

// A stamp says whether a file changed.
type stamp struct {
	at   time.Time
	size int64
}

// NewFiles reads the files; what is wrong at the start is an error.
func NewFiles(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, now: time.Now}
	as, err := f.stamps()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	f.pair, f.as, f.looked = &pair, as, f.now()
	return f, nil
}

func (f *Files) stamps() (as [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		s, err := os.Stat(name)
		if err != nil {
			return as, err
		}
		as[i] = stamp{s.ModTime(), s.Size()}
	}
	return as, nil
}

// Config is TLS with the newest of the files.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.newest(), nil },
	}
}

func (f *Files) newest() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < lookEvery {
		return f.pair
	}
	f.looked = now
	as, err := f.stamps()
	if err == nil && as == f.as {
		return f.pair
	}
	if err == nil {
		var pair tls.Certificate
		// Two files cannot be changed at once: half of them is told, and soon another.
		if pair, err = tls.LoadX509KeyPair(f.cert, f.key); err == nil {
			f.pair, f.as = &pair, as
			f.log.Info("the certificate was read anew", "file", f.cert, "until", until(pair))
			return f.pair
		}
	}
	f.log.Error("the certificate changed and cannot be used; the one before goes on", "error", err)
	return f.pair
}

func until(pair tls.Certificate) string {
	if pair.Leaf == nil {
		return "unknown"
	}
	return fmt.Sprint(pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
}
