package channel_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/sim/mockworld"
)

// slackRequest is one of Slack's, signed by its rules.
func slackRequest(path, body string, at time.Time) channel.Request {
	mac := hmac.New(sha256.New, []byte(mockworld.SlackSigning))
	fmt.Fprintf(mac, "v0:%d:%s", at.Unix(), body)
	return channel.Request{Method: "POST", URL: "https://tocsin.example.org/hook/x-slack/" + path, Path: path, Body: []byte(body), Header: http.Header{
		"X-Slack-Request-Timestamp": {fmt.Sprint(at.Unix())}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}}
}

func TestSlackButtonsThreadsAndCommands(t *testing.T) {
	w := mockworld.New()
	door := made(t, w, "slack").(channel.Door)
	payload := url.Values{"payload": {`{"type":"block_actions","user":{"id":"U1"},"response_url":"http://mock/slack/response/1","actions":[{"action_id":"acknowledge","value":"01page"}]}`}}.Encode()
	call, err := door.Open(slackRequest("action", payload, time.Now()))
	if err != nil || len(call.Said) != 1 {
		t.Fatal(err, call)
	}
	if s := call.Said[0]; s.From != "U1" || s.Page != "01page" || s.Verb != channel.Acknowledge {
		t.Errorf("%+v", s)
	}
	if err := call.After(t.Context(), []string{"You have it <you>."}); err != nil || len(w.Faults()) > 0 {
		t.Error(err, w.Faults())
	}
	if calls := w.Calls("slack"); len(calls) != 1 || calls[0].Text("text") != "You have it &lt;you&gt;." {
		t.Error(calls)
	}
	call, err = door.Open(slackRequest("command", "user_id=U1&command=%2Ftocsin&text=4711+r", time.Now()))
	if err != nil || call.Said[0].Code != "4711" || call.Said[0].Verb != channel.Resolve || !strings.Contains(call.Answer([]string{"ok"}).Body, "ephemeral") {
		t.Error(err, call.Said)
	}
	call, err = door.Open(slackRequest("event", `{"type":"event_callback","event":{"type":"message","user":"U1","channel":"D1","thread_ts":"1.2","text":"the fuse"}}`, time.Now()))
	if err != nil || len(call.Said) != 1 || call.Said[0].Provider != "D1/1.2" || call.Said[0].Verb != channel.Note || call.Said[0].Text != "the fuse" {
		t.Error(err, call.Said)
	}
	for _, own := range []string{`{"type":"event_callback","event":{"type":"message","bot_id":"B1","user":"U1","channel":"D1","thread_ts":"1.2","text":"x"}}`, `{"type":"event_callback","event":{"type":"message","user":"U1","channel":"D1","text":"x"}}`, `[`, ``} {
		if call, err := door.Open(slackRequest("event", own, time.Now())); err != nil || len(call.Said) != 0 {
			t.Errorf("%s: %v %v", own, err, call.Said)
		}
	}
	for _, r := range []channel.Request{slackRequest("action", payload, time.Now().Add(-6*time.Minute)), slackRequest("action", payload, time.Now().Add(6*time.Minute)), {Path: "action", Body: []byte(payload), Header: http.Header{}}} {
		if _, err := door.Open(r); !errors.Is(err, channel.ErrSignature) {
			t.Error(err)
		}
	}
}

func TestSlackFollowsAThread(t *testing.T) {
	w := mockworld.New()
	c := made(t, w, "slack")
	m := smsAlarm()
	m.To = "U1"
	r, err := c.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	m.Purpose, m.Before = escalate.AllClear, r.Provider
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	_, ts, _ := strings.Cut(r.Provider, "/")
	if calls := w.Calls("slack"); calls[1].Text("thread_ts") != ts || ts == "" {
		t.Error(r.Provider, calls[1].Text("thread_ts"))
	}
	m.To = "X1"
	if _, err := c.Send(t.Context(), m); channel.Classify(err) != channel.Permanent {
		t.Error(err)
	}
	w.Set("slack", mockworld.Locked)
	m.To = "U1"
	if _, err := c.Send(t.Context(), m); channel.Classify(err) != channel.Temporary || !strings.Contains(err.Error(), "account_inactive") {
		t.Error(err)
	}
}

// Telegram is asked for what people press, each press once.
func TestTelegramIsAsked(t *testing.T) {
	w := mockworld.New()
	c := made(t, w, "telegram").(channel.Listener)
	w.TelegramPress(4711, "escalate:01page")
	ctx, cancel := context.WithCancel(t.Context())
	var heard []channel.Said
	err := c.Listen(ctx, func(_ context.Context, s channel.Said) (string, error) {
		heard = append(heard, s)
		cancel()
		return "The next level is called.", nil
	})
	if len(heard) != 1 || heard[0] != (channel.Said{Page: "01page", Verb: channel.Escalate, From: "4711"}) {
		t.Error(err, heard)
	}
	for _, f := range w.Faults() {
		t.Error(f)
	}
}

// A token that Telegram does not know is the account's fault, which another provider has
// not; a chat that is not there is the address's.
func TestTelegramRefuses(t *testing.T) {
	for status, want := range map[int]channel.Outcome{401: channel.Temporary, 404: channel.Temporary, 400: channel.Permanent} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"ok":false,"error_code":%d,"description":"Not Found"}`, status)
		}))
		c, err := channel.Make("telegram", channel.Setup{ID: "bot", Settings: map[string]string{"token": "mistyped", "server": s.URL}, Client: s.Client()})
		if err != nil {
			t.Fatal(err)
		}
		m := smsAlarm()
		m.To = "4711"
		if _, err := c.Send(t.Context(), m); channel.Classify(err) != want || !strings.Contains(err.Error(), "Not Found") {
			t.Errorf("%d: %v", status, err)
		}
		s.Close()
	}
}

func TestPushoverAcknowledges(t *testing.T) {
	w := mockworld.New()
	c := made(t, w, "pushover")
	m := smsAlarm()
	m.To = mockworld.PushoverUser
	if _, err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	calls := w.Waiting()
	if len(calls) != 1 {
		t.Fatal(calls)
	}
	call, err := c.(channel.Door).Open(request(t, calls[0]))
	if err != nil || len(call.Said) != 1 || call.Said[0].Page != "01page" || call.Said[0].Verb != channel.Acknowledge {
		t.Error(err, call.Said)
	}
	forged := request(t, calls[0])
	forged.Query = url.Values{"k": {"x"}}
	if _, err := c.(channel.Door).Open(forged); !errors.Is(err, channel.ErrSignature) {
		t.Error(err)
	}
}

// What comes in at a door is read or refused, and never breaks anything.
func FuzzDoors(f *testing.F) {
	f.Add("action", `payload={"user":{"id":"U"}}`, "application/json")
	f.Add("receipt/x", `{"data":{"payload":{"to":[{"status":"delivered"}]}}}`, "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, path, body, kind string) {
		w := mockworld.New()
		for _, k := range []string{"twilio", "twilio-voice", "vonage", "telnyx", "kannel", "slack", "pushover"} {
			door := made(t, w, k).(channel.Door)
			r := slackRequest(path, body, time.Now())
			r.Header.Set("Content-Type", kind)
			r.Query = url.Values{"k": {sign("hook/x-" + k + "/" + path)}}
			call, err := door.Open(r)
			if err != nil {
				continue
			}
			texts := make([]string, len(call.Said))
			if res := call.Answer(texts); res.Status == 0 {
				t.Errorf("%s: no status", k)
			}
		}
	})
}
