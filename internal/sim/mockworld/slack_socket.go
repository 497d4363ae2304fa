package mockworld

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// A socket is Slack's socket mode: whoever asked apps.connections.open connects to it, is
// said hello, and acknowledges each envelope within three seconds, with a payload only
// where that is accepted. What is not acknowledged is said again on the next connection.
type socket struct {
	tickets map[string]bool // given, not used
	queue   []Envelope
	Acks    []Ack
}

// An Envelope is what Slack says over a socket.
type Envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
	Accepts bool            `json:"accepts_response_payload"`
}

// An Ack is how an envelope was acknowledged.
type Ack struct {
	ID      string         `json:"envelope_id"`
	Payload map[string]any `json:"payload"`
}

// ackWithin is how long Slack waits.
const ackWithin = 3 * time.Second

// SlackSays puts an envelope into the queue of the socket: "interactive", "events_api" or
// "slash_commands". "disconnect" closes the connection, as Slack does every so often.
func (w *World) SlackSays(kind, payload string) {
	id := fmt.Sprintf("envelope-%d", w.number())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.socket.queue = append(w.socket.queue, Envelope{id, kind, json.RawMessage(payload), kind != "events_api"})
}

// Acks are all acknowledgements so far.
func (w *World) Acks() []Ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Ack(nil), w.socket.Acks...)
}

// ticket is a new address of the socket; it is good once.
func (w *World) ticket(host string) string {
	name := fmt.Sprintf("ticket-%d", w.number())
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.socket.tickets == nil {
		w.socket.tickets = map[string]bool{}
	}
	w.socket.tickets[name] = true
	return "ws://" + host + "/slack/link/" + name
}

// fault writes down what the contract has against what came over the socket.
func (w *World) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, &Call{Provider: "slack", Method: "SOCKET", Fault: fmt.Sprintf(format, args...)})
}

// link is the socket itself.
func (w *World) link(rw http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.mu.Lock()
	known := w.socket.tickets[name]
	delete(w.socket.tickets, name)
	w.mu.Unlock()
	if !known {
		w.fault("the address %q was not given, or was used already", name)
		http.Error(rw, "no such link", http.StatusForbidden)
		return
	}
	conn, err := websocket.Accept(rw, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // clients name their own origin
	if err != nil {
		w.fault("%v", err)
		return
	}
	defer conn.CloseNow()
	ctx := r.Context()
	if conn.Write(ctx, websocket.MessageText, []byte(`{"type":"hello","num_connections":1,"connection_info":{"app_id":"A1"}}`)) != nil {
		return
	}
	for {
		e, ok := w.nextEnvelope()
		if !ok {
			select {
			case <-time.After(5 * time.Millisecond):
				continue
			case <-ctx.Done():
			case <-w.closed:
			}
			return
		}
		if e.Type == "disconnect" {
			w.dropEnvelope(e.ID)
			_ = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"disconnect","reason":"refresh_requested"}`)) // it goes either way
			_, _, _ = conn.Read(ctx)                                                                                 // whoever was told closes it
			return
		}
		text, _ := json.Marshal(e)
		if conn.Write(ctx, websocket.MessageText, text) != nil || !w.acknowledged(r, conn, e) {
			return
		}
	}
}

func (w *World) nextEnvelope() (e Envelope, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.socket.queue) == 0 {
		return e, false
	}
	return w.socket.queue[0], true
}

func (w *World) dropEnvelope(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.socket.queue) > 0 && w.socket.queue[0].ID == id {
		w.socket.queue = w.socket.queue[1:]
	}
}

// acknowledged waits for the acknowledgement of an envelope.
func (w *World) acknowledged(r *http.Request, conn *websocket.Conn, e Envelope) bool {
	began := time.Now()
	_, text, err := conn.Read(r.Context())
	if err != nil {
		return false // it is said again
	}
	var fields map[string]any
	var a Ack
	if json.Unmarshal(text, &fields) != nil || json.Unmarshal(text, &a) != nil {
		w.fault("what was answered is no object: %s", text)
		return false
	}
	err = fieldsOf(fields, e)
	switch {
	case err != nil:
		w.fault("%v", err)
	case a.ID != e.ID:
		w.fault("acknowledged %q instead of %q", a.ID, e.ID)
	case time.Since(began) > ackWithin:
		w.fault("acknowledged after %v", time.Since(began))
	}
	w.dropEnvelope(e.ID)
	w.mu.Lock()
	w.socket.Acks = append(w.socket.Acks, a)
	w.mu.Unlock()
	return true
}

func fieldsOf(got map[string]any, e Envelope) error {
	if e.Accepts {
		return fields(got, "envelope_id", "payload")
	}
	return fields(got, "envelope_id")
}
