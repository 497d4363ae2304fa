package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/store"
)

// pair is a schedule of the team dba in which rita and max take turns of a day, from
// tomorrow on; day is the date so many days from then.
func pair(h *home) (day func(int) string) {
	start := h.engine.Now().Truncate(24*time.Hour).AddDate(0, 0, 1)
	h.must(201, "max", "POST", "/schedules", fmt.Sprintf(`{"id":"pair","name":"Pair","team":"dba","layers":[{"id":"l","people":["rita","max"],"every":"1 day","from":"%s"}]}`, start.Format("2006-01-02")))
	return func(n int) string { return start.AddDate(0, 0, n).Format("2006-01-02") + "T00:00:00Z" }
}

// noon is who is on call at noon of a day.
func (h *home) noon(day string) string {
	h.t.Helper()
	noon := strings.Replace(day, "T00:", "T12:", 1)
	r := h.must(200, "olaf", "GET", "/schedules/pair/shifts?from="+noon+"&to="+strings.Replace(noon, "T12:00", "T12:01", 1), "")
	return fmt.Sprint(r.field("items.0.people"))
}

func (h *home) told(person string) (texts []string) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Pages(store.PageFilter{Limit: 100})
		for _, p := range rows {
			if string(p.Person) == person {
				texts = append(texts, p.Text)
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return texts
}

// A swap: open to the team, the first to accept has it, an override is what becomes of it.
func TestSwaps(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		day := pair(h)
		if got := h.noon(day(2)); got != "[rita]" {
			t.Fatalf("on the third day: %s", got)
		}
		at := "/schedules/pair/swaps"
		h.refused(422, "body.from", "rita", "POST", at, fmt.Sprintf(`{"from":%q,"until":%q}`, day(1), day(2)))
		h.refused(422, "body.from", "rita", "POST", at, `{"from":"2020-01-01T00:00:00Z","until":"2020-01-02T00:00:00Z"}`)
		h.refused(403, "manager", "rita", "POST", at, fmt.Sprintf(`{"owner":"max","from":%q,"until":%q}`, day(1), day(2)))
		part := strings.Replace(day(2), "T00:", "T08:", 1)
		made := h.must(201, "rita", "POST", at, fmt.Sprintf(`{"from":%q,"until":%q,"note":"dentist"}`, part, day(3)))
		swap := at + "/" + made.field("id").(string)
		if got := h.noon(day(2)); got != "[rita]" {
			t.Errorf("nobody took it yet: %s", got)
		}
		if r := h.must(200, "olaf", "GET", "/schedules/pair/view?from="+day(0)+"&to="+day(7), ""); r.field("swaps.0.owner") != "rita" {
			t.Errorf("the view shows no swap: %s", r.body)
		}
		h.refused(409, "your own", "rita", "POST", swap+"/accept", `{}`)
		h.must(200, "max", "POST", swap+"/accept", `{}`)
		h.refused(409, "took it already", "max", "POST", swap+"/accept", `{}`)
		if got := h.noon(day(2)); got != "[max]" {
			t.Errorf("max took it: %s", got)
		}
		r := h.must(200, "olaf", "GET", "/schedules/pair/shifts?from="+day(2)+"&to="+day(3), "")
		if fmt.Sprint(r.field("items.0.people")) != "[rita]" || r.items() != 2 {
			t.Errorf("only a part of it: %s", r.body)
		}
		if got := strings.Join(h.told("rita"), "|"); !strings.Contains(got, "Max takes your shift for Pair") {
			t.Errorf("rita was told %q", got)
		}
		// An exchange: who takes it gives one of theirs; a manager may speak for another.
		made = h.must(201, "max", "POST", at, fmt.Sprintf(`{"owner":"rita","from":%q,"until":%q,"to":["max"],"give":{"from":%q,"until":%q}}`, day(6), day(7), day(5), day(6)))
		swap = at + "/" + made.field("id").(string)
		h.must(200, "max", "POST", swap+"/accept", `{}`)
		if a, b := h.noon(day(5)), h.noon(day(6)); a != "[rita]" || b != "[max]" {
			t.Errorf("exchanged: %s %s", a, b)
		}
		// One that is declined by all, one that is taken back, one that goes stale.
		made = h.must(201, "rita", "POST", at, fmt.Sprintf(`{"from":%q,"until":%q,"to":["max"]}`, day(8), day(9)))
		swap = at + "/" + made.field("id").(string)
		if r := h.must(200, "max", "POST", swap+"/decline", `{}`); r.field("state") != "declined" {
			t.Errorf("declined: %s", r.body)
		}
		made = h.must(201, "rita", "POST", at, fmt.Sprintf(`{"from":%q,"until":%q}`, day(8), day(9)))
		swap = at + "/" + made.field("id").(string)
		h.must(200, "rita", "POST", swap+"/cancel", `{}`)
		h.refused(409, "taken back", "max", "POST", swap+"/accept", `{}`)
		made = h.must(201, "rita", "POST", at, fmt.Sprintf(`{"from":%q,"until":%q}`, day(10), day(11)))
		swap = at + "/" + made.field("id").(string)
		h.must(201, "max", "POST", "/schedules/pair/overrides", fmt.Sprintf(`{"op":"set","start":%q,"end":%q,"users":["max"]}`, day(10), day(11)))
		h.refused(409, "the schedule changed", "max", "POST", swap+"/accept", `{}`)
		h.must(404, "max", "POST", "/schedules/s/swaps/"+made.field("id").(string)+"/accept", `{}`)
	})
}

// A preview says what a change would do, and does nothing.
func TestPreviewOfChanges(t *testing.T) {
	h := open(t, "")
	day := pair(h)
	r := h.must(200, "olaf", "POST", "/schedules/pair/preview", fmt.Sprintf(`{"add":[{"op":"set","start":%q,"end":%q,"users":[]},{"op":"set","start":%q,"end":%q,"users":["max"]}]}`, day(0), day(1), day(2), day(3)))
	if fmt.Sprint(r.field("changes.0.off"), r.field("changes.1.on"), r.field("changes.0.nobody")) != "[rita] [max] true" || r.field("gaps.0.from") != day(0) || r.field("gaps.1") != nil {
		t.Errorf("%s", r.body)
	}
	r = h.must(200, "olaf", "POST", "/schedules/pair/preview", fmt.Sprintf(`{"add":[{"op":"add","start":%q,"end":%q,"users":["max"]},{"op":"set","start":%q,"end":%q,"users":["max"]}]}`, strings.Replace(day(4), "T00", "T20", 1), strings.Replace(day(4), "T00", "T21", 1), day(0), day(1)))
	if !strings.Contains(r.body, `"kind":"rest"`) {
		t.Errorf("three hours of rest are not told: %s", r.body)
	}
	if got := h.noon(day(2)); got != "[rita]" {
		t.Errorf("the preview did it: %s", got)
	}
	h.refused(422, "scope", "olaf", "POST", "/schedules/pair/preview", fmt.Sprintf(`{"add":[{"op":"set","start":%q,"end":%q,"users":["max"],"scope":["none"]}]}`, day(0), day(1)))
}

// Who takes the running shift is on call at once, and those who were hear of it.
func TestTakeAShiftNow(t *testing.T) {
	h := open(t, "")
	r := h.must(201, "rita", "POST", "/schedules/s/take", `{}`)
	if fmt.Sprint(r.field("users")) != "[rita]" && fmt.Sprint(r.field("users")) != "rita" {
		t.Errorf("%s", r.body)
	}
	who := h.must(200, "olaf", "GET", "/oncall", "")
	if fmt.Sprint(who.field("items.0.people")) != "[rita]" {
		t.Errorf("%s", who.body)
	}
	h.refused(403, "manager", "rita", "POST", "/schedules/s/take", `{"person":"max"}`)
	h.refused(422, "body.until", "rita", "POST", "/schedules/s/take", `{"until":"2020-01-01T00:00:00Z"}`)
	h.refused(422, "body.role", "rita", "POST", "/schedules/s/take", `{"role":"tertiary"}`)
}

func TestLintAndGaps(t *testing.T) {
	h := open(t, "")
	h.must(201, "rita", "POST", "/schedules/s/notes", `{"text":"db-2 is slow"}`)
	if r := h.must(200, "olaf", "GET", "/schedules/s/notes", ""); r.field("items.0.by") != "rita" || r.field("items.0.text") != "db-2 is slow" || r.items() != 1 {
		t.Errorf("notes: %s", r.body)
	}
	day := pair(h)
	r := h.must(200, "olaf", "GET", "/schedules/pair/gaps?from="+day(-2)+"&to="+day(3), "")
	if r.field("items.0.until") != day(0) || r.items() != 1 {
		t.Errorf("gaps: %s", r.body)
	}
	r = h.must(200, "olaf", "GET", "/schedules/pair/lint?from="+day(0)+"&to="+day(30), "")
	for _, want := range []string{`"kind":"unreachable"`, `"kind":"share"`} { // max has no contact method
		if !strings.Contains(r.body, want) {
			t.Errorf("lint says nothing of %s: %s", want, r.body)
		}
	}
}

// What is arranged around schedules is told to all who see schedules, as it changes: whoever
// is asked need not look again.
func TestArrangementsAreTold(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		day := pair(h)
		s := h.server(t)
		max := listen(t, s, "max", "")
		hears := func(topic string) {
			t.Helper()
			for {
				if e := max.next(t); e.data.Topic == topic || e.event == "" {
					return
				}
			}
		}
		made := h.must(201, "rita", "POST", "/schedules/pair/swaps", fmt.Sprintf(`{"from":%q,"until":%q}`, day(2), day(3)))
		hears("swaps")
		h.must(200, "rita", "POST", "/schedules/pair/swaps/"+made.field("id").(string)+"/cancel", `{}`)
		hears("swaps")
		off := h.must(201, "rita", "POST", "/time-off", fmt.Sprintf(`{"from":%q,"until":%q}`, day(2), day(3)))
		hears("time-off")
		h.must(204, "rita", "DELETE", "/time-off/"+off.field("time_off.id").(string), "")
		hears("time-off")
	})
}
