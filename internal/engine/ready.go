package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Health is how a provider does, as this node saw it of late.
type Health struct {
	ID, Channel   string
	Ailing        bool
	Refused, Lost int // failures in a row: to take pages, and to bring them to anybody
	At            time.Time
	Why           string // the provider's own words, at the last of them
}

// Healths are all providers, by channel and in their order.
func (e *Engine) Healths(ctx context.Context, now time.Time) (out []Health, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		s, err := e.current(tx)
		if err != nil {
			return err
		}
		for name, all := range s.providers {
			for _, p := range all {
				f := e.health.of(p.id)
				h := Health{ID: p.id, Channel: name, Ailing: e.health.ailing(p.id, now), Refused: f.refused, Lost: f.lost, At: f.refusedAt, Why: f.why}
				if f.lostAt.After(h.At) {
					h.At = f.lostAt
				}
				out = append(out, h)
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Health) int { return strings.Compare(a.Channel, b.Channel) })
	return out, err
}

// TestChannel sends a message through one provider to an address, and returns what the
// provider says, in its own words. It is no page and is written down nowhere.
func (e *Engine) TestChannel(ctx context.Context, id, to string, now time.Time) (channel.Receipt, error) {
	c, err := e.Provider(ctx, id)
	if err != nil {
		return channel.Receipt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, channel.SendTimeout)
	defer cancel()
	r, err := c.Send(ctx, channel.Message{
		ID: e.newID(now), To: to, PersonName: "you", Title: "This is a test of " + id, Priority: org.High, Purpose: escalate.HandOver,
		Text: "This is a test of " + id + ": it works.", At: now, Thread: id,
	})
	if err == nil || channel.Classify(err) != channel.Permanent { // a wrong address says nothing of the provider
		e.health.tried(id, err, now)
	}
	return r, err
}

// Senders are the numbers from which messages and calls come, so that telephones let
// them through.
func (e *Engine) Senders(ctx context.Context) (numbers []string, err error) {
	err = e.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Config()
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Kind != "channel" || r.Retired {
				continue
			}
			c, err := read[org.Channel](r)
			if err != nil || !c.Usable() {
				continue
			}
			k, _ := channel.KindNamed(c.Kind)
			if k.Channel != "sms" && k.Channel != "voice" {
				continue
			}
			from := c.Settings["from"]
			if strings.Trim(from, "0123456789") == "" && from != "" {
				from = "+" + from
			}
			if n, err := channel.Number(from, c.Settings["region"]); err == nil && !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		return nil
	})
	slices.Sort(numbers)
	return numbers, err
}
