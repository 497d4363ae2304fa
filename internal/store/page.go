package store

import (
	"cmp"
	"database/sql"
	"slices"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/org"
)

// A PageRow is a page and how far it has come.
type PageRow struct {
	escalate.Page
	ID       string // made when it is empty
	State    escalate.State
	WakeAt   time.Time // zero: it is not waiting for anything
	Gen      int64
	Attempts int

	FirstAt, SentAt, DeliveredAt, ReadAt, AnsweredAt, CancelledAt time.Time

	Err      string
	Provider string // the provider's id of the message
	Unsure   bool   // a try ended without anybody knowing whether it arrived

	Via    string // the provider that was tried last
	Held   string // why it was held up: "held 40 s by your sms cap"
	Bundle string // the page that it waits for or went with, as one of "6 more"
}

// PlanPages writes pages down before anything is sent. One whose key was ever planned
// is left as it is: a key never pages twice.
func (tx *Tx) PlanPages(pages []PageRow) error {
	if tx.readOnly {
		return tx.fail(errReadOnly)
	}
	for _, p := range pages {
		id := p.ID
		if id == "" {
			id = org.NewID(p.At, tx.s.rand)
		}
		address := ""
		if p.Address != "" {
			address = tx.s.ring.Seal("pages/address/"+id, []byte(p.Address))
		}
		key, which := tx.s.ring.Hash("pages/key", p.Key()), putPages
		if s := tx.subjects[p.Subject]; s != nil && s.fresh {
			if slices.Contains(s.planned, key) {
				continue
			}
			s.planned = append(s.planned, key)
			which = addPages
		}
		tx.add(which, id, key, string(p.Subject), p.Run, p.Epoch, p.Round, p.Level, string(p.Person), string(p.Method),
			p.Channel, address, p.Rule, p.Repeat, string(p.Purpose), p.Text, string(p.Priority), micros(p.At), p.Each,
			p.Every.Microseconds(), micros(p.Until), p.Zone, p.Hour, laneOf(p.Priority), string(p.Unless), micros(p.At))
	}
	return tx.failed
}

func laneOf(p org.Priority) int {
	if p == org.High {
		return LaneHigh
	}
	return LaneLow
}

func (tx *Tx) scanPage(r row) (PageRow, error) {
	var p PageRow
	var at, every, until, first, sent, delivered, read, answered, cancelled int64
	var wake sql.NullInt64
	err := r.Scan(&p.ID, &p.Subject, &p.Run, &p.Epoch, &p.Round, &p.Level, &p.Person, &p.Method, &p.Channel, &p.Address, &p.Rule, &p.Repeat,
		&p.Purpose, &p.Text, &p.Priority, &at, &p.Each, &every, &until, &p.Zone, &p.Hour, &p.State, &wake, &p.Gen, &p.Attempts,
		&first, &sent, &delivered, &read, &answered, &cancelled, &p.Err, &p.Provider, &p.Unsure, &p.Via, &p.Held, &p.Bundle, &p.Unless)
	if err != nil {
		return p, err
	}
	p.At, p.Every, p.Until, p.WakeAt = moment(at), time.Duration(every)*time.Microsecond, moment(until), moment(wake.Int64)
	p.FirstAt, p.SentAt, p.DeliveredAt, p.ReadAt = moment(first), moment(sent), moment(delivered), moment(read)
	p.AnsweredAt, p.CancelledAt = moment(answered), moment(cancelled)
	if p.Address != "" {
		b, err := tx.s.ring.Open("pages/address/"+p.ID, p.Address)
		if err != nil {
			return p, err
		}
		p.Address = string(b)
	}
	return p, nil
}

func (tx *Tx) pages(text string, args ...any) ([]PageRow, error) {
	if err := tx.flush(putPages); err != nil {
		return nil, err
	}
	var out []PageRow
	err := tx.each(text, args, func(r row) error {
		p, err := tx.scanPage(r)
		out = append(out, p)
		return err
	})
	return out, err
}

func (tx *Tx) onePage(text string, args ...any) (PageRow, error) {
	p, err := tx.pages(text, args...)
	if err == nil && len(p) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return PageRow{}, err
	}
	return p[0], nil
}

// ClaimPages takes what is due in a lane, of each channel as many as there is room for:
// a channel that can take no more is nothing that others wait behind.
func (tx *Tx) ClaimPages(now time.Time, lease time.Duration, lane int, newestFirst bool, room func(channel string) int) ([]PageRow, error) {
	if tx.readOnly {
		return nil, tx.fail(errReadOnly)
	}
	if err := tx.flush(putPages); err != nil {
		return nil, err
	}
	var channels []string
	err := tx.each(tx.s.sql.WaitingChannels, []any{lane}, func(r row) error {
		var name string
		err := r.Scan(&name)
		channels = append(channels, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	text := tx.s.sql.ClaimPages
	if newestFirst {
		text = tx.s.sql.ClaimPagesNewest
	}
	var out []PageRow
	for _, name := range channels {
		n := room(name)
		if n == 0 {
			continue
		}
		some, err := tx.pages(text, lane, micros(now), n, micros(now.Add(lease)), name)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	slices.SortFunc(out, func(a, b PageRow) int {
		return cmp.Or(order(a.At, b.At, newestFirst), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Page reads one page.
func (tx *Tx) Page(id string) (PageRow, error) { return tx.onePage(tx.s.sql.Page, id) }

// StillOurs says which of some claimed pages nobody cancelled or claimed since.
func (tx *Tx) StillOurs(pages []PageRow) (map[string]bool, error) {
	if err := tx.flush(putPages); err != nil {
		return nil, err
	}
	args := make([]any, 0, 2*len(pages))
	for _, p := range pages {
		args = append(args, p.ID, p.Gen)
	}
	ours := make(map[string]bool, len(pages))
	err := tx.eachOf(ourPages, args, func(r row) error {
		var id string
		err := r.Scan(&id)
		ours[id] = true
		return err
	})
	return ours, err
}

// PageByProvider finds the page of a provider's message.
func (tx *Tx) PageByProvider(channel, provider string) (PageRow, error) {
	return tx.onePage(tx.s.sql.PageByProvider, channel, provider)
}

// SentTo are the pages that went to a person over a channel after a moment, the last
// first.
func (tx *Tx) SentTo(person org.PersonID, channel string, after time.Time, most int) ([]PageRow, error) {
	return tx.pages(tx.s.sql.SentSince, string(person), channel, micros(after), most)
}

// BundledWith are the pages that wait for another, or went with it.
func (tx *Tx) BundledWith(page string) ([]PageRow, error) { return tx.pages(tx.s.sql.HeldFor, page) }

// PagesOf are all pages of a subject, in the order they were due.
func (tx *Tx) PagesOf(subject incident.ID) ([]PageRow, error) {
	return tx.pages(tx.s.sql.PagesOf, string(subject))
}

// Unanswered are the high alarms to a person since a moment, newest first, of what is
// triggered still.
func (tx *Tx) Unanswered(p org.PersonID, since time.Time, limit int) ([]PageRow, error) {
	if err := tx.flush(putSubjects); err != nil {
		return nil, err
	}
	return tx.pages(tx.s.sql.Unanswered, string(p), idFrom(since), limit)
}

// SavePage writes how far a page has come: state, times, when it is due again, and so
// on. With gen 0 or more it is fenced: false says that another holds the page now, and
// nothing was written. Receipts only climb: a page that was delivered does not become
// less, and the first time of each receipt stays. Readers of the feed are told.
func (tx *Tx) SavePage(p PageRow, gen int64) (bool, error) {
	if tx.readOnly {
		return false, tx.fail(errReadOnly)
	}
	was, err := tx.onePage(tx.s.sql.LockPage, p.ID)
	if err != nil {
		return false, err
	}
	if gen >= 0 && was.Gen != gen {
		return false, nil
	}
	if r := was.State.Rank(); r > p.State.Rank() && (r > escalate.Sent.Rank() || p.State == escalate.Claimed) {
		p.State, p.WakeAt, p.Err = was.State, was.WakeAt, was.Err
	}
	p.FirstAt, p.DeliveredAt = earlier(was.FirstAt, p.FirstAt), earlier(was.DeliveredAt, p.DeliveredAt)
	p.ReadAt, p.AnsweredAt = earlier(was.ReadAt, p.ReadAt), earlier(was.AnsweredAt, p.AnsweredAt)
	p.CancelledAt = earlier(was.CancelledAt, p.CancelledAt)
	if p.SentAt.IsZero() {
		p.SentAt = was.SentAt
	}
	var wake any
	if !p.WakeAt.IsZero() {
		wake = micros(p.WakeAt)
	}
	_, err = tx.exec(tx.s.sql.SavePage, p.ID, string(p.State), wake, p.Attempts, micros(p.FirstAt), micros(p.SentAt), micros(p.DeliveredAt),
		micros(p.ReadAt), micros(p.AnsweredAt), micros(p.CancelledAt), p.Err, p.Provider, p.Unsure || was.Unsure, p.Via, p.Held, p.Bundle)
	if err == nil {
		err = tx.Touch("pages", string(was.Subject))
	}
	return err == nil, err
}

// earlier is the time that was there first.
func earlier(was, is time.Time) time.Time {
	if was.IsZero() {
		return is
	}
	return was
}

// Cancel chooses pages that need not be sent any more; what is zero does not matter.
type Cancel struct {
	Subject     incident.ID
	Run         int
	Person      org.PersonID
	NotEach     bool // leave those that go on when somebody else answers
	OnlyRepeats bool
	OnlyAlarms  bool
	Unless      escalate.State // only those that this receipt makes needless
}

// CancelPages cancels pages that are planned or just being sent, with a reason, and
// returns how many. Whoever is sending one is fenced off.
func (tx *Tx) CancelPages(f Cancel, why string, now time.Time) (int, error) {
	if err := tx.flush(putPages); err != nil {
		return 0, err
	}
	b := cancelPages.build(why, micros(now), string(f.Subject))
	if f.Run != 0 {
		b.part("run", f.Run)
	}
	if f.Person != "" {
		b.part("person", string(f.Person))
	}
	if f.NotEach {
		b.part("not each")
	}
	if f.OnlyRepeats {
		b.part("repeats")
	}
	if f.OnlyAlarms {
		b.part("alarms")
	}
	switch f.Unless {
	case escalate.Delivered:
		b.list("unless", []string{string(escalate.Delivered)})
	case escalate.Read:
		b.list("unless", []string{string(escalate.Delivered), string(escalate.Read)})
	}
	return tx.exec(b.text.String(), b.args...)
}
