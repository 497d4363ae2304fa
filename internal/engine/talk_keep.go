package engine

import (
	"errors"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
)

const (
	talksAtOnce    = 100 // conversations that one audit looks at, of each kind
	messagesAtOnce = 200 // that are forgotten of one of them
)

// forgetTalk forgets messages whose time is over: a few at each audit, which goes on where
// the one before it stopped.
func (e *Engine) forgetTalk(tx *store.Tx, s *setup, now time.Time) error {
	k := s.settings.Keep
	for kind, classes := range map[talk.Kind][]talk.Class{talk.Room: {talk.Rooms, talk.Sensitive}, talk.Direct: {talk.Directs}, talk.Group: {talk.Groups}} {
		if talk.Days(k, classes[0]) == 0 && talk.Days(k, classes[len(classes)-1]) == 0 {
			continue
		}
		at := "keep/" + string(kind)
		after, err := tx.Meta(at)
		if err != nil {
			return err
		}
		spans, err := tx.Spans(kind, after, talksAtOnce)
		if err != nil {
			return err
		}
		after = ""
		for _, span := range spans {
			if len(spans) == talksAtOnce {
				after = span.ID
			}
			if span.Floor >= span.Last {
				continue
			}
			before, err := s.talkBefore(tx, kind, span.ID, now)
			if err == nil && !before.IsZero() {
				_, err = tx.ForgetMessages(span, before, messagesAtOnce)
			}
			if err != nil {
				return err
			}
		}
		if err := tx.SetMeta(at, after); err != nil {
			return err
		}
	}
	return nil
}

// talkBefore is until when messages of a conversation are forgotten by now; zero: none is.
// In a room they stay together until the incident is over for so long.
func (s *setup) talkBefore(tx *store.Tx, kind talk.Kind, id string, now time.Time) (time.Time, error) {
	switch kind {
	case talk.Direct:
		return talk.Before(s.settings.Keep, talk.Directs, now), nil
	case talk.Group:
		return talk.Before(s.settings.Keep, talk.Groups, now), nil
	}
	sub, err := tx.Subject(incident.ID(id))
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	class := talk.Rooms
	if s.services[sub.Service].Sensitive {
		class = talk.Sensitive
	}
	before := talk.Before(s.settings.Keep, class, now)
	if before.IsZero() || sub.Status.Open() || sub.ResolvedAt.IsZero() || sub.ResolvedAt.After(before) {
		return time.Time{}, nil
	}
	return now.Add(time.Hour), nil // all of them
}
