package follow

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/internal/tracker"
	"tocsin/org"
	"tocsin/resolve"
	"tocsin/review"
)

// A ticketHouse is a house with ticket systems at the mock world.
type ticketHouse struct {
	*house
	world   *mockworld.World
	tickets *Tickets
	hit     func(string) error
	late    []mockworld.Callback // that nobody brought in yet
}

var ticketSystems = map[org.TicketSystemID]org.TicketSystem{
	"jira": {Kind: "jira", Settings: map[string]string{"server": "http://mock/jira", "user": mockworld.TicketUser, "token": mockworld.TicketToken, "project": mockworld.TicketSpace}},
	"code": {Kind: "github", Settings: map[string]string{"server": "http://mock/github", "token": mockworld.TicketToken, "repository": mockworld.TicketRepo}},
	"desk": {Kind: "servicenow", Settings: map[string]string{"server": "http://mock/servicenow", "user": mockworld.TicketUser, "password": mockworld.TicketToken}},
}

func newTickets(t *testing.T, url string, ids ...org.TicketSystemID) *ticketHouse {
	h := &ticketHouse{house: newHouse(t, url), world: mockworld.New()}
	h.world.Now = func() time.Time { return h.now }
	h.begin()
	for _, id := range ids {
		s := ticketSystems[id]
		s.ID, s.Name, s.Secret, s.Rules, s.Reopens = id, string(id), hookSecret, []org.TicketRule{{Name: "all"}, {Name: "actions", Of: org.OfActions}}, true
		h.configure("ticket_system", string(id), s)
		h.world.Door(strings.TrimPrefix(s.Settings["server"], "http://mock/"), "https://tocsin.example.org"+tracker.DoorPath+string(id)+"/"+hookSecret, hookSecret)
	}
	h.step()
	return h
}

// begin makes what speaks to the systems, for the first time or after a crash.
func (h *ticketHouse) begin() {
	h.tickets = NewTickets(Options{
		Store: h.store, Engine: h.Engine, Ring: h.ring, PublicURL: "https://tocsin.example.org", Still: true,
		Hit: func(point string) error {
			if h.hit != nil {
				return h.hit(point)
			}
			return nil
		},
	}, func(s org.TicketSystem, _ *http.Client) (tracker.Tracker, error) {
		return MakeTracker(s, h.world.Client())
	})
}

// step does what is due, without bringing in what the systems say.
func (h *ticketHouse) step() {
	h.Helper()
	if _, err := h.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
	if err := h.tickets.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
}

// knock brings one thing in that a system said.
func (h *ticketHouse) knock(cb mockworld.Callback) {
	h.Helper()
	u, err := url.Parse(cb.URL)
	if err != nil {
		h.Fatal(err)
	}
	id, token, _ := strings.Cut(strings.TrimPrefix(u.Path, tracker.DoorPath), "/")
	if err := h.tickets.Heard(h.Context(), org.TicketSystemID(id), tracker.Request{Header: cb.Header, Token: token, Body: []byte(cb.Body)}, h.now); err != nil {
		h.Fatal(err)
	}
}

// calm lets both sides speak until neither has anything to say. It fails when they do not
// come to rest: then they answer their echo.
func (h *ticketHouse) calm() {
	h.Helper()
	for rounds := 0; ; rounds++ {
		h.step()
		calls := append(h.late, h.world.Waiting()...)
		h.late = nil
		if len(calls) == 0 && len(h.world.Next()) == 0 {
			return
		}
		if rounds > 200 {
			h.Fatal("they do not stop telling each other")
		}
		for _, cb := range calls {
			h.knock(cb)
		}
		h.now = h.now.Add(time.Second)
	}
}

func (h *ticketHouse) comments(vendor string) (n int) {
	for _, t := range h.world.Tickets(vendor) {
		n += len(t.Comments)
	}
	return n
}

// facts counts the kinds of facts of an incident's log.
func (h *ticketHouse) facts(id incident.ID) map[string]int {
	h.Helper()
	n := map[string]int{}
	h.read(func(tx *store.Tx) error {
		log, err := tx.Log(id)
		for _, e := range log {
			n[e.Fact.Kind()]++
		}
		return err
	})
	return n
}

func (h *ticketHouse) do(id incident.ID, decide func(in incident.Incident) ([]incident.Fact, error)) {
	h.Helper()
	_, err := h.Do(h.Context(), id, "person:jane", h.now, func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) { return decide(in) })
	if err != nil {
		h.Fatal(err)
	}
}

func (h *ticketHouse) incident(id incident.ID) (in incident.Incident) {
	h.Helper()
	h.read(func(tx *store.Tx) error {
		sub, err := tx.Subject(id)
		if err == nil {
			in = sub.Incident
		}
		return err
	})
	return in
}

func (h *ticketHouse) status(id incident.ID) incident.Status {
	h.Helper()
	return h.incident(id).Status
}

// A spoken is what people speak of on both sides: an incident, or an action of it.
type spoken struct {
	nth   int // of the tickets of each vendor
	noted string
	say   func(text string) incident.Fact
	turn  func(in incident.Incident) ([]incident.Fact, error) // ends it, or opens it again
	over  func(in incident.Incident) bool
}

var (
	ofIncident = spoken{
		noted: "investigate.noted",
		say:   func(text string) incident.Fact { return incident.Noted{Text: text} },
		turn: func(in incident.Incident) ([]incident.Fact, error) {
			if in.Status.Open() {
				return resolve.Resolve(in, "")
			}
			return resolve.Reopen(in, "")
		},
		over: func(in incident.Incident) bool { return !in.Status.Open() },
	}
	ofAction = spoken{
		nth: 1, noted: "review.action_noted",
		say: func(text string) incident.Fact { return incident.ActionNoted{Action: 1, Title: "x", Text: text} },
		turn: func(in incident.Incident) ([]incident.Fact, error) {
			if a, _ := in.Action(1); a.State == incident.ToDo {
				return review.Finish(in, 1, "")
			}
			return review.Reopen(in, 1, "")
		},
		over: func(in incident.Incident) bool { a, _ := in.Action(1); return a.State != incident.ToDo },
	}
)

// Whatever people do on either side, in whatever order what the systems say comes in, late
// or twice: the two sides come to rest, agree in the end, and nothing is said twice. So it
// is with an incident, and with an action, of which the ticket of the incident hears
// nothing.
func TestTwoSidesNeverEcho(t *testing.T) {
	for seed := range uint64(7) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			h := newTickets(t, storetest.SQLite(t), "jira", "code", "desk")
			vendors := []string{"jira", "github", "servicenow"}
			id := h.opens("db", "a")
			h.calm()
			said, of := 0, ofIncident
			if seed >= 5 {
				of = ofAction
				h.do(id, func(in incident.Incident) ([]incident.Fact, error) {
					return review.Add(in, review.Wish{Title: "x"}, h.now)
				})
				h.calm()
			}
			for range 25 {
				h.now = h.now.Add(time.Duration(r.IntN(90)) * time.Second)
				vendor := vendors[r.IntN(len(vendors))]
				key := h.world.Tickets(vendor)[of.nth].Key
				switch r.IntN(9) {
				case 0:
					said++
					h.world.Remark(vendor, key, "ann", fmt.Sprintf("remark %d", said))
				case 1:
					said++
					h.do(id, func(incident.Incident) ([]incident.Fact, error) {
						return []incident.Fact{of.say(fmt.Sprintf("remark %d", said))}, nil
					})
				case 2:
					h.world.Move(vendor, key, r.IntN(2) == 0)
				case 3:
					h.do(id, of.turn)
				case 4:
					h.world.Set(vendor, []mockworld.Mode{mockworld.Failing, mockworld.OK, mockworld.TooMany}[r.IntN(3)])
				case 5: // what was said comes in late, and twice
					h.late = append(h.late, h.world.Waiting()...)
					r.Shuffle(len(h.late), func(i, j int) { h.late[i], h.late[j] = h.late[j], h.late[i] })
					if len(h.late) > 0 {
						h.late = append(h.late, h.late[0])
					}
				case 6:
					h.step()
				default:
					for _, cb := range h.world.Waiting() {
						h.knock(cb)
					}
				}
			}
			for _, v := range vendors {
				h.world.Set(v, mockworld.OK)
			}
			h.now = h.now.Add(2 * time.Hour) // nobody is left alone any longer
			h.calm()
			h.now = h.now.Add(2 * time.Hour)
			h.calm()
			over := of.over(h.incident(id))
			for _, v := range vendors {
				all := h.world.Tickets(v)
				if len(all) != of.nth+1 {
					t.Fatalf("%s has %d tickets", v, len(all))
				}
				if of.nth > 0 && (all[0].Done || len(all[0].Comments) > 0) {
					t.Errorf("%s: the ticket of the incident heard of the action: %+v", v, all[0])
				}
				one := all[of.nth]
				if one.Done != over {
					t.Errorf("%s: done %v, and over here: %v", v, one.Done, over)
				}
				for n := 1; n <= said; n++ { // each is there once, wherever it was said
					count := 0
					for _, c := range one.Comments {
						text, _, _ := strings.Cut(c.Text, "\n\n")
						if strings.HasSuffix(text, fmt.Sprintf("remark %d", n)) {
							count++
						}
					}
					if count != 1 {
						t.Errorf("%s has remark %d %d times", v, n, count)
					}
				}
			}
			if n := h.facts(id)[of.noted]; n != said {
				t.Errorf("%d notes of %d remarks", n, said)
			}
			before, calls := h.facts(id), h.comments("jira")+h.comments("github")+h.comments("servicenow")
			h.now = h.now.Add(time.Hour)
			h.calm()
			if after := h.facts(id); fmt.Sprint(after) != fmt.Sprint(before) || calls != h.comments("jira")+h.comments("github")+h.comments("servicenow") {
				t.Errorf("something happens by itself: %v, then %v", before, after)
			}
			for _, f := range h.world.Faults() {
				t.Error(f)
			}
		})
	}
}

// A crash between making a ticket and writing that down makes no second one, and one
// between saying something and writing that down says it once.
func TestACrashMakesNoSecondTicket(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newTickets(t, url, "jira")
		crashes := 0
		h.hit = func(point string) error {
			if crashes++; crashes <= 3 {
				return ErrCrashed
			}
			return nil
		}
		id := h.opens("db", "a")
		for range 5 {
			h.step()
			h.begin()
			h.now = h.now.Add(2 * time.Minute) // the lease runs out
		}
		if n := len(h.world.Tickets("jira")); n != 1 || crashes != 4 {
			t.Fatalf("%d tickets after %d crashes", n, crashes)
		}
		if got := h.facts(id)["resolve.ticket_opened"]; got != 1 {
			t.Errorf("it was opened %d times", got)
		}
	})
}

// A comment that went out and whose answer was lost is found, and not said again.
func TestACommentIsSaidOnce(t *testing.T) {
	h := newTickets(t, storetest.SQLite(t), "desk")
	id := h.opens("db", "a")
	h.calm()
	h.do(id, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Noted{Text: "it is the disk"}}, nil
	})
	h.step()
	if n := h.comments("servicenow"); n != 1 {
		t.Fatalf("%d comments", n)
	}
	h.write(func(tx *store.Tx) error { // as if nothing had been written down of it
		all, err := tx.Deliveries(store.TicketHook("desk"), time.Time{}, 1)
		if err == nil {
			all[0].State, all[0].WakeAt = store.DeliveryWaiting, h.now
			err = tx.SaveDelivery(all[0])
		}
		return err
	})
	h.calm()
	if n := h.comments("servicenow"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
}

// What is refused for good is dropped and holds up nothing; a ticket that cannot be made
// waits for the set-up to be mended.
func TestRefusals(t *testing.T) {
	h := newTickets(t, storetest.SQLite(t), "jira")
	s := ticketSystems["jira"]
	s.ID, s.Secret, s.Rules, s.Fields = "jira", hookSecret, []org.TicketRule{{}}, map[string]string{"no_such_field": "x"}
	h.configure("ticket_system", "jira", s)
	id := h.opens("db", "a")
	h.step()
	waiting := func() (d store.Delivery, n int) {
		h.read(func(tx *store.Tx) error {
			all, err := tx.WaitingDeliveries(store.TicketHook("jira"), string(id))
			if n = len(all); n > 0 {
				d = all[0]
			}
			return err
		})
		return d, n
	}
	if d, n := waiting(); n != 1 || !strings.Contains(d.Err, "no_such_field is no field of the contract") {
		t.Fatalf("%d wait: %s", n, d.Err)
	}
	s.Fields = nil
	h.configure("ticket_system", "jira", s)
	if err := h.tickets.Retry(h.Context(), "jira", h.now); err != nil {
		t.Fatal(err)
	}
	h.step()
	if n := len(h.world.Tickets("jira")); n != 1 {
		t.Fatalf("%d tickets once it is mended", n)
	}
	h.world.Lose("jira", "OPS-1")
	h.do(id, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Noted{Text: "x"}}, nil
	})
	h.step()
	if _, n := waiting(); n != 0 || h.facts(id)["resolve.ticket_unlinked"] != 1 {
		t.Errorf("%d wait for a ticket that is gone: %v", n, h.facts(id))
	}
	h.do(id, func(in incident.Incident) ([]incident.Fact, error) { return resolve.Resolve(in, "") })
	h.step()
	if n := len(h.world.Tickets("jira")); n != 0 {
		t.Errorf("another ticket was made: %d", n)
	}
}

// Systems that cannot call are looked at.
func TestPolls(t *testing.T) {
	h := newTickets(t, storetest.SQLite(t), "desk")
	s := ticketSystems["desk"]
	s.ID, s.Secret, s.Rules, s.Poll = "desk", hookSecret, []org.TicketRule{{}}, org.Duration(5*time.Minute)
	h.configure("ticket_system", "desk", s)
	h.world.Door("servicenow", "", "")
	id := h.opens("db", "a")
	h.calm()
	h.world.Move("servicenow", "INC0000001", true)
	h.now = h.now.Add(4 * time.Minute)
	h.step()
	if h.status(id) != incident.Triggered {
		t.Fatal("it was looked at too soon")
	}
	h.now = h.now.Add(2 * time.Minute)
	h.step()
	if got := h.status(id); got != incident.Resolved {
		t.Errorf("it is %s", got)
	}
}

// Nobody speaks at the door of a system without its secret, nor of one that is not there.
func TestTicketDoor(t *testing.T) {
	h := newTickets(t, storetest.SQLite(t), "jira")
	for id, token := range map[org.TicketSystemID]string{"jira": "guessed", "nobody": hookSecret, "": ""} {
		err := h.tickets.Heard(h.Context(), id, tracker.Request{Token: token, Body: []byte(`{"issue":{"key":"OPS-1"}}`)}, h.now)
		if err != channel.ErrSignature {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := h.tickets.Heard(h.Context(), "jira", tracker.Request{Token: hookSecret, Body: []byte(`nonsense`)}, h.now); !tracker.ErrUnread(err) {
		t.Error(err)
	}
	if err := h.tickets.Heard(h.Context(), "jira", tracker.Request{Token: hookSecret, Body: []byte(`{"issue":{"key":"OPS-99"}}`)}, h.now); err != nil {
		t.Error("one that is not ours: ", err)
	}
}

// What is sensitive gets no ticket unless a rule says so, and what is secure says nothing of
// itself there.
func TestWhatStaysInside(t *testing.T) {
	h := newTickets(t, storetest.SQLite(t), "jira")
	h.configure("service", "db", org.Service{ID: "db", Name: "Database", Policy: "p", Sensitive: true})
	h.configure("service", "web", org.Service{ID: "web", Name: "Web", Policy: "p", Secure: true})
	h.opens("db", "a")
	id := h.opens("web", "b")
	h.do(id, func(incident.Incident) ([]incident.Fact, error) {
		return []incident.Fact{incident.Noted{Text: "the password is x"}}, nil
	})
	h.calm()
	all := h.world.Tickets("jira")
	if len(all) != 1 || strings.Contains(all[0].Title+all[0].Text, "b is down") || len(all[0].Comments) != 0 {
		t.Errorf("%+v", all)
	}
}

// opens has monitoring open an incident, and says which.
func (h *ticketHouse) opens(from org.IntegrationID, key string) (id incident.ID) {
	h.Helper()
	h.down(from, key)
	h.read(func(tx *store.Tx) error {
		rows, err := tx.Subjects(store.Filter{Limit: 1})
		if err == nil {
			id = rows[0].ID
		}
		return err
	})
	return id
}

func (h *ticketHouse) read(fn func(*store.Tx) error) {
	h.Helper()
	if err := h.store.Read(h.Context(), fn); err != nil {
		h.Fatal(err)
	}
}
