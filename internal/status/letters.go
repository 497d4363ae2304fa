package status

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/egress"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	lettersFollower = "letters"
	sendTimeout     = 5 * time.Second
	lease           = 30 * time.Second
	turn            = 10 * time.Second // then others look whether they want to go on
	feedBatch       = 1000             // a transaction each, and mostly nothing that anybody is told
	oweAtOnce       = 100              // updates in one turn: the lease ends before a thousand of them were written down
	readAtOnce      = 200              // subscribers in one transaction
	sendAtOnce      = 8
)

// waits are the times between one try of a letter and the next; after the last it failed.
var waits = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}

// errLost says that somebody else has the lease now.
var errLost = errors.New("the lease ran out")

// post writes down what is owed to those who follow something, and sends what is due.
func (s *Site) post(ctx context.Context, now time.Time) error {
	f, ok, err := s.claim(ctx, now)
	if err != nil || !ok {
		return err
	}
	began := time.Now()
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	for ctx.Err() == nil && time.Since(began) < turn {
		at := now.Add(time.Since(began)).Truncate(time.Microsecond)
		news, err := s.gather(work, &f, at)
		if err != nil {
			return s.letGo(work, f, err)
		}
		sent, err := s.sendDue(work, f, at)
		if err != nil {
			return s.letGo(work, f, err)
		}
		if !news && !sent {
			break
		}
	}
	return s.letGo(work, f, nil)
}

// claim takes the lease if there is anything to do.
func (s *Site) claim(ctx context.Context, now time.Time) (f store.Follower, ok bool, err error) {
	there, owed := false, false
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Followers()
		for _, one := range all {
			if one.ID == lettersFollower {
				f, there = one, true
			}
		}
		if err != nil || !there {
			return err
		}
		news, err := tx.Feed(f.Cursor, 1)
		if err != nil {
			return err
		}
		due, err := tx.LettersDue(now, 1)
		owed = len(news)+len(due) > 0
		return err
	})
	if err != nil || there && !owed {
		return f, false, err
	}
	err = s.store.Write(ctx, store.Background, func(tx *store.Tx) (err error) {
		if !there {
			return tx.Follow(lettersFollower)
		}
		if now.Sub(s.pruned) >= pruneEvery {
			s.pruned = now
			if err := tx.PruneComms(now); err != nil {
				return err
			}
		}
		f, ok, err = tx.ClaimFollower(lettersFollower, now, lease)
		return err
	})
	return f, ok, err
}

// held runs fn in a transaction while the lease is ours.
func (s *Site) held(ctx context.Context, f store.Follower, fn func(*store.Tx) error) error {
	return s.store.Write(ctx, store.Background, func(tx *store.Tx) error {
		if _, ok, err := tx.HoldFollower(f); err != nil || !ok {
			return errors.Join(err, errLost)
		}
		return fn(tx)
	})
}

func (s *Site) letGo(ctx context.Context, f store.Follower, cause error) error {
	if errors.Is(cause, errLost) {
		return nil
	}
	f.Lease = time.Time{}
	err := s.held(ctx, f, func(tx *store.Tx) error { return tx.SaveFollower(f) })
	if errors.Is(err, errLost) {
		err = nil
	}
	return errors.Join(cause, err)
}

// An owing is an update with those who are to have it.
type owing struct {
	subject incident.ID
	seq     int
	scopes  []string
}

// gather writes down what the feed owes to whom, and how far it was read.
func (s *Site) gather(ctx context.Context, f *store.Follower, now time.Time) (news bool, err error) {
	var owed []owing
	cursor := f.Cursor
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Feed(f.Cursor, feedBatch)
		if err != nil {
			return err
		}
		updated, err := tx.Updated(rows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if len(owed) >= oweAtOnce {
				break // the others are news of the next turn
			}
			cursor = r.Cursor
			if r.Topic != "incident" || r.Seq == 0 || !updated[r.Subject] {
				continue
			}
			some, err := owes(tx, r)
			if err != nil {
				return err
			}
			owed = append(owed, some...)
		}
		return nil
	})
	if err != nil || cursor == f.Cursor {
		return false, err
	}
	for _, o := range owed {
		if err := s.owe(ctx, *f, o, now); err != nil {
			return true, err
		}
	}
	f.Cursor = cursor
	return true, s.held(ctx, *f, func(tx *store.Tx) error { return tx.SaveFollower(*f) })
}

// owes are the updates among some lines of a log.
func owes(tx *store.Tx, r store.FeedRow) (out []owing, err error) {
	id := incident.ID(r.Subject)
	sub, err := tx.Subject(id)
	if err != nil {
		return nil, err
	}
	if sub.IsDrill() {
		return nil, nil
	}
	log, err := tx.Log(id)
	if err != nil {
		return nil, err
	}
	all, err := services(tx)
	if err != nil {
		return nil, err
	}
	for _, e := range log {
		u, ok := e.Fact.(incident.Updated)
		if !ok || e.Seq < r.First || e.Seq > r.Seq {
			continue
		}
		o := owing{subject: id, seq: e.Seq}
		for _, to := range u.To {
			if page, ok := org.StatusOf(to); ok {
				o.scopes = append(o.scopes, store.StatusScope(page))
			}
			if to == org.ToFollowers {
				for _, v := range above(all, sub.Service) {
					o.scopes = append(o.scopes, store.ServiceScope(v))
				}
			}
			if to == org.ToReporters {
				o.scopes = append(o.scopes, store.ReportScope(string(id)))
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// owe writes down the letters of one update. Whoever follows it in two ways gets one.
func (s *Site) owe(ctx context.Context, f store.Follower, o owing, now time.Time) error {
	for _, scope := range o.scopes {
		for after := ""; ; {
			n := 0
			err := s.held(ctx, f, func(tx *store.Tx) error {
				all, err := tx.Subscribers(scope, after, readAtOnce)
				n = len(all)
				for _, one := range all {
					after = one.ID
					if err != nil || !one.Active {
						continue
					}
					who := strings.Join([]string{one.Channel, one.Address, string(one.Person), string(one.Method)}, "\n")
					err = tx.AddLetter(store.Letter{
						ID:         s.ring.Hash("letter", fmt.Sprintf("%s\n%s\n%d", who, o.subject, o.seq))[:32],
						Subscriber: one.ID, Kind: store.LetterUpdate, Subject: o.subject, Seq: o.seq, At: now, WakeAt: now,
					})
				}
				return err
			})
			if err != nil {
				return err
			}
			if n < readAtOnce {
				break
			}
		}
	}
	return nil
}

// sendDue sends some letters side by side and writes down what became of each.
func (s *Site) sendDue(ctx context.Context, f store.Follower, now time.Time) (sent bool, err error) {
	var due []store.Letter
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) { due, err = tx.LettersDue(now, sendAtOnce); return err })
	if err != nil || len(due) == 0 {
		return false, err
	}
	var wg sync.WaitGroup
	for i := range due {
		wg.Go(func() { due[i] = s.sendOne(ctx, due[i], now) })
	}
	wg.Wait()
	return true, s.held(ctx, f, func(tx *store.Tx) error {
		for _, l := range due {
			if err := tx.SaveLetter(l); err != nil {
				return err
			}
		}
		return nil
	})
}

// errUnwanted says that nobody wants a letter any longer.
var errUnwanted = errors.New("nobody wants it any longer")

// sendOne sends a letter and says what became of it.
func (s *Site) sendOne(ctx context.Context, l store.Letter, now time.Time) store.Letter {
	one, m, err := s.compose(ctx, l)
	if err == nil {
		if one.Channel == "webhook" && one.Person == "" {
			err = s.hook(ctx, one, l, m, now)
		} else {
			l.Via, err = s.engine.Carry(ctx, one.Channel, m, now)
		}
	}
	l.Tries++
	l.Err = ""
	if err != nil {
		l.Err = channel.OneLine(err.Error(), 300)
	}
	switch {
	case err == nil:
		l.State, l.WakeAt, l.EndedAt = store.LetterSent, time.Time{}, now
	case errors.Is(err, errUnwanted), errors.Is(err, store.ErrNotFound):
		l.State, l.WakeAt, l.EndedAt = store.LetterDropped, time.Time{}, now
	case channel.IsError(err) && channel.Classify(err) == channel.Permanent || l.Tries > len(waits):
		l.State, l.WakeAt, l.EndedAt = store.LetterFailed, time.Time{}, now
	default:
		l.WakeAt = now.Add(max(waits[l.Tries-1], channel.RetryAfter(err)))
	}
	return l
}

// compose makes a letter ready, from what is true now.
func (s *Site) compose(ctx context.Context, l store.Letter) (one store.Subscriber, m channel.Message, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if one, err = tx.Subscriber(l.Subscriber); err != nil {
			return err
		}
		m = channel.Message{ID: l.ID, To: one.Address, Purpose: escalate.News, Priority: org.Low, LeaveURL: s.linkOf("leave", one.ID)}
		if one.Person != "" {
			if err := s.reach(tx, &one, &m, l.Subject); err != nil {
				return err
			}
		}
		if l.Kind == store.LetterUpdate {
			return s.update(tx, one, l, &m)
		}
		return nil
	})
	if err != nil {
		return one, m, err
	}
	switch l.Kind {
	case store.LetterConfirm:
		p, err := s.about(ctx, one)
		if err != nil {
			return one, m, err
		}
		w := Speak(p.Language)
		link := s.linkOf("confirm", one.ID)
		m.LeaveURL = ""
		m.Title, m.Body, m.URL = w.T("letter.confirm", p.Name), []string{w.T("letter.confirm.body", p.Name)}, link
		if one.Channel == "sms" {
			m.Title += " " + link
		}
	case store.LetterReply:
		w := Speak(one.Language)
		m.Title, m.Body, m.URL = w.T("reply"), []string{w.T("reply.body")}, ReportLink(s.ring, s.public, one.Report)
	}
	return one, m, nil
}

// reach finds where somebody of the house is reached, if they may still hear of it.
func (s *Site) reach(tx *store.Tx, one *store.Subscriber, m *channel.Message, subject incident.ID) error {
	w, err := s.engine.World(tx)
	if err != nil {
		return err
	}
	p, ok := w.Person(one.Person)
	method, has := p.Method(one.Method)
	if !ok || p.Retired || !has || !method.Usable() {
		return errUnwanted
	}
	one.Channel, m.To, m.PersonName = method.Channel, method.Address, p.Name
	sub, err := tx.Subject(subject)
	if err != nil {
		return err
	}
	all, err := services(tx)
	if err != nil {
		return err
	}
	if v := all[sub.Service]; v.Sensitive {
		teams, err := teams(tx)
		if err != nil {
			return err
		}
		if !org.AccessOf(p, teams).May(org.ReadSensitive, v.Team) {
			return errUnwanted
		}
	}
	return nil
}

func teams(tx *store.Tx) (all []org.Team, err error) {
	rows, err := tx.ConfigOf("team")
	for _, r := range rows {
		var t org.Team
		if json.Unmarshal(r.Body, &t) == nil {
			t.Retired = r.Retired
			all = append(all, t)
		}
	}
	return all, err
}

// update says what a line of a log says.
func (s *Site) update(tx *store.Tx, one store.Subscriber, l store.Letter, m *channel.Message) error {
	e, err := line(tx, l.Subject, l.Seq)
	if err != nil {
		return err
	}
	u, ok := e.Fact.(incident.Updated)
	if !ok || u.Phase == "" { // it was blanked
		return errUnwanted
	}
	sub, err := tx.Subject(l.Subject)
	if err != nil {
		return err
	}
	w, zone := Speak(""), time.UTC
	title := sub.Title
	if u.Title != "" {
		title = u.Title
	}
	if id, ok := strings.CutPrefix(one.Scope, "status:"); ok {
		if c, ok := s.page(id); ok {
			w = Speak(c.page.Language)
			if z, err := org.Zone(c.page.Zone); err == nil {
				zone = z
			}
		}
		m.URL = s.public + "/status/" + id
	}
	if one.Report != "" {
		w, m.URL = Speak(one.Language), ReportLink(s.ring, s.public, one.Report)
	}
	if one.Person != "" {
		m.URL = s.public + "/incidents/" + string(l.Subject)
	}
	all, err := services(tx)
	if err != nil {
		return err
	}
	if all[sub.Service].Secure && one.Person != "" {
		title = "a secure message waits"
		m.Title = title
		return nil
	}
	m.Title, m.Thread = w.T("letter.update", w.Phase(u.Phase), title), string(l.Subject)
	for _, line := range linesOf(u, w) {
		text := line.Text
		if line.Name != "" {
			text = line.Name + ": " + text
		}
		m.Body = append(m.Body, strings.Split(text, "\n")...)
	}
	if n := sub.Notice; n != nil && n.Form == incident.PlannedWork && !u.Phase.Over() {
		begins := n.Begins
		if begins.IsZero() {
			begins = sub.OpenedAt
		}
		m.Body = append(m.Body, w.T("from", w.Moment(begins, zone), w.Moment(n.Ends, zone)))
	}
	if one.Channel == "sms" && len(m.Body) > 0 {
		m.Title += ". " + m.Body[0]
	}
	if !u.Next.IsZero() {
		m.Body = append(m.Body, w.T("next", w.Moment(u.Next, zone)))
	}
	return nil
}

func line(tx *store.Tx, id incident.ID, seq int) (incident.Entry, error) {
	log, err := tx.Log(id)
	if err != nil {
		return incident.Entry{}, err
	}
	for _, e := range log {
		if e.Seq == seq {
			return e, nil
		}
	}
	return incident.Entry{}, store.ErrNotFound
}

// hook posts a letter to the address of a program.
func (s *Site) hook(ctx context.Context, one store.Subscriber, l store.Letter, m channel.Message, now time.Time) error {
	if s.client == nil {
		return &channel.Error{Outcome: channel.Permanent, Err: errors.New("webhooks are not set up")}
	}
	body, err := json.Marshal(map[string]any{
		"id": l.ID, "kind": l.Kind, "scope": one.Scope, "title": m.Title, "lines": m.Body, "url": m.URL, "leave_url": m.LeaveURL, "incident": l.Subject, "at": l.At,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, one.Address, bytes.NewReader(body))
	if err != nil {
		return &channel.Error{Outcome: channel.Permanent, Err: errors.New("the address cannot be used")}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin-Status")
	req.Header.Set("X-Tocsin-Delivery", l.ID)
	res, err := s.client.Do(req)
	if err != nil {
		if egress.Refused(err) {
			return &channel.Error{Outcome: channel.Permanent, Err: errors.New("the address may not be connected to")}
		}
		return &channel.Error{Outcome: channel.Temporary, Err: errors.New("no answer")}
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusGone, res.StatusCode == http.StatusNotFound:
		return &channel.Error{Outcome: channel.Permanent, Err: fmt.Errorf("answered %d", res.StatusCode)}
	}
	return &channel.Error{Outcome: channel.Temporary, Err: fmt.Errorf("answered %d", res.StatusCode)}
}
