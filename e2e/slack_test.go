package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tocsin/internal/sim/mockworld"
)

// The Slack that our tests speak to is one to somebody else's client: what holds us to the
// contract keeps it. Its methods, its socket, and the blocks that we post.
func TestSlackOfTheMockWorld(t *testing.T) {
	w := mockworld.New()
	server := httptest.NewServer(w)
	t.Cleanup(func() { w.Close(); server.CloseClientConnections(); server.Close() })
	client := slack.New(mockworld.ChatToken, slack.OptionAppLevelToken(mockworld.AppToken), slack.OptionAPIURL(server.URL+"/slack/"))
	w.SlackSays("interactive", `{"type":"block_actions","user":{"id":"U1"},"actions":[{"type":"button","block_id":"b","action_id":"acknowledge","value":"01page"}]}`)
	w.SlackSays("slash_commands", `{"command":"/tocsin","text":"4711","user_id":"U1"}`)
	w.SlackSays("events_api", `{"type":"event_callback","event":{"type":"message","user":"U2","channel":"C1","thread_ts":"1.2","text":"x"}}`)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	socket := socketmode.New(client)
	ended := make(chan error, 1)
	go func() { ended <- socket.RunContext(ctx) }()
	var got []string
	for len(got) < 3 {
		select {
		case e := <-socket.Events:
			switch e.Type {
			case socketmode.EventTypeInteractive:
				cb, ok := e.Data.(slack.InteractionCallback)
				if !ok || len(cb.ActionCallback.BlockActions) != 1 || cb.ActionCallback.BlockActions[0].Value != "01page" {
					t.Errorf("%+v", e.Data)
				}
				socket.Ack(*e.Request)
			case socketmode.EventTypeSlashCommand:
				if c, ok := e.Data.(slack.SlashCommand); !ok || c.Text != "4711" {
					t.Errorf("%+v", e.Data)
				}
				socket.Ack(*e.Request, map[string]any{"text": "ok"})
			case socketmode.EventTypeEventsAPI:
				socket.Ack(*e.Request)
			case socketmode.EventTypeConnectionError, socketmode.EventTypeErrorBadMessage, socketmode.EventTypeErrorWriteFailed, socketmode.EventTypeInvalidAuth:
				t.Errorf("%s: %v", e.Type, e.Data)
				continue
			default:
				continue
			}
			got = append(got, string(e.Type))
		case <-ctx.Done():
			t.Fatalf("only %v came", got)
		}
	}
	for len(w.Acks()) < 3 && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-ended
	for _, f := range w.Faults() {
		t.Error(f)
	}
}

// What we post are blocks to slack-go, in a binary that runs; and a press that is signed
// as slack-go checks it acknowledges.
func TestSlackBlocksAndSignature(t *testing.T) {
	posts := make(chan map[string]json.RawMessage, 10)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var post map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&post); err != nil {
			t.Error(err)
		}
		post["method"] = json.RawMessage(`"` + strings.TrimPrefix(r.URL.Path, "/") + `"`)
		io.WriteString(w, `{"ok":true,"channel":"D1","ts":"1700000000.000001"}`)
		posts <- post
	}))
	defer vendor.Close()
	s := start(t, `
people:
  - {id: jane, name: Jane, methods: [{id: s, channel: slack, address: U1}], rules: [{method: s}]}
policies: [{id: p, levels: [{targets: ["person:jane"], wait: 5m}]}]
services: [{id: db, policy: p}]
integrations: [{id: in, source: generic, service: db, key: sixteen-or-more-letters}]
settings: {catch_all: db}
channels:
  - {id: work, kind: slack, settings: {token: xoxb-1, signing: e6b19c573432dcc6b075501d51b51bb8, server: "`+vendor.URL+`"}}
`, "--allow-network", strings.TrimPrefix(vendor.URL, "http://"))
	res, err := http.Post(s.URL+"/in/generic/sixteen-or-more-letters", "application/json", strings.NewReader(`{"title":"db <!channel> & more is down","key":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	next := func() (method string, buttons []*slack.ButtonBlockElement) {
		t.Helper()
		select {
		case post := <-posts:
			var blocks slack.Blocks
			if err := json.Unmarshal(post["blocks"], &blocks); err != nil {
				t.Fatalf("%v: %s", err, post["blocks"])
			}
			for _, b := range blocks.BlockSet {
				switch b := b.(type) {
				case *slack.ActionBlock:
					for _, e := range b.Elements.ElementSet {
						button, ok := e.(*slack.ButtonBlockElement)
						if !ok || button.Text == nil || button.Text.Validate() != nil {
							t.Errorf("%+v", e)
						}
						buttons = append(buttons, button)
					}
				case *slack.SectionBlock:
					if b.Text == nil || b.Text.Validate() != nil || strings.Contains(b.Text.Text, "<!") {
						t.Errorf("%+v", b.Text)
					}
				default:
					t.Errorf("%T", b)
				}
			}
			return strings.Trim(string(post["method"]), `"`), buttons
		case <-time.After(20 * time.Second):
			t.Fatal("Slack is not asked")
		}
		return "", nil
	}
	method, buttons := next()
	if method != "chat.postMessage" || len(buttons) != 3 || buttons[0].ActionID != "acknowledge" {
		t.Fatal(method, buttons)
	}
	if status := press(t, s.URL+"/hook/work/action", buttons[0], "another secret"); status != http.StatusUnauthorized {
		t.Error(status)
	}
	if status := press(t, s.URL+"/hook/work/action", buttons[0], "e6b19c573432dcc6b075501d51b51bb8"); status/100 != 2 {
		t.Error(status)
	}
	if method, buttons := next(); method != "chat.update" || len(buttons) != 1 || buttons[0].ActionID != "resolve" {
		t.Error("its buttons stay", method, buttons)
	}
}

// press is Slack's word that somebody pressed a button, signed; slack-go checks that it is.
func press(t *testing.T, door string, b *slack.ButtonBlockElement, secret string) (status int) {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "user": map[string]string{"id": "U1"},
		"actions": []map[string]string{{"type": "button", "action_id": b.ActionID, "value": b.Value, "block_id": "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	body := url.Values{"payload": {string(payload)}}.Encode()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "v0:"+at+":"+body)
	req, err := http.NewRequest("POST", door, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "X-Slack-Request-Timestamp": {at}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}
	judge, err := slack.NewSecretsVerifier(req.Header, secret)
	if err == nil {
		io.WriteString(&judge, body)
		err = judge.Ensure()
	}
	if err != nil {
		t.Fatalf("slack-go does not take it: %v", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
