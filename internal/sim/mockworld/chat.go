package mockworld

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ChatToken is the token of the world's bots, and PushoverToken that of its application.
const (
	ChatToken     = "chat-token"
	AppToken      = "xapp-token"
	SlackSigning  = "slack-signing-secret"
	PushoverToken = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
	PushoverUser  = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
)

// list is a list of objects at a field.
func list(o map[string]any, field string) (out []map[string]any) {
	all, _ := o[field].([]any)
	for _, one := range all {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

// text is a field of an object as text.
func text(o map[string]any, field string) string { s, _ := o[field].(string); return s }

// Slack is the methods of its web API that we use.
var Slack = Fake{
	Name: "slack",
	Routes: []Route{
		{"POST", "/chat.postMessage", slackMessage, func(w *World, c *Call) Reply {
			to := c.Text("channel")
			if strings.HasPrefix(to, "X") {
				return Reply{Status: 200, Body: `{"ok":false,"error":"channel_not_found"}`}
			}
			return Reply{Status: 200, Body: fmt.Sprintf(`{"ok":true,"channel":"D%s","ts":"1700000000.%06d"}`, to, w.number())}
		}},
		{"POST", "/chat.update", func(w *World, c *Call) error {
			if c.Text("ts") == "" || c.JSON["thread_ts"] != nil || c.JSON["unfurl_links"] != nil {
				return errors.New("chat.update takes the ts of a message, and neither thread_ts nor unfurl_links")
			}
			return slackMessage(w, c)
		}, func(_ *World, c *Call) Reply {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"ok":true,"channel":%q,"ts":%q}`, c.Text("channel"), c.Text("ts"))}
		}},
		{"POST", "/chat.postEphemeral", func(_ *World, c *Call) error {
			return first(bearer(c, "Bearer ", ChatToken), object(c, "channel user text", "blocks", "thread_ts"))
		}, func(*World, *Call) Reply { return Reply{Status: 200, Body: `{"ok":true,"message_ts":"1.2"}`} }},
		{"POST", "/apps.connections.open", func(_ *World, c *Call) error { return bearer(c, "Bearer ", AppToken) }, func(w *World, c *Call) Reply {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"ok":true,"url":%q}`, w.ticket(c.Host))}
		}},
		{"POST", "/auth.test", func(_ *World, c *Call) error { return bearer(c, "Bearer ", ChatToken) }, func(*World, *Call) Reply {
			return Reply{Status: 200, Body: `{"ok":true,"team":"house"}`}
		}},
		{"POST", "/response/{id}", func(_ *World, c *Call) error {
			return object(c, "text", "response_type", "replace_original", "delete_original", "blocks")
		}, func(*World, *Call) Reply { return Reply{Status: 200, Body: "ok"} }},
	},
	Refusal: func(status int, why string) Reply {
		switch status {
		case http.StatusUnauthorized:
			return Reply{Status: 200, Body: `{"ok":false,"error":"account_inactive"}`}
		case http.StatusBadRequest:
			return Reply{Status: 200, Body: `{"ok":false,"error":"invalid_arguments"}`}
		case http.StatusNotFound:
			return Reply{Status: 200, Body: `{"ok":false,"error":"channel_not_found"}`}
		}
		return Reply{Status: status, Body: why}
	},
}

func slackMessage(_ *World, c *Call) error {
	err := first(bearer(c, "Bearer ", ChatToken), object(c, "channel text", "blocks", "ts", "thread_ts", "unfurl_links", "unfurl_media", "reply_broadcast", "mrkdwn"), atMost("text", c.Text("text"), 40000))
	if err != nil {
		return err
	}
	blocks := list(c.JSON, "blocks")
	if len(blocks) > 50 {
		return errors.New("blocks: more than 50")
	}
	for _, b := range blocks {
		switch text(b, "type") {
		case "section":
			t, _ := b["text"].(map[string]any)
			if err := first(fields(b, "type text", "block_id", "fields", "accessory"), fields(t, "type text", "emoji", "verbatim"), atMost("section", text(t, "text"), 3000)); err != nil {
				return err
			}
			if strings.Contains(text(t, "text"), "<!") {
				return errors.New("section: calls everybody")
			}
		case "actions":
			for _, e := range list(b, "elements") {
				label, _ := e["text"].(map[string]any)
				if err := first(fields(e, "type text action_id", "value", "style", "url", "confirm"), atMost("button", text(label, "text"), 75), atMost("value", text(e, "value"), 2000), atMost("action_id", text(e, "action_id"), 255)); err != nil {
					return err
				}
				if s := text(e, "style"); s != "" && s != "primary" && s != "danger" {
					return fmt.Errorf("style: %q", s)
				}
			}
		default:
			return fmt.Errorf("blocks: %q is no block that we use", text(b, "type"))
		}
	}
	return nil
}

// botToken is the token in the path of each of Telegram's methods.
func botToken(c *Call) error {
	if c.Names["token"] != ChatToken {
		return errDenied
	}
	return nil
}

// Telegram is the methods of its bot API that we use.
var Telegram = Fake{
	Name: "telegram",
	Routes: []Route{
		{"POST", "/bot{token}/sendMessage", func(_ *World, c *Call) error {
			err := first(botToken(c), object(c, "chat_id text", "reply_markup", "disable_notification", "link_preview_options", "parse_mode", "reply_parameters"), atMost("text", c.Text("text"), 4096))
			if err != nil {
				return err
			}
			markup, _ := c.JSON["reply_markup"].(map[string]any)
			rows, _ := markup["inline_keyboard"].([]any)
			for _, row := range rows {
				buttons, _ := row.([]any)
				for _, b := range buttons {
					b, _ := b.(map[string]any)
					if err := fields(b, "text", "callback_data", "url"); err != nil {
						return err
					}
					if n := len(text(b, "callback_data")); n > 64 {
						return fmt.Errorf("callback_data: %d bytes, at most 64", n)
					}
				}
			}
			return nil
		}, func(w *World, c *Call) Reply {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"chat":{"id":%s}}}`, w.number(), c.Text("chat_id"))}
		}},
		{"POST", "/bot{token}/editMessageText", func(_ *World, c *Call) error {
			return first(botToken(c), object(c, "chat_id message_id text", "reply_markup", "link_preview_options", "parse_mode"), atMost("text", c.Text("text"), 4096))
		}, func(_ *World, c *Call) Reply {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"ok":true,"result":{"message_id":%s,"chat":{"id":%s}}}`, c.Text("message_id"), c.Text("chat_id"))}
		}},
		{"POST", "/bot{token}/getUpdates", func(_ *World, c *Call) error {
			return first(botToken(c), object(c, "timeout allowed_updates", "offset", "limit"))
		}, func(w *World, c *Call) Reply {
			var ready []string
			for _, cb := range w.Waiting() {
				if cb.Provider == "telegram" {
					ready = append(ready, cb.Body)
				} else {
					w.Later(cb)
				}
			}
			return Reply{Status: 200, Body: `{"ok":true,"result":[` + strings.Join(ready, ",") + `]}`}
		}},
		{"POST", "/bot{token}/answerCallbackQuery", func(_ *World, c *Call) error {
			return first(botToken(c), object(c, "callback_query_id", "text", "show_alert"), atMost("text", c.Text("text"), 200))
		}, func(*World, *Call) Reply { return Reply{Status: 200, Body: `{"ok":true,"result":true}`} }},
		{"POST", "/bot{token}/getMe", func(_ *World, c *Call) error { return botToken(c) }, func(*World, *Call) Reply { return Reply{Status: 200, Body: `{"ok":true,"result":{"id":1}}`} }},
	},
	Refusal: func(status int, why string) Reply {
		if status == http.StatusNotFound { // which is its word for a token that is none
			status, why = http.StatusBadRequest, "Bad Request: "+why
		}
		return Reply{Status: status, Body: fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, status, why)}
	},
}

// TelegramPress is a press of a button, which waits to be asked for.
func (w *World) TelegramPress(user int64, data string) {
	w.Later(Callback{Provider: "telegram", Body: fmt.Sprintf(`{"update_id":%d,"callback_query":{"id":"q1","from":{"id":%d},"data":%q}}`, w.number(), user, data)})
}

// Teams is the webhook of a workflow.
var Teams = Fake{Name: "teams", Routes: []Route{{"POST", "/workflows/{id}", func(_ *World, c *Call) error {
	if err := object(c, "type attachments"); err != nil {
		return err
	}
	if len(c.Body) > 28<<10 {
		return fmt.Errorf("%d bytes, at most 28 KB", len(c.Body))
	}
	for _, a := range list(c.JSON, "attachments") {
		card, _ := a["content"].(map[string]any)
		if text(a, "contentType") != "application/vnd.microsoft.card.adaptive" || text(card, "type") != "AdaptiveCard" {
			return errors.New("attachments: no Adaptive Card")
		}
		for _, b := range list(card, "body") {
			if err := fields(b, "type text", "wrap", "weight", "size", "color"); err != nil {
				return err
			}
		}
		for _, x := range list(card, "actions") {
			if err := first(fields(x, "type title url"), link("url", text(x, "url"))); err != nil {
				return err
			}
		}
	}
	return nil
}, func(*World, *Call) Reply { return Reply{Status: 202} }}}}

// Mattermost, Rocketchat, Discord and GoogleChat are incoming webhooks.
var (
	Mattermost = Fake{Name: "mattermost", Routes: []Route{{"POST", "/hooks/{id}", func(_ *World, c *Call) error {
		return first(object(c, "text", "username", "channel", "icon_url", "attachments", "props"), atMost("text", c.Text("text"), 16383), quiet(string(c.Body)))
	}, func(*World, *Call) Reply {
		return Reply{Status: 200, Header: map[string]string{"Content-Type": "text/plain"}, Body: "ok"}
	}}}}
	Rocketchat = Fake{Name: "rocketchat", Routes: []Route{{"POST", "/hooks/{id}/{token}", func(_ *World, c *Call) error {
		return first(object(c, "text", "alias", "attachments", "emoji", "channel"), atMost("text", c.Text("text"), 5000), quiet(string(c.Body)))
	}, func(*World, *Call) Reply { return Reply{Status: 200, Body: `{"success":true}`} }}}}
	Discord = Fake{Name: "discord", Routes: []Route{{"POST", "/api/webhooks/{id}/{token}", func(_ *World, c *Call) error {
		if err := object(c, "", "content", "username", "embeds", "allowed_mentions", "avatar_url"); err != nil {
			return err
		}
		all := 0
		for _, e := range list(c.JSON, "embeds") {
			all += len(text(e, "title")) + len(text(e, "description"))
			if err := first(fields(e, "title", "description", "url", "color", "timestamp", "fields"), atMost("title", text(e, "title"), 256), atMost("description", text(e, "description"), 4096)); err != nil {
				return err
			}
		}
		if all > 6000 || len(list(c.JSON, "embeds")) == 0 {
			return fmt.Errorf("embeds: %d characters in all, at most 6000, and one at least", all)
		}
		return nil
	}, func(w *World, c *Call) Reply {
		if c.Query.Get("wait") == "true" {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"id":"%d"}`, w.number())}
		}
		return Reply{Status: 204}
	}}, {"PATCH", "/api/webhooks/{id}/{token}/messages/{message}", func(_ *World, c *Call) error {
		return object(c, "", "content", "embeds", "allowed_mentions", "components", "flags")
	}, func(_ *World, c *Call) Reply {
		return Reply{Status: 200, Body: fmt.Sprintf(`{"id":%q}`, c.Names["message"])}
	}}}}
	GoogleChat = Fake{Name: "googlechat", Routes: []Route{{"POST", "/v1/spaces/{id}/messages", func(_ *World, c *Call) error {
		if c.Query.Get("key") == "" || c.Query.Get("token") == "" {
			return errors.New("the credentials are missing")
		}
		if o := c.Query.Get("messageReplyOption"); o != "" && o != "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD" {
			return fmt.Errorf("messageReplyOption: %q", o)
		}
		if strings.Contains(c.Text("text"), "<users/all>") {
			return errors.New("text: calls everybody")
		}
		return first(object(c, "text", "thread", "cardsV2"), atMost("text", c.Text("text"), 4096))
	}, func(w *World, c *Call) Reply {
		return Reply{Status: 200, Body: fmt.Sprintf(`{"name":"spaces/x/messages/%d"}`, w.number())}
	}}}}
)

// quiet refuses what would call everybody in a room.
func quiet(body string) error {
	for _, all := range []string{"@all", "@channel", "@here"} {
		if strings.Contains(body, all) {
			return errors.New("the text calls " + all)
		}
	}
	return nil
}

// Matrix is a homeserver. The same transaction is one event.
var Matrix = Fake{Name: "matrix", Routes: []Route{{"PUT", "/_matrix/client/v3/rooms/{room}/send/m.room.message/{txn}", func(_ *World, c *Call) error {
	if !strings.HasPrefix(c.Names["room"], "!") || !strings.Contains(c.Names["room"], ":") {
		return fmt.Errorf("room: %q", c.Names["room"])
	}
	if len(c.Body) > 64<<10 {
		return errors.New("an event has at most 64 KiB")
	}
	err := first(bearer(c, "Bearer ", ChatToken), object(c, "msgtype body", "format", "formatted_body", "m.new_content", "m.relates_to"))
	if relates, anew := c.JSON["m.relates_to"].(map[string]any); err == nil && anew {
		if fresh, ok := c.JSON["m.new_content"].(map[string]any); !ok || text(fresh, "body") == "" || text(relates, "rel_type") != "m.replace" || !strings.HasPrefix(text(relates, "event_id"), "$") {
			err = errors.New("an event that replaces needs its new content and the event")
		}
	}
	return err
}, func(_ *World, c *Call) Reply {
	return Reply{Status: 200, Body: fmt.Sprintf(`{"event_id":"$%s"}`, c.Names["txn"])}
}}}, Refusal: func(status int, why string) Reply {
	return Reply{Status: status, Body: fmt.Sprintf(`{"errcode":"M_UNKNOWN","error":%q}`, why)}
}}

// Webex is its messages.
var Webex = Fake{Name: "webex", Routes: []Route{{"POST", "/v1/messages", func(_ *World, c *Call) error {
	err := first(bearer(c, "Bearer ", ChatToken), object(c, "", "roomId", "toPersonEmail", "toPersonId", "text", "markdown", "parentId"))
	if err == nil && len(c.Text("text")) > 7439 {
		err = errors.New("text: more than 7439 bytes")
	}
	if err == nil && c.Text("roomId")+c.Text("toPersonEmail")+c.Text("toPersonId") == "" {
		err = errors.New("nobody is addressed")
	}
	return err
}, func(w *World, _ *Call) Reply {
	return Reply{Status: 200, Body: fmt.Sprintf(`{"id":"Y2l%d","roomId":"Um9vbQ"}`, w.number())}
}}, {"PUT", "/v1/messages/{id}", func(_ *World, c *Call) error {
	return first(bearer(c, "Bearer ", ChatToken), object(c, "roomId", "text", "markdown"), atMost("text", c.Text("text"), 7439))
}, func(_ *World, c *Call) Reply {
	return Reply{Status: 200, Body: fmt.Sprintf(`{"id":%q}`, c.Names["id"])}
}}}}

// Gotify is a server whose applications have any token.
var Gotify = Fake{Name: "gotify", Routes: []Route{{"POST", "/message", func(_ *World, c *Call) error {
	if c.Header.Get("X-Gotify-Key") == "" {
		return errors.New("the token is missing")
	}
	return object(c, "message", "title", "priority", "extras")
}, func(w *World, _ *Call) Reply { return Reply{Status: 200, Body: fmt.Sprintf(`{"id":%d}`, w.number())} }}}}

// Pushover is its messages. Emergencies are acknowledged by their callback.
var Pushover = Fake{Name: "pushover", Routes: []Route{{"POST", "/1/messages.json", func(_ *World, c *Call) error {
	err := form(c, "token user message", "title", "priority", "retry", "expire", "callback", "url", "url_title", "sound", "device", "timestamp", "ttl", "html", "tags")
	if err != nil {
		return err
	}
	f := c.Form
	if f.Get("token") != PushoverToken {
		return fmt.Errorf("application token is invalid: %w", errDenied)
	}
	if f.Get("priority") == "2" && (f.Get("retry") == "" || f.Get("expire") == "") {
		return errors.New("retry and expire must be supplied with priority=2")
	}
	return first(atMost("message", f.Get("message"), 1024), atMost("title", f.Get("title"), 250), atMost("url", f.Get("url"), 512), atMost("url_title", f.Get("url_title"), 100))
}, func(w *World, c *Call) Reply {
	r := Reply{Status: 200, Body: `{"status":1,"request":"647d2300-702c-4b38-8b2f-d56326ae460b"}`}
	if c.Form.Get("priority") == "2" {
		receipt := fmt.Sprintf("r%029d", w.number())
		r.Body = fmt.Sprintf(`{"status":1,"request":"647d2300","receipt":%q}`, receipt)
		if cb := c.Form.Get("callback"); cb != "" && c.Mode == OK {
			r.Then = []Callback{back(cb, "POST", url.Values{"receipt": {receipt}, "acknowledged": {"1"}, "acknowledged_at": {"1700000000"}, "acknowledged_by": {c.Form.Get("user")}}, "")}
		}
	}
	return r
}}, {"POST", "/1/receipts/{receipt}/cancel.json", func(_ *World, c *Call) error {
	if !strings.HasPrefix(c.Names["receipt"], "r") || len(c.Names["receipt"]) != 30 {
		return errors.New("receipt not found")
	}
	return form(c, "token")
}, func(*World, *Call) Reply { return Reply{Status: 200, Body: `{"status":1,"request":"5042853c"}`} }}}, Refusal: func(status int, why string) Reply {
	named := ""
	switch status { // both are 400, and name what is wrong
	case http.StatusUnauthorized:
		status, named = http.StatusBadRequest, `"token":"invalid",`
	case http.StatusNotFound:
		status, named = http.StatusBadRequest, `"user":"invalid",`
	}
	return Reply{Status: status, Body: fmt.Sprintf(`{%s"status":0,"errors":[%q]}`, named, why)}
}}
