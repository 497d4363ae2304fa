package investigate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

func part(state org.ComponentState) []incident.Affected {
	return []incident.Affected{{Page: "public", Component: "shop", State: state}}
}

func TestPostingIsChecked(t *testing.T) {
	good := Posting{Page: "public", Form: incident.PlannedWork, Title: "  New\n disks ", Text: " Slow. ", Begins: night.Add(time.Hour), Ends: night.Add(2 * time.Hour), Parts: part(org.Maintained)}
	if facts, err := Post(good, night); err != nil || facts[0].(incident.Opened).Title != "New disks" || facts[2].(incident.Updated).Condition != "Slow." {
		t.Fatalf("%v %v", facts, err)
	}
	for want, change := range map[string]func(*Posting){
		"form:":                    func(p *Posting) { p.Form = "party" },
		"title: want":              func(p *Posting) { p.Title = " \n" },
		"title: want 1":            func(p *Posting) { p.Title = strings.Repeat("ä", 201) },
		"text: what":               func(p *Posting) { p.Text = "" },
		"text: at most":            func(p *Posting) { p.Text = strings.Repeat("x", 2001) },
		"affected: which":          func(p *Posting) { p.Parts = nil },
		"affected: nothing":        func(p *Posting) { p.Form = incident.ForInformation },
		"affected: shop: name":     func(p *Posting) { p.Parts = part("on fire") },
		"affected: shop: name a":   func(p *Posting) { p.Page = "other" },
		"affected: shop stands":    func(p *Posting) { p.Parts = append(part(org.Degraded), part(org.MajorOut)...) },
		"affected: at most":        func(p *Posting) { p.Parts = make([]incident.Affected, 101) },
		"ends: when":               func(p *Posting) { p.Ends = time.Time{} },
		"ends: after":              func(p *Posting) { p.Ends = p.Begins },
		"ends: work takes":         func(p *Posting) { p.Ends = p.Begins.AddDate(0, 2, 0) },
		"begins: at most":          func(p *Posting) { p.Begins = night.AddDate(2, 0, 0) },
		"ends: at most two years ": func(p *Posting) { p.Form, p.Parts, p.Ends = incident.ForInformation, nil, night.AddDate(5, 0, 0) },
	} {
		p := good
		change(&p)
		if _, err := Post(p, night); err == nil || !strings.HasPrefix(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A board is a notice as it lives.
type board struct {
	*testing.T
	log incident.Log
	in  incident.Incident
}

func (b *board) do(now time.Time, facts []incident.Fact, err error) *board {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range facts {
		e := incident.Entry{Seq: b.in.Seq + 1, At: now, By: "person:jane", Fact: f}
		b.log, b.in = append(b.log, e), b.in.After(e)
	}
	return b
}

// lives lets happen what does by itself until a moment, and says so.
func (b *board) lives(until time.Time) (said []string) {
	b.Helper()
	for now := b.in.At; !now.After(until); {
		facts, due := NoticeNext(b.in, now)
		facts = append(facts, tellEnd(b.in)...)
		for _, f := range facts {
			said = append(said, fmt.Sprintf("%s %s", now.Sub(night), f))
		}
		b.do(now, facts, nil)
		if len(facts) == 0 {
			if due.IsZero() {
				return said
			}
			now = due
		}
	}
	return said
}

func TestNoticesLiveByThemselves(t *testing.T) {
	post := func(p Posting) *board {
		p.Page, p.Title, p.Text = "public", "T", "Text"
		facts, err := Post(p, night)
		return (&board{T: t}).do(night, facts, err)
	}
	hour := func(n int) time.Time { return night.Add(time.Duration(n) * time.Hour) }
	work := Posting{Form: incident.PlannedWork, Begins: hour(1), Ends: hour(2), Parts: part(org.Maintained)}
	note := Posting{Form: incident.ForInformation, Begins: hour(1), Ends: hour(3)}
	for name, tt := range map[string]struct {
		posting Posting
		then    func(*board)
		want    string
	}{
		"work": {work, nil, "1h0m0s update 2, working (to status:public)|2h0m0s resolved: its time is over|2h0m0s update 3, resolved (to status:public)"},
		"work that is moved": {work, func(b *board) {
			facts, err := MoveNotice(b.in, hour(2), hour(4), night)
			b.do(night, facts, err)
		}, "2h0m0s update 2, working (to status:public)|4h0m0s resolved: its time is over|4h0m0s update 3, resolved (to status:public)"},
		"work called off": {work, func(b *board) {
			facts, err := EndNotice(b.in, "")
			if b.do(night, facts, err); b.in.News.Last.Phase != incident.PhaseOff {
				b.Errorf("%+v", b.in.News)
			}
		}, ""},
		"what waits": {note, nil, "1h0m0s update 1, notice: Text (to status:public)|3h0m0s resolved: its time is over|3h0m0s update 2, resolved (to status:public)"},
		"never shown": {note, func(b *board) {
			if _, err := FollowUp(b.in, Word{Text: "more"}); err == nil {
				b.Error("more was said of what nobody has seen")
			}
			facts, err := EndNotice(b.in, "")
			b.do(night, facts, err)
		}, ""},
		"without an end": {Posting{Form: incident.Disruption, Parts: part(org.MajorOut)}, func(b *board) {
			facts, err := FollowUp(b.in, Word{Phase: incident.PhaseResolved})
			b.do(night, facts, err)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := post(tt.posting)
			b.T = t
			if tt.then != nil {
				tt.then(b)
			}
			if got := strings.Join(b.lives(hour(9)), "|"); got != tt.want {
				t.Errorf("%s", got)
			}
			if b.in.Status.Open() {
				t.Error("it goes on for ever")
			}
			if after := incident.Fold(b.log); after.Status != b.in.Status || after.NextUpdate() != b.in.NextUpdate() {
				t.Errorf("%+v", after)
			}
		})
	}
}

// What is taken back is told no longer, whichever it was, and no number comes twice.
func TestWithdraw(t *testing.T) {
	b := (&board{T: t}).do(night, []incident.Fact{
		incident.Opened{Title: "down"}, incident.AcknowledgedBy{},
		incident.Updated{N: 1, Phase: incident.PhaseInvestigating, Condition: "slow", Next: night.Add(time.Hour)},
		incident.Updated{N: 2, Phase: incident.PhaseIdentified, Condition: "secret"},
	}, nil)
	take := func(n, last, next int) {
		t.Helper()
		f, err := b.log.Withdraw(n, "")
		b.do(night, []incident.Fact{f}, err)
		if u, told := b.in.LastUpdate(); u.N != last || told != (last > 0) || b.in.NextUpdate() != next {
			t.Errorf("after %d: %+v, next %d", n, u, b.in.NextUpdate())
		}
	}
	take(2, 1, 3)
	if _, err := b.log.Withdraw(2, ""); err == nil {
		t.Error("taken back twice")
	}
	take(1, 0, 3)
	b.do(night, []incident.Fact{incident.Updated{N: b.in.NextUpdate(), Phase: incident.PhaseIdentified}}, nil)
	take(3, 0, 4)
}
