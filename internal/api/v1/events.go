package v1

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tocsin/incident"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	heartbeat     = 15 * time.Second // between two comments, so that proxies keep the line open
	eventWithin   = 5 * time.Second  // for a client to take what is written
	mostListeners = 5000
	mostBehind    = 1000 // rows that are told after the fact; beyond, the client reads anew
)

// An Event says that something changed: an incident, with the lines that were added to
// its log, a silence, what is arranged around schedules, or a thing of the configuration.
type Event struct {
	Topic    string        `json:"topic" doc:"incident; pages, when those of an incident came further; review, when its retrospective was written; silences; swaps, time-off and disputes around schedules; figures, when the reports have changed; messages, marks and conversations, of which the id is a conversation's; or config/person and so on"`
	ID       string        `json:"id"`
	Incident *Incident     `json:"incident,omitempty" doc:"As it is now"`
	Lines    []Line        `json:"lines,omitempty" doc:"What was added to its log; absent when it is too much"`
	Messages []TalkMessage `json:"messages,omitempty" doc:"Of a conversation: those that are new or changed; absent when they are too many"`
	Last     int           `json:"last,omitempty" doc:"Of a conversation: the number of its last message"`
	Marks    []MarkOf      `json:"marks,omitempty" doc:"Of a conversation: how far each is; absent when they are too many"`
}

type hearingEvents struct {
	LastEventID string `header:"Last-Event-ID" doc:"Goes on behind it; what is too old is told by the event resync: read everything anew"`
}

// events is served outside of the recorder, as long as the client stays.
func (a *API) events(ctx context.Context, in *hearingEvents) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(h huma.Context) {
		r, w := humago.Unwrap(h)
		a.stream(w, r, in.LastEventID)
	}}, nil
}

// stream tells one client what it may see.
func (a *API) stream(w http.ResponseWriter, r *http.Request, after string) {
	c := asking(r.Context())
	l, from, err := a.feed.join(r.Context())
	if err != nil {
		a.answer(w, r, err)
		return
	}
	defer a.feed.leave(l)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers would tell it late
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	out := &line{w: bufio.NewWriter(w), control: http.NewResponseController(w)}
	out.text(fmt.Sprintf("retry: 2000\nid: %s\nevent: hello\ndata: {\"version\":%q}\n\n", eventID(from), a.version))
	if after != "" {
		a.catchUp(r.Context(), out, c, after, from)
	}
	if out.flush(); out.err == nil {
		a.reached(c, out)
	}
	a.listen(r, out, c, l)
}

// listen hands on what the feed tells, until the client goes, may no longer, or is too
// slow.
func (a *API) listen(r *http.Request, out *line, c *caller, l *listener) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for out.err == nil {
		select {
		case b := <-l.batches:
			out.batch(c, b)
		case <-l.cut:
			out.resync("too slow")
			out.flush()
			return
		case <-beat.C:
			who, err := a.identify(r)
			if err != nil {
				return // the session ended, or the key was revoked
			}
			c.Identity = who
			out.text(": \n\n")
		case <-a.feed.stopping:
			return
		case <-r.Context().Done():
			return
		}
		if out.flush(); out.err == nil {
			a.reached(c, out)
		}
	}
}

// catchUp tells what happened after an event that the client has, up to where the feed
// stood when it joined.
func (a *API) catchUp(ctx context.Context, out *line, c *caller, after string, upTo store.Cursor) {
	from, ok := cursorOf(after)
	if !ok {
		out.resync("the id is none of ours")
		return
	}
	var b batch
	kept := false
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if kept, err = tx.FeedKeeps(from); err != nil || !kept {
			return err
		}
		rows, err := tx.Feed(from, mostBehind+1)
		if kept = len(rows) <= mostBehind; err != nil || !kept {
			return err
		}
		for len(rows) > 0 && !before(rows[len(rows)-1].Cursor, upTo) && rows[len(rows)-1].Cursor != upTo {
			rows = rows[:len(rows)-1] // comes by the feed
		}
		b, err = a.feed.tell(tx, rows)
		return err
	})
	switch {
	case err != nil:
		out.err = err
	case !kept:
		out.resync("too long ago")
	default:
		out.batch(c, b)
	}
}

// A line is the connection to one client. Its first error is its end.
type line struct {
	w       *bufio.Writer
	control *http.ResponseController
	err     error
	told    []reachedUp // by what is not flushed yet
}

func (o *line) text(s string) {
	if o.err == nil {
		_, o.err = o.w.WriteString(s)
	}
}

// flush sends what was written. A client that does not take it in time is given up.
func (o *line) flush() {
	if o.err == nil {
		// Where no deadline can be set there is no connection that could stall.
		_ = o.control.SetWriteDeadline(time.Now().Add(eventWithin))
		if o.err = o.w.Flush(); o.err == nil {
			o.err = o.control.Flush()
		}
	}
}

func (o *line) resync(why string) {
	o.text("event: resync\ndata: {\"why\":\"" + why + "\"}\n\n")
}

// batch writes what the client may see of a batch.
func (o *line) batch(c *caller, b batch) {
	for _, e := range b.events {
		if e.visible(c, b.setup) {
			o.text(e.text)
			o.told = append(o.told, e.reaches(c)...)
		}
	}
}

// A told event is one that is written already, the same for all.
type told struct {
	topic   string
	service org.ServiceID
	text    string
	talk    *talkTold // of a conversation
}

// visible is asked for every delivery.
func (e told) visible(c *caller, s *setup) bool {
	switch {
	case e.talk != nil:
		return e.talk.visible(c, s, e.service)
	case e.topic == "incident", e.topic == "pages", e.topic == "review", e.topic == "silences":
		return c.May(org.ReadIncidents, "") && !s.hides(c.Identity, e.service)
	case strings.HasPrefix(e.topic, "config/"), e.topic == "swaps", e.topic == "time-off", e.topic == "disputes", e.topic == engine.FiguresTopic:
		return c.May(org.ReadSetup, "")
	}
	return c.May(org.Administer, "")
}

// write makes an event what is sent.
func write(e Event, service org.ServiceID, at store.Cursor) told {
	body, err := json.Marshal(e)
	if err != nil {
		panic("v1: event: " + err.Error()) // our own types
	}
	name, _, _ := strings.Cut(e.Topic, "/")
	return told{topic: e.Topic, service: service, text: fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", eventID(at), name, body)}
}

// eventID is a place in the feed as clients keep it.
func eventID(c store.Cursor) string { return strconv.FormatInt(c.Tx, 10) + "-" + c.ID }

func cursorOf(text string) (store.Cursor, bool) {
	no, id, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(no, 10, 64)
	return store.Cursor{Tx: n, ID: id}, ok && err == nil && n >= 0 && len(id) <= 64
}

func before(a, b store.Cursor) bool { return a.Tx < b.Tx || a.Tx == b.Tx && a.ID < b.ID }

// incidentEvent reads what an incident is now, and the lines that were added.
func (a *API) incidentEvent(tx *store.Tx, s *setup, id incident.ID, first, last int) (Event, org.ServiceID, error) {
	e := Event{Topic: "incident", ID: string(id)}
	in, err := tx.Subject(id)
	if err != nil {
		return e, "", err
	}
	if in.Change != nil || in.Notice != nil { // "changes" and "notices" speak of it
		return e, "", store.ErrNotFound
	}
	now, err := a.standing(tx, s, in.Incident)
	if err != nil {
		return e, "", err
	}
	e.Incident = &now
	if last-first < mostLines {
		log, err := tx.LogFrom(id, first, last)
		if err != nil {
			return e, "", err
		}
		for _, entry := range log {
			e.Lines = append(e.Lines, lineOf(entry))
		}
	}
	return e, in.Service, nil
}
