package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/pgtest"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func opened(t *testing.T, url string) *store.Store {
	t.Helper()
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Ring: ring, Sync: "OFF"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// A shelf is a bin whose bytes a thief can read.
type shelf interface {
	Bin
	stolen(t *testing.T) []byte
}

type thiefDir struct{ Dir }

func (d thiefDir) stolen(t *testing.T) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(d.path, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(file)
		all = append(append(all, file...), b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

type thiefTable struct {
	Table
	names []string
}

func (d *thiefTable) Put(ctx context.Context, name string, sealed []byte) error {
	d.names = append(d.names, name)
	return d.Table.Put(ctx, name, sealed)
}

func (d *thiefTable) stolen(t *testing.T) (all []byte) {
	for _, name := range d.names {
		b, err := d.Take(t.Context(), name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// A bucket is an S3-compatible store as strict as the real ones about who asks.
type bucket struct {
	*S3
	mu      sync.Mutex
	objects map[string][]byte
}

func newBucket(t *testing.T) *bucket {
	b := &bucket{objects: map[string][]byte{}}
	server := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(server.Close)
	s3, err := NewS3(S3Options{Endpoint: server.URL, Bucket: "night", Prefix: "tocsin/", KeyID: "AKID", Secret: "shh", Client: server.Client(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	b.S3 = s3
	return b
}

func (b *bucket) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	sum := sha256.Sum256(body)
	again := r.Clone(context.Background())
	again.Header = http.Header{}
	sign(again, body, "AKID", "shh", "us-east-1", noon)
	if r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) || !signedAlike(r, again) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>`)
		return
	}
	if !strings.HasPrefix(r.URL.Path, "/night/tocsin/") {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `<Error><Code>NoSuchBucket</Code></Error>`)
		return
	}
	switch r.Method {
	case "PUT":
		b.objects[r.URL.Path] = body
	case "DELETE":
		delete(b.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case "GET":
		o, ok := b.objects[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
			return
		}
		w.Write(o)
	}
}

// signedAlike compares signatures. Of the headers, those are signed that the client says.
func signedAlike(r, again *http.Request) bool {
	return r.Header.Get("Authorization") == again.Header.Get("Authorization")
}

func (b *bucket) stolen(*testing.T) (all []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, o := range b.objects {
		all = append(append(all, name...), o...)
	}
	return all
}

func TestCabinet(t *testing.T) {
	each := map[string]func(t *testing.T) (*store.Store, shelf){
		"directory": func(t *testing.T) (*store.Store, shelf) {
			d, err := NewDir(filepath.Join(t.TempDir(), "attachments"))
			if err != nil {
				t.Fatal(err)
			}
			return opened(t, storetest.SQLite(t)), thiefDir{d}
		},
		"table": func(t *testing.T) (*store.Store, shelf) {
			st := opened(t, pgtest.Start(t))
			return st, &thiefTable{Table: NewTable(st)}
		},
		"s3": func(t *testing.T) (*store.Store, shelf) {
			return opened(t, storetest.SQLite(t)), newBucket(t)
		},
	}
	for name, make := range each {
		t.Run(name, func(t *testing.T) {
			st, bin := make(t)
			cabinetHolds(t, st, bin)
		})
	}
}

func cabinetHolds(t *testing.T, st *store.Store, bin shelf) {
	ctx, jane := t.Context(), incident.ByPerson("jane")
	c := New(st, bin, rand.Reader, nil)
	kept, err := c.Keep(ctx, c.NewID(noon), jane, "ward.log", []byte("patient in bed 4"), noon)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := c.Keep(ctx, c.NewID(noon), jane, "p.jpg", photo(t, 900, 90, 1), noon)
	if err != nil {
		t.Fatal(err)
	}
	if stolen := bin.stolen(t); len(stolen) < 1000 || bytes.Contains(stolen, []byte("patient")) || bytes.Contains(stolen, []byte("ward.log")) || bytes.Contains(stolen, []byte("JFIF")) {
		t.Errorf("%d bytes were stolen, and say what they are", len(stolen))
	}
	whole, err1 := c.Bytes(ctx, picture, false)
	little, err2 := c.Bytes(ctx, picture, true)
	if err := errors.Join(err1, err2); err != nil || !picture.Small || len(little) >= len(whole) || len(little) == 0 {
		t.Errorf("a picture of %d bytes, its small one of %d: %v", len(whole), len(little), err)
	}
	write := func(fn func(tx *store.Tx) error) error { return st.Write(ctx, store.People, fn) }
	attach := func(by incident.Actor, ids ...string) error {
		return write(func(tx *store.Tx) error { _, err := tx.Attach(by, "message/c/1", ids...); return err })
	}
	if err := attach(incident.ByPerson("omar"), kept.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("omar attached what is jane's: %v", err)
	}
	if err := attach(jane, kept.ID); err != nil {
		t.Error(err)
	}
	if err := attach(jane, kept.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it was attached twice: %v", err)
	}

	// A day later the picture that nobody sent is gone, and the other is there.
	if err := c.Sweep(ctx, noon.Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	read := func(a store.Attachment) (body []byte, err error) {
		err = st.Read(ctx, func(tx *store.Tx) (err error) { a, err = tx.Attachment(a.ID); return err })
		if err == nil {
			body, err = c.Bytes(ctx, a, false)
		}
		return body, err
	}
	if body, err := read(kept); err != nil || string(body) != "patient in bed 4" {
		t.Errorf("%q, %v", body, err)
	}
	if _, err := read(picture); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what nobody sent is still there: %v", err)
	}
	copied := bytes.Clone(bin.stolen(t))

	// What is doomed can be read no longer, even from a copy that was made before.
	if err := write(func(tx *store.Tx) error { return tx.DoomAttachments("message/c/1") }); err != nil {
		t.Fatal(err)
	}
	if _, err := read(kept); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is doomed can be read: %v", err)
	}
	if err := c.Sweep(ctx, noon.Add(26*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := bin.stolen(t); len(left) > 0 || len(copied) == 0 {
		t.Errorf("%d bytes are left of %d", len(left), len(copied))
	}
}

// A crash while the bytes come leaves nothing that no sweep finds.
func TestCrashWhileItComes(t *testing.T) {
	d, err := NewDir(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	st, bin := opened(t, storetest.SQLite(t)), thiefDir{d}
	cut, stop := context.WithCancelCause(t.Context())
	c := New(st, crashing{bin, stop}, rand.Reader, nil)
	if _, err := c.Keep(cut, c.NewID(noon), "person:jane", "x", []byte("half"), noon); err == nil {
		t.Fatal("it went on after the crash")
	}
	if len(bin.stolen(t)) == 0 {
		t.Fatal("nothing had come")
	}
	c = New(st, bin, rand.Reader, nil)
	if err := c.Sweep(t.Context(), noon.Add(time.Hour)); err != nil || len(bin.stolen(t)) == 0 {
		t.Errorf("what may still be coming was swept: %v", err)
	}
	if err := c.Sweep(t.Context(), noon.Add(25*time.Hour)); err != nil || len(bin.stolen(t)) > 0 {
		t.Errorf("it is still there: %v", err)
	}
}

// crashing ends everything right after the bytes have come.
type crashing struct {
	Bin
	stop context.CancelCauseFunc
}

func (c crashing) Put(ctx context.Context, name string, sealed []byte) error {
	err := c.Bin.Put(ctx, name, sealed)
	c.stop(errors.New("power cut"))
	return err
}

// The example that AWS publishes for its own signature (GET Object).
func TestSignatureIsAmazons(t *testing.T) {
	r, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-9")
	sign(r, nil, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
	const want = "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestS3Refuses(t *testing.T) {
	good := S3Options{Endpoint: "https://s3.example.org", Bucket: "b", KeyID: "k", Secret: "s", Client: http.DefaultClient}
	for name, o := range map[string]func(S3Options) S3Options{
		"endpoint": func(o S3Options) S3Options { o.Endpoint = "s3.example.org"; return o },
		"bucket":   func(o S3Options) S3Options { o.Bucket = ""; return o },
		"key":      func(o S3Options) S3Options { o.Secret = ""; return o },
		"client":   func(o S3Options) S3Options { o.Client = nil; return o },
	} {
		if _, err := NewS3(o(good)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	b := newBucket(t)
	wrong := *b.S3
	wrong.o.Secret = "another"
	if err := wrong.Put(t.Context(), "x", []byte("y")); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		t.Errorf("a wrong secret: %v", err)
	}
	if _, err := b.Take(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
	if err := b.Drop(t.Context(), "none"); err != nil {
		t.Errorf("dropped twice: %v", err)
	}
}
