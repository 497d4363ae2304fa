package source_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"tocsin/alert"
	"tocsin/alert/source"
	"tocsin/org"
)

func TestMapping(t *testing.T) {
	m := org.Mapping{
		Each: "data.items", Key: "{$.site}/{sensor.no}", Title: "{sensor.label} is {reading.value} {reading.unit}", Text: "notes.0", State: "phase",
		Severity: "klass", Severities: map[string]org.Severity{"A": org.SEV1, "b": org.SEV4}, Resolved: []string{"normalised"},
		Labels: map[string]string{"hall": "sensor.hall", "absent": "no.such"},
	}
	body := `{"site":"brno","data":{"items":[
	  {"sensor":{"no":7,"label":"Cooling 7","hall":"B"},"reading":{"value":41.5,"unit":"°C"},"phase":"raised","klass":"a","notes":["call the plant"]},
	  {"sensor":{"no":8,"label":"Cooling 8"},"reading":{"value":3,"unit":"°C"},"phase":"Normalised","klass":"B"},
	  "nonsense"]}}`
	got, err := source.Mapped{Mapping: m}.Parse(nil, []byte(body))
	if err == nil || len(got) != 2 {
		t.Fatalf("%v %+v", err, got)
	}
	if a := got[0]; a.Action != alert.Trigger || a.Key != "brno/7" || a.Title != "Cooling 7 is 41.5 °C" || a.Text != "call the plant" || a.Severity != org.SEV1 || a.Labels["hall"] != "B" || a.Labels["absent"] != "" {
		t.Errorf("%+v", a)
	}
	if a := got[1]; a.Action != alert.Resolve || a.Key != "brno/8" || a.Severity != org.SEV4 {
		t.Errorf("%+v", a)
	}
	// What it does not name is found without it, and what is no JSON is read all the same.
	for _, body := range []string{`{"title":"Disk full","state":"resolved","key":"k"}`, `[{"title":"a"},{"title":"b"}]`, `title=x&state=ok`} {
		head := map[string][]string{"Content-Type": {"application/json"}}
		if body[0] == 't' {
			head["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		}
		want, err1 := source.Generic{}.Parse(head, []byte(body))
		got, err2 := source.Mapped{}.Parse(head, []byte(body))
		if err1 != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
	if _, err := (source.Mapped{Mapping: org.Mapping{Each: "no.such"}}).Parse(nil, []byte(`{"a":1}`)); err == nil {
		t.Error("a list that is not there is no fault")
	}
	if s, _ := source.For(org.Integration{Source: "generic", Mapping: &m}); s.Name() != "generic" {
		t.Error(s)
	}
	if s, _ := source.For(org.Integration{Source: "pagerduty", Mapping: &m}); s != (source.PagerDuty{}) {
		t.Error(s)
	}
}

func FuzzMapped(f *testing.F) {
	f.Add(`{"a":{"b":[1,{"c":"x"}]}}`, "a.b", "{c} {$.a.b.0}", "c", "b.-1")
	f.Add(`[{"x.y":"z"}]`, "", "x.y", "{", "}")
	f.Add(`{"s":"ok"}{"s":"down"}`, "$", "{{s}}", "s", "s")
	f.Fuzz(func(t *testing.T, body, each, title, key, state string) {
		m := source.Mapped{Mapping: org.Mapping{Each: each, Title: title, Key: key, State: state, Severity: key, Labels: map[string]string{"l": title}, Resolved: []string{"ok"}}}
		events, err := m.Parse(nil, []byte(body))
		if err == nil && len(events) == 0 {
			t.Error("nothing was read, and nothing is wrong")
		}
		for _, ev := range events {
			if len(ev.Key) > 300 || len(ev.Title) > 4096 || ev.Action == "" {
				t.Errorf("%+v", ev)
			}
			if _, err := json.Marshal(ev); err != nil {
				t.Error(err)
			}
		}
	})
}
