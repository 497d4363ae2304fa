package v1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// ChannelKind is a sort of provider that can be set up, and what it must be told.
type ChannelKind struct {
	Kind     string        `json:"kind"`
	Channel  string        `json:"channel" doc:"What contact methods call it"`
	Title    string        `json:"title"`
	Proved   string        `json:"proved" doc:"Against what it was checked"`
	Settings []KindSetting `json:"settings"`
	Any      bool          `json:"any,omitempty" doc:"Takes settings of other names, too"`
}

// KindSetting is one setting of a kind.
type KindSetting struct {
	Name    string `json:"name"`
	Help    string `json:"help"`
	Secret  bool   `json:"secret,omitempty"`
	Needed  bool   `json:"needed,omitempty"`
	Default string `json:"default,omitempty"`
}

// ChannelHealth is how a provider does.
type ChannelHealth struct {
	ID      string     `json:"id"`
	Channel string     `json:"channel"`
	Ailing  bool       `json:"ailing" doc:"Others of the channel go before it"`
	Refused int        `json:"refused" doc:"Pages in a row that it did not take"`
	Lost    int        `json:"lost" doc:"Pages in a row that it took and did not bring"`
	At      *time.Time `json:"at,omitempty" doc:"Of the last failure"`
	Why     string     `json:"why,omitempty"`
	Door    string     `json:"door,omitempty" doc:"Where its vendor calls us back; give this to the vendor"`
	Replies string     `json:"replies,omitempty" doc:"Where its vendor is to bring replies"`
}

// ChannelTest is what came of a test.
type ChannelTest struct {
	Took     int64  `json:"took_ms"`
	OK       bool   `json:"ok"`
	Provider string `json:"provider,omitempty" doc:"The vendor's id of the message"`
	Error    string `json:"error,omitempty" doc:"The vendor's own words"`
}

// MemberReadiness is whether somebody can be reached, and what is in the way.
type MemberReadiness struct {
	Person   org.PersonID `json:"person"`
	Name     string       `json:"name"`
	Ready    bool         `json:"ready"`
	Channels []string     `json:"channels" doc:"Over which they can be reached"`
	Problems []string     `json:"problems" doc:"What to repair, the worst first"`
	LastPage *time.Time   `json:"last_page,omitempty"`
	LastSeen *time.Time   `json:"last_seen,omitempty" doc:"When one was last delivered, read or answered"`
	Test     *MemberTest  `json:"test,omitempty" doc:"The last test page before a shift"`
}

// MemberTest is the test page that somebody was sent before a shift.
type MemberTest struct {
	Call       incident.ID `json:"call" doc:"The page by hand that it was"`
	At         time.Time   `json:"at"`
	State      string      `json:"state" enum:"waiting,confirmed,unconfirmed"`
	AnsweredAt *time.Time  `json:"answered_at,omitempty"`
	Via        string      `json:"via,omitempty" doc:"The channel by which it was confirmed"`
}

type (
	channelTesting struct {
		ThingID
		Body struct {
			To string `json:"to" minLength:"1" maxLength:"2000" doc:"An address of the channel: your own"`
		}
	}
	tested    struct{ Body ChannelTest }
	kindList  struct{ Body page[ChannelKind] }
	healths   struct{ Body page[ChannelHealth] }
	readyTeam struct{ Body page[MemberReadiness] }
)

func (a *API) channelKinds(context.Context, *only) (*kindList, error) {
	out := &kindList{}
	for _, k := range channel.Kinds {
		v := ChannelKind{Kind: k.Name, Channel: k.Channel, Title: k.Title, Proved: k.Proved, Any: k.Free, Settings: []KindSetting{}}
		if v.Proved == "" {
			v.Proved = "built from documentation, not proved against the vendor"
		}
		for _, s := range k.Settings {
			v.Settings = append(v.Settings, KindSetting(s))
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func (a *API) channelHealth(ctx context.Context, _ *only) (*healths, error) {
	out := &healths{Body: page[ChannelHealth]{Items: []ChannelHealth{}}}
	all, err := a.engine.Healths(ctx, a.now())
	for _, h := range all {
		v := ChannelHealth{ID: h.ID, Channel: h.Channel, Ailing: h.Ailing, Refused: h.Refused, Lost: h.Lost, At: shown(h.At), Why: h.Why}
		c, err := a.engine.Provider(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		if _, ok := c.(channel.Door); ok {
			v.Door = a.engine.PublicURL() + channel.DoorPath + h.ID
		}
		if r, ok := c.(interface{ ReplyURL() string }); ok {
			v.Replies = r.ReplyURL()
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, err
}

// testChannel sends one message through a provider and shows what it says.
func (a *API) testChannel(ctx context.Context, in *channelTesting) (*tested, error) {
	began := a.now()
	r, err := a.engine.TestChannel(ctx, in.ID, in.Body.To, began)
	out := &tested{Body: ChannelTest{OK: err == nil, Provider: r.Provider, Took: a.now().Sub(began).Milliseconds()}}
	if err != nil {
		if !channel.IsError(err) {
			return nil, err
		}
		out.Body.Error = channel.Words(err)
	}
	return out, nil
}

// SenderCard is for people's telephones.
type SenderCard struct {
	VCard string `json:"vcard" doc:"RFC 2426; keep it as a file that ends in .vcf"`
}

// senderCard is a vCard of all numbers from which pages come, for people's telephones.
func (a *API) senderCard(ctx context.Context, _ *only) (*pageless[SenderCard], error) {
	numbers, err := a.engine.Senders(ctx)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("BEGIN:VCARD")
	line("VERSION:3.0")
	line("PRODID:-//Tocsin//EN")
	line("N:Tocsin;;;;")
	line("FN:Tocsin")
	line("NOTE:Pages come from these numbers. Let them through \"do not disturb\".")
	for _, n := range numbers {
		line("TEL;TYPE=WORK,VOICE:%s", n)
	}
	line("END:VCARD")
	return &pageless[SenderCard]{SenderCard{b.String()}}, nil
}

// readiness says of each member of a team whether they can be reached now.
func (a *API) readiness(ctx context.Context, in *reading) (*readyTeam, error) {
	s := asking(ctx).setup
	row, ok := s.rows[thing{config.Team, in.ID}]
	if !ok || row.Retired {
		return nil, store.ErrNotFound
	}
	var team org.Team
	if err := json.Unmarshal(row.Body, &team); err != nil {
		return nil, err
	}
	all, err := a.engine.Healths(ctx, a.now())
	if err != nil {
		return nil, err
	}
	well := map[string]bool{} // channels that have a provider that is well
	for _, h := range all {
		well[h.Channel] = well[h.Channel] || !h.Ailing
	}
	out := &readyTeam{Body: page[MemberReadiness]{Items: []MemberReadiness{}}}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		for _, id := range team.Members {
			var p org.Person
			row, ok := s.rows[thing{config.Person, string(id)}]
			if !ok || json.Unmarshal(row.Body, &p) != nil {
				continue
			}
			m := a.member(p, row.Retired, well)
			pages, err := tx.Pages(store.PageFilter{Person: id, Limit: 50})
			if err != nil {
				return err
			}
			for _, q := range pages {
				if q.Purpose.Alarms() && m.LastPage == nil && !q.SentAt.IsZero() {
					m.LastPage = shown(q.SentAt)
				}
				if at := reached(q); q.State.Rank() >= escalate.Delivered.Rank() && m.LastSeen == nil {
					m.LastSeen = shown(at)
				}
			}
			worked, err := tx.Worked(id, a.now().Add(-confirmedWithin))
			if err != nil {
				return err
			}
			heard := false
			for _, w := range worked {
				heard = heard || !w.DeliveredAt.IsZero() || !w.Read.IsZero()
			}
			if !heard && len(m.Channels) > 0 {
				m.Problems = append(m.Problems, "nothing was confirmed in the last 30 days: they should send themselves a test page")
			}
			if m.Test, err = memberTest(tx, id); err != nil {
				return err
			}
			if m.Test != nil && m.Test.State == "unconfirmed" && (m.LastSeen == nil || m.LastSeen.Before(m.Test.At)) {
				m.Problems = append(m.Problems, "the last test page was not confirmed")
			}
			out.Body.Items = append(out.Body.Items, m)
		}
		return nil
	})
	return out, err
}

// memberTest is what came of the last test page before a shift; nil when there was none.
func memberTest(tx *store.Tx, p org.PersonID) (*MemberTest, error) {
	last, err := tx.SelfTest(p)
	if err != nil || last.Subject == "" {
		return nil, err
	}
	sub, err := tx.Subject(last.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && sub.Call == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &MemberTest{Call: last.Subject, At: last.At, State: "waiting"}
	given, confirmed := sub.Call.Of(p)
	switch {
	case confirmed:
		t.State, t.AnsweredAt, t.Via = "confirmed", shown(given.At), given.Via
	case !sub.Status.Open():
		t.State = "unconfirmed"
	}
	return t, nil
}

// confirmedWithin is how lately something should have come of what somebody was sent.
const confirmedWithin = 30 * 24 * time.Hour

// member is what can be said of somebody's methods and rules.
func (a *API) member(p org.Person, retired bool, well map[string]bool) MemberReadiness {
	m := MemberReadiness{Person: p.ID, Name: p.Name, Channels: []string{}, Problems: []string{}}
	bad := func(format string, args ...any) { m.Problems = append(m.Problems, fmt.Sprintf(format, args...)) }
	if retired {
		bad("is not here any longer")
	}
	if why, off := p.OffCall(org.High, a.now()); off {
		bad("%s", why)
	}
	usable := map[org.MethodID]bool{}
	for _, method := range p.Methods {
		up, set := well[method.Channel]
		switch {
		case !method.Verified:
			bad("the contact method %s is not verified", method.ID)
		case method.Disabled:
			bad("the contact method %s is switched off", method.ID)
		case !set:
			bad("the channel %s is not set up", method.Channel)
		case !up:
			bad("the channel %s fails now", method.Channel)
		default:
			usable[method.ID] = true
			m.Channels = append(m.Channels, method.Channel)
		}
	}
	if len(m.Channels) == 0 {
		m.Problems = append([]string{"cannot be reached at all"}, m.Problems...)
	} else if len(m.Channels) == 1 {
		bad("has only one way to be reached")
	}
	high := false
	for _, r := range p.Rules {
		high = high || usable[r.Method] && r.Priority != org.Low && r.Unless == ""
	}
	if len(p.Rules) > 0 && !high {
		bad("no rule pages them at high priority over a method that works")
	}
	_, off := p.OffCall(org.High, a.now())
	m.Ready = len(m.Channels) > 0 && !retired && !off && (high || len(p.Rules) == 0)
	return m
}
