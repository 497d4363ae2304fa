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

// doors is the file's ticket systems, every one with the secret of its door: the file's,
// the one it has, or a new one. Those that are new are returned by their ids.
func (w Wish) doors(had []org.TicketSystem) ([]org.TicketSystem, map[string]string) {
	before, fresh := map[org.TicketSystemID]string{}, map[string]string{}
	for _, h := range had {
		before[h.ID] = h.Secret
	}
	all := slices.Clone(w.Setup.TicketSystems)
	for n := range all {
		t := &all[n]
		if t.Secret == "" {
			t.Secret = before[t.ID]
		}
		if t.Secret == "" && w.Rand != nil {
			t.Secret = config.NewKey(w.Rand)
		}
		if t.Secret == "" || t.Secret != before[t.ID] {
			fresh[string(t.ID)] = t.Secret
		}
	}
	return all, fresh
}

// whose is a kind as people call it.
func whose(kind string) string { return strings.ReplaceAll(kind, "_", " ") }
