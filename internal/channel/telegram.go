package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
)

// telegramKind sends to chats of Telegram, as a bot. It asks for what people say
// (long polling), so that nothing has to reach us from outside.
var telegramKind = Kind{
	Name: "telegram", Channel: "telegram", Title: "Telegram",
	Settings: []Setting{
		{Name: "token", Help: "the bot's token, from @BotFather", Secret: true, Needed: true},
		{Name: "server", Help: "the API", Default: "https://api.telegram.org"},
	},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		if strings.ContainsAny(s.Settings["token"], "/?# ") {
			return nil, errors.New("settings.token: is no token of a bot")
		}
		return &telegram{client: s.Client, api: server + "/bot" + s.Settings["token"]}, nil
	},
}

type telegram struct {
	client *http.Client
	api    string
}

func (*telegram) Name() string { return "telegram" }

type (
	telegramButton struct {
		Text string `json:"text"`
		Data string `json:"callback_data,omitempty"`
		URL  string `json:"url,omitempty"`
	}
	telegramAnswer struct {
		OK          bool            `json:"ok"`
		Result      json.RawMessage `json:"result"`
		Code        int             `json:"error_code"`
		Description string          `json:"description"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
)

// Send sends to the chat whose id is the address, with buttons that are the person's own
// only when they press them.
func (t *telegram) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	chat, err := strconv.ParseInt(strings.TrimSpace(m.To), 10, 64)
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("telegram: %q is no id of a chat, which is a number: ask @userinfobot", oneLine(m.To, 40)))
	}
	body := map[string]any{"chat_id": chat, "text": chatText(m, 4000), "disable_notification": lowKey(m), "link_preview_options": map[string]bool{"is_disabled": true}}
	if m.Purpose.Alarms() {
		row := []telegramButton{{Text: "Acknowledge", Data: "acknowledge:" + m.ID}, {Text: "Escalate", Data: "escalate:" + m.ID}, {Text: "Resolve", Data: "resolve:" + m.ID}}
		if len(m.Choices) > 0 {
			row = nil
			for i, c := range m.Choices {
				row = append(row, telegramButton{Text: oneLine(c, 60), Data: fmt.Sprintf("%s:%s:%d", Choose, m.ID, i+1)})
			}
		}
		body["reply_markup"] = map[string]any{"inline_keyboard": [][]telegramButton{row}}
	}
	result, err := t.call(ctx, "sendMessage", body)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Provider: field(result, "chat.id") + "/" + field(result, "message_id"), State: escalate.Sent}, nil
}

// Settle writes a message anew, as things stand.
func (t *telegram) Settle(ctx context.Context, m Message, sent string) error {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	chat, id, _ := strings.Cut(sent, "/")
	number, err := strconv.ParseInt(chat, 10, 64)
	message, err2 := strconv.ParseInt(id, 10, 64)
	if err != nil || err2 != nil {
		return failed(Permanent, fmt.Errorf("telegram: %q is no id of a message", oneLine(sent, 40)))
	}
	rows := [][]telegramButton{}
	if m.Resolvable {
		rows = append(rows, []telegramButton{{Text: "Resolve", Data: "resolve:" + m.ID}})
	}
	_, err = t.call(ctx, "editMessageText", map[string]any{
		"chat_id": number, "message_id": message, "text": chatText(m, 4000), "link_preview_options": map[string]bool{"is_disabled": true},
		"reply_markup": map[string]any{"inline_keyboard": rows},
	})
	if err != nil && strings.Contains(err.Error(), "message is not modified") {
		return nil
	}
	return err
}

// call is one method of the API.
func (t *telegram) call(ctx context.Context, method string, in any) (json.RawMessage, error) {
	var got telegramAnswer
	res, _, err := postJSON(ctx, t.client, t.api+"/"+method, nil, in, &got)
	if err != nil {
		return nil, err
	}
	if got.OK {
		return got.Result, nil
	}
	err = vendorAnswered(res)
	e, ok := err.(*Error)
	if !ok {
		return nil, failed(Temporary, errors.New("telegram: the answer cannot be read"))
	}
	if got.Description != "" {
		e.Err = fmt.Errorf("telegram: %s", oneLine(got.Description, 200))
	}
	if res.StatusCode == http.StatusNotFound { // a chat that is not there is 400
		e.Outcome, e.Err = Temporary, fmt.Errorf("%w: check the token", e.Err)
	}
	if res.StatusCode == http.StatusForbidden && strings.Contains(got.Description, "blocked") {
		e.Outcome = Permanent // the person did so
	}
	e.RetryAfter = max(e.RetryAfter, time.Duration(min(got.Parameters.RetryAfter, 3600))*time.Second)
	return nil, e
}

type telegramUpdate struct {
	ID      int64 `json:"update_id"`
	Message struct {
		Text string `json:"text"`
		From struct {
			ID int64 `json:"id"`
		} `json:"from"`
		Chat struct {
			ID int64 `json:"id"`
		} `json:"chat"`
	} `json:"message"`
	Pressed struct {
		ID   string `json:"id"`
		Data string `json:"data"`
		From struct {
			ID int64 `json:"id"`
		} `json:"from"`
	} `json:"callback_query"`
}

// said is what an update says; false: nothing.
func (u telegramUpdate) said() (Said, bool) {
	if u.Pressed.ID != "" {
		verb, page, _ := strings.Cut(u.Pressed.Data, ":")
		page, n, _ := strings.Cut(page, ":")
		return Said{Page: page, Verb: Verb(verb), Text: n, From: strconv.FormatInt(u.Pressed.From.ID, 10)}, true
	}
	if u.Message.Text == "" || u.Message.From.ID == 0 {
		return Said{}, false
	}
	s := Said{From: strconv.FormatInt(u.Message.From.ID, 10)}
	s.Code, s.Verb, s.Text = ParseReply(u.Message.Text)
	return s, true
}

// Listen asks for what people say until ctx ends, and tells them what comes of it.
func (t *telegram) Listen(ctx context.Context, hear func(context.Context, Said) (string, error)) error {
	offset := int64(0)
	for ctx.Err() == nil {
		asked := time.Now()
		within, cancel := context.WithTimeout(ctx, pollTelegram+SendTimeout)
		result, err := t.call(within, "getUpdates", map[string]any{"offset": offset, "timeout": int(pollTelegram / time.Second), "allowed_updates": []string{"message", "callback_query"}})
		cancel()
		var updates []telegramUpdate
		if err == nil {
			err = json.Unmarshal(result, &updates)
		}
		if err != nil {
			return err
		}
		for _, u := range updates {
			if s, ok := u.said(); ok {
				text, err := hear(ctx, s)
				if err != nil {
					return err // it is asked for again
				}
				t.tell(ctx, u, text)
			}
			offset = u.ID + 1
		}
		if wait := time.Second - time.Since(asked); len(updates) == 0 && wait > 0 { // a server that does not wait with its answer
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// pollTelegram is less than egress's patience with one request.
const pollTelegram = 5 * time.Second

// tell says what came of it. That it cannot be told is nobody's loss.
func (t *telegram) tell(ctx context.Context, u telegramUpdate, text string) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	if u.Pressed.ID != "" {
		_, _ = t.call(ctx, "answerCallbackQuery", map[string]any{"callback_query_id": u.Pressed.ID, "text": cut(oneLine(text, 200), 190)})
		return
	}
	if text != "" {
		_, _ = t.call(ctx, "sendMessage", map[string]any{"chat_id": u.Message.Chat.ID, "text": cut(text, 4000)})
	}
}
