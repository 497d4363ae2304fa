package mockworld

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The account of the world at Twilio.
const (
	TwilioAccount = "AC00000000000000000000000000000001"
	TwilioToken   = "twilio-token"
	TwilioFrom    = "+15005550006"
)

// Twilio is its API of 2010-04-01: messages and calls. Numbers that end in 0000 do not
// exist, and those that end in 0001 have said STOP.
var Twilio = Fake{
	Name: "twilio",
	Routes: []Route{
		{"POST", "/2010-04-01/Accounts/{account}/Messages.json", twilioMessage, twilioSend},
		{"POST", "/2010-04-01/Accounts/{account}/Calls.json", twilioCalling, twilioCall},
		{"GET", "/2010-04-01/Accounts/{account}.json", twilioAccount, func(_ *World, c *Call) Reply {
			return Reply{Status: 200, Body: fmt.Sprintf(`{"sid":%q,"status":"active"}`, c.Names["account"])}
		}},
	},
	Refusal: func(status int, why string) Reply {
		code := map[int]int{400: 21604, 401: 20003, 404: 21211, 429: 20429, 503: 20500}[status]
		if status == http.StatusNotFound {
			status = 400
		}
		return twilioFault(status, code, why)
	},
}

func twilioFault(status, code int, why string) Reply {
	b, _ := json.Marshal(map[string]any{"code": code, "message": why, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status})
	return Reply{Status: status, Body: string(b)}
}

func twilioAccount(_ *World, c *Call) error {
	if c.Names["account"] != TwilioAccount {
		return fmt.Errorf("AccountSid: %q is not ours", c.Names["account"])
	}
	return basic(c, TwilioAccount, TwilioToken)
}

func twilioMessage(w *World, c *Call) error {
	err := first(twilioAccount(w, c), form(c, "To Body", "From", "MessagingServiceSid", "StatusCallback", "ValidityPeriod", "SmartEncoded", "ShortenUrls", "ContentRetention", "AddressRetention", "RiskCheck"))
	if err != nil {
		return err
	}
	if (c.Form.Get("From") == "") == (c.Form.Get("MessagingServiceSid") == "") {
		return fmt.Errorf("want either From or MessagingServiceSid")
	}
	if cb := c.Form.Get("StatusCallback"); cb != "" {
		err = link("StatusCallback", cb)
	}
	return first(err, phone("To", c.Form.Get("To")), atMost("Body", c.Form.Get("Body"), 1600))
}

// twilioTrouble is the answer to numbers that are special.
func twilioTrouble(to string) (Reply, bool) {
	switch {
	case strings.HasSuffix(to, "0000"):
		return twilioFault(400, 21211, "The 'To' number "+to+" is not a valid phone number."), true
	case strings.HasSuffix(to, "0001"):
		return twilioFault(400, 21610, "Attempt to send to unsubscribed recipient"), true
	}
	return Reply{}, false
}

func twilioSend(w *World, c *Call) Reply {
	to, from := c.Form.Get("To"), c.Form.Get("From")
	if r, bad := twilioTrouble(to); bad {
		return r
	}
	sid := fmt.Sprintf("SM%032x", w.number())
	r := Reply{Status: 201, Body: fmt.Sprintf(`{"sid":%q,"status":"queued","to":%q,"from":%q,"error_code":null,"num_segments":"1"}`, sid, to, from)}
	states := []string{"sent", "delivered"}
	if c.Mode == Undone {
		states = []string{"sent", "undelivered"}
	}
	for _, state := range states {
		form := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {TwilioAccount}, "MessageStatus": {state}, "SmsStatus": {state}, "To": {to}, "From": {from}, "ApiVersion": {"2010-04-01"}}
		if state == "undelivered" {
			form.Set("ErrorCode", "30003")
		}
		if cb := c.Form.Get("StatusCallback"); cb != "" {
			r.Then = append(r.Then, TwilioCallback(cb, form))
		}
	}
	return r
}

func twilioCalling(w *World, c *Call) error {
	err := first(twilioAccount(w, c), form(c, "To From", "Twiml", "Url", "Method", "StatusCallback", "StatusCallbackEvent", "StatusCallbackMethod", "Timeout", "MachineDetection", "TimeLimit"))
	if err != nil {
		return err
	}
	if (c.Form.Get("Twiml") == "") == (c.Form.Get("Url") == "") {
		return fmt.Errorf("want either Twiml or Url")
	}
	if m := c.Form.Get("MachineDetection"); m != "" && m != "Enable" && m != "DetectMessageEnd" {
		return fmt.Errorf("MachineDetection: %q is neither Enable nor DetectMessageEnd", m)
	}
	for _, e := range c.Form["StatusCallbackEvent"] {
		if !slices.Contains([]string{"initiated", "ringing", "answered", "completed"}, e) {
			return fmt.Errorf("StatusCallbackEvent: %q is none", e)
		}
	}
	return first(phone("To", c.Form.Get("To")), phone("From", c.Form.Get("From")), atMost("Twiml", c.Form.Get("Twiml"), 4000))
}

func twilioCall(w *World, c *Call) Reply {
	to, from := c.Form.Get("To"), c.Form.Get("From")
	if r, bad := twilioTrouble(to); bad {
		return r
	}
	sid := fmt.Sprintf("CA%032x", w.number())
	r := Reply{Status: 201, Body: fmt.Sprintf(`{"sid":%q,"status":"queued","to":%q,"from":%q,"direction":"outbound-api"}`, sid, to, from)}
	states := []string{"ringing", "in-progress"}
	if c.Mode == Undone {
		states = []string{"ringing", "no-answer"}
	}
	for _, state := range states {
		if cb := c.Form.Get("StatusCallback"); cb != "" {
			r.Then = append(r.Then, TwilioCallback(cb, url.Values{
				"CallSid": {sid}, "AccountSid": {TwilioAccount}, "CallStatus": {state}, "To": {to}, "From": {from}, "Direction": {"outbound-api"}, "ApiVersion": {"2010-04-01"},
			}))
		}
	}
	return r
}

// TwilioCallback is a request of Twilio's, signed with its account's token.
func TwilioCallback(address string, form url.Values) Callback {
	text := address
	for _, k := range slices.Sorted(maps.Keys(form)) {
		for _, v := range form[k] {
			text += k + v
		}
	}
	mac := hmac.New(sha1.New, []byte(TwilioToken))
	mac.Write([]byte(text))
	h := http.Header{}
	h.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	h.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return Callback{Provider: "twilio", URL: address, Header: h, Body: form.Encode()}
}
