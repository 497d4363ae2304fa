package follow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/sim/mockworld"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/org"
)

// A chat is a house with a workspace of Slack and a bot of Telegram.
type chat struct {
	*house
	world *mockworld.World
	rooms *Rooms
}

func newChat(t *testing.T, url string) *chat {
	h := &chat{house: newHouse(t, url), world: mockworld.New()}
	client := h.world.Client()
	h.Engine = engine.New(engine.Options{Store: h.store, Ring: h.ring, Make: func(c org.Channel) (channel.Channel, error) {
		return channel.Make(c.Kind, channel.Setup{ID: string(c.ID), Settings: c.Settings, Client: client, Public: "https://tocsin.example.org", Sign: func(s string) string { return s }})
	}})
	h.rooms = NewRooms(Options{Store: h.store, Engine: h.Engine, PublicURL: "https://tocsin.example.org"})
	h.configure("channel", "work", org.Channel{ID: "work", Kind: "slack", Settings: map[string]string{"token": mockworld.ChatToken, "signing": mockworld.SlackSigning, "server": "http://mock/slack"}})
	h.configure("channel", "bot", org.Channel{ID: "bot", Kind: "telegram", Settings: map[string]string{"token": mockworld.ChatToken, "server": "http://mock/telegram"}})
	h.configure("team", "dba", org.Team{ID: "dba", Name: "Databases", Room: "slack:C1", Members: []org.PersonID{"omar", "olga"}})
	h.configure("person", "jane", org.Person{
		ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "s", Channel: "slack", Address: "U1", Verified: true}, {ID: "t", Channel: "telegram", Address: "4711", Verified: true}},
		Rules: []org.NotificationRule{{Method: "s"}, {Method: "t"}},
	})
	h.configure("person", "omar", org.Person{ID: "omar", Name: "Omar", Role: org.Responder, Methods: []org.Method{{ID: "s", Channel: "slack", Address: "U2", Verified: true}}})
	h.configure("person", "olga", org.Person{ID: "olga", Name: "Olga", Role: org.Observer, Methods: []org.Method{{ID: "s", Channel: "slack", Address: "U3", Verified: true}}})
	h.follow()
	return h
}

// follow lets the rooms do what there is to do a minute later.
func (h *chat) follow() {
	h.Helper()
	h.now = h.now.Add(time.Minute)
	if err := h.rooms.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
	for _, f := range h.world.Faults() {
		h.Error(f)
	}
}

// heard is what the chats were told since it was asked last: "work postMessage C1 db-1 is
// down [acknowledge escalate resolve]".
func (h *chat) heard() (out []string) {
	h.follow()
	for _, c := range h.world.Next() {
		text := c.Text("text")
		if blocks := list(c.JSON["blocks"]); len(blocks) > 1 && c.Text("thread_ts") != "" && strings.HasPrefix(c.Text("channel"), "C") {
			text = ""
			for _, b := range blocks {
				if t, ok := b.(map[string]any)["text"].(map[string]any); ok {
					text += " | " + strings.ReplaceAll(t["text"].(string), "\n", " / ")
				}
			}
		}
		line := strings.TrimPrefix(c.Path[strings.LastIndexByte(c.Path, '/')+1:], "chat.") + " " + c.Text("channel") + c.Text("chat_id") + " " + strings.Split(text, "\n")[0]
		if c.Text("thread_ts") != "" {
			line += " (in the thread)"
		}
		var buttons []string
		for _, b := range list(c.JSON["blocks"]) {
			for _, e := range list(b.(map[string]any)["elements"]) {
				buttons = append(buttons, e.(map[string]any)["action_id"].(string))
			}
		}
		if m, ok := c.JSON["reply_markup"].(map[string]any); ok {
			for _, row := range list(m["inline_keyboard"]) {
				for _, b := range list(row) {
					verb, _, _ := strings.Cut(b.(map[string]any)["callback_data"].(string), ":")
					buttons = append(buttons, verb)
				}
			}
		}
		if buttons != nil {
			line += " [" + strings.Join(buttons, " ") + "]"
		}
		out = append(out, line)
	}
	return out
}

func list(v any) []any { l, _ := v.([]any); return l }

func (h *chat) expect(want ...string) {
	h.Helper()
	if got := h.heard(); !slices.Equal(got, want) {
		h.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// say is what Slack tells of somebody.
func (h *chat) say(s channel.Said, want string) {
	h.Helper()
	got, err := h.Heard(h.Context(), "work", s, h.now)
	if err != nil || got != want {
		h.Errorf("%q, %v; want %q", got, err, want)
	}
	if _, err := h.Step(h.Context(), h.now); err != nil {
		h.Fatal(err)
	}
}

func TestRoomHasAThreadOfEachIncident(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		h := newChat(t, url)
		h.down("web", "web-1") // whose team has no room
		h.down("db", "db-1")
		h.expect(
			"postMessage U1 SEV2 web-1 is down [acknowledge escalate resolve]", "sendMessage 4711 SEV2 web-1 is down [acknowledge escalate resolve]",
			"postMessage U1 SEV2 db-1 is down [acknowledge escalate resolve]", "sendMessage 4711 SEV2 db-1 is down [acknowledge escalate resolve]",
			"postMessage C1 SEV2 db-1 is down [acknowledge escalate resolve]",
			"postMessage C1 engine: level 1: calling jane (in the thread)",
		)
		id := h.only("db")
		thread := h.thread(id)
		h.say(channel.Said{Provider: thread, From: "U9", Verb: channel.Note, Text: "hello"}, "Tocsin does not know you here. Add U9 as a contact method first.")
		h.say(channel.Said{Provider: thread, From: "U3", Verb: channel.Note, Text: "hello"}, "Olga may not answer for this.")
		h.say(channel.Said{Provider: "C1/9.9", From: "U3", Verb: channel.Note, Text: "of something else"}, "")
		h.expect()
		h.say(channel.Said{Provider: thread, From: "U2", Verb: channel.Note, Text: "it is the fuse"}, channel.Noted)
		if _, err := h.Do(t.Context(), id, incident.ByPerson("jane"), h.now, func(incident.Incident, escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Noted{Text: "which one?\nThe left?"}}, nil
		}); err != nil {
			t.Fatal(err)
		}
		h.expect("postMessage C1  | *Jane: which one?* | The left? (in the thread)") // its own they have read
		h.say(channel.Said{Subject: string(id), From: "U2", Verb: channel.Acknowledge}, "You have it.")
		h.expect(
			"postMessage U1 Omar has it: db-1 is down (in the thread)",
			"update DU1 Omar has it: db-1 is down [resolve]", "editMessageText 4711 Omar has it: db-1 is down [resolve]",
			"update DC1 Omar has it: db-1 is down [resolve]", "postMessage C1 Omar: acknowledged by slack (in the thread)",
		)
		h.say(channel.Said{Subject: string(id), From: "U2", Verb: channel.Resolve}, "Resolved: db-1 is down")
		h.expect(
			"update DU1 resolved: db-1 is down", "editMessageText 4711 resolved: db-1 is down",
			"update DC1 resolved: db-1 is down", "postMessage C1 Omar: resolved: by slack (in the thread)",
		)
	})
}

// What a room cannot be told now it is told later, in its order, and for ten minutes.
func TestRoomThatFails(t *testing.T) {
	h := newChat(t, storetest.SQLite(t))
	h.configure("person", "jane", org.Person{ID: "jane", Name: "Jane"})
	h.world.Set("slack", mockworld.TooMany)
	h.down("db", "db-1")
	h.expect("postMessage C1 SEV2 db-1 is down [acknowledge escalate resolve]")
	h.world.Set("slack", mockworld.OK)
	if got := h.heard(); len(got) < 2 || got[0] != "postMessage C1 SEV2 db-1 is down [acknowledge escalate resolve]" {
		t.Error(got)
	}
	h.world.Set("slack", mockworld.Failing)
	h.down("db", "db-2")
	h.heard()
	h.now = h.now.Add(11 * time.Minute)
	h.heard()
	h.world.Set("slack", mockworld.OK)
	if got := h.heard(); len(got) != 0 {
		t.Errorf("told late: %q", got)
	}
}

// A service that must not be spoken of is not, and a sensitive one has no thread at all.
func TestRoomKeepsSecrets(t *testing.T) {
	h := newChat(t, storetest.SQLite(t))
	h.configure("person", "jane", org.Person{ID: "jane", Name: "Jane"})
	h.configure("service", "db", org.Service{ID: "db", Name: "Database", Policy: "p", Team: "dba", Secure: true})
	h.down("db", "db-1")
	h.up("db", "db-1")
	h.down("db", "db-2")
	h.expect("postMessage C1 SEV2 a secure message waits [acknowledge escalate resolve]")
	h.configure("service", "db", org.Service{ID: "db", Name: "Database", Policy: "p", Team: "dba", Sensitive: true})
	h.down("db", "db-3")
	h.expect()
}

// only is the open incident of a service.
func (h *chat) only(service org.ServiceID) (id incident.ID) {
	h.Helper()
	err := h.store.Read(h.Context(), func(tx *store.Tx) error {
		rows, _, err := tx.SubjectsWithin(store.Filter{Open: true, Service: service, Limit: 1})
		if len(rows) == 1 {
			id = rows[0].ID
		}
		return err
	})
	if err != nil || id == "" {
		h.Fatal(err, id)
	}
	return id
}

func (h *chat) thread(id incident.ID) string {
	h.Helper()
	var all []store.Thread
	err := h.store.Read(h.Context(), func(tx *store.Tx) (err error) { all, err = tx.ThreadsOf(id); return err })
	if err != nil || len(all) != 1 || all[0].Via != "work" {
		h.Fatal(err, all)
	}
	return all[0].Message
}

// Whoever is quick answers before it is written down that their message went out: it
// loses its buttons all the same.
func TestRoomAnsweredAtOnce(t *testing.T) {
	h := newChat(t, storetest.SQLite(t))
	h.configure("person", "jane", org.Person{ID: "jane", Name: "Jane", Methods: []org.Method{{ID: "s", Channel: "slack", Address: "U1", Verified: true}}})
	h.configure("team", "dba", org.Team{ID: "dba", Name: "Databases"})
	h.down("db", "db-1")
	id := h.only("db")
	var was store.PageRow
	h.write(func(tx *store.Tx) error {
		all, err := tx.PagesOf(id)
		if err != nil {
			return err
		}
		was = all[0]
		flying := was
		flying.State, flying.Provider, flying.Via, flying.SentAt, flying.Attempts = escalate.Claimed, "", "", time.Time{}, 0
		_, err = tx.SavePage(flying, -1)
		return err
	})
	h.world.Next()
	h.say(channel.Said{Page: was.ID, From: "U1", Verb: channel.Acknowledge}, "You have it.")
	h.now = h.now.Add(-time.Minute) // follow is a minute later
	h.expect()
	h.write(func(tx *store.Tx) error {
		p, err := tx.Page(was.ID)
		if err != nil {
			return err
		}
		p.Provider, p.Via, p.SentAt, p.Attempts = was.Provider, was.Via, was.SentAt, was.Attempts
		_, err = tx.SavePage(p, -1)
		return err
	})
	h.expect("update DU1 Jane has it: db-1 is down [resolve]")
}

// A page by hand loses its buttons for whoever has answered, wherever they did, and for
// all when it is over.
func TestRoomOfAPageByHand(t *testing.T) {
	h := newChat(t, storetest.SQLite(t))
	_, err := h.Call(t.Context(), incident.ByPerson("olga"), escalate.Call{
		Title: "Who comes in?", Targets: []org.Target{{Kind: "person", ID: "jane"}, {Kind: "person", ID: "omar"}},
		Choices: []incident.Choice{{Text: "I do", Positive: true}, {Text: "cannot"}}, Enough: 1,
	}, h.now)
	if err != nil {
		t.Fatal(err)
	}
	h.say(channel.Said{From: "U9", Verb: channel.List}, "Tocsin does not know you here. Add U9 as a contact method first.")
	h.expect(
		"postMessage U1 Who comes in? [choose:1 choose:2]", "sendMessage 4711 Who comes in? [choose choose]", "postMessage U2 Who comes in? [choose:1 choose:2]",
	)
	h.say(channel.Said{From: "U1", Verb: channel.Choose, Text: "2"}, "Thank you.")
	h.expect("update DU1 You answered: cannot: Who comes in?", "editMessageText 4711 You answered: cannot: Who comes in?")
	h.say(channel.Said{From: "U2", Verb: channel.Choose, Text: "1"}, "Thank you.")
	h.expect(
		"update DU1 over: Who comes in?", "editMessageText 4711 over: Who comes in?", "update DU2 over: Who comes in?",
	)
}

// What was sent to rooms and push services that can change it says how things stand, too.
func TestOthersThatSettle(t *testing.T) {
	h := newChat(t, storetest.SQLite(t))
	for kind, settings := range map[string]map[string]string{
		"discord": nil, "matrix": {"server": "http://mock/matrix", "token": mockworld.ChatToken}, "webex": {"server": "http://mock/webex", "token": mockworld.ChatToken},
		"pushover": {"server": "http://mock/pushover", "token": mockworld.PushoverToken},
	} {
		h.configure("channel", kind, org.Channel{ID: org.ChannelID(kind), Kind: kind, Settings: settings})
	}
	jane := org.Person{ID: "jane", Name: "Jane"}
	for name, to := range map[string]string{"discord": "http://mock/discord/api/webhooks/1/t", "matrix": "!r:example.org", "webex": "jane@example.org", "pushover": mockworld.PushoverUser} {
		jane.Methods = append(jane.Methods, org.Method{ID: org.MethodID(name), Channel: name, Address: to, Verified: true})
		jane.Rules = append(jane.Rules, org.NotificationRule{Method: org.MethodID(name)})
	}
	h.configure("person", "jane", jane)
	h.follow()
	h.down("web", "web-1")
	h.follow()
	h.world.Next()
	if _, err := h.Do(t.Context(), h.only("web"), incident.ByPerson("omar"), h.now, func(in incident.Incident, w escalate.World) ([]incident.Fact, error) {
		return escalate.Acknowledge(in, w, "app", h.now)
	}); err != nil {
		t.Fatal(err)
	}
	h.follow()
	changed := map[string]bool{}
	for _, c := range h.world.Next() {
		if c.Method == "PATCH" || c.Method == "PUT" || strings.HasSuffix(c.Path, "/cancel.json") {
			changed[c.Provider] = strings.Contains(string(c.Body), "Omar has it") || c.Provider == "pushover"
		}
	}
	for _, name := range []string{"discord", "matrix", "webex", "pushover"} {
		if !changed[name] {
			t.Errorf("%s still asks: %v", name, changed)
		}
	}
}
