package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/sim/mockworld"
)

// What people say to each other, by command: in the room of ONE, and directly.
func (s *served) talks() {
	s.Helper()
	file := filepath.Join(s.TempDir(), "plan.txt")
	if err := os.WriteFile(file, []byte("first this, then that"), 0o600); err != nil {
		s.Fatal(err)
	}
	s.more["FILE"], s.more["ZIP"] = file, filepath.Join(s.TempDir(), "room.zip")
	s.try(
		try{args: "messages list ADMIN", out: []string{"There is no conversation."}},
		try{args: "messages send ONE ADMIN", code: misuse, errs: []string{"say something"}},
		try{args: "messages send ONE The disk is nearly full ADMIN", out: []string{"Message 1."}},
		try{args: "messages send ONE See the plan --file FILE --reply 1 ADMIN", out: []string{"Message 2."}},
		try{args: "messages send ONE Hello LOOK", code: codeForbidden},
		try{args: "messages show ONE ADMIN", out: []string{"1  ", "The disk is nearly full", "See the plan", "plan.txt, 21 bytes"}},
		try{args: "messages show ONE --last 1 LOOK", out: []string{"See the plan"}},
		try{args: "messages show none ADMIN", code: codeNotFound},
		try{args: "messages start omar ADMIN", out: []string{": "}, keep: "TALK"},
	)
	s.more["TALK"], _, _ = strings.Cut(s.more["TALK"], ":")
	s.try(
		try{args: "messages send TALK Can you see to the disk? ADMIN", out: []string{"Message 1."}},
		try{args: "messages show TALK LOOK", code: codeNotFound},
		try{args: "messages search disk ADMIN", out: []string{"The disk is nearly full", "Can you see to the disk?"}},
		try{args: "messages search disk --in TALK ADMIN", out: []string{"Can you see to the disk?"}},
		try{args: "messages search volcano ADMIN", out: []string{"Nothing was found."}},
		try{args: "messages redact ONE 1 --why secret ADMIN", out: []string{"Message 1 is redacted."}},
		try{args: "messages show ONE ADMIN", out: []string{": redacted by ", "secret"}},
		try{args: "messages search nearly ADMIN", out: []string{"Nothing was found."}},
		try{args: "messages export ONE --out ZIP ADMIN", out: []string{"Written to ZIP."}},
		try{args: "messages export ONE --out ZIP ADMIN", code: failed, errs: []string{"exists"}},
		try{args: "messages list --unread ADMIN", out: []string{"There is no conversation."}},
	)
	if zip, err := os.ReadFile(s.more["ZIP"]); err != nil || !strings.HasPrefix(string(zip), "PK") {
		s.Errorf("the zip: %v", err)
	}
}

// Tickets by command: a system that is set up by a file, tested, and ONE with a ticket of it.
func (s *served) tickets(world *httptest.Server) {
	s.Helper()
	s.more["SETUP"] = write(s.T, "tickets.yaml", strings.ReplaceAll(`
ticket_systems:
  - {id: jira, kind: jira, settings: {server: "WORLD/jira", user: tocsin@example.org, token: ticket-token, project: OPS}}
`, "WORLD", world.URL))
	s.try(
		try{args: "ticket list ADMIN", out: []string{"there is no ticket system"}},
		try{args: "ticket kinds LOOK", code: codeForbidden},
		try{args: "ticket kinds ADMIN", out: []string{"jira: Jira (built from documentation", "  token ", "needed"}},
		try{args: "apply SETUP ADMIN", out: []string{"+ ticket_system jira", "jira (ticket system): shown once", "/in/ticket/jira/"}},
		try{args: "apply SETUP ADMIN", out: []string{"= 1 unchanged"}},
		try{args: "export ADMIN", out: []string{"ticket_systems:", "project: OPS"}},
		try{args: "ticket test jira ADMIN", code: failed, errs: []string{"not a public address"}},
		try{args: "ticket test none ADMIN", code: codeNotFound},
		try{args: "ticket of ONE LOOK", out: []string{"it has no ticket"}},
		try{args: "ticket open ONE jira LOOK", code: codeForbidden},
		try{args: "ticket open ONE jira ADMIN", out: []string{"A ticket is made of it."}},
		try{args: "ticket open ONE jira ADMIN", code: failed, errs: []string{"it has a ticket there already, or will soon"}},
		try{args: "ticket of ONE LOOK", out: []string{"jira", "not made yet"}},
		try{args: "ticket retry jira ADMIN"},
		try{args: "ticket queue jira ADMIN", out: []string{"ticket.open"}},
		try{args: "ticket list ADMIN", out: []string{"jira", "SAYS"}},
		try{args: "ticket unlink ONE jira --why no ADMIN", out: []string{"It does not belong to it any longer."}},
		try{args: "ticket rotate jira ADMIN", out: []string{"secret  "}},
	)
}

// mockTickets are the ticket systems of others, which this server may not reach: it is on
// loopback, and nobody allowed that.
func mockTickets(t *testing.T) *httptest.Server {
	world := mockworld.New()
	server := httptest.NewServer(http.Handler(world))
	t.Cleanup(func() { server.Close(); world.Close() })
	return server
}
