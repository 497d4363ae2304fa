package mockworld

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The accounts of the world at the gateways.
const (
	GatewayUser   = "house"
	GatewaySecret = "gateway-secret"
	GatewayFrom   = "15005550007"
)

// back is a receipt as a form, or with object as JSON.
func back(address string, method string, form url.Values, object string) Callback {
	c := Callback{URL: address, Method: method, Header: http.Header{}}
	switch {
	case object != "":
		c.Header.Set("Content-Type", "application/json")
		c.Body = object
	case method == http.MethodGet:
		sep := "?"
		if strings.Contains(address, "?") {
			sep = "&"
		}
		c.URL += sep + form.Encode()
	default:
		c.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c.Body = form.Encode()
	}
	return c
}

// Vonage is its SMS API. It answers 200 to everything, and says what is wrong inside.
var Vonage = Fake{
	Name: "vonage",
	Routes: []Route{{"POST", "/sms/json", func(_ *World, c *Call) error {
		err := form(c, "api_key api_secret from to text", "type", "callback", "client-ref", "ttl", "status-report-req")
		if err == nil && (c.Form.Get("api_key") != GatewayUser || c.Form.Get("api_secret") != GatewaySecret) {
			err = errors.New("the credentials are wrong")
		}
		if t := c.Form.Get("type"); err == nil && t != "" && t != "text" && t != "unicode" {
			err = fmt.Errorf("type: %q", t)
		}
		return first(err, phone("to", "+"+c.Form.Get("to")), atMost("text", c.Form.Get("text"), 3200))
	}, func(w *World, c *Call) Reply {
		id := fmt.Sprintf("%016X", w.number())
		status, why := "0", ""
		if strings.HasSuffix(c.Form.Get("to"), "0000") {
			status, why = "7", "Number barred"
		}
		r := Reply{Status: 200, Body: fmt.Sprintf(`{"message-count":"1","messages":[{"to":%q,"message-id":%q,"status":%q,"error-text":%q,"network":"26201"}]}`, c.Form.Get("to"), id, status, why)}
		state := "delivered"
		if c.Mode == Undone {
			state = "failed"
		}
		if cb := c.Form.Get("callback"); cb != "" && status == "0" {
			r.Then = []Callback{back(cb, http.MethodGet, url.Values{"msisdn": {c.Form.Get("to")}, "to": {c.Form.Get("from")}, "messageId": {id}, "status": {state}, "err-code": {"0"}}, "")}
		}
		return r
	}}},
	Refusal: func(status int, why string) Reply {
		code := map[int]string{400: "3", 401: "4", 404: "3", 429: "1", 503: "5"}[status]
		if status == http.StatusServiceUnavailable {
			return Reply{Status: status, Body: why}
		}
		return Reply{Status: 200, Body: fmt.Sprintf(`{"message-count":"1","messages":[{"status":%q,"error-text":%q}]}`, code, why)}
	},
}

// Plivo is its message API.
var Plivo = Fake{
	Name: "plivo",
	Routes: []Route{{"POST", "/v1/Account/{id}/Message/", func(_ *World, c *Call) error {
		return first(basic(c, GatewayUser, GatewaySecret), object(c, "src dst text", "url", "method", "type", "log"), phone("dst", "+"+c.Text("dst")), atMost("text", c.Text("text"), 1600))
	}, func(w *World, c *Call) Reply {
		id := fmt.Sprintf("db3ce55a-7f1d-11e1-8ea7-%012x", w.number())
		r := Reply{Status: 202, Body: fmt.Sprintf(`{"api_id":"1","message":"message(s) queued","message_uuid":[%q]}`, id)}
		state := "delivered"
		if c.Mode == Undone {
			state = "undelivered"
		}
		if cb := c.Text("url"); cb != "" {
			r.Then = []Callback{back(cb, "POST", url.Values{"MessageUUID": {id}, "Status": {state}, "To": {c.Text("dst")}, "From": {c.Text("src")}, "ErrorCode": {""}}, "")}
		}
		return r
	}}},
}

// Telnyx is its messaging API v2.
var Telnyx = Fake{
	Name: "telnyx",
	Routes: []Route{{"POST", "/v2/messages", func(_ *World, c *Call) error {
		return first(bearer(c, "Bearer ", GatewaySecret), object(c, "from to text", "webhook_url", "webhook_failover_url", "use_profile_webhooks", "type", "messaging_profile_id"), phone("to", c.Text("to")))
	}, func(w *World, c *Call) Reply {
		id := fmt.Sprintf("40385f64-5717-4562-b3fc-%012x", w.number())
		r := Reply{Status: 200, Body: fmt.Sprintf(`{"data":{"record_type":"message","id":%q,"to":[{"phone_number":%q,"status":"queued"}]}}`, id, c.Text("to"))}
		state := "delivered"
		if c.Mode == Undone {
			state = "delivery_failed"
		}
		if cb := c.Text("webhook_url"); cb != "" {
			r.Then = []Callback{back(cb, "POST", nil, fmt.Sprintf(`{"data":{"event_type":"message.finalized","payload":{"id":%q,"to":[{"phone_number":%q,"status":%q}],"errors":[]}}}`, id, c.Text("to"), state))}
		}
		return r
	}}},
	Refusal: func(status int, why string) Reply {
		return Reply{Status: status, Body: fmt.Sprintf(`{"errors":[{"code":"10000","title":%q}]}`, why)}
	},
}

// Gammu is a GSM stick behind a small gateway.
var Gammu = Fake{
	Name: "gammu",
	Routes: []Route{{"POST", "/sms", func(_ *World, c *Call) error {
		return first(basic(c, GatewayUser, GatewaySecret), object(c, "text number", "unicode", "smsc"), phone("number", c.Text("number")))
	}, func(w *World, c *Call) Reply {
		return Reply{Status: 200, Body: fmt.Sprintf(`{"status":200,"message":"[%d]"}`, w.number())}
	}}},
}

// Kannel is the sendsms of its smsbox.
var Kannel = Fake{
	Name: "kannel",
	Routes: []Route{{"GET", "/cgi-bin/sendsms", func(_ *World, c *Call) error {
		if c.Query.Get("username") != GatewayUser || c.Query.Get("password") != GatewaySecret {
			return fmt.Errorf("authorization failed for sendsms: %w", errDenied)
		}
		if c.Query.Get("text") == "" {
			return errors.New("empty text not allowed, rejected")
		}
		return phone("to", c.Query.Get("to"))
	}, func(w *World, c *Call) Reply {
		r := Reply{Status: 202, Header: map[string]string{"Content-Type": "text/html"}, Body: "0: Accepted for delivery"}
		state := "1"
		if c.Mode == Undone {
			state = "2"
		}
		if cb := c.Query.Get("dlr-url"); cb != "" {
			r.Then = []Callback{back(strings.NewReplacer("%d", state, "%A", "ok").Replace(cb), http.MethodGet, url.Values{}, "")}
		}
		return r
	}}},
	Refusal: func(status int, why string) Reply {
		if status == http.StatusUnauthorized {
			status = http.StatusForbidden // its own word for a wrong password
		}
		return Reply{Status: status, Body: why}
	},
}
