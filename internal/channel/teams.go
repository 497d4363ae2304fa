package channel

import "strings"

// teamsKind posts to Microsoft Teams by the webhook of a workflow, as an Adaptive Card.
var teamsKind = Kind{
	Name: "teams", Channel: "teams", Title: "Microsoft Teams, by the webhook of a workflow",
	Make: func(s Setup) (Channel, error) {
		return &room{name: "teams", client: s.Client, body: teamsCard}, nil
	},
}

type (
	teamsMessage struct {
		Type        string            `json:"type"`
		Attachments []teamsAttachment `json:"attachments"`
	}
	teamsAttachment struct {
		ContentType string `json:"contentType"`
		Content     card   `json:"content"`
	}
	card struct {
		Schema  string       `json:"$schema"`
		Type    string       `json:"type"`
		Version string       `json:"version"`
		Body    []cardText   `json:"body"`
		Actions []cardAction `json:"actions,omitempty"`
	}
	cardText struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Wrap   bool   `json:"wrap"`
		Weight string `json:"weight,omitempty"`
		Size   string `json:"size,omitempty"`
		Color  string `json:"color,omitempty"`
	}
	cardAction struct {
		Type  string `json:"type"`
		Title string `json:"title"`
		URL   string `json:"url"`
	}
)

const maxTeams = 20 << 10 // of the 28 KB that Teams takes

func teamsCard(m Message) any {
	c := card{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.2"}
	head := cardText{Type: "TextBlock", Text: badge(m), Wrap: true, Weight: "Bolder", Size: "Medium", Color: "Attention"}
	if lowKey(m) {
		head.Color = "Default"
	}
	c.Body = []cardText{head}
	body := m
	body.AckURL, body.URL = "", ""
	if text := strings.TrimSpace(details(body, maxTeams)); text != "" {
		c.Body = append(c.Body, cardText{Type: "TextBlock", Text: strings.ReplaceAll(text, "\n", "\n\n"), Wrap: true})
	}
	if u := webURL(m.AckURL); u != "" {
		c.Actions = append(c.Actions, cardAction{"Action.OpenUrl", answerVerb(m), u})
	}
	if u := webURL(m.URL); u != "" {
		c.Actions = append(c.Actions, cardAction{"Action.OpenUrl", "Open", u})
	}
	return teamsMessage{"message", []teamsAttachment{{"application/vnd.microsoft.card.adaptive", c}}}
}
