package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/store"
)

// phoneNames are the channels of a night. They differ in nothing but their names.
var phoneNames = []string{"push", "sms", "voice", "email", "chat"}

// A phone is a channel whose pages stand in the transcript. It does what the script
// says: for everybody, or for one person.
type phone struct {
	p     *player
	name  string
	moods map[string]mood // by person; "" is everybody
}

// A mood is how a provider behaves.
type mood struct {
	outcome channel.Outcome // "" is well
	quiet   time.Duration   // how long it asks to be left alone
}

func (c *phone) Name() string { return c.name }

// Send writes the page into the transcript, with what became of it.
func (c *phone) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	var page store.PageRow
	err := c.p.store.Read(ctx, func(tx *store.Tx) (err error) { page, err = tx.Page(m.ID); return err })
	if err != nil && !errors.Is(err, store.ErrNotFound) { // a letter is no page
		return channel.Receipt{}, err
	}
	who := string(page.Person)
	if who == "" {
		who = c.p.whose(m.To)
	}
	mood, ok := c.moods[who]
	if !ok {
		mood = c.moods[""]
	}
	mark, why := markSent, ""
	switch mood.outcome {
	case channel.Temporary:
		mark, why = markFailed, "the provider fails"
		if mood.quiet > 0 {
			why = "too many requests"
		}
	case channel.Permanent:
		mark, why = markFailed, "the number is refused"
	case channel.Unknown:
		mark, why = markUnknown, "no answer came"
	}
	line := fmt.Sprintf("%-5s %-5s %s", c.name, who, channel.Headline(m))
	if why == "" {
		c.p.say(mark, "%s", line)
		return channel.Receipt{Provider: m.ID}, nil
	}
	c.p.say(mark, "%s (%s)", line, why)
	return channel.Receipt{}, &channel.Error{Outcome: mood.outcome, RetryAfter: mood.quiet, Err: errors.New(why)}
}

// whose is who has an address, or the address.
func (p *player) whose(address string) string {
	for id, one := range p.people {
		for _, m := range one.Methods {
			if m.Address == address {
				return string(id)
			}
		}
	}
	return address
}
