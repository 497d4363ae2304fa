package api

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tocsin/alert"
	"tocsin/internal/store"
	"tocsin/org"
)

const amPath = "/am/" + alertmanagerKey

// What Alertmanager would refuse is refused in its words; what it would drop with the
// rest is kept.
func TestAlertmanagerFaults(t *testing.T) {
	const (
		alerts, silences = "/api/v2/alerts", "/api/v2/silences"
		good             = `{"labels":{"alertname":"Good"}}`
		never            = "2b8a7b7e-0b0c-4b3f-8a52-1f1c7e5a0000"
	)
	silence := func(fields string) string {
		return `{` + fields + `"startsAt":"2026-01-01T00:00:00Z","endsAt":"2199-01-02T00:00:00Z","createdBy":"x","comment":"y"}`
	}
	const ok = `"matchers":[{"name":"a","value":"b","isRegex":false}],`
	for _, c := range []struct {
		method, path, kind, body string
		status                   int
		says                     string
		kept                     int
	}{
		{"POST", alerts, "application/json", `[{"labels":{}},` + good + `]`, 400, `"at least one label pair required"`, 1},
		{"POST", alerts, "application/json", `{"labels":{}}`, 400, `{"code":400,"message":"parsing alerts body from \"\" failed, because json: cannot unmarshal object into Go value of type models.PostableAlerts"}`, 1},
		{"POST", alerts, "application/json", `[{"annotations":{}},` + good + `]`, 422, `{"code":602,"message":"0.labels in body is required"}`, 1},
		{"POST", alerts, "application/json", `[{"labels":{"a":"b"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}]`, 400, `"start time must be before end time"`, 0},
		{"POST", alerts, "application/json", `not json`, 400, `{"code":400,"message":"parsing alerts body from \"\" failed, because invalid character 'o' in literal null (expecting 'u')"}`, 1},
		{"POST", alerts, "application/json; charset=utf-8", `[]`, 200, ``, 0},
		{"POST", alerts, "", `[` + good + `]`, 200, ``, 1},
		{"POST", alerts, "application/json", `[` + good + `]`, 200, ``, 1},
		{"POST", alerts, "application/json", strings.Repeat("x", 9<<20), 413, `{"code":413,"message":"the body is too large"}`, 0},
		{"POST", alerts, "text/plain", `[]`, 415, `{"code":415,"message":"unsupported media type \"text/plain\", only [application/json] are allowed"}`, 0},
		{"PUT", alerts, "", "", 405, `{"code":405,"message":"method PUT is not allowed, but [POST,GET] are"}`, 0},
		{"DELETE", silences, "", "", 405, `{"code":405,"message":"method DELETE is not allowed, but [POST,GET] are"}`, 0},
		{"POST", "/api/v2/status", "", "", 405, `{"code":405,"message":"method POST is not allowed, but [GET] are"}`, 0},
		{"GET", "/api/v2/nosuch", "", "", 404, `{"code":404,"message":"path /api/v2/nosuch was not found"}`, 0},
		{"GET", "", "", "", 404, `{"code":404,"message":"path / was not found"}`, 0},
		{"GET", "/api/v1/alerts", "", "", 410, `{"error":"version 1 of Alertmanager's API is gone; use version 2","status":"deprecated"}`, 0},
		{"POST", "/api/v1/alerts", "application/json", "[]", 410, `{"error":"version 1 of Alertmanager's API is gone; use version 2","status":"deprecated"}`, 0},
		{"GET", alerts + "?filter=alertname%3D", "", "", 200, `[]`, 0},
		{"GET", alerts + "?filter=bad+matcher", "", "", 400, `"bad matcher format: bad matcher"`, 0},
		{"GET", alerts + "?receiver=(", "", "", 400, "\"failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`\"", 0},
		{"GET", alerts + "?active=maybe", "", "", 200, `[]`, 0},
		{"GET", silences, "", "", 200, `[]`, 0},
		{"GET", "/api/v2/alerts/groups", "", "", 200, `[]`, 0},
		{"GET", "/api/v2/silence/not-a-uuid", "", "", 422, `{"code":601,"message":"silenceID in path must be of type uuid: \"not-a-uuid\""}`, 0},
		{"GET", "/api/v2/silence/" + never, "", "", 404, ``, 0},
		{"DELETE", "/api/v2/silence/" + never, "", "", 404, ``, 0},
		{"POST", silences, "application/json", `{}`, 422, `{"code":602,"message":"comment in body is required"}`, 0},
		{"POST", silences, "application/json", `{`, 400, `{"code":400,"message":"parsing silence body from \"\" failed, because unexpected end of JSON input"}`, 0},
		{"POST", silences, "application/json", ``, 400, `{"code":400,"message":"parsing silence body from \"\" failed, because EOF"}`, 0},
		{"POST", silences, "application/json", silence(``), 422, `{"code":602,"message":"matchers in body is required"}`, 0},
		{"POST", silences, "application/json", silence(`"matchers":[],`), 422, `{"code":612,"message":"matchers in body should have at least 1 items"}`, 0},
		{"POST", silences, "application/json", silence(`"matchers":[{"name":"a"}],`), 422, `{"code":602,"message":"matchers.0.isRegex in body is required"}`, 0},
		{"POST", silences, "application/json", silence(`"matchers":[{"name":"a","value":"","isRegex":false}],`), 400, `"invalid silence: matcher set 0: at least one matcher must not match the empty string"`, 0},
		{"POST", silences, "application/json", strings.Replace(silence(ok), "2199", "2025", 1), 400, `"Failed to create silence: start time must be before end time"`, 0},
		{"POST", silences, "application/json", strings.Replace(silence(ok), "2199", "2026", 1), 400, `"Failed to create silence: end time can't be in the past"`, 0},
		{"POST", silences, "application/json", silence(`"id":"` + never + `",` + ok), 404, `"silence not found"`, 0},
		{"POST", silences, "application/json", silence(`"id":"x\u0000",` + ok), 404, `"silence not found"`, 0},
		{"GET", "/-/healthy", "", "", 200, `OK`, 0},
		{"POST", "/-/reload", "", "", 200, ``, 0},
		{"GET", "/-/reload", "", "", 405, `{"code":405,"message":"method GET is not allowed, but [POST] are"}`, 0},
		{"GET", "/-/ready", "", "", 503, `{"code":503,"message":"not ready"}`, 0}, // nothing steps in this house
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			h := open(t)
			w := h.query(c.method, amPath+c.path, c.body, "Content-Type", c.kind)
			if got := strings.TrimSuffix(w.Body.String(), "\n"); w.Code != c.status || got != c.says {
				t.Errorf("answered %d %s\nwant %d %s", w.Code, got, c.status, c.says)
			}
			if n := len(h.waiting()); n != c.kept {
				t.Errorf("%d are kept, want %d", n, c.kept)
			}
			if w.Code == 405 && !strings.Contains(w.Body.String(), "["+w.Header().Get("Allow")+"]") {
				t.Errorf("allowed: %s", w.Header().Get("Allow"))
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// The key stands in the path, or in the header as a token or a password.
func TestAlertmanagerKeys(t *testing.T) {
	h := open(t)
	basic := httptest.NewRequest("GET", "/", nil)
	basic.SetBasicAuth("prometheus", alertmanagerKey)
	for _, c := range []struct {
		path, authorization string
		status              int
	}{
		{amPath + "/api/v2/alerts", "", 200},
		{amPath + "//api/v2/alerts/", "", 200},
		{"/am/api/v2/alerts", "Bearer " + alertmanagerKey, 200},
		{"/am/api/v2/alerts", "bearer  " + alertmanagerKey, 200},
		{"/am/api/v2/alerts", basic.Header.Get("Authorization"), 200},
		{"/am/-/healthy", "Bearer " + alertmanagerKey, 200},
		{"/am/api/v2/alerts", "", 401},
		{"/am/api/v2/alerts", "Bearer nobody", 401},
		{"/am/api/v2/alerts", "Bearer " + genericKey, 401},
		{"/am", "", 401},
		{"/am/nobody/api/v2/alerts", "", 404},
		{"/am/nobody/api/v2/alerts", "Bearer " + alertmanagerKey, 404},
		{"/am/" + genericKey + "/api/v2/alerts", "", 404},
	} {
		w := h.do("GET", c.path, "", "Authorization", c.authorization)
		if w.Code != c.status || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s %q: %d %s", c.path, c.authorization, w.Code, w.Body)
		}
	}
	if w := h.do("OPTIONS", amPath+"/api/v2/silences", ""); w.Code != 200 || !strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "DELETE") {
		t.Errorf("OPTIONS: %d %v", w.Code, w.Header())
	}
}

// query is do for a path that may have a query.
func (h *house) query(method, path, body string, head ...string) *httptest.ResponseRecorder {
	path, query, _ := strings.Cut(path, "?")
	r := httptest.NewRequest(method, "http://tocsin.example"+path, strings.NewReader(body))
	r.URL.RawQuery = query
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.http.ServeHTTP(w, r)
	return w
}

// am calls the API and reads the answer.
func (h *house) am(key, method, path, body string, into any) int {
	h.t.Helper()
	w := h.query(method, "/am/"+key+"/api/v2/"+path, body, "Content-Type", "application/json")
	if w.Code == 200 && into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			h.t.Fatalf("%s %s: %v\n%s", method, path, err, w.Body)
		}
	}
	return w.Code
}

type gettable struct {
	Labels, Annotations       map[string]string
	StartsAt, EndsAt          time.Time
	Fingerprint, GeneratorURL string
	Receivers                 []struct{ Name string }
	Status                    struct {
		State                            string
		SilencedBy, InhibitedBy, MutedBy []string
	}
}

func (h *house) names(query string) (names []string) {
	h.t.Helper()
	var all []gettable
	if code := h.am(alertmanagerKey, "GET", "alerts"+query, "", &all); code != 200 {
		h.t.Fatalf("alerts%s: %d", query, code)
	}
	for _, a := range all {
		names = append(names, a.Labels["alertname"]+" "+a.Status.State)
		if a.Status.SilencedBy == nil || a.Status.InhibitedBy == nil || a.Status.MutedBy == nil {
			h.t.Error("a list is null")
		}
	}
	slices.Sort(names)
	return names
}

func openAlertmanager(t *testing.T) *house {
	h := open(t)
	h.configure(map[string]any{
		"service/web":    org.Service{ID: "web", Name: "Web", Policy: "p"},
		"integration/a2": org.Integration{ID: "a2", Name: "a2", Source: "alertmanager", Service: "web", KeyHash: h.ring.Hash("integration key", "amkey2")},
	})
	h.run()
	return h
}

const twoAlerts = `[{"labels":{"alertname":"DiskFull","host":"db-1"},"annotations":{"summary":"disk full"},"startsAt":"2026-01-02T03:04:05.678Z",
 "endsAt":"2199-01-01T00:00:00Z","generatorURL":"http://prom.example/graph?g0=<x>&y"},{"labels":{"alertname":"Slow","host":"web-1"}}]`

// What is posted is seen at once, by those who have the same key.
func TestAlertmanagerAlerts(t *testing.T) {
	h := openAlertmanager(t)
	if code := h.am(alertmanagerKey, "POST", "alerts", twoAlerts, nil); code != 200 {
		t.Fatal(code)
	}
	var all []gettable
	h.am(alertmanagerKey, "GET", "alerts?filter="+url.QueryEscape(`host=~"db.*"`)+"&filter=alertname!=x", "", &all)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	a := all[0]
	if a.Labels["host"] != "db-1" || a.Annotations["summary"] != "disk full" || a.StartsAt.Format(time.RFC3339Nano) != "2026-01-02T03:04:05.678Z" || a.EndsAt.Year() != 2199 ||
		a.GeneratorURL != "http://prom.example/graph?g0=<x>&y" || len(a.Fingerprint) != 16 || len(a.Receivers) != 1 || a.Receivers[0].Name != "db" {
		t.Errorf("%+v", a)
	}
	both := []string{"DiskFull active", "Slow active"}
	for query, want := range map[string][]string{
		"": both, "?active=false": nil, "?active=maybe": both, "?silenced=false&inhibited=false": both, "?unprocessed=false": both,
		"?receiver=d.": both, "?receiver=d": nil, "?receiver_matchers=name%3Ddb": both, "?receiver_matchers=name%3Dweb": nil,
		"?filter=host%3D%22web-1%22": both[1:], "?filter=team%3D%22%22": both, "?filter=%7Bhost%3D%22web-1%22%7D": both[1:],
	} {
		if d := cmp.Diff(want, h.names(query)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", query, d)
		}
	}
	if h.am("amkey2", "GET", "alerts", "", &all); len(all) != 0 {
		t.Errorf("another integration sees %+v", all)
	}
	var groups []struct {
		Labels, RouteLabels map[string]string
		Receiver            struct{ Name string }
		Alerts              []gettable
	}
	if h.am(alertmanagerKey, "GET", "alerts/groups", "", &groups); len(groups) != 2 || groups[0].Labels["host"] != "db-1" || groups[0].Receiver.Name != "db" ||
		groups[0].RouteLabels == nil || len(groups[0].Alerts) != 1 {
		t.Errorf("%+v", groups)
	}
	if code := h.am(alertmanagerKey, "POST", "alerts", strings.Replace(twoAlerts, "2199-01-01", "2026-01-03", 1), nil); code != 200 {
		t.Fatal(code)
	}
	if d := cmp.Diff(both[1:], h.names("")); d != "" {
		t.Errorf("after its end: (-want +got)\n%s", d)
	}
}

func TestAlertmanagerSilences(t *testing.T) {
	h := openAlertmanager(t)
	h.am(alertmanagerKey, "POST", "alerts", twoAlerts, nil)
	post := func(key, id, matcher, end string) (string, int) {
		t.Helper()
		body, _ := json.Marshal(map[string]any{
			"id": id, "startsAt": "2026-01-01T00:00:00Z", "endsAt": end, "createdBy": "Jane", "comment": "the <switch>",
			"matchers": []map[string]any{{"name": "host", "value": matcher, "isRegex": true}},
		})
		var made struct{ SilenceID string }
		code := h.am(key, "POST", "silences", string(body), &made)
		return made.SilenceID, code
	}
	id, code := post(alertmanagerKey, "", "db.*", "2199-01-01T00:00:00Z")
	if code != 200 {
		t.Fatal(code)
	}
	type shown struct {
		ID, Comment, CreatedBy      string
		StartsAt, EndsAt, UpdatedAt time.Time
		Status                      struct{ State string }
		Annotations                 map[string]string
		Matchers                    []struct {
			Name, Value      string
			IsRegex, IsEqual *bool
		}
	}
	var s shown
	if code := h.am(alertmanagerKey, "GET", "silence/"+id, "", &s); code != 200 || s.ID != id || s.Comment != "the <switch>" || s.CreatedBy != "Jane" || s.Status.State != "active" ||
		time.Since(s.StartsAt) > time.Minute || s.EndsAt.Year() != 2199 || s.UpdatedAt.IsZero() || s.Annotations == nil ||
		len(s.Matchers) != 1 || s.Matchers[0].Value != "db.*" || !*s.Matchers[0].IsRegex || !*s.Matchers[0].IsEqual {
		t.Errorf("%d %+v", code, s)
	}
	for query, want := range map[string][]string{
		"": {"DiskFull suppressed", "Slow active"}, "?silenced=false": {"Slow active"}, "?active=false": {"DiskFull suppressed"},
	} {
		if d := cmp.Diff(want, h.names(query)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", query, d)
		}
	}
	var alerts []gettable
	h.am(alertmanagerKey, "GET", "alerts?active=false", "", &alerts)
	if len(alerts) != 1 || !slices.Equal(alerts[0].Status.SilencedBy, []string{id}) {
		t.Errorf("%+v", alerts)
	}
	var groups []json.RawMessage
	if h.am(alertmanagerKey, "GET", "alerts/groups?muted=false", "", &groups); len(groups) != 1 {
		t.Errorf("%d groups are not muted", len(groups))
	}

	// It is its integration's alone, and so is the right to change it.
	var list []shown
	if h.am("amkey2", "GET", "silences", "", &list); len(list) != 0 {
		t.Errorf("another sees %+v", list)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if code := h.am("amkey2", method, "silence/"+id, "", nil); code != 404 {
			t.Errorf("another may %s it: %d", method, code)
		}
	}
	if _, code := post("amkey2", id, "db.*", "2199-01-01T00:00:00Z"); code != 404 {
		t.Errorf("another may change it: %d", code)
	}
	if whole, err := h.engine.Silence(t.Context(), alert.Silence{
		Matchers: []alert.Matcher{{Name: "host", Value: "nobody"}}, Start: h.engine.Now(), End: h.engine.Now().Add(time.Hour),
	}, nil, h.engine.Now()); err != nil {
		t.Error(err)
	} else {
		if h.am("amkey2", "GET", "silences", "", &list); len(list) != 1 {
			t.Errorf("of the whole house: %+v", list)
		}
		if code := h.am("amkey2", "DELETE", "silence/"+whole.ID, "", nil); code != 403 {
			t.Errorf("one integration ended what is everybody's: %d", code)
		}
	}

	// An edit keeps the id as long as what has been stays true.
	if next, code := post(alertmanagerKey, id, "web.*", "2199-01-01T00:00:00Z"); code != 200 || next == id {
		t.Errorf("other matchers: %s %d", next, code)
	} else {
		id = next
	}
	if h.am(alertmanagerKey, "GET", "silences?filter=host%3D~%22web.*%22", "", &list); len(list) != 1 || list[0].ID != id {
		t.Errorf("by filter: %+v", list)
	}
	if h.am(alertmanagerKey, "GET", "silences", "", &list); len(list) != 3 || list[2].Status.State != "expired" {
		t.Errorf("all: %+v", list)
	}
	for range 2 {
		if code := h.am(alertmanagerKey, "DELETE", "silence/"+id, "", nil); code != 200 {
			t.Errorf("its end: %d", code)
		}
	}
	if d := cmp.Diff([]string{"DiskFull active", "Slow active"}, h.names("")); d != "" {
		t.Errorf("after it: (-want +got)\n%s", d)
	}
	// What stood silenced calls somebody now.
	if ok, err := h.engine.Until(t.Context(), 5*time.Second, func(tx *store.Tx) (bool, error) {
		held, err := tx.HeldSubjects()
		return len(held) == 0, err
	}); !ok || err != nil {
		t.Errorf("still held: %v", err)
	}
}

func TestAlertmanagerStatus(t *testing.T) {
	h := openAlertmanager(t)
	var status struct {
		Cluster struct {
			Status string
			Peers  []struct{ Name, Address string }
		}
		Config      struct{ Original string }
		Uptime      time.Time
		VersionInfo map[string]string
	}
	if code := h.am("amkey2", "GET", "status", "", &status); code != 200 || status.Cluster.Status != "ready" || len(status.Cluster.Peers) != 1 ||
		status.Uptime.IsZero() || status.VersionInfo["version"] != amVersion || len(status.VersionInfo) != 6 {
		t.Errorf("%d %+v", code, status)
	}
	if want := "route:\n  receiver: \"web\"\nreceivers:\n  - name: \"web\"\n  - name: \"db\"\n"; status.Config.Original != want {
		t.Errorf("%s\nwant\n%s", status.Config.Original, want)
	}
	var receivers []struct{ Name string }
	if h.am("amkey2", "GET", "receivers", "", &receivers); len(receivers) != 2 || receivers[0].Name != "web" {
		t.Errorf("%+v", receivers)
	}
	if h.am("amkey2", "GET", "receivers?receiver_matchers=name%3Ddb", "", &receivers); len(receivers) != 1 {
		t.Errorf("%+v", receivers)
	}
}

func FuzzPostedSilence(f *testing.F) {
	f.Add([]byte(`{"matchers":[{"name":"a","value":"b","isRegex":true,"isEqual":false}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2028-01-02T00:00:00Z","createdBy":"x","comment":"y"}`))
	f.Add([]byte(`{"matchers":null,"comment":7}`))
	now := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		wish, err := silenceIn(body)
		if err != nil {
			if _, ok := err.(*amFault); !ok {
				t.Fatalf("%q: an error without an answer: %v", body, err)
			}
			return
		}
		made, _, err := alert.Revise(nil, wish, now)
		if err == nil && (made.State(now) == alert.SilenceExpired || alert.CompileSilences([]alert.Silence{made}).None()) {
			t.Fatalf("%q was taken and silences nothing: %+v", body, made)
		}
	})
}
