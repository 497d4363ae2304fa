package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tocsin/escalate"
)

// twilioSettings are those of an account at Twilio.
var twilioSettings = []Setting{
	{Name: "account", Help: "the account SID, which begins with AC", Needed: true},
	{Name: "token", Help: "the auth token; it signs what Twilio tells us, too", Secret: true, Needed: true},
	{Name: "from", Help: "the number that sends, such as +15005550006, or the SID of a messaging service (MG...)", Needed: true},
	{Name: "region", Help: "where numbers without a country code are, such as DE"},
	{Name: "server", Help: "the API", Default: "https://api.twilio.com"},
}

const twilioProved = "Twilio's OpenAPI description of its API 2010-04-01, and its npm package twilio for signatures and TwiML"

var twilioKind = Kind{
	Name: "twilio", Channel: "sms", Title: "Twilio SMS", Settings: twilioSettings, Proved: twilioProved,
	Make: func(s Setup) (Channel, error) {
		t, err := newTwilio(s)
		if err != nil {
			return nil, err
		}
		return &twilioSMS{SMS{t, true, s.Settings["region"]}, t}, nil
	},
}

// twilio is an account at Twilio.
type twilio struct {
	setup                        Setup
	account, token, from, server string
}

func newTwilio(s Setup) (*twilio, error) {
	server, err := baseURL(s.Settings["server"])
	if err != nil {
		return nil, fmt.Errorf("settings.server: %w", err)
	}
	t := &twilio{s, s.Settings["account"], s.Settings["token"], s.Settings["from"], server}
	if !strings.HasPrefix(t.account, "AC") || strings.ContainsAny(t.account, "/?# ") {
		return nil, errors.New("settings.account: is no account SID such as AC followed by 32 digits and letters")
	}
	if !strings.HasPrefix(t.from, "MG") {
		if t.from, err = Number(t.from, s.Settings["region"]); err != nil {
			return nil, fmt.Errorf("settings.from: %w", err)
		}
	}
	return t, nil
}

// A twilioSMS is the account's short messages, with its door.
type twilioSMS struct {
	SMS
	*twilio
}

// text sends one message. What becomes of it comes to sms/PAGE.
func (t *twilio) text(ctx context.Context, to, text, page string) (string, error) {
	form := url.Values{"To": {to}, "Body": {text}, "StatusCallback": {t.setup.door("sms/" + page)}, "ValidityPeriod": {"3600"}}
	if strings.HasPrefix(t.from, "MG") {
		form.Set("MessagingServiceSid", t.from)
	} else {
		form.Set("From", t.from)
	}
	return t.post(ctx, "Messages.json", form)
}

// post asks for one thing. Its error says what Twilio has against it.
func (t *twilio) post(ctx context.Context, what string, form url.Values) (sid string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.server+"/2010-04-01/Accounts/"+t.account+"/"+what, strings.NewReader(form.Encode()))
	if err != nil {
		return "", failed(Permanent, err)
	}
	req.SetBasicAuth(t.account, t.token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, body, err := exchange(t.setup.Client, req)
	if err != nil {
		return "", err
	}
	var got struct {
		SID     string `json:"sid"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &got) != nil {
		got.Code = 0
	}
	if err := vendorAnswered(res); err != nil {
		e := err.(*Error)
		if got.Code != 0 {
			e = &Error{Outcome: e.Outcome, RetryAfter: e.RetryAfter, Err: fmt.Errorf("twilio: error %d: %s", got.Code, oneLine(got.Message, 200))}
			if why, ours := twilioCodes[got.Code]; ours {
				e.Outcome, e.Err = Temporary, fmt.Errorf("%w (%s)", e.Err, why)
			}
		}
		return "", e
	}
	return got.SID, nil
}

// twilioCodes are errors that say nothing against the number: of the account, or of
// Twilio itself. Another provider may do better.
var twilioCodes = map[int]string{
	20003: "check account and token", 20005: "the account is not active", 20429: "too many requests", 21606: "the number of from cannot send there",
	21408: "the account may not send to this region", 21611: "the queue of from is full", 21612: "no way from this number to that", 21210: "the number of from is not verified", 21212: "the number of from is wrong",
	14107: "too many messages",
}

// sign is Twilio's signature of a request: of its URL and its sorted fields.
func (t *twilio) sign(address string, form url.Values) string {
	var text strings.Builder
	text.WriteString(address)
	for _, k := range slices.Sorted(maps.Keys(form)) {
		for _, v := range slices.Sorted(slices.Values(form[k])) {
			text.WriteString(k + v)
		}
	}
	mac := hmac.New(sha1.New, []byte(t.token))
	mac.Write([]byte(text.String()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// read checks a request of Twilio's and gives its fields.
func (t *twilio) read(r Request) (url.Values, error) {
	form, err := r.form()
	if err != nil || r.Method != http.MethodPost || !same(t.sign(r.URL, form), r.Header.Get("X-Twilio-Signature")) {
		return nil, ErrSignature
	}
	return form, nil
}

// Open reads status callbacks (sms/PAGE) and replies (sms).
func (t *twilioSMS) Open(r Request) (Call, error) {
	form, err := t.read(r)
	if err != nil {
		return Call{}, err
	}
	if page, ok := strings.CutPrefix(r.Path, "sms/"); ok {
		s := Said{Page: page, Provider: form.Get("MessageSid")}
		if s.State = twilioStates[form.Get("MessageStatus")]; s.State == "" {
			return Call{Answer: empty}, nil
		}
		if s.State == escalate.Failed {
			s.Why = strings.TrimSpace("twilio: " + oneLine(form.Get("MessageStatus"), 40) + " " + oneLine(form.Get("ErrorCode"), 20))
		}
		return Call{Said: []Said{s}, Answer: empty}, nil
	}
	s := Said{From: form.Get("From"), Text: form.Get("Body")}
	s.Code, s.Verb, s.Text = ParseReply(s.Text)
	return Call{Said: []Said{s}, Answer: func(texts []string) Response {
		var reply twiml
		for _, text := range texts {
			if text != "" {
				reply.Messages = append(reply.Messages, cutUnits(oneLine(text, 600), 2*shortGSM))
			}
		}
		return reply.response()
	}}, nil
}

// twilioStates are what Twilio says of messages. Queued and sending say nothing new.
var twilioStates = map[string]escalate.State{
	"sent": escalate.Sent, "delivered": escalate.Delivered, "read": escalate.Read, "undelivered": escalate.Failed, "failed": escalate.Failed,
}

// A twiml is what we tell Twilio to do.
type twiml struct {
	XMLName  xml.Name `xml:"Response"`
	Messages []string `xml:"Message"`
	Gathers  []gather `xml:"Gather"`
	Say      []string `xml:"Say"`
	Hangup   *string  `xml:"Hangup"`
}

type gather struct {
	Input   string   `xml:"input,attr"`
	Digits  int      `xml:"numDigits,attr"`
	Timeout int      `xml:"timeout,attr"`
	Action  string   `xml:"action,attr"`
	Method  string   `xml:"method,attr"`
	Say     []string `xml:"Say"`
}

func (t twiml) String() string {
	b, err := xml.Marshal(t)
	if err != nil {
		panic("channel: twiml: " + err.Error()) // texts and numbers
	}
	return xml.Header + string(b)
}

func (t twiml) response() Response {
	return Response{Status: http.StatusOK, Type: "application/xml", Body: t.String()}
}
