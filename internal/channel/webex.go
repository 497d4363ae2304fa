package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tocsin/escalate"
)

// webexKind sends to people and rooms of Webex, as a bot.
var webexKind = Kind{
	Name: "webex", Channel: "webex", Title: "Webex",
	Settings: []Setting{
		{Name: "token", Help: "the bot's access token", Secret: true, Needed: true},
		{Name: "server", Help: "the API", Default: "https://webexapis.com"},
	},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		return &webex{s.Client, server, s.Settings["token"]}, nil
	},
}

type webex struct {
	client        *http.Client
	server, token string
}

const maxWebex = 7000 // of the 7439 bytes that it takes

func (*webex) Name() string { return "webex" }

// Send sends to a mail address, or to a room by its id.
func (x *webex) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to := strings.TrimSpace(m.To)
	body := map[string]string{"text": chatText(m, maxWebex)}
	if strings.Contains(to, "@") {
		body["toPersonEmail"] = to
	} else {
		body["roomId"] = to
	}
	res, got, err := postJSON(ctx, x.client, x.server+"/v1/messages", map[string]string{"Authorization": "Bearer " + x.token}, body, nil)
	if err != nil {
		return Receipt{}, err
	}
	if err := vendorAnswered(res); err != nil {
		return Receipt{}, err
	}
	return Receipt{Provider: oneLine(field(got, "roomId"), 200) + "/" + oneLine(field(got, "id"), 200), State: escalate.Sent}, nil
}

// Settle writes a message anew, as things stand. Webex lets us do so ten times.
func (x *webex) Settle(ctx context.Context, m Message, sent string) error {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	room, id, _ := strings.Cut(sent, "/")
	if room == "" || id == "" {
		return failed(Permanent, fmt.Errorf("webex: %q is no id of a message", oneLine(sent, 40)))
	}
	body := map[string]string{"roomId": room, "text": chatText(m, maxWebex)}
	res, _, err := sendJSON(ctx, x.client, http.MethodPut, x.server+"/v1/messages/"+url.PathEscape(id), map[string]string{"Authorization": "Bearer " + x.token}, body)
	if err != nil {
		return err
	}
	return vendorAnswered(res)
}
