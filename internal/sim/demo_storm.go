package sim

import (
	"context"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// The last thing that befalls the company before anybody looks: a switch fails, and with
// it whatever stands on it, within a minute and in no order. It is one incident, with all
// of it beneath, and it is open still.
var demoStorm = []struct {
	integration org.IntegrationID
	key, title  string
	severity    org.Severity
	node        string // "" is the service itself
}{
	{"warehouse", "scanner-2", "Scanner 2 is offline", org.SEV3, "scanner-2"},
	{"catalogue", "search", "Search answers with errors", org.SEV2, ""},
	{"infra", "host-2", "host-2 does not answer", org.SEV2, "host-2"},
	{"website", "5xx", "One page in four fails", org.SEV2, ""},
	{"warehouse", "scanner-1", "Scanner 1 is offline", org.SEV3, "scanner-1"},
	{"infra", "rack-2", "The switch of rack 2 does not answer", org.SEV1, "rack-2"},
	{"database", "primary", "No connection to the primary", org.SEV1, ""},
	{"infra", "host-1", "host-1 does not answer", org.SEV2, "host-1"},
	{"accounts", "sign-in", "Nobody can sign in", org.SEV2, ""},
	{"warehouse", "scanner-4", "Scanner 4 is offline", org.SEV3, "scanner-4"},
	{"checkout", "orders", "Orders fail at the last step", org.SEV1, ""},
	{"infra", "host-3", "host-3 does not answer", org.SEV2, "host-3"},
	{"warehouse", "picking", "Picking lists are not printed", org.SEV2, ""},
	{"warehouse", "scanner-3", "Scanner 3 is offline", org.SEV3, "scanner-3"},
	{"catalogue", "index", "The index is not being written", org.SEV3, ""},
}

// stormAhead is how long before the end of the history it begins.
const stormAhead = 9 * time.Minute

// storm lets it happen.
func (l *life) storm(end time.Time) {
	for i, s := range demoStorm {
		from := alarm{s.integration, "storm-" + s.key}
		ev := alert.Event{Action: alert.Trigger, Key: from.key, Title: s.title, Severity: s.severity}
		if s.node != "" {
			ev.Labels = map[string]string{"node": s.node}
		}
		l.later(end.Add(-stormAhead+time.Duration(i)*1700*time.Millisecond), func(ctx context.Context) error {
			l.active[from] = true
			return l.hear(ctx, from, ev)
		})
	}
}
