package v1

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/org"
)

// insist is how often a high page is pushed again, until somebody answers or it was read.
const insist = org.Duration(time.Minute)

// PushOffer is what a browser needs to sign up.
type PushOffer struct {
	Key string `json:"key,omitempty" doc:"applicationServerKey, in base64url; absent when devices cannot sign up here"`
}

type (
	deviceAdded struct {
		Body struct {
			Endpoint string `json:"endpoint" minLength:"1" maxLength:"2000"`
			Keys     struct {
				P256dh string `json:"p256dh" maxLength:"200"`
				Auth   string `json:"auth" maxLength:"100"`
			} `json:"keys"`
			Expires *float64 `json:"expirationTime,omitempty" doc:"As PushSubscription.toJSON() gives it; not looked at"`
			Name    string   `json:"name,omitempty" maxLength:"100" doc:"What you call the device"`
			Was     string   `json:"was,omitempty" maxLength:"2000" doc:"The endpoint that this one takes the place of, when the browser changed it"`
		}
	}
)

func (a *API) pushOffer(ctx context.Context, _ *only) (*struct{ Body PushOffer }, error) {
	return &struct{ Body PushOffer }{PushOffer{a.engine.PushKey()}}, nil
}

// addDevice makes a subscription a contact method. It proves itself: only the device has
// the key that opens what is sent. Signing up again, as an app does whenever it is opened,
// changes only what differs.
func (a *API) addDevice(ctx context.Context, in *deviceAdded) (*profileOut, error) {
	b := in.Body
	if a.engine.PushKey() == "" {
		return nil, incident.Refuse("devices cannot sign up here")
	}
	address, err := json.Marshal(struct { // as channel.Subscription reads it
		Endpoint string `json:"endpoint"`
		P256dh   string `json:"p256dh"`
		Auth     string `json:"auth"`
	}{b.Endpoint, b.Keys.P256dh, b.Keys.Auth})
	if err != nil {
		return nil, err
	}
	if err := a.engine.CheckAddress(config.Push, string(address)); err != nil {
		return nil, wrong("body.endpoint", err.Error())
	}
	return a.changeSelf(ctx, Match{}, func(p *org.Person) error {
		for i := range p.Methods {
			m := &p.Methods[i]
			if at := endpointOf(*m); at != "" && (at == b.Endpoint || at == b.Was) {
				m.Address = string(address)
				if b.Name != "" {
					m.Name = b.Name
				}
				return nil
			}
		}
		if len(p.Methods) >= mostMethods {
			return incident.Refuse("%d contact methods are enough: remove one first", mostMethods)
		}
		id := org.MethodID(config.Push)
		for n := 2; ; n++ {
			if _, taken := p.Method(id); !taken {
				break
			}
			id = org.MethodID(fmt.Sprintf("%s-%d", config.Push, n))
		}
		withDevice(p, org.Method{ID: id, Name: b.Name, Channel: config.Push, Address: string(address), Verified: true})
		return nil
	})
}

// endpointOf is where a device is reached; "" for what is none.
func endpointOf(m org.Method) string {
	var s struct {
		Endpoint string `json:"endpoint"`
	}
	if m.Channel != config.Push || !strings.HasPrefix(m.Address, "{") || json.Unmarshal([]byte(m.Address), &s) != nil {
		return ""
	}
	return s.Endpoint
}

// withDevice adds a device and a rule for it: high pages at once, again every minute until
// they are answered. Low ones make no noise on a telephone that cannot tell the two
// apart. Whoever had no rules was paged over everything at once, and still is.
func withDevice(p *org.Person, m org.Method) {
	if len(p.Rules) == 0 {
		for _, had := range p.Methods {
			p.Rules = append(p.Rules, org.NotificationRule{Method: had.ID})
		}
	}
	p.Methods = append(p.Methods, m)
	p.Rules = append(p.Rules, org.NotificationRule{Method: m.ID, Priority: org.High, Every: insist})
}
