package mockworld

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The accounts of the world at the ticket systems.
const (
	TicketUser  = "tocsin@example.org"
	TicketToken = "ticket-token"
	TicketSpace = "OPS"       // the project of Jira
	TicketRepo  = "acme/shop" // the repository of GitHub, and the project of GitLab
)

// A Ticket is one of a ticket system of the world.
type Ticket struct {
	N        int
	Key      string // as people call it
	Title    string
	Text     string
	Mark     string // where a system has a field for it
	Labels   []string
	Fields   map[string]any // as they were given
	Word     string
	Done     bool
	Comments []Remark
	At       time.Time
}

// A Remark is a comment of a ticket.
type Remark struct {
	ID     int
	Author string
	Text   string
	At     time.Time
}

// Who writes what we write there.
const house = "Tocsin"

// A desk is what a ticket system of the world keeps, and where it calls us.
type desk struct {
	tickets []*Ticket
	door    string
	secret  string
	silent  bool
}

func (w *World) at(vendor string) *desk {
	if w.desks == nil {
		w.desks = map[string]*desk{}
	}
	if w.desks[vendor] == nil {
		w.desks[vendor] = &desk{}
	}
	return w.desks[vendor]
}

// Door tells a ticket system where to call us, and with which secret.
func (w *World) Door(vendor, url, secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at(vendor).door, w.at(vendor).secret = url, secret
}

// Tickets are those of a ticket system, oldest first.
func (w *World) Tickets(vendor string) (all []Ticket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.at(vendor).tickets {
		one := *t
		one.Comments = slices.Clone(t.Comments)
		all = append(all, one)
	}
	return all
}

// Move is somebody there who ends a ticket, or opens it again.
func (w *World) Move(vendor, key string, done bool) bool {
	return w.touch(vendor, key, func(t *Ticket) { t.move(vendor, done) })
}

// Remark is somebody there who writes a comment.
func (w *World) Remark(vendor, key, author, text string) bool {
	n := w.number()
	return w.touch(vendor, key, func(t *Ticket) { t.Comments = append(t.Comments, Remark{n, author, text, w.clock()}) })
}

// Lose takes a ticket away.
func (w *World) Lose(vendor, key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.at(vendor)
	d.tickets = slices.DeleteFunc(d.tickets, func(t *Ticket) bool { return t.Key == key })
}

func (w *World) clock() time.Time {
	if w.Now != nil {
		return w.Now().UTC()
	}
	return time.Now().UTC()
}

func (w *World) touch(vendor, key string, do func(*Ticket)) bool {
	w.mu.Lock()
	d := w.at(vendor)
	i := slices.IndexFunc(d.tickets, func(t *Ticket) bool { return t.Key == key || strconv.Itoa(t.N) == key })
	var calls []Callback
	if i >= 0 {
		do(d.tickets[i])
		calls = d.calls(vendor, d.tickets[i])
	}
	w.mu.Unlock()
	w.callBack(&Call{Provider: vendor}, calls)
	return i >= 0
}

// words are what the systems call open and done.
var ticketWords = map[string][2]string{
	"jira": {"To Do", "Done"}, "github": {"open", "closed"}, "gitlab": {"opened", "closed"}, "servicenow": {"New", "Resolved"}, "zendesk": {"open", "solved"},
}

func (t *Ticket) move(vendor string, done bool) {
	t.Done = done
	t.Word = ticketWords[vendor][0]
	if done {
		t.Word = ticketWords[vendor][1]
	}
}

// calls are what a system calls back about a ticket that changed, in its own form.
func (d *desk) calls(vendor string, t *Ticket) []Callback {
	if d.door == "" || d.silent {
		return nil
	}
	c := Callback{Provider: vendor, URL: d.door, Header: http.Header{"Content-Type": {"application/json"}}}
	var body any
	switch vendor {
	case "jira":
		body = map[string]any{"webhookEvent": "jira:issue_updated", "issue": map[string]any{"key": t.Key, "fields": map[string]any{"status": map[string]any{"name": t.Word}}}}
	case "github":
		body = map[string]any{"action": "edited", "issue": map[string]any{"number": t.N, "state": t.Word}, "repository": map[string]any{"full_name": TicketRepo}, "sender": map[string]any{"login": "ann"}}
	case "gitlab":
		body = map[string]any{"object_kind": "issue", "object_attributes": map[string]any{"iid": t.N, "state": t.Word}, "project": map[string]any{"path_with_namespace": TicketRepo, "id": 7}}
		c.Header.Set("X-Gitlab-Token", d.secret)
	default:
		body = map[string]any{"ticket": map[string]any{"id": t.ref(vendor), "status": t.Word, "title": t.Title}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts and numbers
	}
	c.Body = string(text)
	if vendor == "github" {
		h := hmac.New(sha256.New, []byte(d.secret))
		h.Write(text)
		c.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(h.Sum(nil)))
	}
	return []Callback{c}
}

// ref is that by which a system is asked for a ticket.
func (t *Ticket) ref(vendor string) string {
	switch vendor {
	case "jira":
		return t.Key
	case "servicenow":
		return fmt.Sprintf("%032x", t.N)
	}
	return strconv.Itoa(t.N)
}

// find is the ticket of a call; nil: there is none.
func (w *World) find(vendor, ref string) *Ticket {
	for _, t := range w.at(vendor).tickets {
		if t.ref(vendor) == ref {
			return t
		}
	}
	return nil
}

// add makes a ticket, and the system says so.
func (w *World) add(vendor string, t *Ticket) []Callback {
	n := w.number()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.at(vendor)
	t.N, t.At = len(d.tickets)+1, w.clock()
	t.move(vendor, false)
	switch vendor {
	case "jira":
		t.Key = fmt.Sprintf("%s-%d", TicketSpace, t.N)
	case "servicenow":
		t.Key = fmt.Sprintf("INC%07d", t.N)
	case "zendesk":
		t.Key = fmt.Sprintf("#%d", t.N)
		t.Comments = []Remark{{n, house, t.Text, t.At}}
	default:
		t.Key = fmt.Sprintf("%s#%d", TicketRepo, t.N)
	}
	d.tickets = append(d.tickets, t)
	return d.calls(vendor, t)
}

// on is a route about one ticket: what is not there is 404.
func on(vendor, name string, status int, do func(*World, *Call, *Ticket) (any, bool)) func(*World, *Call) Reply {
	return func(w *World, c *Call) Reply {
		w.mu.Lock()
		defer w.mu.Unlock()
		t := w.find(vendor, c.Names[name])
		if t == nil {
			return Reply{Status: 404, Body: `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"message":"Not Found","error":{"message":"No Record found"}}`}
		}
		body, changed := do(w, c, t)
		r := Reply{Status: status}
		if body != nil {
			text, err := json.Marshal(body)
			if err != nil {
				panic(err)
			}
			r.Body = string(text)
		}
		if changed {
			r.Then = w.at(vendor).calls(vendor, t)
		}
		return r
	}
}

// comment writes what we say. The lock is held.
func (w *World) comment(t *Ticket, text string) int {
	w.n++
	t.Comments = append(t.Comments, Remark{w.n, house, text, w.clock()})
	return w.n
}

func said(v any) Reply {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return Reply{Status: 200, Body: string(text)}
}

func ticketUser(c *Call) error { return basic(c, TicketUser, TicketToken) }

// texts checks that fields are texts of at most so many characters.
func texts(o map[string]any, most int, names ...string) error {
	for _, name := range names {
		s, ok := o[name].(string)
		if !ok || s == "" {
			return fmt.Errorf("%s: want a text", name)
		}
		if err := atMost(name, s, most); err != nil {
			return err
		}
	}
	return nil
}

func within(c *Call, name string) map[string]any {
	m, _ := c.JSON[name].(map[string]any)
	return m
}

func word(v any) string { s, _ := v.(string); return s }

func strs(v any) (out []string) {
	all, _ := v.([]any)
	for _, one := range all {
		out = append(out, word(one))
	}
	return out
}

// people lets those of a demo work in the ticket systems: POST /NAME/door?url=...&secret=...
// says where it calls us, POST /NAME/tickets/KEY/close, reopen or comment (its body is what
// ann writes) is somebody there, and GET /NAME/tickets lists them.
func (w *World) people(mux *http.ServeMux) {
	mux.HandleFunc("POST /{name}/door", func(rw http.ResponseWriter, r *http.Request) {
		w.Door(r.PathValue("name"), r.FormValue("url"), r.FormValue("secret"))
	})
	mux.HandleFunc("GET /{name}/tickets", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		json.NewEncoder(rw).Encode(w.Tickets(r.PathValue("name"))) // whoever has gone does not hear it
	})
	mux.HandleFunc("POST /{name}/tickets/{key}/{verb}", func(rw http.ResponseWriter, r *http.Request) {
		name, key, there := r.PathValue("name"), r.PathValue("key"), false
		switch r.PathValue("verb") {
		case "close", "reopen":
			there = w.Move(name, key, r.PathValue("verb") == "close")
		case "comment":
			text, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
			there = err == nil && w.Remark(name, key, "ann", string(text))
		}
		if !there {
			http.Error(rw, "there is no such ticket", http.StatusNotFound)
		}
	})
}
