package channel

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/escalate"
	"tocsin/internal/egress"
	"tocsin/org"
)

// Push sends pages to browsers and installed web apps (RFC 8030), encrypted for the
// device (RFC 8291), in our own name (RFC 8292). The push service that carries them,
// the browser maker's, sees neither text nor incident.
//
// An address is a subscription as the browser gives it. Where it leads is the device's
// word: so only push services that are known are spoken to (PushHosts, and what an
// administrator adds), over TLS, through egress.
//
// What is sent is one payload for both ways to show it: a declarative one that Safari
// shows by itself, and for a service worker the same with the links under "x" by which a
// notification answers and says that it was shown.
type Push struct {
	key     *VAPID
	contact string
	hosts   []string
	public  string
	client  *http.Client
}

// PushHosts are the push services of Chrome, Firefox, Safari and Edge. A leading dot
// stands for any host below.
var PushHosts = []string{"fcm.googleapis.com", "jmt17.google.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"}

const (
	pushOnce = time.Hour        // how long a push that is not repeated may wait for its device
	pushMost = 3 << 10          // bytes of a payload: services take 4096, sealed
	pushText = 1 << 10          // bytes of its text
	leastTTL = 30 * time.Second // of one that is repeated
)

// ErrGone is a page's end when its address is no longer one: whoever has it may forget it.
var ErrGone = errors.New("the address is gone")

// NewPush is the channel. Contact is how a push service may reach whoever runs this: a
// mailto: or https: URL. More are push services beside PushHosts: "push.example.org",
// ".example.org", or "http://127.0.0.1:9000" for one without TLS. Public is the public
// URL, for links to incidents.
func NewPush(key *VAPID, contact, public string, more []string, client *http.Client) (*Push, error) {
	if !strings.HasPrefix(contact, "mailto:") && !strings.HasPrefix(contact, "https://") {
		contact = "mailto:tocsin@localhost" // what Mozilla and Google let pass; Apple wants a real one
	}
	for _, h := range more {
		if strings.Trim(h, ".") == "" || strings.ContainsAny(h, " */@") && !strings.Contains(h, "://") {
			return nil, fmt.Errorf("push: %q is no host such as push.example.org or .example.org", h)
		}
	}
	return &Push{key: key, contact: contact, hosts: slices.Concat(PushHosts, more), public: public, client: client}, nil
}

func (*Push) Name() string { return "push" }

// PublicKey is what a browser subscribes with.
func (p *Push) PublicKey() string { return base64url.EncodeToString(p.key.Public()) }

// A Subscription is a device as its browser names it, and an address of this channel.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"`
	Auth     string `json:"auth"`
}

// Address is the subscription as a contact method keeps it.
func (s Subscription) Address() string {
	text, _ := json.Marshal(s) // three strings
	return string(text)
}

// Check refuses an address to which nothing would be sent.
func (p *Push) Check(address string) error {
	_, _, err := p.target(address)
	return err
}

// target reads an address.
func (p *Push) target(address string) (*url.URL, *recipient, error) {
	var s Subscription
	if err := json.Unmarshal([]byte(address), &s); err != nil || len(address) > 4096 {
		return nil, nil, errors.New("is no subscription of a browser")
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return nil, nil, errors.New("the endpoint is no URL")
	}
	if err := egress.CheckURL(u); err != nil {
		return nil, nil, fmt.Errorf("the endpoint: %w", err)
	}
	if !p.known(u) {
		return nil, nil, fmt.Errorf("the endpoint is at %s, which is no push service we know; an administrator can add it (--push-host)", u.Host)
	}
	to, err := newRecipient(s.P256dh, s.Auth)
	return u, to, err
}

// known says whether a push service is one we speak to.
func (p *Push) known(u *url.URL) bool {
	host := strings.ToLower(u.Host)
	for _, h := range p.hosts {
		h = strings.ToLower(h)
		switch {
		case strings.Contains(h, "://"):
			if h == strings.ToLower(u.Scheme)+"://"+host {
				return true
			}
		case u.Scheme != "https" || u.Port() != "" && u.Port() != "443":
		case strings.HasPrefix(h, ".") && strings.HasSuffix(u.Hostname(), h), u.Hostname() == h:
			return true
		}
	}
	return false
}

// The payload, as https://www.w3.org/TR/push-api/#declarative-push-message has it, and
// what our service worker finds under x.
type (
	pushPayload struct {
		WebPush      int       `json:"web_push"`
		Notification pushShown `json:"notification"`
		Mutable      bool      `json:"mutable"`
		X            pushExtra `json:"x"`
	}
	pushShown struct {
		Title    string `json:"title"`
		Body     string `json:"body,omitempty"`
		Navigate string `json:"navigate"`
		Lang     string `json:"lang"`
		Dir      string `json:"dir"`
		Silent   bool   `json:"silent"`
		Tag      string `json:"tag,omitempty"`
	}
	pushExtra struct {
		Page     string           `json:"page"`
		Incident string           `json:"incident,omitempty"`
		Path     string           `json:"path,omitempty"` // in the app
		Severity org.Severity     `json:"severity,omitempty"`
		Priority org.Priority     `json:"priority"`
		Purpose  escalate.Purpose `json:"purpose"`
		Ack      string           `json:"ack,omitempty"`
		Resolve  string           `json:"resolve,omitempty"`
		Receipt  string           `json:"receipt,omitempty"`
		Read     string           `json:"read,omitempty"`
	}
)

// payload is a message as the device gets it. A tap leads an alarm to the page with the
// one big button, which asks for no session, and all else to the incident.
func (p *Push) payload(m Message) []byte {
	loud := m.Purpose.Alarms() && m.Priority != org.Low
	out := pushPayload{
		WebPush: 8030, Mutable: true,
		Notification: pushShown{Title: Headline(m), Navigate: m.AckURL, Lang: "en", Dir: "auto", Silent: !loud},
		X: pushExtra{
			Page: m.ID, Incident: m.Subject, Severity: m.Severity, Priority: m.Priority, Purpose: m.Purpose, Ack: m.PushAckURL, Resolve: m.ResolveURL,
			Receipt: m.ReceiptURL, Read: m.ReadURL,
		},
	}
	if m.Subject != "" {
		out.Notification.Tag = "inc-" + m.Subject
	}
	if path, ours := strings.CutPrefix(m.URL, p.public); ours {
		out.X.Path = path
	}
	if out.Notification.Navigate == "" {
		out.Notification.Navigate = cmp.Or(m.URL, p.public+"/")
	}
	body := m
	body.AckURL, body.URL, body.Subject, body.Links = "", "", "", nil
	out.Notification.Body = strings.TrimSpace(details(body, pushText))
	text, err := json.Marshal(out)
	if err != nil {
		panic("channel: push: " + err.Error()) // texts of ours
	}
	if len(text) > pushMost { // JSON may blow a text up sixfold
		out.Notification.Body = ""
		text, _ = json.Marshal(out)
	}
	return text
}

// urgency is how much battery the page is worth (RFC 8030, 5.3).
func urgency(m Message) string {
	switch {
	case m.Purpose.Alarms() && m.Priority != org.Low:
		return "high"
	case m.Purpose.Alarms():
		return "normal"
	}
	return "low"
}

// topic is the same for all that is about one thing: of pushes that wait for a device
// that is off, only the last is shown (RFC 8030, 5.4).
func topic(m Message) string {
	sum := sha256.Sum256([]byte("tocsin topic\n" + m.Thread))
	return base64url.EncodeToString(sum[:])[:32]
}

// ttl is how long a push waits for its device: until the next of its kind comes.
func ttl(m Message) time.Duration {
	if m.Again <= 0 {
		return pushOnce
	}
	return max(m.Again, leastTTL)
}

// Send hands the page to the device's push service.
func (p *Push) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	u, to, err := p.target(m.To)
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("push: %w", err))
	}
	body, err := to.seal(p.payload(m))
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("push: %w", err))
	}
	grant, err := p.key.grant(u, p.contact, time.Now())
	if err != nil {
		return Receipt{}, failed(Temporary, fmt.Errorf("push: %w", err))
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			written.Store(true)
		}
	}})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return Receipt{}, failed(Permanent, fmt.Errorf("push: %w", err))
	}
	req.Header.Set("Authorization", grant)
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("TTL", strconv.Itoa(int(ttl(m).Seconds())))
	req.Header.Set("Urgency", urgency(m))
	req.Header.Set("Topic", topic(m))
	res, err := p.client.Do(req)
	if err != nil {
		var refused *url.Error // names the endpoint, which is a secret of the device
		if errors.As(err, &refused) {
			err = refused.Err
		}
		return Receipt{}, failed(lost(err, written.Load()), fmt.Errorf("push: %s: %w", u.Host, err))
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
		return Receipt{}, failed(Permanent, fmt.Errorf("push: %s answered %d: the device is signed up no longer: %w", u.Host, res.StatusCode, ErrGone))
	}
	if err := answered(res); err != nil {
		return Receipt{}, err
	}
	return Receipt{State: escalate.Sent, Provider: oneLine(res.Header.Get("Location"), 200)}, nil
}

var base64url = base64.RawURLEncoding
