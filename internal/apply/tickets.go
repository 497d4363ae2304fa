package apply

import (
	"slices"
	"strings"

	"tocsin/internal/config"
	"tocsin/org"
)

// keptTickets is the file's ticket systems with the secrets of their settings that they
// had.
func keptTickets(file, had []org.TicketSystem) []org.TicketSystem {
	out := slices.Clone(file)
	for i, t := range out {
		if n := slices.IndexFunc(had, func(h org.TicketSystem) bool { return h.ID == t.ID }); n >= 0 {
			out[i] = config.KeepTicketSecrets(t, had[n])
		}
	}
	return out
}

// whose is a kind as people call it.
func whose(kind string) string { return strings.ReplaceAll(kind, "_", " ") }
