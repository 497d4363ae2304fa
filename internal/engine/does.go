package engine

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/org"
	"tocsin/resolve"
)

// does is a verb of a person from outside the app: a reply, a key, a button. Whoever was
// paged may answer; everybody else needs the right to.
func (e *Engine) does(ctx context.Context, name string, said channel.Said, w speaker, now time.Time) (text string, err error) {
	if said.Verb == channel.Unclear && chosen(said) < 0 {
		return "I did not understand. Reply with the code of the incident to acknowledge, followed by e to escalate or r to resolve.", nil
	}
	in, err := e.Do(ctx, w.subject, incident.ByPerson(w.person.ID), now, func(in incident.Incident, world escalate.World) ([]incident.Fact, error) {
		if w.page.ID == "" && !w.access.May(org.Respond, in.Team) {
			return nil, answerOnly("%s may not answer for this.", w.person.Name)
		}
		if in.Call != nil {
			if text = "Thank you."; in.Change != nil {
				text = map[int]string{1: "You approved it.", 2: "You denied it."}[chosen(said)]
			}
			return choose(in, world, chosen(said), w.person.ID, name, now)
		}
		if said.Verb == channel.Acknowledge || said.Verb == channel.Choose || said.Verb == channel.Unclear {
			if facts, answer, ok, err := e.approves(in, w.page, chosen(said), now); ok {
				text = answer
				return facts, err
			}
		}
		switch said.Verb {
		case channel.Acknowledge:
			text = escalate.Welcome(in, world, w.person.ID, now)
			if in.Status == incident.Acknowledged && in.Owner == w.person.ID {
				return nil, nil // twice is once
			}
			return escalate.Acknowledge(in, world, name, now)
		case channel.Escalate:
			text = "The next level is called: " + in.Title
			return escalate.EscalateNow(in, "by "+name)
		case channel.Resolve:
			text = "Resolved: " + in.Title
			why := said.Text
			if why == "" {
				why = "by " + name
			}
			return resolve.Resolve(in, why)
		case channel.Note:
			text = channel.Noted
			note := incident.Noted{Text: said.Text}
			if said.Provider != "" {
				note.In = name + ":" + said.Provider
			}
			return []incident.Fact{note}, nil
		}
		return nil, answerOnly("That cannot be done here.")
	})
	if err != nil || w.page.ID == "" {
		return text, err
	}
	state := escalate.Answered
	if in.Call == nil && said.Verb != channel.Acknowledge && said.Verb != channel.Choose {
		state = escalate.Read
	}
	return text, e.Report(ctx, w.page.ID, state, now)
}

// chosen is the number of the answer that somebody gives to a page by hand: a key, or
// the number that they wrote. 0 is a plain yes.
func chosen(said channel.Said) int {
	n, err := strconv.Atoi(strings.TrimSpace(said.Text))
	switch {
	case err == nil:
		return n
	case said.Verb == channel.Acknowledge:
		return 0
	}
	return -1
}
