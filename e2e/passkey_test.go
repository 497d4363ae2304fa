package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

// A passkey in a real browser: Chromium, whose authenticator is a virtual one.
func TestPasskeyInABrowser(t *testing.T) {
	browser := program(t, "chromium")
	dir := installJS(t)
	s := install(t, `
people: [{id: jane, role: admin, methods: [{id: log, channel: log, address: jane}], rules: [{method: log}]}]
policies: [{id: p, levels: [{targets: [jane]}]}]
services: [{id: db, policy: p}]
`)
	// A passkey belongs to a host: the one that people see.
	local := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	s.serve(t, "--public-url", local)
	out, err := command(context.Background(), "user", "reset", "jane", "--data", s.Data, "--public-url", local).CombinedOutput()
	link := regexp.MustCompile(`http://localhost\S+`).FindString(string(out))
	if err != nil || link == "" {
		t.Fatalf("%v\n%s", err, out)
	}
	runJS(t, dir, nil, "passkey.js", browser, local, link)
}
