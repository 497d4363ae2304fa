package v1_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestConfiguration(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "max", "POST", "/services", `{"id":"cache","team":"dba","policy":"p"}`)
		if made.head.Get("Location") != "/api/v1/services/cache" || made.head.Get("ETag") != `"1"` || made.field("name") != "cache" || made.field("changed_by") != "person:max" {
			t.Errorf("%v %s", made.head, made.body)
		}
		h.refused(409, "there already", "max", "POST", "/services", `{"id":"cache","team":"dba"}`)
		h.refused(422, `"location":"body.policy"`, "max", "POST", "/services", `{"id":"c2","team":"dba","policy":"none"}`)
		h.refused(422, `"location":"body.colour"`, "max", "POST", "/services", `{"id":"c2","team":"dba","colour":"red"}`)
		h.refused(422, `"location":"body.id"`, "max", "POST", "/services", `{"team":"dba"}`)
		h.refused(422, `"location":"body.levels[1].targets[0]"`, "max", "PATCH", "/policies/p", `{"levels":[{"targets":["rita"]},{"targets":["person:nobody"]}]}`)

		// What was read can be written back as it is.
		read := h.must(200, "rita", "GET", "/services/cache", "")
		h.must(304, "rita", "GET", "/services/cache", "", "If-None-Match", read.head.Get("ETag"))
		same := h.must(200, "max", "PUT", "/services/cache", read.body, "If-Match", `"1"`)
		if same.head.Get("ETag") != `"1"` {
			t.Errorf("the same again is another version: %s", same.head.Get("ETag"))
		}
		h.must(200, "max", "PATCH", "/services/cache", `{"name":"Cache","policy":null}`, "If-Match", `"1"`, "Content-Type", "application/merge-patch+json")
		h.refused(412, "changed meanwhile", "max", "PUT", "/services/cache", read.body, "If-Match", `"1"`)
		if now := h.must(200, "max", "GET", "/services/cache", ""); now.field("name") != "Cache" || now.field("policy") != nil || now.field("team") != "dba" {
			t.Error(now.body)
		}
		versions := h.must(200, "max", "GET", "/services/cache/versions", "")
		if versions.items() != 2 || versions.field("items.1.policy") != "p" {
			t.Error(versions.body)
		}

		h.refused(409, "service db (policy)", "ada", "DELETE", "/policies/p", "")
		h.must(204, "max", "DELETE", "/services/cache", "")
		if list := h.must(200, "max", "GET", "/services", ""); strings.Contains(list.body, "cache") {
			t.Error("a retired service is listed")
		}
		if one := h.must(200, "max", "GET", "/services/cache", ""); one.field("retired") != true {
			t.Error(one.body)
		}
		h.must(200, "max", "PUT", "/services/cache", `{"team":"dba"}`) // and it is back

		changes := h.must(200, "ada", "GET", "/audit?kind=service&id=cache&limit=2", "")
		if changes.items() != 2 || changes.field("items.1.retired") != true || changes.field("items.0.by") != "person:max" {
			t.Error(changes.body)
		}
		next := h.must(200, "ada", "GET", "/audit?kind=service&id=cache&cursor="+changes.field("next").(string), "")
		if next.items() != 2 || next.field("next") != nil {
			t.Error(next.body)
		}
		h.refused(422, "query.cursor", "ada", "GET", "/audit?cursor=MTp4", "")
		h.refused(422, "query.colour", "ada", "GET", "/audit?colour=red", "")
	})
}

func TestKeysOfIntegrationsAreShownOnce(t *testing.T) {
	h := open(t, "")
	made := h.must(201, "max", "POST", "/integrations", `{"id":"hooks","source":"generic","service":"db"}`)
	key, _ := made.field("key").(string)
	if len(key) != 32 {
		t.Fatal(made.body)
	}
	in, err := h.engine.Integration(t.Context(), key)
	if err != nil || in.ID != "hooks" {
		t.Errorf("%v %v", in, err)
	}
	for _, path := range []string{"/integrations/hooks", "/integrations", "/integrations/hooks/versions"} {
		if r := h.must(200, "ada", "GET", path, ""); strings.Contains(r.body, "key") {
			t.Errorf("%s tells of a key: %s", path, r.body)
		}
	}
	h.must(200, "max", "PATCH", "/integrations/hooks", `{"name":"Hooks"}`)
	if now := h.must(200, "max", "POST", "/integrations/hooks/rotate", ""); now.field("key") == key || now.field("name") != "Hooks" {
		t.Error(now.body)
	}
	h.refused(422, "body.key_hash", "max", "PUT", "/integrations/hooks", `{"source":"generic","key_hash":"mine"}`)
}

func TestAddressesAreForThemselvesAndAdmins(t *testing.T) {
	h := open(t, "")
	for as, sees := range map[string]bool{"ada": true, "max": false, "olaf": false, "key": true} {
		for _, path := range []string{"/people/ada", "/people", "/people/ada/versions"} {
			if got := strings.Contains(h.must(200, as, "GET", path, "").body, "ada-at-home"); got != sees {
				t.Errorf("%s reads %s: %v", as, path, got)
			}
		}
	}
	if !strings.Contains(h.must(200, "rita", "GET", "/people/rita", "").body, `"address":"rita"`) {
		t.Error("rita does not see her own address")
	}
}

func TestRulesAndSettings(t *testing.T) {
	h := open(t, "")
	h.refused(422, `"location":"body.rules[0].service"`, "ada", "PUT", "/rules", `{"rules":[{"name":"a","service":"none"}]}`)
	h.must(200, "ada", "PUT", "/rules", `{"rules":[{"name":"a","match":["team=\"dba\""],"service":"db"}]}`, "If-Match", `"1"`)
	if r := h.must(200, "olaf", "GET", "/rules", ""); r.field("rules.0.service") != "db" || r.head.Get("ETag") != `"2"` {
		t.Error(r.body)
	}
	h.refused(422, "body.catch_all", "ada", "PATCH", "/settings", `{"catch_all":"none"}`)
	h.must(200, "ada", "PATCH", "/settings", `{"catch_all":"site"}`)
	if r := h.must(200, "olaf", "GET", "/settings/versions", ""); r.items() != 2 {
		t.Error(r.body)
	}
}

// A new house has a catch-all that calls nobody yet. That is said, and keeps nobody from
// changing another setting; such a one is not chosen anew.
func TestSettingsOfANewHouse(t *testing.T) {
	h := open(t, "")
	h.must(200, "ada", "PATCH", "/settings", `{"catch_all":"site"}`)
	h.must(200, "ada", "PATCH", "/services/site", `{"policy":null}`)
	h.must(201, "ada", "POST", "/services", `{"id":"mute"}`)
	if r := h.must(200, "ada", "GET", "/setup/progress", ""); r.field("catch_all") != false {
		t.Error(r.body)
	}
	h.must(200, "ada", "PATCH", "/settings", `{"sift":{"hold":"10s"}}`)
	h.refused(422, "body.catch_all", "ada", "PATCH", "/settings", `{"catch_all":"mute"}`)
	h.must(200, "ada", "PATCH", "/services/site", `{"policy":"p"}`)
	if r := h.must(200, "ada", "GET", "/setup/progress", ""); r.field("catch_all") != true {
		t.Error(r.body)
	}
}

func TestSchedulesAndOverrides(t *testing.T) {
	h := open(t, "")
	who := func(at string) any { return h.must(200, "olaf", "GET", "/oncall?at="+at, "").field("items.0.people.0") }
	if who("2026-01-06T00:00:00Z") != "rita" || who("2026-01-13T00:00:00Z") != "max" {
		t.Errorf("%v, then %v", who("2026-01-06T00:00:00Z"), who("2026-01-13T00:00:00Z"))
	}
	made := h.must(201, "rita", "POST", "/schedules/s/overrides", `{"op":"set","start":"2026-01-06T00:00:00Z","end":"2026-01-07T00:00:00Z","users":["max"]}`)
	if who("2026-01-06T12:00:00Z") != "max" || who("2026-01-07T12:00:00Z") != "rita" {
		t.Error("the override does not hold, or holds too long")
	}
	at := strings.TrimPrefix(made.head.Get("Location"), "/api/v1")
	h.refused(422, `"location":"body.users[0]"`, "rita", "PUT", at, `{"op":"set","start":"2026-01-06T00:00:00Z","end":"2026-01-07T00:00:00Z","users":["nobody"]}`)
	h.refused(403, "responder of team dba", "otto", "DELETE", at, "")
	shifts := h.must(200, "olaf", "GET", "/schedules/s/shifts?from=2026-01-05T08:00:00Z&to=2026-01-12T08:00:00Z", "")
	if shifts.items() != 3 {
		t.Error(shifts.body)
	}
	h.refused(422, "query.to", "olaf", "GET", "/schedules/s/shifts?from=2026-01-05T08:00:00Z&to=2036-01-12T08:00:00Z", "")
	h.must(204, "rita", "DELETE", at, "")
	h.refused(404, "nothing here", "rita", "GET", at, "")
	if who("2026-01-06T12:00:00Z") != "rita" {
		t.Error("the override still holds")
	}
	seen := h.must(200, "olaf", "GET", "/policies/p/preview?at=2026-01-13T00:00:00Z", "")
	if seen.field("items.0.text") != "level 1: calling rita" || !strings.Contains(seen.body, "max has no contact method") {
		t.Error(seen.body)
	}
}

func TestStrictBodies(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	for _, c := range []struct {
		status     int
		words      string
		path, body string
	}{
		{422, "body.txt", "/incidents/" + id + "/notes", `{"txt":"x"}`},
		{422, "body.text", "/incidents/" + id + "/notes", `{"text":7}`},
		{400, "body", "/incidents/" + id + "/notes", `{"text":"x"`},
		{400, "body", "/incidents/" + id + "/notes", `{"text":"x"} {}`},
		{400, "required", "/incidents/" + id + "/notes", ``},
		{413, "", "/incidents/" + id + "/notes", `{"text":"` + strings.Repeat("x", 1<<20) + `"}`},
		{422, "body.text", "/incidents/" + id + "/notes", `{"text":"  "}`},
		{422, "body.until", "/incidents/" + id + "/snooze", `{"until":"2020-01-01T00:00:00Z"}`},
		{422, "body.targets[1]", "/incidents/" + id + "/responders", `{"targets":["rita","policy:none"]}`},
		{422, "body.to", "/incidents/" + id + "/reassign", `{"to":"person:nobody"}`},
		{422, "body.ids", "/incidents/bulk", fmt.Sprintf(`{"verb":"resolve","ids":[%s"x"]}`, strings.Repeat(`"x",`, 200))},
		{409, "it is open", "/incidents/" + id + "/reopen", `{}`},
	} {
		h.refused(c.status, c.words, "rita", "POST", c.path, c.body)
	}
}
