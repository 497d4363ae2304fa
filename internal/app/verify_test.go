package app

import (
	"crypto/rand"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/internal/store"
)

func TestVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tocsin.db")
	ring, err := secret.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: path, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := time.Date(2026, 11, 24, 2, 13, 0, 0, time.UTC)
	err = st.Write(t.Context(), store.People, func(tx *store.Tx) error {
		for id, sort := range map[incident.ID]string{"1": "", "2": incident.KindChange, "3": incident.KindNotice} { // whatever has a log
			if err := tx.Append(tx.Create(id), incident.Log{{Seq: 1, At: at, By: incident.Engine, Fact: incident.Opened{Title: "down", Sort: sort}}}); err != nil {
				return err
			}
		}
		_, err := tx.PutConfig(at, store.Change{Kind: "api_key", ID: "k", Body: []byte(`{"deeds":["respond"]}`), By: "x"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(t.Context(), st); err != nil || v != (Verified{1, 3}) {
		t.Errorf("%+v, %v", v, err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range []struct{ tamper, repair, want string }{
		{`UPDATE log SET actor = 'eve' WHERE subject = '2'`, `UPDATE log SET actor = 'engine' WHERE subject = '2'`, "2"},
		{`UPDATE config SET body = '{"deeds":["administer"]}'`, `UPDATE config SET body = '{"deeds":["respond"]}'`, "change 1 (api_key k, version 1) was changed"},
	} {
		for i, text := range []string{c.tamper, c.repair} {
			if _, err := db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
			_, err := Verify(t.Context(), st)
			if i == 0 && (err == nil || !strings.Contains(err.Error(), c.want)) || i == 1 && err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
