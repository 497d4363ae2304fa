package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/secret"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/internal/tracker"
	"tocsin/org"
)

// publicURL is where the house of a night is reached.
const publicURL = "https://tocsin.example.org"

// A line is a real provider of the house, which speaks to the mock world: what it sends
// stands in the transcript with the provider's name.
type line struct {
	channel.Channel
	p    *player
	id   string
	kind string
}

// Provider names it in the house.
func (l line) Provider() string { return l.id }

// connect makes a provider that speaks to the mock world. Its vendor's server is the
// fake of its kind.
func (p *player) connect(c org.Channel, ring *secret.Ring) (channel.Channel, error) {
	made, err := channel.Make(c.Kind, channel.Setup{
		ID: string(c.ID), Settings: c.Settings, Client: p.world.Client(), Public: publicURL,
		Sign: func(text string) string { return ring.Token("hook", text) },
	})
	if err != nil {
		return nil, err
	}
	l := line{made, p, string(c.ID), c.Kind}
	if door, ok := made.(channel.Door); ok {
		return struct {
			line
			channel.Door
		}{l, door}, nil
	}
	return l, nil
}

// worldly are the channels that a set-up has providers for: their phones are not the
// player's own.
func worldly(text string) (names []string) {
	setup, err := config.Parse("set-up", []byte(text))
	if err != nil {
		return nil // setUp will say it
	}
	for _, c := range setup.Channels {
		if k, ok := channel.KindNamed(c.Kind); ok {
			names = append(names, k.Channel)
		}
	}
	return names
}

// Send sends the page by the real provider, and writes what became of it.
func (l line) Send(ctx context.Context, m channel.Message) (r channel.Receipt, err error) {
	var page store.PageRow
	err = l.p.store.Read(ctx, func(tx *store.Tx) (err error) { page, err = tx.Page(m.ID); return err })
	if err != nil {
		return r, err
	}
	mark, why := markSent, ""
	if l.p.hangs[l.id] {
		err = &channel.Error{Outcome: channel.Unknown, Err: errors.New("no answer came")}
	} else {
		r, err = l.Channel.Send(ctx, m)
	}
	switch channel.Classify(err) {
	case channel.Unknown:
		mark, why = markUnknown, ": no answer came"
	case channel.Temporary, channel.Permanent:
		mark, why = markFailed, ": "+err.Error()
	}
	l.p.say(mark, "%-5s %-5s %s (%s%s)", l.Name(), cmp.Or(string(page.Person), m.To), channel.Headline(m), l.id, why)
	return r, err
}

// vendorOf is the fake behind a provider: the last word of its server's URL.
func (p *player) vendorOf(ctx context.Context, id string) (vendor string, err error) {
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		for _, r := range rows {
			var c org.Channel
			if (r.Kind == config.Channel || r.Kind == config.TicketSystem) && r.ID == id {
				err = json.Unmarshal(r.Body, &c)
				vendor = path.Base(c.Settings["server"])
			}
		}
		return err
	})
	return vendor, err
}

// behaviours are the words of scripts for the modes of the mock world.
var behaviours = map[string]mockworld.Mode{
	"recovers": mockworld.OK, "fails": mockworld.Failing, "refuses": mockworld.Refuses, "locks": mockworld.Locked, "drops": mockworld.Drop,
	"doubles": mockworld.Twice, "loses": mockworld.Undone, "chokes": mockworld.TooMany, "delays": mockworld.OK, "hangs": mockworld.OK,
}

func (p *player) behaves(ctx context.Context, w words) error {
	id := w["PROVIDER"]
	vendor, err := p.vendorOf(ctx, id)
	if err != nil {
		return err
	}
	p.hangs[id], p.delays[id] = w[""] == "hangs", w[""] == "delays"
	p.world.Set(vendor, behaviours[w[""]])
	return nil
}

// callbacks brings in what the vendors say, but for those that are late with it, and
// says whether there was anything.
func (p *player) callbacks(ctx context.Context) (said bool, err error) {
	for _, cb := range p.world.Waiting() {
		u, err := url.Parse(cb.URL)
		if err != nil {
			return said, err
		}
		if strings.HasPrefix(u.Path, tracker.DoorPath) {
			if err := p.heardTicket(ctx, u, cb); err != nil {
				return said, err
			}
			said = true
			continue
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(u.Path, channel.DoorPath), "/")
		if p.delays[id] {
			p.late = append(p.late, cb)
			continue
		}
		if _, err := p.knock(ctx, cb); err != nil {
			return said, err
		}
		said = true
	}
	return said, nil
}

// catchesUp brings in what was late, the last first: nobody promises an order.
func (p *player) catchesUp(ctx context.Context, w words) error {
	late := p.late
	p.late, p.delays[w["PROVIDER"]] = nil, false
	slices.Reverse(late)
	for _, cb := range late {
		if _, err := p.knock(ctx, cb); err != nil {
			return err
		}
	}
	return nil
}

// knock is a request of a vendor at the house's door.
func (p *player) knock(ctx context.Context, cb mockworld.Callback) (channel.Response, error) {
	u, err := url.Parse(cb.URL)
	if err != nil {
		return channel.Response{}, err
	}
	id, below, _ := strings.Cut(strings.TrimPrefix(u.Path, channel.DoorPath), "/")
	return p.engine.Door(ctx, id, channel.Request{
		Method: cmp.Or(cb.Method, "POST"), URL: cb.URL, Path: below, Query: u.Query(), Header: cb.Header, Body: []byte(cb.Body),
	}, p.now)
}

// texts is a reply by SMS to a number at Twilio.
func (p *player) texts(ctx context.Context, w words) error {
	person := p.people[org.PersonID(w["PERSON"])]
	i := slices.IndexFunc(person.Methods, func(m org.Method) bool { return m.Channel == "sms" || m.Channel == "voice" })
	if i < 0 {
		return fmt.Errorf("%s has no telephone", person.ID)
	}
	text := w["TEXT"]
	for key := range p.from {
		if id, err := p.subject(ctx, words{"KEY": key}); err == nil {
			text = strings.ReplaceAll(text, "#"+key, p.engine.Code(person.ID, id))
		}
	}
	defer func() { p.reader = "" }()
	p.reader = person.ID
	form := url.Values{"From": {person.Methods[i].Address}, "To": {mockworld.TwilioFrom}, "Body": {text}, "MessageSid": {"SM00000000000000000000000000000000"}, "AccountSid": {mockworld.TwilioAccount}}
	return p.hearsBack(ctx, mockworld.TwilioCallback(publicURL+channel.DoorPath+w["PROVIDER"]+"/sms", form))
}

// presses is a key in the person's last call.
func (p *player) presses(ctx context.Context, w words) error {
	page, err := p.page(ctx, words{"PERSON": w["PERSON"]}, "voice")
	if err != nil {
		return err
	}
	form := url.Values{"CallSid": {page.Provider}, "CallStatus": {"in-progress"}, "Digits": {w["KEYS"]}, "AccountSid": {mockworld.TwilioAccount}}
	return p.hearsBack(ctx, mockworld.TwilioCallback(publicURL+channel.DoorPath+page.Via+"/key/"+page.ID, form))
}

// hearsBack knocks, and writes what the person hears.
func (p *player) hearsBack(ctx context.Context, cb mockworld.Callback) error {
	res, err := p.knock(ctx, cb)
	if err != nil {
		return err
	}
	text := res.Body
	for _, tag := range []string{"Message", "Say"} {
		if _, after, ok := strings.Cut(text, "<"+tag+">"); ok {
			text, _, _ = strings.Cut(after, "</"+tag+">")
		}
	}
	for key := range p.from { // the codes change with the ids of the night
		if id, err := p.subject(ctx, words{"KEY": key}); err == nil && p.reader != "" {
			text = strings.ReplaceAll(text, p.engine.Code(p.reader, id), "#"+key)
		}
	}
	p.say(markReply, "%s", text)
	return nil
}

// contracts fails a night in which a provider was told something that its vendor's
// contract does not know.
func (p *player) contracts() error {
	if faults := p.world.Faults(); len(faults) > 0 {
		return fmt.Errorf("the providers were asked for what they do not do: %s", strings.Join(faults, "; "))
	}
	return nil
}

// showPages shows how far the pages of an incident are.
func (p *player) showPages(ctx context.Context, w words) error {
	id, err := p.subject(ctx, w)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.PagesOf(id)
		for _, one := range all {
			line := fmt.Sprintf("%-5s %-5s %s", one.Channel, one.Person, one.State)
			if one.Held != "" {
				line += ", " + one.Held
			}
			if one.Bundle != "" {
				line += ", along with another"
			}
			p.say(markShown, "%s", line)
		}
		return err
	})
}

// pagesByHand is a page by hand.
func (p *player) pagesByHand(ctx context.Context, w words) error {
	_, err := p.engine.Call(ctx, incident.ByPerson(org.PersonID(w["PERSON"])), escalate.Call{
		Title: w["TEXT"], Targets: []org.Target{w.target()}, Priority: org.High, Enough: 1, Expires: p.now.Add(time.Hour),
		Choices: []incident.Choice{{Text: "yes", Positive: true}, {Text: "no"}},
	}, p.now)
	return err
}

// chooses is an answer to it.
func (p *player) chooses(ctx context.Context, w words) error {
	n, err := strconv.Atoi(w["NUMBER"])
	if err != nil {
		return err
	}
	var called []store.Row // the newest, whoever sent it
	if err := p.store.Read(ctx, func(tx *store.Tx) (err error) { called, err = tx.Calls("", 1); return err }); err != nil || len(called) == 0 {
		return errors.Join(err, errors.New("no page by hand was sent yet"))
	}
	_, err = p.engine.Do(ctx, called[0].ID, incident.ByPerson(org.PersonID(w["PERSON"])), p.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
		return escalate.Choose(in, n, "")
	})
	return err
}
