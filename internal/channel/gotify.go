package channel

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"tocsin/escalate"
	"tocsin/org"
)

// gotifyKind pushes by a Gotify server. An address is the token of an application of the
// person's own account there.
var gotifyKind = Kind{
	Name: "gotify", Channel: "gotify", Title: "Gotify",
	Settings: []Setting{{Name: "server", Help: "the server, such as https://push.example.org", Needed: true}},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		return &gotify{s.Client, server}, nil
	},
}

type gotify struct {
	client *http.Client
	server string
}

func (*gotify) Name() string { return "gotify" }

// Send pushes the page. A tap leads to the form that answers it, or to the room.
func (x *gotify) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to := strings.TrimSpace(m.To)
	if token(to) != to || to == "" {
		return Receipt{}, failed(Permanent, fmt.Errorf("gotify: the address is no token of an application"))
	}
	priority := 8
	switch {
	case !m.Purpose.Alarms():
		priority = 2
	case m.Priority == org.Low:
		priority = 4
	}
	text := strings.TrimSpace(details(m, 8000))
	if text == "" {
		text = Headline(m)
	}
	body := map[string]any{"title": badge(m), "message": text, "priority": priority}
	u := webURL(m.AckURL)
	if u == "" {
		u = webURL(m.URL)
	}
	if u != "" {
		body["extras"] = map[string]any{"client::notification": map[string]any{"click": map[string]string{"url": u}}}
	}
	res, got, err := postJSON(ctx, x.client, x.server+"/message", map[string]string{"X-Gotify-Key": to}, body, nil)
	if err != nil {
		return Receipt{}, err
	}
	if err := answered(res); err != nil {
		return Receipt{}, err
	}
	return Receipt{Provider: oneLine(field(got, "id"), 200), State: escalate.Sent}, nil
}
