package channel

import (
	"net/url"
	"strings"
)

// googleChatKind posts to a space of Google Chat by its webhook. All about one incident
// is one thread.
var googleChatKind = Kind{
	Name: "googlechat", Channel: "googlechat", Title: "Google Chat, by a webhook",
	Make: func(s Setup) (Channel, error) {
		return &room{name: "googlechat", client: s.Client, body: func(m Message) any {
			out := map[string]any{"text": strings.ReplaceAll(chatText(m, 3900), "<", "‹")}
			if t := token(m.Thread); t != "" {
				out["thread"] = map[string]any{"threadKey": t}
			}
			return out
		}, link: func(u *url.URL, m Message) {
			if token(m.Thread) != "" {
				q := u.Query()
				q.Set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")
				u.RawQuery = q.Encode()
			}
		}, took: func(body []byte) (string, error) { return field(body, "name"), nil }}, nil
	},
}
