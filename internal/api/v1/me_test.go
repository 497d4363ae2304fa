package v1_test

import (
	"slices"
	"testing"
	"time"

	"tocsin/incident"
	v1 "tocsin/internal/api/v1"
)

// What waits for somebody, as the list, the counts and /me say it.
func TestWhatWaitsForMe(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		first, second := h.opened("db", "Disk full"), h.opened("db", "Disk fuller")
		h.must(201, "ada", "POST", "/incidents", `{"title":"A small thing","service":"db","severity":"SEV5"}`)
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		one := h.must(200, "rita", "GET", "/incidents/"+string(first), "")
		if one.field("needs_you") != true || one.field("waits_for.0") != "rita" || one.field("service_name") != "Database" || one.field("team_name") != "Databases" {
			t.Error(one.body)
		}
		if one.field("next.level") != 2.0 || one.field("next.text") != "escalates to level 2" || one.field("next.at") == nil {
			t.Error(one.body)
		}
		if r := h.must(200, "max", "GET", "/incidents/"+string(first), ""); r.field("needs_you") != nil {
			t.Error(r.body)
		}
		if r := h.must(200, "rita", "GET", "/incidents?calling=me&limit=2", ""); r.items() != 2 || r.field("next") == nil {
			t.Error(r.body)
		} else if rest := h.must(200, "max", "GET", "/incidents?calling=rita&limit=2&cursor="+r.field("next").(string), ""); rest.items() != 1 || rest.field("items.0.id") != string(first) {
			t.Error(rest.body)
		}
		if r := h.must(200, "max", "GET", "/incidents?calling=me", ""); r.items() != 0 {
			t.Error(r.body)
		}
		me := h.must(200, "rita", "GET", "/me", "")
		if me.field("name") != "Rita" || me.field("role") != "responder" || me.field("teams.0.id") != "dba" || me.field("waiting.0.incident") != string(second) || me.field("waiting.2") != nil {
			t.Error(me.body)
		}
		h.must(200, "max", "POST", "/incidents/"+string(first)+"/acknowledge", "")
		r := h.must(200, "rita", "GET", "/incidents/counts", "")
		for name, want := range map[string]float64{"needs_you": 2, "triggered": 2, "acknowledged": 1, "snoozed": 0, "held": 0} {
			if r.field(name) != want {
				t.Errorf("%s is %v, want %v", name, r.field(name), want)
			}
		}
		if r := h.must(200, "rita", "GET", "/incidents/counts?severity=SEV5", ""); r.field("triggered") != 1.0 || r.field("acknowledged") != 0.0 {
			t.Error(r.body)
		}
		if me := h.must(200, "rita", "GET", "/me", ""); me.field("waiting.0.incident") != string(second) || me.field("waiting.1") != nil {
			t.Error(me.body)
		}
	})
}

// What somebody was paged for and is not wanted for any longer is passed over, so many at
// a time: a page may be empty, and next goes on.
func TestWhatCallsEndsEarly(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		defer v1.LookThrough(2)()
		mine := h.opened("db", "Disk full")
		var gone []incident.ID
		for range 3 {
			gone = append(gone, h.opened("db", "Not rita's for long"))
		}
		if _, err := h.engine.Step(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		for _, id := range gone {
			h.must(200, "rita", "POST", "/incidents/"+string(id)+"/reassign", `{"to":"person:ada"}`)
		}
		var pages []int
		at, cursor := "/incidents?calling=rita", ""
		for {
			r := h.must(200, "rita", "GET", at+cursor, "")
			pages = append(pages, r.items())
			if r.items() > 0 && r.field("items.0.id") != string(mine) {
				t.Error(r.body)
			}
			next, _ := r.field("next").(string)
			if next == "" {
				break
			}
			cursor = "&cursor=" + next
		}
		if !slices.Equal(pages, []int{0, 1, 0}) && !slices.Equal(pages, []int{0, 1}) {
			t.Errorf("the pages have %v items, want none, and then the one", pages)
		}
	})
}

// Of a schedule that two people share, one is on call and the other's turn comes.
func TestMyShifts(t *testing.T) {
	h := open(t, "")
	rita, max := h.must(200, "rita", "GET", "/me", ""), h.must(200, "max", "GET", "/me", "")
	on, next := rita, max
	if max.field("on_call.0") != nil {
		on, next = max, rita
	}
	if on.field("on_call.0.schedule") != "s" || on.field("on_call.0.services.0.id") != "db" || on.field("on_call.0.services.0.level") != 2.0 {
		t.Error(on.body)
	}
	if next.field("on_call.0") != nil || next.field("next_shift.from") != on.field("on_call.0.until") {
		t.Errorf("%s\n%s", on.body, next.body)
	}
	until, err := time.Parse(time.RFC3339, on.field("on_call.0.until").(string))
	if again, err2 := time.Parse(time.RFC3339, on.field("next_shift.from").(string)); err != nil || err2 != nil || again.Sub(until) != 7*24*time.Hour {
		t.Error(on.body)
	}
	if r := h.must(200, "ada", "GET", "/me", ""); r.field("on_call.0") != nil || r.field("next_shift") != nil || r.field("methods") != 1.0 {
		t.Error(r.body)
	}
	if r := h.must(200, "key", "GET", "/me", ""); r.field("person") != "ada" || r.field("key") != "key" {
		t.Error(r.body)
	}
}

// A climb says what it does next, whatever that is.
func TestWhatComesNext(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	last := func(want string) {
		t.Helper()
		if r := h.must(200, "rita", "GET", "/incidents/"+id, ""); r.field("next.text") != want {
			t.Errorf("%v, want %q", r.field("next"), want)
		}
	}
	last("escalates to level 2")
	h.must(200, "max", "PATCH", "/policies/p", `{"levels":[{"targets":["rita"],"wait":"5m"}],"repeat":{"count":1}}`)
	id = string(h.opened("db", "Disk full"))
	last("round 2 begins with level 1")
	h.must(200, "rita", "POST", "/incidents/"+id+"/escalate", "")
	last("nobody is left to call: the climb ends")
	h.must(200, "rita", "POST", "/incidents/"+id+"/snooze", `{"until":"`+h.engine.Now().Add(time.Hour).Format(time.RFC3339)+`"}`)
	last("the snooze ends, and level 1 is called")
	h.must(200, "rita", "POST", "/incidents/"+id+"/resolve", "")
	if r := h.must(200, "rita", "GET", "/incidents/"+id, ""); r.field("next") != nil || r.field("status") != string(incident.Resolved) {
		t.Error(r.body)
	}
}

// One's own shifts, one after the other, are what the others' days leave; and a watch
// says who comes next.
func TestShiftsAreListed(t *testing.T) {
	h := open(t, "")
	span := "?from=2026-03-02T00:00:00Z&to=2026-03-30T00:00:00Z"
	rita, max := h.must(200, "rita", "GET", "/me/shifts"+span, ""), h.must(200, "max", "GET", "/me/shifts"+span, "")
	if rita.items() == 0 || max.items() == 0 || rita.field("items.0.schedule") != "s" || rita.field("items.0.services.0.id") != "db" {
		t.Errorf("%s\n%s", rita.body, max.body)
	}
	if h.must(200, "olaf", "GET", "/me/shifts", "").items() != 0 {
		t.Error("olaf has no shifts")
	}
	h.refused(422, "query.to", "rita", "GET", "/me/shifts?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "")
	now := h.must(200, "olaf", "GET", "/oncall", "")
	if now.field("items.0.next.from") != now.field("items.0.until") || now.field("items.0.next.people.0") == now.field("items.0.people.0") {
		t.Error(now.body)
	}
}
