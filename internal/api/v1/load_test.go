package v1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/internal/store"
	"tocsin/oncall"
	"tocsin/org"
)

// worked writes an on-call log: rita had yesterday, max the day before.
func worked(h *home) (yesterday time.Time) {
	h.t.Helper()
	today := h.engine.Now().Truncate(24 * time.Hour)
	err := h.store.Write(h.t.Context(), store.People, func(tx *store.Tx) error {
		for i, who := range []string{"max", "rita", "max"} {
			r := store.ShiftRow{Schedule: "s", At: today.AddDate(0, 0, i-2), Handing: store.AllHanded, Roles: map[string][]org.PersonID{oncall.Primary: {org.PersonID(who)}}}
			if err := tx.AddShift(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return today.AddDate(0, 0, -1)
}

// Every line that makes a number is shown, may be disputed, and weighs nothing when it is
// struck; what is past is what the log says, whatever the schedule says today.
func TestLoad(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		yesterday := worked(h)
		span := "from=" + yesterday.Add(-24*time.Hour).Format(time.RFC3339) + "&to=" + yesterday.Add(24*time.Hour).Format(time.RFC3339)
		r := h.must(200, "olaf", "GET", "/schedules/s/load?"+span, "")
		if r.items() != 2 || r.field("items.0.person") != "max" || r.field("items.0.hours") != 24.0 || r.field("items.1.hours") != 24.0 {
			t.Fatalf("%s", r.body)
		}
		line, before := r.field("items.1.lines.0.id").(string), r.field("items.1.pain").(float64)
		h.must(204, "rita", "POST", "/schedules/s/disputes", fmt.Sprintf(`{"line":%q,"why":"Max stood in for me"}`, line))
		r = h.must(200, "olaf", "GET", "/schedules/s/load?"+span, "")
		if r.field("items.1.lines.0.disputed") != "Max stood in for me" || r.field("items.1.pain") != before {
			t.Errorf("disputed: %s", r.body)
		}
		h.refused(403, "manager", "rita", "POST", "/schedules/s/disputes", fmt.Sprintf(`{"line":%q,"decide":"struck"}`, line))
		h.must(404, "max", "POST", "/schedules/s/disputes", fmt.Sprintf(`{"line":%q,"why":"not mine"}`, line))
		h.must(204, "max", "POST", "/schedules/s/disputes", fmt.Sprintf(`{"person":"rita","line":%q,"decide":"struck"}`, line))
		r = h.must(200, "olaf", "GET", "/schedules/s/load?"+span, "")
		if r.field("items.1.lines.0.struck") != "Max stood in for me" || r.field("items.1.pain").(float64) >= before {
			t.Errorf("struck: %s", r.body)
		}
		shifts := h.must(200, "olaf", "GET", "/schedules/s/shifts?"+span, "")
		if shifts.items() != 2 || fmt.Sprint(shifts.field("items.0.people"), shifts.field("items.1.people")) != "[max] [rita]" {
			t.Errorf("the past: %s", shifts.body)
		}
		csv := h.must(200, "olaf", "GET", "/oncall/hours?"+span, "")
		if text, _ := csv.field("csv").(string); !strings.HasPrefix(text, "month,person,name") || !strings.Contains(text, ",rita,Rita,s,primary,") || !strings.Contains(text, ",24.00\r\n") {
			t.Errorf("%s", csv.body)
		}
		h.must(200, "olaf", "GET", "/schedules/s/proposals", "")
	})
}

// Who is away is replaced by who is free; the substitution is an override that everybody
// sees, and later turns stay as they are.
func TestTimeOff(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		day := pair(h)
		h.configure(map[string]any{"person/max": org.Person{ID: "max", Name: "Max", Role: org.Manager, Methods: []org.Method{{ID: "log", Channel: "log", Address: "max", Verified: true}}}})
		h.must(200, "max", "PATCH", "/schedules/pair", `{"limits":{"chain":"24h"}}`)
		off := func(more string) string {
			return fmt.Sprintf(`{"from":%q,"until":%q,"why":"holiday"%s}`, day(2), day(4), more)
		}
		plan := h.must(201, "rita", "POST", "/time-off", off(`,"plan":true`))
		if n := strings.Count(plan.body, `"schedule":"pair"`); n != 1 {
			t.Fatalf("%d substitutions: %s", n, plan.body)
		}
		if got := h.noon(day(2)); got != "[rita]" {
			t.Errorf("a plan changes nothing: %s", got)
		}
		// Max cannot: he stands on both sides, and that would be three days.
		if strings.Contains(plan.body, `"override"`) || !strings.Contains(plan.body, "nobody is free and rested") {
			t.Errorf("%s", plan.body)
		}
		h.must(200, "max", "PATCH", "/schedules/pair", `{"limits":{"chain":"72h"}}`)
		made := h.must(201, "rita", "POST", "/time-off", off(`,"publish":true`))
		if got := h.noon(day(2)) + h.noon(day(3)) + h.noon(day(4)); got != "[max][max][rita]" {
			t.Errorf("published: %s\n%s", got, made.body)
		}
		if r := h.must(200, "olaf", "GET", "/schedules/pair/overrides", ""); r.items() != 1 || r.field("items.0.op") != "replace" {
			t.Errorf("%s", r.body)
		}
		id := made.field("time_off.id").(string)
		if r := h.must(200, "rita", "GET", "/time-off?from="+day(0), ""); r.field("items.0.why") != "holiday" {
			t.Errorf("%s", r.body)
		}
		if r := h.must(200, "olaf", "GET", "/time-off?from="+day(0), ""); r.field("items.0.person") != "rita" || r.field("items.0.why") != nil {
			t.Errorf("why is theirs alone: %s", r.body)
		}
		civil := fmt.Sprintf(`{"from":%q,"until":%q,"plan":true}`, day(2)[:10], day(3)[:10])
		if r := h.must(201, "rita", "POST", "/time-off?zone=Australia/Lord_Howe", civil); !strings.Contains(r.body, `"until":"`+day(2)[:10]+"T13:") {
			t.Errorf("a day is one of the zone: %s", r.body)
		}
		h.refused(422, "query.zone", "rita", "POST", "/time-off?zone=Nowhere", civil)
		h.refused(403, "manager", "otto", "DELETE", "/time-off/"+id, "")
		h.refused(403, "manager", "rita", "POST", "/time-off", fmt.Sprintf(`{"person":"max","from":%q,"until":%q}`, day(2), day(4)))
		h.must(204, "rita", "DELETE", "/time-off/"+id, "")
		if got := h.noon(day(2)) + h.noon(day(3)); got != "[rita][max]" {
			t.Errorf("she is there after all: %s", got)
		}
		h.must(404, "rita", "DELETE", "/time-off/"+id, "")
	})
}
