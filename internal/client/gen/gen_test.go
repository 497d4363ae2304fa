package main

import (
	"os"
	"strings"
	"testing"
)

// The client is that of the committed document.
func TestClientIsGenerated(t *testing.T) {
	document, err := os.ReadFile("../../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Generate(document)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("../api.go"); err != nil || string(got) != string(want) {
		t.Errorf("internal/client/api.go is stale: run make openapi (%v)", err)
	}
}

// What the generator does not know, it says, and writes nothing wrong.
func TestWhatIsNotKnown(t *testing.T) {
	for document, want := range map[string]string{
		`{`: "unexpected end",
		`{"components":{"schemas":{"A":{"type":"string"}}}}`:                                                      `schema A: is "string"`,
		`{"components":{"schemas":{"A":{"type":"object","properties":{"b":{"$ref":"#/x/B"}}}}}}`:                  "there is no #/x/B",
		`{"components":{"schemas":{"A":{"type":"object","properties":{"b":{"type":"blob"}}}}}}`:                   "is not known here",
		`{"components":{"schemas":{"A":{"type":"object","properties":{"b":{"type":"object","properties":{}}}}}}}`: "an object without a name",
	} {
		if _, err := Generate([]byte(document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", document, err, want)
		}
	}
}
