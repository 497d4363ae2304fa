package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"tocsin/escalate"
	"tocsin/internal/egress"
	"tocsin/org"
)

// Ntfy publishes pages to ntfy topics, which the ntfy app shows as push messages with
// an Acknowledge button.
//
// An address is a topic on the default server, or the URL of a topic elsewhere. The
// token is the default server's and goes nowhere else.
type Ntfy struct {
	server *url.URL
	token  string
	client *http.Client
}

// maxNtfy is less than the 4096 bytes that ntfy shows: a longer message would become
// an attachment.
const maxNtfy = 4000

// maxNtfyActions is how many buttons a message may have.
const maxNtfyActions = 3

// NewNtfy is the channel of ntfy. Server is where a bare topic lives, such as
// https://ntfy.sh; "" means that addresses must be whole URLs. The client must be
// egress's, because people type addresses; it must allow the server.
func NewNtfy(server, token string, client *http.Client) (*Ntfy, error) {
	n := &Ntfy{token: token, client: client}
	if server == "" {
		return n, nil
	}
	u, err := url.Parse(strings.TrimSuffix(server, "/"))
	if err != nil {
		return nil, fmt.Errorf("ntfy: server: %w", err)
	}
	if err := egress.CheckURL(u); err != nil {
		return nil, fmt.Errorf("ntfy: server: %w", err)
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("ntfy: server %s: want only the scheme and the host", u.Redacted())
	}
	n.server = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	return n, nil
}

func (*Ntfy) Name() string { return "ntfy" }

var topicForm = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// address finds the server and the topic of what a person typed.
func (n *Ntfy) address(to string) (server *url.URL, topic string, err error) {
	to = strings.TrimSpace(to)
	if topicForm.MatchString(to) {
		if n.server == nil {
			return nil, "", errors.New("no default server is set: write the whole URL of the topic")
		}
		return n.server, to, nil
	}
	u, err := url.Parse(to)
	if err != nil {
		return nil, "", errors.New("neither a topic nor the URL of one")
	}
	if err := egress.CheckURL(u); err != nil {
		return nil, "", err
	}
	topic = strings.Trim(u.Path, "/")
	if !topicForm.MatchString(topic) || u.RawQuery != "" || u.Fragment != "" {
		return nil, "", errors.New("the URL must end in one topic: letters, digits, - and _")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, topic, nil
}

// The message as ntfy reads it.
type (
	ntfyMessage struct {
		Topic    string       `json:"topic"`
		Title    string       `json:"title"`
		Message  string       `json:"message"`
		Priority int          `json:"priority"`
		Tags     []string     `json:"tags,omitempty"`
		Click    string       `json:"click,omitempty"`
		Actions  []ntfyAction `json:"actions,omitempty"`
	}
	ntfyAction struct {
		Action string `json:"action"`
		Label  string `json:"label"`
		URL    string `json:"url"`
		Method string `json:"method,omitempty"`
		Clear  bool   `json:"clear,omitempty"`
	}
)

func ntfyOf(m Message, topic string) ntfyMessage {
	out := ntfyMessage{Topic: topic, Title: Headline(m), Priority: ntfyPriority(m), Tags: ntfyTags(m)}
	body := m
	body.AckURL, body.URL = "", "" // they are the button and the tap
	if out.Message = strings.TrimSpace(details(body, maxNtfy)); out.Message == "" {
		out.Message = out.Title
	}
	if out.Click = webURL(m.URL); out.Click == "" {
		out.Click = webURL(m.AckURL)
	}
	ack := webURL(m.AckURL)
	switch {
	case ack == "":
	case len(m.Choices) > maxNtfyActions: // a tap leads to all of them
		out.Click = ack
	case len(m.Choices) > 1:
		for i, c := range m.Choices {
			out.Actions = append(out.Actions, ntfyAction{Action: "http", Label: oneLine(c, 40), URL: fmt.Sprintf("%s?choice=%d", ack, i+1), Method: http.MethodPost, Clear: true})
		}
	default:
		out.Actions = []ntfyAction{{Action: "http", Label: "Acknowledge", URL: ack, Method: http.MethodPost, Clear: true}}
	}
	return out
}

// ntfyPriority is 5 (rings through "do not disturb" where the phone allows it) to 2 (no
// sound).
func ntfyPriority(m Message) int {
	switch {
	case !m.Purpose.Alarms():
		return 2
	case m.Priority == org.Low:
		return 3
	case m.Purpose == escalate.FailOver, m.Severity == org.SEV1, m.Severity == org.SEV2:
		return 5
	}
	return 4
}

// ntfyTags are an emoji by ntfy's name for it, and the subject's tag to filter by.
func ntfyTags(m Message) []string {
	tags := []string{"information_source"}
	switch m.Purpose {
	case escalate.Alarm, escalate.FailOver:
		tags[0] = "rotating_light"
	case escalate.Told, escalate.AllClear:
		tags[0] = "white_check_mark"
	}
	if t := token(m.Thread); t != "" {
		tags = append(tags, t)
	}
	return tags
}

// Send publishes the page.
func (n *Ntfy) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	server, topic, err := n.address(m.To)
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("ntfy: address: %w", err))
	}
	body, err := json.Marshal(ntfyOf(m, topic))
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("ntfy: %w", err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.String()+"/", bytes.NewReader(body))
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("ntfy: %w", err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin")
	req.Header.Set("X-Tocsin-Page", token(m.ID))
	if n.token != "" && n.server != nil && *server == *n.server {
		req.Header.Set("Authorization", "Bearer "+n.token)
	}
	res, text, err := exchange(n.client, req)
	if err != nil {
		return Receipt{}, err
	}
	if err := answered(res); err != nil {
		return Receipt{}, err
	}
	// It is accepted; an answer that cannot be read only means that we learn no id.
	var got struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(text, &got) != nil {
		got.ID = ""
	}
	return Receipt{Provider: oneLine(got.ID, 100), State: escalate.Sent}, nil
}
