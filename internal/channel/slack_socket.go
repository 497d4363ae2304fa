package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// A slackSocket is a workspace that tells us what people say over a connection that we
// made: no door of ours has to be reached from outside.
type slackSocket struct {
	*slack
	app string
}

// Listen hears until ctx ends or Slack wants the connection made anew.
func (c *slackSocket) Listen(ctx context.Context, hear func(context.Context, Said) (string, error)) error {
	got, err := c.call(ctx, "apps.connections.open", c.app, map[string]any{})
	if err != nil {
		return err
	}
	conn, _, err := websocket.Dial(ctx, field(got, "url"), &websocket.DialOptions{HTTPClient: c.client})
	if err != nil {
		return fmt.Errorf("slack: socket: %w", err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	alive, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // a connection that died without a word is made anew
		for tick := time.NewTicker(socketPing); ; {
			select {
			case <-tick.C:
			case <-alive.Done():
				tick.Stop()
				return
			}
			within, cancel := context.WithTimeout(alive, SendTimeout)
			err := conn.Ping(within)
			cancel()
			if err != nil {
				conn.CloseNow()
				return
			}
		}
	}()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("slack: socket: %w", err)
		}
		var e struct {
			Type     string          `json:"type"`
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(text, &e) != nil {
			continue
		}
		if e.Type == "disconnect" {
			return errSlackSocket
		}
		if e.Envelope == "" {
			continue // hello
		}
		call, texts := c.envelope(e.Type, e.Payload), []string(nil)
		for _, s := range call.Said {
			said, err := hear(ctx, s)
			if err != nil {
				return err // without its acknowledgement, Slack says it again
			}
			texts = append(texts, said)
		}
		ack := map[string]any{"envelope_id": e.Envelope}
		if e.Type == "slash_commands" {
			ack["payload"] = json.RawMessage(call.Answer(texts).Body)
		}
		out, err := json.Marshal(ack)
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, websocket.MessageText, out); err != nil {
			return fmt.Errorf("slack: socket: %w", err)
		}
		if call.After != nil {
			_ = call.After(ctx, texts) // the verb is done; only its answer may be lost
		}
	}
}

const socketPing = 30 * time.Second

// envelope is what the door would have been told.
func (c *slackSocket) envelope(kind string, payload json.RawMessage) Call {
	switch kind {
	case "interactive":
		return c.pressed(payload)
	case "events_api":
		return c.event(payload)
	case "slash_commands":
		var fields map[string]any
		if json.Unmarshal(payload, &fields) != nil {
			break
		}
		form := url.Values{}
		for k, v := range fields {
			if s, ok := v.(string); ok {
				form.Set(k, s)
			}
		}
		return c.command(form)
	}
	return Call{Answer: empty}
}
