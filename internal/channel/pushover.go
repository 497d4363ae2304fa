package channel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"tocsin/escalate"
	"tocsin/org"
)

// pushoverKind pushes by Pushover. An alarm of high priority is an emergency there: it
// sounds until it is acknowledged, which acknowledges the page.
var pushoverKind = Kind{
	Name: "pushover", Channel: "pushover", Title: "Pushover",
	Settings: []Setting{
		{Name: "token", Help: "the API token of the application", Secret: true, Needed: true},
		{Name: "server", Help: "the API", Default: "https://api.pushover.net"},
	},
	Make: func(s Setup) (Channel, error) {
		server, err := baseURL(s.Settings["server"])
		if err != nil {
			return nil, fmt.Errorf("settings.server: %w", err)
		}
		return &pushover{s, server, s.Settings["token"]}, nil
	},
}

type pushover struct {
	setup         Setup
	server, token string
}

func (*pushover) Name() string { return "pushover" }

var pushoverKey = regexp.MustCompile(`^[A-Za-z0-9]{30}$`)

// Send pushes the page to the user or group whose key is the address.
func (x *pushover) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to := strings.TrimSpace(m.To)
	if !pushoverKey.MatchString(to) {
		return Receipt{}, failed(Permanent, errors.New("pushover: the address is no user key of 30 letters and digits"))
	}
	body := m
	body.AckURL = "" // it is the link
	text := strings.TrimSpace(details(body, 1000))
	if text == "" {
		text = Headline(m)
	}
	form := url.Values{"token": {x.token}, "user": {to}, "title": {cut(badge(m), 240)}, "message": {text}, "priority": {"0"}}
	switch {
	case !m.Purpose.Alarms():
		form.Set("priority", "-1")
	case m.Priority != org.Low:
		form.Set("priority", "2")
		form.Set("retry", "60")
		form.Set("expire", "3600")
		if len(m.Choices) < 2 { // to silence it is no answer of several
			form.Set("callback", x.callback(m.ID))
		}
	}
	if u := webURL(m.AckURL); u != "" && len(u) <= 512 {
		form.Set("url", u)
		form.Set("url_title", answerVerb(m))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.server+"/1/messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return Receipt{}, failed(Permanent, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, got, err := exchange(x.setup.Client, req)
	if err != nil {
		return Receipt{}, err
	}
	if err := vendorAnswered(res); err != nil {
		e := err.(*Error)
		if why := oneLine(field(got, "errors.0"), 200); why != "" {
			e.Err = fmt.Errorf("pushover: %s", why)
			if field(got, "token") == "invalid" {
				e.Outcome = Temporary
			}
		}
		return Receipt{}, e
	}
	id := field(got, "receipt")
	if id == "" {
		id = field(got, "request")
	}
	return Receipt{Provider: oneLine(id, 200), State: escalate.Sent}, nil
}

// Settle ends an emergency that sounds: somebody has it. What was no emergency makes no
// noise, and cannot be changed.
func (x *pushover) Settle(ctx context.Context, m Message, sent string) error {
	if m.Purpose.Alarms() || !pushoverKey.MatchString(sent) { // the id of a receipt looks like a key
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.server+"/1/receipts/"+sent+"/cancel.json", strings.NewReader(url.Values{"token": {x.token}}.Encode()))
	if err != nil {
		return failed(Permanent, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, _, err := exchange(x.setup.Client, req)
	if err != nil {
		return err
	}
	return vendorAnswered(res)
}

func (x *pushover) callback(page string) string {
	return x.setup.door("ack/"+page) + "?k=" + x.setup.Sign("hook/"+x.setup.ID+"/ack/"+page)
}

// Open reads that somebody acknowledged an emergency.
func (x *pushover) Open(r Request) (Call, error) {
	page, ok := strings.CutPrefix(r.Path, "ack/")
	if !ok || !same(r.Query.Get("k"), x.setup.Sign("hook/"+x.setup.ID+"/"+r.Path)) {
		return Call{}, ErrSignature
	}
	form, err := r.form()
	if err != nil || form.Get("acknowledged") != "1" {
		return Call{Answer: empty}, nil
	}
	return Call{Said: []Said{{Page: page, Verb: Acknowledge}}, Answer: empty}, nil
}
