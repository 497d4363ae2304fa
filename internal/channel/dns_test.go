package channel_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/egress"
)

// A name server that never answers costs a page its own time and no more, and the page is
// tried again (entry 25 of the regression catalogue).
func TestNamesThatNeverResolve(t *testing.T) {
	d := &egress.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	email, err := channel.NewEmail(channel.Relay{Addr: "mail.example.org:587"}, "tocsin@example.org", d.DialContext)
	if err != nil {
		t.Fatal(err)
	}
	slack, err := channel.Make("slack", channel.Setup{ID: "x", Client: d.Client(channel.SendTimeout), Settings: map[string]string{"token": "xoxb-secret"}})
	if err != nil {
		t.Fatal(err)
	}
	for to, c := range map[string]channel.Channel{"jane@example.org": email, "U1": slack} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		m := smsAlarm()
		m.To = to
		began := time.Now()
		_, err := c.Send(ctx, m)
		cancel()
		if took := time.Since(began); channel.Classify(err) != channel.Temporary || took > 5*time.Second || strings.Contains(err.Error(), "xoxb-secret") {
			t.Errorf("%s: %v after %v", c.Name(), err, took)
		}
	}
}
