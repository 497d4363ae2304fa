package v1_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// silenced is a new silence over a service, or over the house ("").
func (h *home) silenced(service org.ServiceID) string {
	h.t.Helper()
	now := h.engine.Now()
	s, err := h.engine.Silence(context.Background(), alert.Silence{
		Service: service, Matchers: []alert.Matcher{{Name: "host", Value: "db-1"}}, Start: now, End: now.Add(time.Hour), By: "ada", Comment: "hm",
	}, nil, now)
	if err != nil {
		h.t.Fatal(err)
	}
	return s.ID
}

func TestSilences(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		body := func(more string) string {
			return fmt.Sprintf(`{"matchers":["host=~\"db-.*\"","env!=test"],"end":%q,"comment":"new disks"%s}`, end.Format(time.RFC3339), more)
		}
		made := h.must(201, "rita", "POST", "/silences", body(`,"service":"db"`))
		id := made.field("id").(string)
		at := "/silences/" + id
		if made.field("state") != "active" || made.field("author") != "rita" || made.field("matchers.0") != `host=~"db-.*"` || made.head.Get("Location") != "/api/v1"+at {
			t.Error(made.head, made.body)
		}
		if got := h.must(200, "stine", "GET", at, ""); got.body != made.body || got.head.Get("ETag") != made.head.Get("ETag") {
			t.Errorf("read %s, made %s", got.body, made.body)
		}

		// A later end keeps the id; other matchers end it, and make another.
		was := made.head.Get("ETag")
		end = end.Add(time.Hour)
		later := h.must(200, "max", "PUT", at, body(""), "If-Match", was)
		if later.field("id") != id || later.field("author") != "max" || later.field("service") != "db" || later.field("start") != made.field("start") || later.head.Get("Location") != "" {
			t.Error(later.head, later.body)
		}
		h.refused(412, "changed meanwhile", "max", "PUT", at, body(""), "If-Match", was)
		other := h.must(200, "rita", "PUT", at, strings.Replace(body(""), "db-", "web-", 1))
		next := other.field("id").(string)
		if next == id || other.head.Get("Location") != "/api/v1/silences/"+next || other.field("service") != "db" {
			t.Error(other.head, other.body)
		}
		if got := h.must(200, "rita", "GET", at, ""); got.field("state") != "expired" || got.field("ended_by") != "rita" {
			t.Error(got.body)
		}
		if n := h.must(200, "olaf", "GET", "/silences?state=active", "").items(); n != 1 {
			t.Errorf("%d are active", n)
		}
		if all := h.must(200, "olaf", "GET", "/silences", ""); all.items() != 2 || all.field("items.0.id") != next {
			t.Error(all.body)
		}

		h.refused(412, "changed meanwhile", "rita", "DELETE", "/silences/"+next, "", "If-Match", was)
		h.must(204, "rita", "DELETE", "/silences/"+next, "", "If-Match", other.head.Get("ETag"))
		h.refused(409, "over already", "rita", "DELETE", "/silences/"+next, "")

		// Whose it is.
		h.refused(403, "responder of team dba", "otto", "POST", "/silences", body(`,"service":"db"`))
		h.refused(403, "responder of team dba", "otto", "POST", "/silences", body(`,"integration":"prom"`))
		h.refused(403, "the whole house is for an admin", "max", "POST", "/silences", body(""))
		house := h.must(201, "ada", "POST", "/silences", body("")).field("id").(string)
		h.refused(403, "the whole house is for an admin", "max", "DELETE", "/silences/"+house, "")
		h.must(201, "rita", "POST", "/silences", body(`,"integration":"prom"`))
		key := h.must(201, "key", "POST", "/silences", body(`,"service":"site"`))
		if key.field("author") != "key:key" {
			t.Error(key.body)
		}

		// What is wrong is named.
		for field, bad := range map[string]string{
			"body.matchers[1]": `{"matchers":["a=b","c="d""],"end":"2036-01-01T00:00:00Z","comment":"hm","service":"db"}`,
			"body.matchers":    `{"matchers":["a=~\".*\""],"end":"2036-01-01T00:00:00Z","comment":"hm","service":"db"}`,
			"body.end":         `{"matchers":["a=b"],"end":"2016-01-01T00:00:00Z","comment":"hm","service":"db"}`,
			"body.comment":     `{"matchers":["a=b"],"end":"2036-01-01T00:00:00Z","comment":"","service":"db"}`,
			"body.service":     `{"matchers":["a=b"],"end":"2036-01-01T00:00:00Z","comment":"hm","service":"nope"}`,
			"body.integration": `{"matchers":["a=b"],"end":"2036-01-01T00:00:00Z","comment":"hm","integration":"nope"}`,
		} {
			h.refused(422, fmt.Sprintf(`"location":%q`, field), "ada", "POST", "/silences", strings.Replace(bad, `"c="d""`, `"c=\"d"`, 1))
		}
		h.refused(422, "stays as it was made", "ada", "PUT", "/silences/"+house, body(`,"service":"db"`))
	})
}

// What a silence is about may be nobody else's business.
func TestSilencesOfSensitiveServices(t *testing.T) {
	h := open(t, "")
	id := h.silenced("hr")
	if n := h.must(200, "olaf", "GET", "/silences", "").items(); n != 0 {
		t.Errorf("an observer sees %d", n)
	}
	h.must(200, "rita", "GET", "/silences/"+id, "")
	h.refused(404, "nothing here", "olaf", "GET", "/silences/"+id, "")
	h.refused(404, "nothing here", "otto", "DELETE", "/silences/"+id, "")
	h.refused(422, `there is no service \"hr\"`, "otto", "POST", "/silences", `{"matchers":["a=b"],"end":"2036-01-01T00:00:00Z","comment":"hm","service":"hr"}`)
}
