package engine

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/investigate/talk"
	"tocsin/org"
)

func (h *house) says(conversation string, by org.PersonID, text string) talk.Message {
	h.t.Helper()
	m, err := h.Say(h.t.Context(), Saying{Conversation: conversation, By: incident.ByPerson(by), Text: text}, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func (h *house) begun(title string, by org.PersonID, people ...org.PersonID) string {
	h.t.Helper()
	c, err := h.Converse(h.t.Context(), incident.ByPerson(by), title, people, h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return c.ID
}

// Many speak at once, and some send twice what they are not sure of: every message is
// there once, and the numbers have no gap.
func TestManySpeakAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		id := h.begun("", "jane", "omar")
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				for i := range 12 {
					by := []org.PersonID{"jane", "omar"}[n%2]
					// Two say each under one nonce.
					s := Saying{Conversation: id, By: incident.ByPerson(by), Text: fmt.Sprint("message ", i), Nonce: fmt.Sprint(n/4, "-", i)}
					if _, err := h.Say(t.Context(), s, h.now); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		err := h.Read(t.Context(), func(tx *store.Tx) error {
			got, err := tx.MessagesAfter(id, 0, 500)
			seen := map[string]bool{}
			for i, m := range got {
				who := string(m.By) + m.Nonce
				if m.Seq != i+1 || seen[who] {
					t.Errorf("message %d has the number %d; %s was there: %v", i+1, m.Seq, who, seen[who])
				}
				seen[who] = true
			}
			if len(got) != 2*2*12 {
				t.Errorf("%d messages", len(got))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Whoever sleeps hears in the morning that somebody wrote, and not when they have read it.
func TestMentionsKeepQuietHours(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		omar := org.Person{ID: "omar", Name: "Omar", Methods: []org.Method{{ID: "p", Channel: "push", Address: "omar", Verified: true}}, Rules: []org.NotificationRule{{Method: "p"}}}
		omar.Quiet = &org.Quiet{Hours: org.Hours{From: org.Duration(22 * time.Hour), To: org.Duration(7 * time.Hour)}}
		h.configure("person", "omar", omar)
		id := h.begun("", "jane", "omar")
		h.says(id, "jane", "are you up?")
		told := func() (n int) {
			for _, m := range h.push.got {
				if m.Purpose == "mention" && m.To == "omar" {
					n++
				}
			}
			return n
		}
		h.pass(time.Hour)
		if told() != 0 {
			t.Error("omar was woken")
		}
		h.pass(6 * time.Hour)
		if told() != 1 {
			t.Errorf("in the morning omar hears of it %d times", told())
		}
		h.says(id, "jane", "and now?") // he was told, and has not read it yet
		h.pass(time.Hour)
		if err := h.ReadUpTo(t.Context(), id, "omar", 2, h.now); err != nil {
			t.Fatal(err)
		}
		h.says(id, "jane", "see you")
		if err := h.ReadUpTo(t.Context(), id, "omar", 3, h.now); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Hour)
		if told() != 1 {
			t.Errorf("omar hears of what he has read, or twice: %d", told())
		}
	})
}

// Messages are forgotten by their class; those of a room together, once it is over.
func TestMessagesAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newHouse(t, url)
		h.configure("settings", "settings", org.Settings{CatchAll: "rest", Keep: org.KeepDays{Rooms: 10, Direct: 2}})
		direct, group := h.begun("", "jane", "omar"), h.begun("Lunch", "jane", "omar")
		room := func() string {
			id, err := h.Open(t.Context(), "person:jane", incident.Opened{Title: "db-1 is down", Service: "db", Severity: org.SEV2, Priority: org.High}, h.now)
			if err != nil {
				t.Fatal(err)
			}
			return string(id)
		}
		over, open := room(), room()
		for _, id := range []string{direct, group, over, open} {
			h.says(id, "jane", "the first")
		}
		if _, err := h.Do(t.Context(), incident.ID(over), "person:jane", h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Ended{Why: "mended"}}, nil
		}); err != nil {
			t.Fatal(err)
		}
		h.now = h.now.AddDate(0, 0, 1)
		h.says(direct, "omar", "the second")
		left := func() (n []int) {
			err := h.Read(t.Context(), func(tx *store.Tx) error {
				for _, id := range []string{direct, group, over, open} {
					all, err := tx.MessagesAfter(id, 0, 10)
					if err != nil {
						return err
					}
					hits, err := tx.Hits("firs", store.Hit{}, time.Time{}, "", 10)
					if err != nil || len(hits) > 4 {
						t.Errorf("%d hits, %v", len(hits), err)
					}
					n = append(n, len(all))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		forget := func(d time.Duration) {
			h.now = h.now.Add(d)
			h.write(func(tx *store.Tx) error {
				s, err := h.current(tx)
				if err != nil {
					return err
				}
				return h.forgetTalk(tx, s, h.now)
			})
		}
		forget(25 * time.Hour)
		if got := left(); !slices.Equal(got, []int{1, 1, 1, 1}) {
			t.Errorf("after two days: %v", got)
		}
		forget(9 * 24 * time.Hour)
		if got := left(); !slices.Equal(got, []int{0, 1, 0, 1}) {
			t.Errorf("after eleven days: %v", got)
		}
	})
}
