package channel_test

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/sim/mockworld"
	"tocsin/org"
)

// accounts are the settings with which each kind speaks to the mock world.
var accounts = map[string]map[string]string{
	"twilio":       {"account": mockworld.TwilioAccount, "token": mockworld.TwilioToken, "from": mockworld.TwilioFrom, "server": "http://mock/twilio"},
	"twilio-voice": {"account": mockworld.TwilioAccount, "token": mockworld.TwilioToken, "from": mockworld.TwilioFrom, "server": "http://mock/twilio"},
	"vonage":       {"key": mockworld.GatewayUser, "secret": mockworld.GatewaySecret, "from": mockworld.GatewayFrom, "server": "http://mock/vonage"},
	"plivo":        {"id": mockworld.GatewayUser, "token": mockworld.GatewaySecret, "from": mockworld.GatewayFrom, "server": "http://mock/plivo"},
	"telnyx":       {"key": mockworld.GatewaySecret, "from": "+" + mockworld.GatewayFrom, "server": "http://mock/telnyx"},
	"gammu":        {"user": mockworld.GatewayUser, "password": mockworld.GatewaySecret, "server": "http://mock/gammu"},
	"slack":        {"token": mockworld.ChatToken, "signing": mockworld.SlackSigning, "server": "http://mock/slack"},
	"telegram":     {"token": mockworld.ChatToken, "server": "http://mock/telegram"},
	"teams":        {},
	"mattermost":   {},
	"discord":      {},
	"googlechat":   {},
	"rocketchat":   {},
	"matrix":       {"server": "http://mock/matrix", "token": mockworld.ChatToken},
	"webex":        {"server": "http://mock/webex", "token": mockworld.ChatToken},
	"gotify":       {"server": "http://mock/gotify"},
	"pushover":     {"server": "http://mock/pushover", "token": mockworld.PushoverToken},
	"kannel":       {"user": mockworld.GatewayUser, "password": mockworld.GatewaySecret, "from": mockworld.GatewayFrom, "server": "http://mock/kannel"},
}

func sign(text string) string { return "signed-" + strings.ReplaceAll(text, "/", "-") }

// made is a provider in the mock world.
func made(t *testing.T, w *mockworld.World, kind string) channel.Channel {
	t.Helper()
	c, err := channel.Make(kind, channel.Setup{ID: "x-" + kind, Settings: accounts[kind], Client: w.Client(), Public: "https://tocsin.example.org", Sign: sign})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func smsAlarm() channel.Message {
	return channel.Message{
		ID: "01page", To: "+4915112345678", PersonName: "Jane", Title: "db-1 is down", Service: "checkout", Severity: org.SEV1,
		Priority: org.High, Purpose: escalate.Alarm, Code: "4711", AckURL: "https://tocsin.example.org/a/x.y", URL: "https://tocsin.example.org/i/1",
	}
}

// request is a callback as it comes to the door.
func request(t *testing.T, cb mockworld.Callback) channel.Request {
	t.Helper()
	u, err := url.Parse(cb.URL)
	if err != nil {
		t.Fatal(err)
	}
	method := cb.Method
	if method == "" {
		method = http.MethodPost
	}
	path := strings.SplitN(strings.TrimPrefix(u.Path, channel.DoorPath), "/", 2)[1]
	return channel.Request{Method: method, URL: cb.URL, Path: path, Query: u.Query(), Header: cb.Header, Body: []byte(cb.Body)}
}

func TestEveryKindKeepsItsContract(t *testing.T) {
	for _, k := range channel.Kinds {
		if k.Name == "gateway" { // TestTemplateOfOnesOwn
			continue
		}
		if accounts[k.Name] == nil {
			t.Errorf("nothing holds %s to its contract", k.Name)
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			w := mockworld.New()
			c := made(t, w, k.Name)
			if c.Name() != k.Channel {
				t.Errorf("it is of channel %s, its kind says %s", c.Name(), k.Channel)
			}
			for _, m := range messages() {
				if m.To = addressOf(k.Channel); m.To == "" {
					t.Fatal("no address for " + k.Channel)
				}
				if _, err := c.Send(t.Context(), m); err != nil {
					t.Errorf("%s: %v", m.Title[:min(len(m.Title), 20)], err)
				}
			}
			settle(t, c, addressOf(k.Channel))
			for _, f := range w.Faults() {
				t.Error(f)
			}
			if n := len(w.Calls("")); n < len(messages()) {
				t.Errorf("%d calls for %d messages", n, len(messages()))
			}
		})
	}
}

// settle lets a channel that can change what it has sent do so.
func settle(t *testing.T, c channel.Channel, to string) {
	t.Helper()
	s, ok := c.(channel.Settler)
	if !ok {
		return
	}
	for _, m := range messages() {
		m.To = to
		sent, err := c.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		m.Purpose, m.Text, m.AckURL, m.Choices = escalate.Told, "Omar has it", "", nil
		if err := s.Settle(t.Context(), m, sent.Provider); err != nil {
			t.Errorf("settle %s: %v", m.Title[:min(len(m.Title), 20)], err)
		}
	}
}

// Every chat and push service leads to the room, and an alarm to its answer too; SMS and
// calls have no place for it: the page of the answer leads there.
func TestEveryMessageLeadsToItsRoom(t *testing.T) {
	for _, k := range channel.Kinds {
		if k.Channel == "sms" || k.Channel == "voice" {
			continue
		}
		w := mockworld.New()
		c := made(t, w, k.Name)
		for _, p := range []escalate.Purpose{escalate.Alarm, escalate.Told} {
			m := smsAlarm()
			m.To, m.Purpose = addressOf(k.Channel), p
			if p == escalate.Told {
				m.AckURL = ""
			}
			if _, err := c.Send(t.Context(), m); err != nil {
				t.Fatal(k.Name, err)
			}
			calls := w.Calls("")
			said, err := url.QueryUnescape(string(calls[len(calls)-1].Body))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(said, m.URL) {
				t.Errorf("%s: %s does not lead to the room: %s", k.Name, p, said)
			}
		}
	}
}

// addressOf is somebody's address on a channel of the mock world.
func addressOf(name string) string {
	return map[string]string{
		"sms": "+4915112345678", "voice": "+49 151 12345678", "slack": "U012AB3CD", "telegram": "4711",
		"teams": "http://mock/teams/workflows/1", "mattermost": "http://mock/mattermost/hooks/x", "discord": "http://mock/discord/api/webhooks/1/t",
		"googlechat": "http://mock/googlechat/v1/spaces/x/messages?key=k&token=t", "rocketchat": "http://mock/rocketchat/hooks/a/b",
		"matrix": "!room:example.org", "webex": "jane@example.org", "gotify": "Atoken", "pushover": mockworld.PushoverUser,
	}[name]
}

// messages are one of each purpose, and what comes from outside at its worst.
func messages() (all []channel.Message) {
	for _, p := range []escalate.Purpose{escalate.Alarm, escalate.FailOver, escalate.Told, escalate.AllClear, escalate.HandOver, escalate.Report} {
		m := smsAlarm()
		m.Purpose, m.Text = p, "Omar has it"
		all = append(all, m)
	}
	for _, title := range []string{strings.Repeat("a", 20000), strings.Repeat("ö€{", 5000), strings.Repeat("火事", 3000), "</Say><Dial>+15005550001</Dial>", "{{.token}}", "<!channel> @all @here <users/all>", "a\x00b\xff\u202ec", "\"'&<>|\\", strings.Repeat("😀", 900)} {
		m := smsAlarm()
		m.Title, m.Body = title, []string{title, title}
		all = append(all, m)
	}
	asked := smsAlarm()
	asked.Choices = []string{"yes", "no", strings.Repeat("perhaps ", 50), "<!channel>"}
	all = append(all, asked)
	low := smsAlarm()
	low.Priority, low.More = org.Low, "6 more alerts for checkout"
	return append(all, low)
}

func TestWhatBecameOfIt(t *testing.T) {
	for _, c := range []struct {
		kind    string
		mode    mockworld.Mode
		to      string
		outcome channel.Outcome
		says    string
	}{
		{"twilio", mockworld.OK, "+4915112345678", channel.Accepted, ""},
		{"twilio", mockworld.TooMany, "+4915112345678", channel.Temporary, "too many"},
		{"twilio", mockworld.Failing, "+4915112345678", channel.Temporary, "trouble"},
		{"twilio", mockworld.Locked, "+4915112345678", channel.Temporary, "check account"},
		{"twilio", mockworld.OK, "+4915112340000", channel.Permanent, "21211"},
		{"twilio", mockworld.OK, "+4915112340001", channel.Permanent, "unsubscribed"},
		{"twilio", mockworld.OK, "0151 12345678", channel.Permanent, "no country code"},
		{"twilio", mockworld.Hang, "+4915112345678", channel.Unknown, ""},
		{"twilio-voice", mockworld.OK, "+4915112340000", channel.Permanent, "21211"},
		{"vonage", mockworld.OK, "+4915112340000", channel.Permanent, "Number barred"},
		{"vonage", mockworld.TooMany, "+4915112345678", channel.Temporary, "too many"},
		{"vonage", mockworld.Locked, "+4915112345678", channel.Temporary, "closed"},
		{"vonage", mockworld.Failing, "+4915112345678", channel.Temporary, "503"},
		{"plivo", mockworld.Locked, "+4915112345678", channel.Temporary, "check the account"},
		{"telnyx", mockworld.Failing, "+4915112345678", channel.Temporary, "trouble"},
		{"kannel", mockworld.Failing, "+4915112345678", channel.Temporary, "503"},
		{"gammu", mockworld.TooMany, "+4915112345678", channel.Temporary, "429"},
	} {
		w := mockworld.New()
		w.Set(strings.TrimSuffix(c.kind, "-voice"), c.mode)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if c.mode != mockworld.Hang {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		}
		m := smsAlarm()
		m.To = c.to
		_, err := made(t, w, c.kind).Send(ctx, m)
		cancel()
		// In the process nothing says that the request was written: what hangs is Temporary.
		if got := channel.Classify(err); got != c.outcome && !(c.mode == mockworld.Hang && got == channel.Temporary) {
			t.Errorf("%s %s %s: %v", c.kind, c.mode, c.to, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %q does not say %q", c.kind, c.mode, err, c.says)
		}
		if err != nil && (strings.Contains(err.Error(), mockworld.TwilioToken) || strings.Contains(err.Error(), mockworld.GatewaySecret)) {
			t.Errorf("%s: a secret in %q", c.kind, err)
		}
	}
}

func TestReceipts(t *testing.T) {
	for _, kind := range []string{"twilio", "twilio-voice", "vonage", "plivo", "telnyx", "kannel"} {
		for mode, last := range map[mockworld.Mode]escalate.State{mockworld.OK: escalate.Delivered, mockworld.Undone: escalate.Failed} {
			w := mockworld.New()
			w.Set(strings.TrimSuffix(kind, "-voice"), mode)
			c := made(t, w, kind)
			r, err := c.Send(t.Context(), smsAlarm())
			if err != nil {
				t.Fatal(err)
			}
			calls := w.Waiting()
			var got escalate.State
			for _, cb := range calls {
				call, err := c.(channel.Door).Open(request(t, cb))
				if err != nil || len(call.Said) != 1 {
					t.Fatalf("%s: %v, %d said", kind, err, len(call.Said))
				}
				said := call.Said[0]
				if said.Page != "01page" || said.Provider != "" && said.Provider != r.Provider {
					t.Errorf("%s: %+v", kind, said)
				}
				got = said.State

				bad := request(t, cb)
				bad.Path += "1"
				bad.URL = strings.Replace(bad.URL, "01page", "01page1", 1)
				if _, err := c.(channel.Door).Open(bad); !errors.Is(err, channel.ErrSignature) {
					t.Errorf("%s: of another page: %v", kind, err)
				}
			}
			if got != last {
				t.Errorf("%s %s: the last receipt is %q", kind, mode, got)
			}
		}
	}
}

func TestReplies(t *testing.T) {
	w := mockworld.New()
	c := made(t, w, "twilio")
	cb := mockworld.TwilioCallback("https://tocsin.example.org/hook/x-twilio/sms", url.Values{"From": {"+4915112345678"}, "Body": {"4711 e"}, "MessageSid": {"SM1"}})
	call, err := c.(channel.Door).Open(request(t, cb))
	if err != nil || len(call.Said) != 1 {
		t.Fatal(err)
	}
	if s := call.Said[0]; s.From != "+4915112345678" || s.Code != "4711" || s.Verb != channel.Escalate {
		t.Errorf("%+v", s)
	}
	res := call.Answer([]string{"You have it & <more>."})
	if !strings.Contains(res.Body, "<Message>You have it &amp; &lt;more&gt;.</Message>") || res.Type != "application/xml" {
		t.Error(res)
	}
	for _, header := range []string{"", "x", strings.Repeat("A", 28), cb.Header.Get("X-Twilio-Signature") + "="} {
		r := request(t, cb)
		r.Header = http.Header{"X-Twilio-Signature": {header}}
		if _, err := c.(channel.Door).Open(r); !errors.Is(err, channel.ErrSignature) {
			t.Errorf("signature %q: %v", header, err)
		}
	}
}

func TestParseReply(t *testing.T) {
	for _, c := range []struct {
		text, code string
		verb       channel.Verb
		rest       string
	}{
		{"4711", "4711", channel.Acknowledge, ""},
		{" Ack 4711!", "4711", channel.Acknowledge, ""},
		{"4711 e", "4711", channel.Escalate, ""},
		{"r 4711 it was the fuse", "4711", channel.Resolve, "it was the fuse"},
		{"ok", "", channel.Acknowledge, ""},
		{"4711 looking at it", "4711", channel.Note, "looking at it"},
		{"what?", "", channel.Unclear, "what?"},
		{"", "", channel.Unclear, ""},
		{"12345", "", channel.Unclear, "12345"},
	} {
		code, verb, rest := channel.ParseReply(c.text)
		if code != c.code || verb != c.verb || rest != c.rest {
			t.Errorf("%q: %q %q %q", c.text, code, verb, rest)
		}
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add("4711 ack")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		code, verb, rest := channel.ParseReply(text)
		if verb == "" || code != "" && len(code) != 4 || len(rest) > 500 || !utf8.ValidString(rest) {
			t.Errorf("%q: %q %q %q", text, code, verb, rest)
		}
	})
}

func TestShort(t *testing.T) {
	m := smsAlarm()
	if got, want := channel.Short(m), "SEV1 db-1 is down (checkout). Reply 4711 to acknowledge, 4711 e to escalate, 4711 r to resolve. https://tocsin.example.org/a/x.y"; got != want {
		t.Error(got)
	}
	m.Code = ""
	if got := channel.Short(m); strings.Contains(got, "Reply") {
		t.Error(got)
	}
	m = smsAlarm()
	m.Title = strings.Repeat("long ", 500)
	if got := channel.Short(m); len(got) > 306 || !strings.HasSuffix(got, m.AckURL) || !strings.Contains(got, "Reply 4711") {
		t.Error(len(got), got)
	}
	m.Title = strings.Repeat("火事", 500)
	if got := []rune(channel.Short(m)); len(got) > 200 || !strings.HasSuffix(string(got), m.AckURL) {
		t.Error(len(got), string(got))
	}
}

// What a call says stays what it says, whatever an alert is called.
func FuzzTwiml(f *testing.F) {
	f.Add("</Say><Dial>+1</Dial>", "checkout")
	f.Add("]]>&#0;\x00", "\xff")
	f.Fuzz(func(t *testing.T, title, service string) {
		w := mockworld.New()
		m := smsAlarm()
		m.Title, m.Service = title, service
		if _, err := made(t, w, "twilio-voice").Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var seen []string
		d := xml.NewDecoder(strings.NewReader(w.Calls("twilio")[0].Form.Get("Twiml")))
		for {
			tok, err := d.Token()
			if err != nil {
				if err.Error() != "EOF" {
					t.Fatal(err)
				}
				break
			}
			if s, ok := tok.(xml.StartElement); ok {
				seen = append(seen, s.Name.Local)
			}
		}
		for _, name := range seen {
			if !strings.Contains(" Response Gather Say ", " "+name+" ") {
				t.Fatalf("%q became %v", title, seen)
			}
		}
	})
}

func TestTemplateOfOnesOwn(t *testing.T) {
	w := mockworld.New()
	template := `
request:
  url: "{{.server}}/sms"
  user: "{{.user}}"
  password: "{{.secret}}"
  json: {text: "{{.text}}", number: "{{.to}}"}
why: message
`
	settings := map[string]string{"template": template, "server": "http://mock/gammu", "user": mockworld.GatewayUser, "secret": mockworld.GatewaySecret}
	c, err := channel.Make("gateway", channel.Setup{ID: "own", Settings: settings, Client: w.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), smsAlarm()); err != nil {
		t.Error(err)
	}
	for wrong, says := range map[string]string{
		"request: {urll: x}": "urll",
		"request: {}":        "request.url",
		"request: {url: 'http://mock/{{.nothing}}'}":  "nothing",
		"request: {url: 'http://mock/{{exec .text}}'": "",
		"request: {url: 'file:///etc/passwd'}":        "http",
		"[":                                           "",
	} {
		settings["template"] = wrong
		if _, err := channel.Make("gateway", channel.Setup{ID: "own", Settings: settings, Client: w.Client()}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func FuzzGatewayTemplate(f *testing.F) {
	f.Add("request: {url: 'http://mock/{{.to}}', json: {a: [{b: '{{.text}}'}]}}", "title")
	f.Fuzz(func(t *testing.T, template, title string) {
		c, err := channel.Make("gateway", channel.Setup{ID: "own", Settings: map[string]string{"template": template}, Client: mockworld.New().Client()})
		if err != nil {
			return
		}
		m := smsAlarm()
		m.Title = title
		_, _ = c.Send(t.Context(), m) // whatever is said to it, it says something back
	})
}
