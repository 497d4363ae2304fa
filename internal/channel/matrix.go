package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// matrixEvent is a message, and what it replaces if anything.
type matrixEvent struct {
	Kind    string         `json:"msgtype"`
	Body    string         `json:"body"`
	Anew    *matrixEvent   `json:"m.new_content,omitempty"`
	Relates map[string]any `json:"m.relates_to,omitempty"`
}

func matrixOf(m Message) matrixEvent {
	kind := "m.text"
	if lowKey(m) {
		kind = "m.notice"
	}
	return matrixEvent{Kind: kind, Body: chatText(m, maxMatrix)}
}

const maxMatrix = 16 << 10 // an event has at most 64 KiB, and one that replaces says it twice

// Send sends to the room whose id (!abc:example.org) is the address. The page's id is
// the transaction: the same page tried twice is one message.
func (x *matrix) Send(ctx context.Context, m Message) (Receipt, error) {
	id, err := x.put(ctx, m, token(m.ID), matrixOf(m))
	return Receipt{Provider: id, State: escalate.Sent}, err
}

// Settle writes a message anew, as things stand.
func (x *matrix) Settle(ctx context.Context, m Message, sent string) error {
	anew := matrixOf(m)
	sum := sha256.Sum256([]byte(anew.Body))
	_, err := x.put(ctx, m, token(m.ID)+"."+hex.EncodeToString(sum[:8]), matrixEvent{
		Kind: anew.Kind, Body: "* " + anew.Body, Anew: &anew, Relates: map[string]any{"rel_type": "m.replace", "event_id": sent},
	})
	return err
}

// put sends an event to the room of a message, once for each transaction.
func (x *matrix) put(ctx context.Context, m Message, transaction string, event matrixEvent) (id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	roomID := strings.TrimSpace(m.To)
	if !strings.HasPrefix(roomID, "!") || strings.ContainsAny(roomID, " \t\n") {
		return "", failed(Permanent, fmt.Errorf("matrix: %q is no id of a room such as !abc:example.org", oneLine(m.To, 100)))
	}
	address := x.server + "/_matrix/client/v3/rooms/" + url.PathEscape(roomID) + "/send/m.room.message/" + transaction
	res, got, err := sendJSON(ctx, x.client, http.MethodPut, address, map[string]string{"Authorization": "Bearer " + x.token}, event)
	if err != nil {
		return "", err
	}
	if err := vendorAnswered(res); err != nil {
		if field(got, "errcode") == "M_FORBIDDEN" {
			return "", failed(Permanent, fmt.Errorf("matrix: the sender is not in that room: %s", oneLine(field(got, "error"), 100)))
		}
		return "", err
	}
	return oneLine(field(got, "event_id"), 200), nil
}
