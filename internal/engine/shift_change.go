package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// changeAhead is how far into the future a change of a schedule is told to those whom it
// touches.
const changeAhead = 90 * 24 * time.Hour

// ScheduleChanged tells those whose shifts a new version of a schedule moves, in the
// transaction that writes it; not who made the change, who knows. Neither version need
// be one that can be read: what cannot is nobody's shift.
func (e *Engine) ScheduleChanged(tx *store.Tx, id org.ScheduleID, was, is []byte, version int, by incident.Actor, now time.Time) error {
	s, err := e.current(tx)
	if err != nil {
		return err
	}
	before, after := compileBody(was), compileBody(is)
	if before == nil || after == nil {
		return nil
	}
	r := s.register()
	to := now.Add(changeAhead)
	changes := oncall.Diff(r.Render(before, now, to), r.Render(after, now, to))
	name := cmp.Or(after.Schedule.Name, string(id))
	for _, who := range touched(changes) {
		if who == by.Person() {
			continue
		}
		lines := []string{fmt.Sprintf("%s changed your shifts for %s", s.actor(by), name)}
		for _, d := range changes {
			on, off := slices.Contains(d.On, who), slices.Contains(d.Off, who)
			if d.Role == oncall.Shadow || !on && !off {
				continue
			}
			if len(lines) == 6 {
				lines = append(lines, "and more")
				break
			}
			lines = append(lines, s.move(after, d, who, on))
		}
		if err := e.notice(tx, s, who, "schedule:"+string(id), noticeChange+10*version, now, strings.Join(lines, "\n"), now); err != nil {
			return err
		}
	}
	return nil
}

// actor is how an actor is called.
func (s *setup) actor(by incident.Actor) string {
	if p := by.Person(); p != "" {
		return s.name(p)
	}
	if by == incident.Engine {
		return "Tocsin"
	}
	return by.Name()
}

func compileBody(body []byte) *oncall.Compiled {
	var v oncall.Schedule
	if json.Unmarshal(body, &v) != nil {
		return nil
	}
	c, err := oncall.Compile(v)
	if err != nil {
		return nil
	}
	return c
}

func touched(changes []oncall.Difference) (people []org.PersonID) {
	for _, d := range changes {
		if d.Role != oncall.Shadow {
			people = append(append(people, d.On...), d.Off...)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// TellSwap tells people of a swap: those who are asked of a new one, and its owner of what
// became of it.
func (e *Engine) TellSwap(tx *store.Tx, x oncall.Swap, now time.Time) error {
	s, err := e.current(tx)
	if err != nil {
		return err
	}
	c := s.schedules[x.Schedule]
	if c == nil {
		return nil
	}
	title := cmp.Or(c.Schedule.Name, string(x.Schedule))
	subject := "schedule:" + string(x.Schedule)
	span := func(p org.PersonID) string { return s.clock(p, x.From) + " to " + s.clock(p, x.Until) }
	switch x.State {
	case oncall.SwapOpen:
		for _, p := range s.asked(x, c) {
			text := fmt.Sprintf("%s asks who takes %s, %s", s.name(x.Owner), title, span(p))
			if x.Give != nil {
				text += fmt.Sprintf("\nfor %s to %s", s.clock(p, x.Give.From), s.clock(p, x.Give.Until))
			}
			if x.Note != "" {
				text += "\n" + x.Note
			}
			if err := e.notice(tx, s, p, subject, noticeSwap, x.At, text, now); err != nil {
				return err
			}
		}
	case oncall.SwapTaken:
		text := fmt.Sprintf("%s takes your shift for %s, %s", s.name(x.Taker), title, span(x.Owner))
		return e.notice(tx, s, x.Owner, subject, noticeSwap+50, x.At, text, now)
	case oncall.SwapDeclined:
		text := fmt.Sprintf("Nobody can take your shift for %s, %s", title, span(x.Owner))
		return e.notice(tx, s, x.Owner, subject, noticeSwap+60, x.At, text, now)
	}
	return nil
}
