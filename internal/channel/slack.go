package channel

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
)

// slackKind sends to people and rooms of a Slack workspace. Buttons, replies in the
// thread and /tocsin come back either to our door, which Slack signs, or over socket
// mode (slack_socket.go), for which nothing has to reach us from outside.
var slackKind = Kind{
	Name: "slack", Channel: "slack", Title: "Slack", Rooms: true,
	Settings: []Setting{
		{Name: "token", Help: "the bot's token (xoxb-...), with chat:write, im:history, channels:history and commands", Secret: true, Needed: true},
		{Name: "signing", Help: "the signing secret, for what Slack tells our door", Secret: true},
		{Name: "app", Help: "an app-level token (xapp-...) with connections:write, for socket mode", Secret: true},
		{Name: "server", Help: "the API", Default: "https://slack.com/api"},
	},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		c := &slack{client: s.Client, server: server, token: s.Settings["token"], signing: s.Settings["signing"], now: time.Now}
		if app := s.Settings["app"]; app != "" {
			return &slackSocket{c, app}, nil
		}
		return c, nil
	},
}

type slack struct {
	client                 *http.Client
	server, token, signing string
	now                    func() time.Time // of the signature's age
}

func (*slack) Name() string { return "slack" }

type (
	slackText struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	slackBlock struct {
		Type     string         `json:"type"`
		Text     *slackText     `json:"text,omitempty"`
		Elements []slackElement `json:"elements,omitempty"`
	}
	slackElement struct {
		Type   string     `json:"type"`
		Text   *slackText `json:"text,omitempty"`
		Action string     `json:"action_id,omitempty"`
		Value  string     `json:"value,omitempty"`
		Style  string     `json:"style,omitempty"`
	}
	slackPost struct {
		Channel string       `json:"channel"`
		Text    string       `json:"text"`
		Blocks  []slackBlock `json:"blocks,omitempty"`
		Thread  string       `json:"thread_ts,omitempty"`
		TS      string       `json:"ts,omitempty"` // of the message that is changed
		Unfurl  *bool        `json:"unfurl_links,omitempty"`
	}
)

// slackEscape keeps text from outside from being markup, or from calling everybody.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// slackPlain is what somebody wrote, without Slack's markup of it.
func slackPlain(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

const maxSlack = 2900 // of the 3000 characters that a section takes

func slackBlocks(m Message) []slackBlock {
	blocks := []slackBlock{{Type: "section", Text: &slackText{"mrkdwn", "*" + cut(slackEscape(strings.ReplaceAll(badge(m), "*", "∗")), maxSlack) + "*"}}}
	body := m
	body.AckURL = ""
	if text := strings.TrimSpace(details(body, maxSlack/2)); text != "" {
		blocks = append(blocks, slackBlock{Type: "section", Text: &slackText{"mrkdwn", cut(slackEscape(text), maxSlack)}})
	}
	button := func(label, verb, style string) slackElement {
		return slackElement{Type: "button", Text: &slackText{"plain_text", label}, Action: verb, Value: m.ID, Style: style}
	}
	switch {
	case m.Purpose == escalate.Told && m.Resolvable:
		return append(blocks, slackBlock{Type: "actions", Elements: []slackElement{button("Resolve", string(Resolve), "danger")}})
	case !m.Purpose.Alarms():
		return blocks
	case len(m.Choices) > 0:
		actions := slackBlock{Type: "actions"}
		for i, c := range m.Choices {
			actions.Elements = append(actions.Elements, button(oneLine(c, 70), fmt.Sprintf("%s:%d", Choose, i+1), ""))
		}
		return append(blocks, actions)
	}
	return append(blocks, slackBlock{Type: "actions", Elements: []slackElement{
		button("Acknowledge", string(Acknowledge), "primary"), button("Escalate", string(Escalate), ""), button("Resolve", string(Resolve), "danger"),
	}})
}

// Send posts to the member (U...), or room (C...), whose id is the address. All about one
// incident is one thread.
func (c *slack) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to := strings.TrimSpace(m.To)
	if token(to) != to || to == "" {
		return Receipt{}, failed(Permanent, fmt.Errorf("slack: %q is no id of a member or room, such as U012AB3CD", oneLine(m.To, 40)))
	}
	post := slackPost{Channel: to, Text: slackEscape(badge(m)), Blocks: slackBlocks(m), Unfurl: new(bool)}
	if _, ts, ok := strings.Cut(m.Before, "/"); ok {
		post.Thread = ts
	}
	got, err := c.call(ctx, "chat.postMessage", c.token, post)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Provider: field(got, "channel") + "/" + field(got, "ts"), State: escalate.Sent}, nil
}

// Threaded says that a message may follow another.
func (*slack) Threaded() {}

// Settle writes a message anew, as things stand.
func (c *slack) Settle(ctx context.Context, m Message, sent string) error {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	room, ts, ok := strings.Cut(sent, "/")
	if !ok {
		return failed(Permanent, fmt.Errorf("slack: %q is no id of a message", oneLine(sent, 40)))
	}
	_, err := c.call(ctx, "chat.update", c.token, slackPost{Channel: room, TS: ts, Text: slackEscape(badge(m)), Blocks: slackBlocks(m)})
	return err
}

// slackPermanent are errors that say something against the address.
var slackPermanent = []string{"channel_not_found", "not_in_channel", "is_archived", "user_not_found", "user_disabled", "msg_too_long", "no_text", "invalid_blocks", "messages_tab_disabled", "message_not_found", "cant_update_message", "edit_window_closed"}

// call is one method of the API. It answers 200 to everything, and says inside.
func (c *slack) call(ctx context.Context, method, token string, in any) ([]byte, error) {
	res, body, err := postJSON(ctx, c.client, c.server+"/"+method, map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json; charset=utf-8"}, in, nil)
	if err != nil {
		return nil, err
	}
	if err := vendorAnswered(res); err != nil {
		return nil, err
	}
	if field(body, "ok") == "true" {
		return body, nil
	}
	why := oneLine(field(body, "error"), 100)
	outcome := Temporary
	for _, p := range slackPermanent {
		if why == p {
			outcome = Permanent
		}
	}
	return nil, failed(outcome, fmt.Errorf("slack: %s", why))
}

// signed checks Slack's signature, which is good for five minutes.
func (c *slack) signed(r Request) bool {
	at, err := strconv.ParseInt(r.Header.Get("X-Slack-Request-Timestamp"), 10, 64)
	if err != nil || c.signing == "" || c.now().Sub(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(c.signing))
	fmt.Fprintf(mac, "v0:%d:%s", at, r.Body)
	return same("v0="+hex.EncodeToString(mac.Sum(nil)), r.Header.Get("X-Slack-Signature"))
}

// Open reads buttons (action), commands (command) and what is said in threads (event).
func (c *slack) Open(r Request) (Call, error) {
	if !c.signed(r) {
		return Call{}, ErrSignature
	}
	switch r.Path {
	case "action":
		form, err := r.form()
		if err != nil {
			return Call{Answer: empty}, nil
		}
		return c.pressed([]byte(form.Get("payload"))), nil
	case "command":
		form, err := r.form()
		if err != nil {
			return Call{Answer: empty}, nil
		}
		return c.command(form), nil
	case "event":
		return c.event(r.Body), nil
	}
	return Call{Answer: empty}, nil
}

// pressed is a button. Who pressed it is told alone, at the address that Slack gives.
func (c *slack) pressed(payload []byte) Call {
	var p struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		ResponseURL string `json:"response_url"`
		Actions     []struct {
			Action string `json:"action_id"`
			Value  string `json:"value"`
		} `json:"actions"`
	}
	if json.Unmarshal(payload, &p) != nil || len(p.Actions) != 1 || p.User.ID == "" {
		return Call{Answer: empty}
	}
	verb, n, _ := strings.Cut(p.Actions[0].Action, ":")
	s := Said{Page: p.Actions[0].Value, Verb: Verb(verb), From: p.User.ID, Text: n}
	if id, ok := strings.CutPrefix(s.Page, RoomPage); ok {
		s.Page, s.Subject = "", id
	}
	return Call{Said: []Said{s}, Answer: empty, After: func(ctx context.Context, texts []string) error {
		return c.respond(ctx, p.ResponseURL, texts)
	}}
}

// respond says to one person what came of it.
func (c *slack) respond(ctx context.Context, address string, texts []string) error {
	text := strings.Join(texts, "\n")
	if address == "" || text == "" {
		return nil
	}
	_, _, err := postJSON(ctx, c.client, address, nil, map[string]any{"response_type": "ephemeral", "replace_original": false, "text": slackEscape(text)}, nil)
	return err
}

// command is /tocsin and what follows it.
func (c *slack) command(form url.Values) Call {
	s := Said{From: form.Get("user_id")}
	s.Code, s.Verb, s.Text = ParseReply(form.Get("text"))
	switch strings.ToLower(strings.TrimSpace(form.Get("text"))) {
	case "", "list", "help", "status":
		s.Code, s.Verb, s.Text = "", List, ""
	}
	return Call{Said: []Said{s}, Answer: func(texts []string) Response {
		body, err := json.Marshal(map[string]string{"response_type": "ephemeral", "text": slackEscape(strings.Join(texts, "\n"))})
		if err != nil {
			return empty(texts)
		}
		return Response{Status: http.StatusOK, Type: "application/json", Body: string(body)}
	}}
}

// event is what happens in rooms: what a person says in the thread of a page is a note.
func (c *slack) event(body []byte) Call {
	var e struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		Event     struct {
			Type    string `json:"type"`
			Subtype string `json:"subtype"`
			Bot     string `json:"bot_id"`
			User    string `json:"user"`
			Text    string `json:"text"`
			Channel string `json:"channel"`
			Thread  string `json:"thread_ts"`
		} `json:"event"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&e) != nil {
		return Call{Answer: empty}
	}
	if e.Type == "url_verification" {
		return Call{Answer: func([]string) Response {
			return Response{Status: http.StatusOK, Type: "text/plain", Body: oneLine(e.Challenge, 200)}
		}}
	}
	v := e.Event
	if v.Type != "message" || v.Subtype != "" || v.Bot != "" || v.User == "" || v.Thread == "" || strings.TrimSpace(v.Text) == "" {
		return Call{Answer: empty}
	}
	s := Said{Provider: v.Channel + "/" + v.Thread, From: v.User, Verb: Note, Text: cut(slackPlain(v.Text), 4000)}
	return Call{Said: []Said{s}, Answer: empty, After: func(ctx context.Context, texts []string) error {
		if texts[0] == "" || texts[0] == Noted {
			return nil // what was taken says so by itself
		}
		_, err := c.call(ctx, "chat.postEphemeral", c.token, map[string]string{
			"channel": v.Channel, "user": v.User, "thread_ts": v.Thread, "text": slackEscape(texts[0]),
		})
		return err
	}}
}

var errSlackSocket = errors.New("slack: the connection is to be made anew")
