package channel

import (
	"errors"
	"strings"
)

// rocketChatKind posts to Rocket.Chat by an incoming webhook.
var rocketChatKind = Kind{
	Name: "rocketchat", Channel: "rocketchat", Title: "Rocket.Chat, by an incoming webhook",
	Make: func(s Setup) (Channel, error) {
		return &room{name: "rocketchat", client: s.Client, body: func(m Message) any {
			return map[string]any{"alias": "Tocsin", "text": harmless(badge(m)), "attachments": []map[string]any{{
				"color": colour(m), "text": harmless(strings.TrimSpace(details(m, 4500))),
			}}}
		}, took: func(body []byte) (string, error) {
			if field(body, "success") == "false" {
				return "", errors.New(oneLine(field(body, "error"), 200))
			}
			return "", nil
		}}, nil
	},
}
