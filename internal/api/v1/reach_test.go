package v1_test

import (
	"strings"
	"testing"
)

// A page by hand is sent, read and ended over the API, and is no incident.
func TestCalls(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		sent := h.must(201, "ada", "POST", "/calls", `{"title":"who can come in?","everyone":true,"choices":[{"text":"yes","positive":true},{"text":"no"}],"enough":1,"expires":"30m"}`)
		id, _ := sent.field("id").(string)
		if receivers, _ := sent.field("receivers").([]any); id == "" || sent.field("open") != true || len(receivers) == 0 {
			t.Fatal(sent.body)
		}
		if list := h.must(200, "ada", "GET", "/calls", ""); list.items() != 1 {
			t.Error(list.body)
		}
		if list := h.must(200, "ada", "GET", "/incidents", ""); strings.Contains(list.body, "who can come in?") {
			t.Error("it is listed among the incidents")
		}
		h.refused(403, "for an admin", "max", "POST", "/calls", `{"title":"x","everyone":true}`)
		h.refused(422, "body.targets[0]", "ada", "POST", "/calls", `{"title":"x","targets":["person:nobody"]}`)
		h.refused(422, "body.expires", "ada", "POST", "/calls", `{"title":"x","targets":["person:ada"],"expires":"soon"}`)
		h.refused(422, "body.message", "ada", "POST", "/calls", `{"message":"nothing","targets":["person:ada"]}`)
		if ended := h.must(200, "ada", "POST", "/calls/"+id+"/end", ""); ended.field("open") != false || ended.field("why") != "ended by hand" {
			t.Error(ended.body)
		}
		h.must(404, "ada", "GET", "/calls/none", "")
	})
}

// The secrets of a channel go in and never come out; the kinds say what was proved.
func TestChannelsKeepTheirSecrets(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "ada", "POST", "/channels", `{"id":"sms","kind":"twilio","settings":{"account":"AC1","token":"very-secret","from":"+15005550006"}}`)
		h.must(200, "ada", "PATCH", "/channels/sms", `{"settings":{"account":"AC2"}}`)
		read := h.must(200, "ada", "GET", "/channels/sms", "")
		put := h.must(200, "ada", "PUT", "/channels/sms", `{"id":"sms","kind":"twilio","settings":{"account":"AC3","from":"+15005550006"}}`)
		for _, r := range []reply{made, read, put, h.must(200, "ada", "GET", "/channels/sms/versions", "")} {
			if strings.Contains(r.body, "very-secret") || !strings.Contains(r.body, "+15005550006") {
				t.Error(r.body)
			}
		}
		if r := h.must(200, "olaf", "GET", "/channels/sms", ""); strings.Contains(r.body, "AC3") {
			t.Error("settings are for admins:", r.body)
		}
		h.refused(422, "token", "ada", "POST", "/channels", `{"id":"x","kind":"twilio","settings":{"account":"AC1","from":"+15005550006"}}`)
		h.must(403, "max", "POST", "/channels", `{"id":"x","kind":"teams"}`)
		if kinds := h.must(200, "ada", "GET", "/channel-kinds", ""); !strings.Contains(kinds.body, "twilio-voice") || !strings.Contains(kinds.body, "not proved against the vendor") {
			t.Error(kinds.body)
		}
		if card := h.must(200, "ada", "GET", "/sender-card", ""); !strings.Contains(card.body, "TEL;TYPE=WORK,VOICE:+15005550006") {
			t.Error(card.body)
		}
		h.must(200, "ada", "GET", "/channel-health", "")
	})
}
