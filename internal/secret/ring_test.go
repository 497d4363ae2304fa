package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func generate(t testing.TB) *Ring {
	t.Helper()
	r, err := Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealAndOpen(t *testing.T) {
	r := generate(t)
	for _, plain := range []string{"", "jane@example.org", strings.Repeat("x", 100_000)} {
		sealed := r.Seal("person/body/jane", []byte(plain))
		if !strings.HasPrefix(sealed, "k1:") || plain != "" && strings.Contains(sealed, plain) {
			t.Errorf("sealed as %.80s", sealed)
		}
		if got, err := r.Open("person/body/jane", sealed); err != nil || string(got) != plain {
			t.Errorf("opened %.80q: %v", got, err)
		}
		if again := r.Seal("person/body/jane", []byte(plain)); again == sealed {
			t.Error("sealed twice with the same nonce")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	r := generate(t)
	sealed := r.Seal("a/b/1", []byte("plain"))
	flipped := []byte(sealed)
	flipped[len(flipped)-3] ^= 1
	for name, c := range map[string]struct{ aad, text string }{
		"another row":    {"a/b/2", sealed},
		"a changed byte": {"a/b/1", string(flipped)},
		"a cut value":    {"a/b/1", sealed[:12]},
		"no key":         {"a/b/1", "plain"},
		"a key we lack":  {"a/b/1", "k9" + sealed[2:]},
		"no base64":      {"a/b/1", "k1:***"},
		"nothing":        {"a/b/1", ""},
	} {
		if got, err := r.Open(c.aad, c.text); err == nil {
			t.Errorf("%s: opened %q", name, got)
		}
	}
	if _, err := generate(t).Open("a/b/1", sealed); err == nil {
		t.Error("another installation's ring opened it")
	}
}

func TestRotation(t *testing.T) {
	old := generate(t)
	sealed, hash, token := old.Seal("x", []byte("plain")), old.Hash("address", "jane"), old.Token("ack", "page 1")
	r, err := old.Rotated(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = FromEnv(r.text()); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Open("x", sealed); err != nil || string(got) != "plain" {
		t.Errorf("what was sealed before: %q, %v", got, err)
	}
	if now := r.Seal("x", nil); !strings.HasPrefix(now, "k2:") {
		t.Errorf("sealed under %s", now)
	} else if r.Seals(sealed) || !r.Seals(now) || !old.Seals(sealed) {
		t.Error("which key seals is not known")
	}
	if r.Hash("address", "jane") != hash || !r.TokenOK("ack", "page 1", token) {
		t.Error("hashes changed with the rotation: nothing would be found any more")
	}
}

func TestHashesAndTokens(t *testing.T) {
	r := generate(t)
	seen := map[string]string{}
	for name, h := range map[string]string{
		"hash": r.Hash("a", "bc"), "another domain": r.Hash("ab", "c"), "another value": r.Hash("a", "bd"), "another ring": generate(t).Hash("a", "bc"),
	} {
		if len(h) != 64 || seen[h] != "" {
			t.Errorf("%s is %s, as %s", name, h, seen[h])
		}
		seen[h] = name
	}
	tok := r.Token("ack", "page 1")
	if len(tok) != 22 || !r.TokenOK("ack", "page 1", tok) {
		t.Errorf("token %s", tok)
	}
	for _, bad := range []string{"", tok[:21], tok + "A", r.Token("ack", "page 2"), r.Token("view", "page 1")} {
		if r.TokenOK("ack", "page 1", bad) {
			t.Errorf("took %q", bad)
		}
	}
}

func TestSeededNoncesReplay(t *testing.T) {
	r := generate(t)
	seed := bytes.Repeat([]byte("seed"), 100)
	a, b := r.WithRand(bytes.NewReader(seed)), r.WithRand(bytes.NewReader(seed))
	if a.Seal("x", []byte("plain")) != b.Seal("x", []byte("plain")) {
		t.Error("the same seed sealed differently")
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	var wg sync.WaitGroup
	rings := make([]*Ring, 8)
	for i := range rings {
		wg.Go(func() {
			var err error
			if rings[i], _, err = Create(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range rings {
		if r == nil || r.Hash("a", "b") != rings[0].Hash("a", "b") {
			t.Fatal("those who created at once got different rings")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".ring*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("loaded what all can read: %v", err)
	}
	if _, _, err := Create(path); err == nil {
		t.Error("created over what cannot be loaded")
	}
}

func TestParseRefuses(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(make([]byte, keySize))
	for _, c := range []struct{ text, want string }{
		{"", "no key"},
		{"# only words\n\n", "no key"},
		{"k1", "line 1"},
		{"\nk1 short", "line 2"},
		{"k1 " + good[:40], "line 1"},
		{"k:1 " + good, "colon"},
		{"k1 " + good + "\nk1 " + good, "line 2: key k1 stands here twice"},
	} {
		if _, err := parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
		if _, err := FromEnv(c.text); err != nil && strings.Contains(err.Error(), good) {
			t.Error("the error tells the key")
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("k1 " + base64.StdEncoding.EncodeToString(make([]byte, keySize)))
	f.Add("# a\nk2 x")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parse(text)
		if err != nil {
			return
		}
		again, err := parse(r.text())
		if err != nil || again.Hash("a", "b") != r.Hash("a", "b") || len(again.keys) != len(r.keys) {
			t.Errorf("%q reads back differently: %v", text, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	r, err := Generate(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Seal("other", []byte("plain")))
	f.Add("k1:AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := r.Open("a/b/c", text); err == nil {
			t.Errorf("opened %q as %q", text, got)
		}
	})
}
