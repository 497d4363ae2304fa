package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tocsin/escalate"
	"tocsin/internal/egress"
)

// A room is a chat that takes messages at an address of its own, which a person or a
// team has typed: an incoming webhook. Its buttons are links.
type room struct {
	name   string
	client *http.Client
	// body is the message as the room wants it; link changes the address where that has
	// to say something, too.
	body func(Message) any
	link func(*url.URL, Message)
	// took reads the answer to a good request: the room's id of the message, or what it
	// has against it.
	took func(body []byte) (id string, err error)
}

// A changeable room lets us write a message anew, at an address of its own.
type changeable struct {
	room
	where func(u *url.URL, id string)
	anew  func(Message) any
}

// Settle writes a message anew, as things stand.
func (r *changeable) Settle(ctx context.Context, m Message, sent string) error {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	u, err := r.address(m)
	if err != nil || sent == "" || token(sent) != sent {
		return failed(Permanent, fmt.Errorf("%s: the message is not known", r.name))
	}
	r.where(u, sent)
	res, _, err := sendJSON(ctx, r.client, http.MethodPatch, u.String(), nil, r.anew(m))
	if err != nil {
		return err
	}
	return answered(res)
}

// address is where the room takes messages.
func (r *room) address(m Message) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(m.To))
	if err == nil {
		err = egress.CheckURL(u)
	}
	if err != nil { // not repeated: who knows the address may post there
		return nil, failed(Permanent, fmt.Errorf("%s: the address is no URL of a webhook", r.name))
	}
	return u, nil
}

func (r *room) Name() string { return r.name }

// Send posts the page to the address.
func (r *room) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	u, err := r.address(m)
	if err != nil {
		return Receipt{}, err
	}
	if r.link != nil {
		r.link(u, m)
	}
	res, body, err := postJSON(ctx, r.client, u.String(), nil, r.body(m), nil)
	if err != nil {
		return Receipt{}, err
	}
	if err := answered(res); err != nil {
		return Receipt{}, err
	}
	id := ""
	if r.took != nil {
		if id, err = r.took(body); err != nil {
			return Receipt{}, failed(Permanent, fmt.Errorf("%s: %w", r.name, err))
		}
	}
	return Receipt{Provider: oneLine(id, 200), State: escalate.Sent}, nil
}

// chatText is the page in at most so many bytes: the headline, then the details.
func chatText(m Message, most int) string {
	head := badge(m)
	return cut(strings.TrimSpace(head+"\n"+details(m, max(most-len(head)-1, 0))), most)
}

// badge is the headline with how bad it is.
func badge(m Message) string {
	if m.Purpose.Alarms() && m.Severity.Valid() {
		return marked(m, string(m.Severity)+" ")
	}
	return Headline(m)
}

// harmless keeps a text from calling everybody in a room.
func harmless(s string) string {
	return strings.ReplaceAll(s, "@", "@\u200b")
}

// colour says at a glance what it is.
func colour(m Message) string {
	switch {
	case m.Purpose == escalate.AllClear, m.Purpose == escalate.Told:
		return "#2e7d32"
	case lowKey(m):
		return "#757575"
	}
	return "#c62828"
}

// field reads one field of an answer.
func field(body []byte, path string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	return at(v, path)
}
