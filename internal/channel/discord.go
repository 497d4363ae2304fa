package channel

import (
	"net/url"
	"strconv"
	"strings"
)

// discordKind posts to Discord by a webhook of a room.
var discordKind = Kind{
	Name: "discord", Channel: "discord", Title: "Discord, by a webhook",
	Make: func(s Setup) (Channel, error) {
		return &changeable{room{name: "discord", client: s.Client, body: func(m Message) any {
			post := discordMessage(m)
			post["username"] = "Tocsin"
			return post
		}, link: func(u *url.URL, _ Message) {
			q := u.Query()
			q.Set("wait", "true") // tells us whether it was taken, and its id
			u.RawQuery = q.Encode()
		}, took: func(body []byte) (string, error) { return field(body, "id"), nil }}, func(u *url.URL, id string) {
			u.Path = strings.TrimSuffix(u.Path, "/") + "/messages/" + id
		}, func(m Message) any { return discordMessage(m) }}, nil
	},
}

func discordMessage(m Message) map[string]any {
	n, err := strconv.ParseInt(strings.TrimPrefix(colour(m), "#"), 16, 32)
	if err != nil {
		n = 0
	}
	embed := map[string]any{"title": cut(badge(m), 250), "color": n}
	if text := strings.TrimSpace(details(m, 4000)); text != "" {
		embed["description"] = text
	}
	if u := webURL(m.URL); u != "" {
		embed["url"] = u
	}
	return map[string]any{"embeds": []any{embed}, "allowed_mentions": map[string]any{"parse": []string{}}}
}
