package channel

import (
	"errors"
	"strings"
)

// mattermostKind posts to Mattermost by an incoming webhook.
var mattermostKind = Kind{
	Name: "mattermost", Channel: "mattermost", Title: "Mattermost, by an incoming webhook",
	Make: func(s Setup) (Channel, error) {
		return &room{name: "mattermost", client: s.Client, body: func(m Message) any {
			return map[string]any{"username": "Tocsin", "text": harmless(badge(m)), "attachments": []map[string]any{{
				"fallback": harmless(badge(m)), "color": colour(m), "text": harmless(cut(details(m, 7000), 7000)),
			}}}
		}, took: func(body []byte) (string, error) {
			if text := strings.TrimSpace(string(body)); text != "ok" {
				return "", errors.New(oneLine(text, 200))
			}
			return "", nil
		}}, nil
	},
}
