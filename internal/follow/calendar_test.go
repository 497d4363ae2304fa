package follow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/internal/egress"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest"
	"tocsin/oncall"
	"tocsin/org"
)

// A page is a calendar of somebody else: it answers what it is told to.
type page struct {
	*httptest.Server
	status int
	body   string
	etag   string
	asked  []string // If-None-Match of each request
}

func newPage(t *testing.T) *page {
	p := &page{status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r.Header.Get("If-None-Match"))
		if p.etag != "" && r.Header.Get("If-None-Match") == p.etag {
			w.WriteHeader(304)
			return
		}
		w.Header().Set("ETag", p.etag)
		w.WriteHeader(p.status)
		fmt.Fprint(w, p.body)
	}))
	t.Cleanup(p.Close)
	return p
}

func ics(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func event(uid, who, from, until string) string {
	return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s\r\nDTSTART:%s\r\nDTEND:%s\r\nSUMMARY:%s\r\nEND:VEVENT\r\n", uid, from, until, who)
}

// A calendar is read with its ETag; what cannot be read leaves what was there, says why,
// and is tried less and less often; what is taken out goes with all that came of it.
func TestCalendars(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.configure("person", "omar", org.Person{ID: "omar", Name: "Omar"})
	h.configure("schedule", "s", oncall.Schedule{ID: "s", Layers: []oncall.Layer{{ID: "l", People: []org.PersonID{"jane"}}}})
	reader := func(allow ...string) *Calendars {
		networks, err := egress.ParseAllow(allow...)
		if err != nil {
			t.Fatal(err)
		}
		return NewCalendars(Options{Store: h.store, Engine: h.Engine, Egress: &egress.Dialer{Allow: networks}})
	}
	p := newPage(t)
	at := h.now.Add(time.Hour).UTC()
	stamp := func(d time.Duration) string { return at.Add(d).Format("20060102T150405Z") }
	p.body, p.etag = ics(event("a", "Omar", stamp(0), stamp(time.Hour)), event("b", "Somebody", stamp(0), stamp(time.Hour))), `"1"`
	h.write(func(tx *store.Tx) error {
		return tx.PutCalendar(store.Calendar{ID: "c1", Schedule: "s", URL: p.URL + "/secret.ics", As: "overrides", Every: org.Duration(15 * time.Minute), NextAt: h.now})
	})
	step := func(r *Calendars) (c store.Calendar, who string) {
		t.Helper()
		if err := r.Step(t.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		h.write(func(tx *store.Tx) (err error) {
			if c, err = tx.Calendar("c1"); err != nil {
				return err
			}
			row, err := tx.ConfigOne("schedule", "s")
			if err != nil {
				return err
			}
			v, err := compiled(row.Body)
			if err == nil {
				who = fmt.Sprint(v.At(at.Add(time.Minute)).People)
			}
			return err
		})
		return c, who
	}

	// Nothing goes to a network that egress does not allow.
	c, who := step(reader())
	if len(p.asked) != 0 || who != "[jane]" || !strings.Contains(c.Error, "may not be reached") || strings.Contains(c.Error, "secret") || c.Failures != 1 {
		t.Fatalf("%v %s %+v", p.asked, who, c)
	}
	r := reader("127.0.0.1")
	if step(r); len(p.asked) != 0 {
		t.Error("it was tried again at once")
	}
	h.now = c.NextAt
	c, who = step(r)
	if who != "[omar]" || c.Error != "" || c.Failures != 0 || c.Taken != 1 || len(c.Troubles) != 1 || !c.NextAt.Equal(h.now.Add(15*time.Minute)) {
		t.Fatalf("%s %+v", who, c)
	}
	good := c.GoodAt

	// Not modified.
	h.now = c.NextAt
	if c, who = step(r); p.asked[1] != `"1"` || who != "[omar]" || !c.GoodAt.After(good) {
		t.Errorf("%v %s %+v", p.asked, who, c)
	}
	good = c.GoodAt

	// Trouble, of every sort: what was there stays, and the pause grows.
	last := time.Duration(0)
	for i, trouble := range []func(){
		func() { p.status, p.body, p.etag = 500, "", "" },
		func() { p.status, p.body = 200, "<html>sign in</html>" },
		func() { p.body = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" },
		func() { p.body = ics() + strings.Repeat("X", 1<<20) },
		func() { p.status = 302 },
	} {
		trouble()
		h.now = c.NextAt
		c, who = step(r)
		if who != "[omar]" || c.Error == "" || c.Failures != i+1 || !c.GoodAt.Equal(good) || c.NextAt.Sub(h.now) <= last {
			t.Errorf("%d: %s %v after %v: %+v", i, who, c.NextAt.Sub(h.now), last, c.Error)
		}
		last = c.NextAt.Sub(h.now)
	}

	// Back again, and changed; then taken out.
	p.status, p.body = 200, ics(event("a", "Omar", stamp(2*time.Hour), stamp(3*time.Hour)))
	h.now = c.NextAt
	if c, who = step(r); who != "[jane]" || c.Error != "" || c.Failures != 0 {
		t.Errorf("%s %+v", who, c)
	}
	p.body = ics(event("a", "Omar", stamp(0), stamp(time.Hour)))
	h.now = c.NextAt
	if c, who = step(r); who != "[omar]" {
		t.Errorf("%s %+v", who, c)
	}
	h.write(func(tx *store.Tx) error { return h.ForgetCalendar(tx, c, h.now) })
	if _, who = step(r); who != "[jane]" {
		t.Errorf("taken out: %s", who)
	}
}

// As time off it speaks only of who stands in the schedule.
func TestCalendarOfAbsences(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.configure("person", "omar", org.Person{ID: "omar", Name: "Omar"})
	h.configure("schedule", "s", oncall.Schedule{ID: "s", Layers: []oncall.Layer{{ID: "l", People: []org.PersonID{"jane"}}}})
	p := newPage(t)
	day := h.now.AddDate(0, 0, 3).Format("20060102")
	p.body = ics(strings.ReplaceAll(event("a", "Jane", day, day), "DTEND:"+day+"\r\n", ""), event("b", "Omar", day+"T080000Z", day+"T090000Z"))
	p.body = strings.ReplaceAll(p.body, "DTSTART:"+day+"\r\n", "DTSTART;VALUE=DATE:"+day+"\r\n")
	networks, _ := egress.ParseAllow("127.0.0.1")
	r := NewCalendars(Options{Store: h.store, Engine: h.Engine, Egress: &egress.Dialer{Allow: networks}})
	h.write(func(tx *store.Tx) error {
		return tx.PutCalendar(store.Calendar{ID: "c1", Schedule: "s", URL: p.URL, As: "time_off", Every: org.Duration(15 * time.Minute), NextAt: h.now})
	})
	for range 2 { // twice is once
		if err := r.Step(t.Context(), h.now); err != nil {
			t.Fatal(err)
		}
		h.now = h.now.Add(25 * time.Hour)
	}
	h.write(func(tx *store.Tx) error {
		off, err := tx.TimeOffs(h.now.AddDate(0, 0, -9), h.now.AddDate(0, 0, 9))
		if err != nil || len(off) != 1 || off[0].Person != "jane" || off[0].Until.Sub(off[0].From) != 24*time.Hour {
			t.Errorf("%v %+v", err, off)
		}
		c, err := tx.Calendar("c1")
		if len(c.Troubles) != 1 || !strings.Contains(c.Troubles[0], "Omar does not stand") {
			t.Errorf("%+v", c)
		}
		return err
	})
}

func compiled(body []byte) (*oncall.Compiled, error) {
	var v oncall.Schedule
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	return oncall.Compile(v)
}
