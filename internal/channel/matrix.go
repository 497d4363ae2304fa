package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tocsin/escalate"
)

// matrixKind sends to rooms of Matrix, as a user of one's own homeserver.
var matrixKind = Kind{
	Name: "matrix", Channel: "matrix", Title: "Matrix",
	Settings: []Setting{
		{Name: "server", Help: "the homeserver, such as https://matrix.example.org", Needed: true},
		{Name: "token", Help: "the access token of the user that sends", Secret: true, Needed: true},
	},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		return &matrix{s.Client, server, s.Settings["token"]}, nil
	},
}

type matrix struct {
	client        *http.Client
	server, token string
}

func (*matrix) Name() string { return "matrix" }

// Send sends to the room whose id (!abc:example.org) is the address. The page's id is
// the transaction: the same page tried twice is one message.
func (x *matrix) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	roomID := strings.TrimSpace(m.To)
	if !strings.HasPrefix(roomID, "!") || strings.ContainsAny(roomID, " \t\n") {
		return Receipt{}, failed(Permanent, fmt.Errorf("matrix: %q is no id of a room such as !abc:example.org", oneLine(m.To, 100)))
	}
	kind := "m.text"
	if lowKey(m) {
		kind = "m.notice"
	}
	body, err := json.Marshal(map[string]string{"msgtype": kind, "body": chatText(m, 16<<10)})
	if err != nil {
		return Receipt{}, failed(Permanent, err)
	}
	address := x.server + "/_matrix/client/v3/rooms/" + url.PathEscape(roomID) + "/send/m.room.message/" + token(m.ID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return Receipt{}, failed(Permanent, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+x.token)
	res, got, err := exchange(x.client, req)
	if err != nil {
		return Receipt{}, err
	}
	if err := vendorAnswered(res); err != nil {
		if field(got, "errcode") == "M_FORBIDDEN" {
			return Receipt{}, failed(Permanent, fmt.Errorf("matrix: the sender is not in that room: %s", oneLine(field(got, "error"), 100)))
		}
		return Receipt{}, err
	}
	return Receipt{Provider: oneLine(field(got, "event_id"), 200), State: escalate.Sent}, nil
}
