package sim

import (
	"context"
	"encoding/json"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// arrange is what people of the company have agreed on for the days to come: somebody
// looks for cover, somebody is away and another stands in, and one Sunday nobody is there.
func (l *life) arrange(ctx context.Context, end time.Time) error {
	midnight := end.Truncate(24*time.Hour).AddDate(0, 0, 1)
	return l.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		shop, err := scheduleIn(tx, "shop")
		if err != nil {
			return err
		}
		// Whoever has the week after next asks for its Saturday.
		saturday := midnight.AddDate(0, 0, 7)
		for saturday.Weekday() != time.Saturday {
			saturday = saturday.AddDate(0, 0, 1)
		}
		from, until := saturday.Add(10*time.Hour), saturday.Add(22*time.Hour)
		owner := shop.At(from).People[0]
		err = tx.PutSwap(oncall.Swap{
			ID: l.engine.NewID(end), Schedule: "shop", Owner: owner, Role: oncall.Primary, From: from, Until: until, Note: "my sister's wedding",
			State: oncall.SwapOpen, By: string(incident.ByPerson(owner)), At: end.Add(-2 * time.Hour),
		})
		if err != nil {
			return err
		}
		if err := l.away(tx, midnight.AddDate(0, 0, 4).Add(-time.Hour), end); err != nil {
			return err
		}
		// A gap that the linter finds.
		sunday := midnight.Add(8 * time.Hour)
		for sunday.Weekday() != time.Sunday {
			sunday = sunday.AddDate(0, 0, 1)
		}
		platform, err := scheduleIn(tx, "platform")
		if err != nil {
			return err
		}
		return l.patch(tx, platform, oncall.Patch{
			ID: "moving", Op: "remove", Old: platform.At(sunday).People, Start: oncall.Instant(sunday), End: oncall.Instant(sunday.Add(3 * time.Hour)), Why: "the office moves",
		}, end)
	})
}

// away is three days off, by the winter's clock in Prague, for whoever is on call for logistics then; the next in turn
// stands in.
func (l *life) away(tx *store.Tx, from, now time.Time) error {
	logistics, err := scheduleIn(tx, "logistics")
	if err != nil {
		return err
	}
	until := from.AddDate(0, 0, 3)
	who := logistics.At(from.Add(12 * time.Hour)).People[0]
	var stands org.PersonID
	for _, p := range logistics.People() {
		if p != who {
			stands = p
		}
	}
	id := l.engine.NewID(now)
	if err := tx.PutTimeOff(store.TimeOff{ID: id, Person: who, From: from, Until: until, By: string(incident.ByPerson(who)), Why: "skiing"}); err != nil {
		return err
	}
	return l.patch(tx, logistics, oncall.Patch{
		ID: "off-" + id + "-0", Op: "replace", Old: oncall.Names{who}, Users: oncall.Names{stands}, Start: oncall.Instant(from), End: oncall.Instant(until),
		Why: "time off",
	}, now)
}

func (l *life) patch(tx *store.Tx, c *oncall.Compiled, p oncall.Patch, now time.Time) error {
	v := c.Schedule
	v.Patches = append(v.Patches, p)
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = tx.PutConfig(now, store.Change{Kind: "schedule", ID: string(v.ID), Body: body, By: incident.ByPerson("ines")})
	return err
}

func scheduleIn(tx *store.Tx, id string) (*oncall.Compiled, error) {
	row, err := tx.ConfigOne("schedule", id)
	if err != nil {
		return nil, err
	}
	var v oncall.Schedule
	if err := json.Unmarshal(row.Body, &v); err != nil {
		return nil, err
	}
	v.ID = org.ScheduleID(id)
	return oncall.Compile(v)
}
