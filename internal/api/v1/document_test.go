package v1_test

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const committed = "../../../docs/openapi.json"

// The committed document is the one that is served: whoever makes a client from it
// makes one of this version. `make openapi` writes it anew.
func TestDocumentIsCommitted(t *testing.T) {
	served := open(t, "").api.Document()
	if *update {
		if err := os.WriteFile(committed, served, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(committed); err != nil || string(kept) != string(served) {
		t.Errorf("docs/openapi.json is stale: run make openapi (%v)", err)
	}
}
