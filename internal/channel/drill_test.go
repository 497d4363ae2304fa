package channel_test

import (
	"net/url"
	"strings"
	"testing"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/internal/sim/mockworld"
)

// A drill says so before anything else on every kind of channel, whatever the page is for.
func TestEveryChannelSaysDrillFirst(t *testing.T) {
	purposes := []escalate.Purpose{escalate.Alarm, escalate.FailOver, escalate.Told, escalate.AllClear, escalate.HandOver, escalate.Report, escalate.Work, escalate.Mention, escalate.Update, escalate.Copy}
	drill := func(p escalate.Purpose) channel.Message {
		m := smsAlarm()
		m.Drill, m.Purpose = true, p
		if !p.Alarms() {
			m.Text, m.AckURL = "Omar has it: DRILL: db-1 is down", ""
		}
		return m
	}
	for _, p := range purposes {
		m := drill(p)
		for what, text := range map[string]string{"headline": channel.Headline(m), "mail": channel.Plain(m), "sms": channel.Short(m)} {
			if !strings.HasPrefix(text, "DRILL: ") || strings.Count(text[:min(len(text), 60)], "DRILL") != 1 {
				t.Errorf("%s of a page for %s: %q", what, p, text)
			}
		}
		if said := channel.PromptOf(m).Say; !strings.HasPrefix(said[0], "This is a drill.") || !strings.HasPrefix(said[1], "DRILL: ") {
			t.Errorf("spoken for %s: %q", p, said)
		}
	}
	for _, k := range channel.Kinds {
		if accounts[k.Name] == nil {
			continue
		}
		for _, p := range purposes {
			w := mockworld.New()
			m := drill(p)
			m.To = addressOf(k.Channel)
			if _, err := made(t, w, k.Name).Send(t.Context(), m); err != nil {
				t.Fatal(k.Name, err)
			}
			calls := w.Calls("")
			said, err := url.QueryUnescape(string(calls[len(calls)-1].Body) + "\n" + calls[len(calls)-1].Query.Encode())
			if err != nil {
				said = string(calls[len(calls)-1].Body)
			}
			mark, title := strings.Index(said, "DRILL"), strings.Index(said, "db-1")
			if mark < 0 || title >= 0 && title < mark {
				t.Errorf("%s, for %s: %s", k.Name, p, said)
			}
		}
	}
	m := smsAlarm()
	if text := channel.Plain(m) + channel.Short(m); strings.Contains(strings.ToUpper(text), "DRILL") {
		t.Errorf("nothing is practised: %q", text)
	}
}
