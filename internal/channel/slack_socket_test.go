package channel_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/internal/sim/mockworld"
)

// Over socket mode buttons, commands and threads come in through a connection that we
// made, through the only dialer there is; each is acknowledged, and what was not is said
// again on the next one.
func TestSlackSocketMode(t *testing.T) {
	w := mockworld.New()
	server := httptest.NewServer(w)
	t.Cleanup(func() { w.Close(); server.CloseClientConnections(); server.Close() })
	allow, err := egress.ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := channel.Make("slack", channel.Setup{ID: "work", Client: (&egress.Dialer{Allow: allow}).Client(channel.SendTimeout), Settings: map[string]string{
		"token": mockworld.ChatToken, "app": mockworld.AppToken, "server": server.URL + "/slack",
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.SlackSays("interactive", `{"type":"block_actions","user":{"id":"U1"},"response_url":"`+server.URL+`/slack/response/1","actions":[{"action_id":"acknowledge","value":"01page"}]}`)
	w.SlackSays("disconnect", `{}`)
	w.SlackSays("slash_commands", `{"command":"/tocsin","text":"","user_id":"U1"}`)
	w.SlackSays("events_api", `{"type":"event_callback","event":{"type":"message","user":"U2","channel":"C1","thread_ts":"1.2","text":"a &lt; b"}}`)
	want := []channel.Said{
		{Page: "01page", From: "U1", Verb: channel.Acknowledge}, // and once more: it was not taken
		{Page: "01page", From: "U1", Verb: channel.Acknowledge},
		{From: "U1", Verb: channel.List},
		{Provider: "C1/1.2", From: "U2", Verb: channel.Note, Text: "a < b"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var heard []channel.Said
	hear := func(_ context.Context, s channel.Said) (string, error) {
		heard = append(heard, s)
		switch {
		case len(heard) == 1:
			return "", errors.New("the database is busy")
		case len(heard) == len(want):
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		return "said " + string(s.Verb), nil
	}
	for ctx.Err() == nil { // as the engine does
		if err := c.(channel.Listener).Listen(ctx, hear); err != nil && ctx.Err() == nil {
			t.Log(err)
		}
	}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %+v", heard)
	}
	for _, f := range w.Faults() {
		t.Error(f)
	}
	acks := w.Acks()
	if len(acks) != 3 || acks[0].Payload != nil || acks[1].Payload["text"] != "said list" || acks[2].Payload != nil {
		t.Errorf("%+v", acks)
	}
	var told []string
	for _, call := range w.Calls("slack") {
		if text := call.Text("text"); text != "" {
			told = append(told, call.Path+" "+text)
		}
	}
	if !slices.Equal(told, []string{"/response/1 said acknowledge", "/chat.postEphemeral said note"}) {
		t.Errorf("%q", told)
	}
}
