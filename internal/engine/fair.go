package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

const (
	digestHour = 9                  // on a Monday, by the schedule's clock
	digestLate = 24 * time.Hour     // what was slept through for longer is not told any more
	week       = 7 * 24 * time.Hour // of which a digest tells
	digestLook = 35 * 24 * time.Hour
)

// relieve puts the cover that would be proposed after a heavy shift on call at once, where
// the schedule says so. The overrides are named for the shift's end: twice is once.
func (w *shiftWork) relieve() error {
	if !w.turned || w.c.Schedule.Fairness.Cover != "auto" {
		return nil
	}
	b := w.s.books(w.id)
	l, err := b.Ledger(w.tx, w.now.Add(-LedgerBack), w.now, w.now)
	if err != nil {
		return err
	}
	pool, err := b.Pool(w.tx, l, w.now)
	if err != nil {
		return err
	}
	var more []oncall.Patch
	for i, p := range b.Rest(l, pool, b.Register.Render(b.Schedule, w.now, w.now.Add(replanFor)), w.now.Truncate(time.Second)) {
		more = append(more, p.Patch(fmt.Sprintf("rest-%d-%d", w.last.At.Unix(), i)))
	}
	if len(more) == 0 {
		return nil
	}
	return w.e.override(w.tx, w.id, more, w.now)
}

// override adds overrides to a schedule by the engine's own hand, and tells whom they touch.
func (e *Engine) override(tx *store.Tx, id org.ScheduleID, more []oncall.Patch, now time.Time) error {
	if _, err := tx.PutConfig(now); err != nil { // nobody else writes until this is done
		return err
	}
	row, err := tx.ConfigOne("schedule", string(id))
	if errors.Is(err, store.ErrNotFound) || err == nil && row.Retired {
		return nil
	}
	if err != nil {
		return err
	}
	var v oncall.Schedule
	if err := json.Unmarshal(row.Body, &v); err != nil {
		return err
	}
	seq := int64(0)
	for _, p := range v.Patches {
		seq = max(seq, p.Seq)
		more = slices.DeleteFunc(more, func(q oncall.Patch) bool { return q.ID == p.ID })
	}
	if len(more) == 0 {
		return nil
	}
	for _, p := range more {
		seq++
		p.Seq = seq
		v.Patches = append(v.Patches, p)
	}
	return e.rewrite(tx, row, v, now)
}

// digest tells everybody once a week what they bore, how that is beside the others, and
// which shifts of theirs moved and why. It returns when the next is due.
func (w *shiftWork) digest(next time.Time) (time.Time, error) {
	if !w.c.Schedule.Fairness.Digest {
		return next, nil
	}
	monday := lastMonday(w.now, w.c.Schedule.TZ, w.c.Schedule.Zone)
	if due := lastMonday(monday.Add(week+12*time.Hour), w.c.Schedule.TZ, w.c.Schedule.Zone); due.After(w.now) && due.Before(next) {
		next = due
	}
	if w.now.Sub(monday) > digestLate {
		return next, nil
	}
	b := w.s.books(w.id)
	l, err := b.Ledger(w.tx, monday.Add(-week), monday, w.now)
	if err != nil {
		return next, err
	}
	moved, err := w.moved(monday)
	if err != nil {
		return next, err
	}
	sums, all := map[org.PersonID]float64{}, 0.0
	pages, nights := map[org.PersonID]int{}, map[org.PersonID]int{}
	for _, x := range l.Lines {
		sums[x.Person] += x.Weighs()
		all += x.Weighs()
		if x.Page {
			pages[x.Person]++
			if x.Night {
				nights[x.Person]++
			}
		}
	}
	hours := map[org.PersonID]float64{}
	for _, st := range l.Stints {
		if st.Role != oncall.Shadow {
			hours[st.Person] += st.Until.Sub(st.From).Hours()
		}
	}
	for _, p := range l.People {
		text := fmt.Sprintf("Your week for %s: %.4g hours; pages: %d, at night: %d; burden: %.1f, the mean is %.1f", w.title(), hours[p], pages[p], nights[p], sums[p], all/float64(len(l.People)))
		for _, d := range moved {
			on, off := slices.Contains(d.On, p), slices.Contains(d.Off, p)
			if on || off {
				text += "\n" + w.s.move(w.c, d, p, on)
			}
		}
		if err := w.notice(p, noticeDigest, monday, text); err != nil {
			return next, err
		}
	}
	return next, nil
}

// moved is what the changes of a week do to the weeks to come.
func (w *shiftWork) moved(monday time.Time) ([]oncall.Difference, error) {
	rows, err := w.tx.ConfigVersions("schedule", string(w.id))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(r store.ConfigRow) bool { return !r.At.After(monday.Add(-week)) })
	if i <= 0 { // it did not change, or is newer than that
		return nil, nil
	}
	before := compileBody(rows[i].Body)
	if before == nil {
		return nil, nil
	}
	r := w.s.register()
	all := oncall.Diff(r.Render(before, w.now, w.now.Add(digestLook)), r.Render(w.c, w.now, w.now.Add(digestLook)))
	return all[:min(len(all), 20)], nil
}

// move is one change of whose shift it is, as its person reads it.
func (s *setup) move(c *oncall.Compiled, d oncall.Difference, who org.PersonID, on bool) string {
	what := "yours no longer"
	if on {
		what = "yours now"
	}
	text := fmt.Sprintf("%s: %s to %s (%s)", what, s.clock(who, d.From), s.clock(who, d.Until), d.Role)
	if why := whyOf(c, d.From, who); why != "" {
		text += ": " + why
	}
	return text
}

// whyOf is what the override says that puts somebody on call at a moment, or takes them off.
func whyOf(c *oncall.Compiled, at time.Time, who org.PersonID) string {
	for _, p := range slices.Backward(c.Schedule.Patches) {
		from, err := time.Parse(time.RFC3339, string(p.Start))
		until, err2 := time.Parse(time.RFC3339, string(p.End))
		if err != nil || err2 != nil || at.Before(from) || !at.Before(until) {
			continue
		}
		if p.Why != "" && (slices.Contains(p.Users, who) || slices.Contains(p.Old, who)) {
			return strings.Join(strings.Fields(p.Why), " ")
		}
	}
	return ""
}

// lastMonday is the last Monday morning until a moment, by the clock of the first zone
// that is named.
func lastMonday(t time.Time, names ...string) time.Time {
	zone := time.UTC
	for _, name := range names {
		if name == "" {
			continue
		}
		if z, err := org.Zone(name); err == nil {
			zone = z
			break
		}
	}
	local := t.In(zone)
	day := local.AddDate(0, 0, -(int(local.Weekday())+6)%7)
	monday := time.Date(day.Year(), day.Month(), day.Day(), digestHour, 0, 0, 0, zone)
	if monday.After(t) {
		monday = time.Date(day.Year(), day.Month(), day.Day()-7, digestHour, 0, 0, 0, zone)
	}
	return monday.UTC()
}
