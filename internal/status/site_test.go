package status

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tocsin/internal/engine"
	"tocsin/internal/secret"
	"tocsin/internal/store"
	"tocsin/org"
)

// A copy that could not be written is shown all the same, and written once it can be.
func TestACopyThatCannotBeWritten(t *testing.T) {
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	st, err := store.Open(t.Context(), store.Options{URL: filepath.Join(dir, "house.db"), Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	e := engine.New(engine.Options{Store: st, Ring: ring})
	body, err := json.Marshal(org.StatusPage{ID: "shop", Name: "Shop"})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), store.People, func(tx *store.Tx) error {
		_, err := tx.PutConfig(e.Now(), store.Change{Kind: "status_page", ID: "shop", Body: body, By: "test"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	copies := filepath.Join(dir, "status")
	if err := os.WriteFile(copies, nil, 0o600); err != nil { // something is in the way
		t.Fatal(err)
	}
	s := New(Options{Engine: e, Store: st, Ring: ring, Dir: copies})
	if err := s.Step(t.Context(), e.Now()); err == nil {
		t.Error("nobody was told that the copy is not written")
	}
	if _, ok := s.page("shop"); !ok {
		t.Error("the page is not shown")
	}
	if err := os.Remove(copies); err != nil {
		t.Fatal(err)
	}
	if err := s.Step(t.Context(), e.Now()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(copies, "shop", pageFile)); err != nil {
		t.Errorf("the copy was not written when it could be: %v", err)
	}
}
