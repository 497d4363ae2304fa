package runbook

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

const restart = `# Restart the checkout

When checkout answers slowly and the database is well.

## 1. Look whether orders come in
The graph of {{label.instance}}:

    ## not a step

~~~
## nor this
~~~

## Restart one node [approval]
It loses the carts of that node.

` + "```http timeout=10s expect=200,202" + `
POST https://deploy.example.org/restart?node={{label.instance}}
Authorization: Bearer {{secret.deploy}}

{"node": "{{label.instance}}", "why": "{{incident.title}}"}
` + "```" + `

## Tell the shop
` + "```webhook shop" + `
{{person}} restarted {{label.instance}}
` + "```" + `
`

func compiled(t *testing.T, r Runbook) *Compiled {
	t.Helper()
	c, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	d, err := Parse(restart)
	if err != nil {
		t.Fatal(err)
	}
	if d.Title != "Restart the checkout" || d.When != "When checkout answers slowly and the database is well." || len(d.Steps) != 3 {
		t.Fatalf("%+v", d)
	}
	if s := d.Steps[0]; s.Title != "Look whether orders come in" || s.Kind() != Manual || !strings.Contains(s.Text, "## nor this") || !strings.Contains(s.Text, "    ## not a step") {
		t.Errorf("%+v", s)
	}
	a := d.Steps[1].Action
	if !d.Steps[1].Approval || d.Steps[1].Text != "It loses the carts of that node." || a.Method != "POST" || a.Timeout != 10*time.Second || !slices.Equal(a.Expect, []int{200, 202}) ||
		a.Header[0] != (Header{"Authorization", "Bearer {{secret.deploy}}"}) || a.What() != "POST deploy.example.org" || a.Again() || !slices.Equal(a.Needs(), []string{"deploy"}) {
		t.Errorf("%+v", a)
	}
	if w := d.Steps[2].Action; w.Webhook != "shop" || w.Body != "{{person}} restarted {{label.instance}}" || w.What() != "webhook shop" {
		t.Errorf("%+v", w)
	}
}

// What cannot be meant is said with its line.
func TestParseRefuses(t *testing.T) {
	block := func(info, text string) string { return "## s\n```" + info + "\n" + text + "\n```\n" }
	for text, want := range map[string]string{
		"":                                  "there is no step",
		"just text":                         "there is no step",
		"## ":                               "there is no step",
		"## look at {{label.x}}":            "line 1: a title holds no placeholder",
		"## [approval]":                     "line 1: a step needs a title",
		"```http\nGET https://a.b/\n```":    "line 1: an action stands in a step",
		block("http", ""):                   "line 2: what is to be asked for?",
		block("http", "FETCH https://a.b/"): `"FETCH https://a.b/" does not begin with`,
		block("http", "GET ftp://a.b/"):     "begins with https:// or http://",
		block("http", "GET https://{{label.host}}/"):                                         "no placeholder",
		block("http", "GET https://me:pw@a.b/"):                                              "no host",
		block("http", "GET https://a.b/\nnonsense"):                                          "is no header",
		block("http", "GET https://a.b/\nHost: c"):                                           "set by the house",
		block("http", "GET https://a.b/{{lable.x}}"):                                         "is none of",
		block("http", "GET https://a.b/{{incident.owner}}"):                                  "an incident has",
		block("http", "GET https://a.b/{{"):                                                  "begins a placeholder",
		block("http timeout=1h", "GET https://a.b/"):                                         "timeout",
		block("http expect=99", "GET https://a.b/"):                                          "expect",
		block("http often", "GET https://a.b/"):                                              "is none of",
		block("webhook", "x"):                                                                "which one?",
		"## s\n```http\nGET https://a.b/":                                                    "line 2: the block of the action is not closed",
		block("http", "GET https://a.b/") + block("", "") + "```http\nGET https://a.b/\n```": "",
		"## s\n```http\nGET https://a.b/\n```\n```http\nGET https://a.b/\n```":               "line 5: a step has one action",
		"## s\nSay {{secret.x}}":                                                             "line 1: a secret stands in an action alone",
		"## s\n" + strings.Repeat("x", MaxText):                                              "too many",
		strings.Repeat("## s\n", 21):                                                         "more than 20 steps",
		"## \xff":                                                                            "UTF-8",
	} {
		_, err := Parse(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text[:min(len(text), 60)], err, want)
		}
	}
}

// Code that is no placeholder of ours is left alone.
func TestForeignBraces(t *testing.T) {
	if _, err := Parse("## s\nkubectl get -o go-template='{{.items}} {{ range }}'"); err != nil {
		t.Error(err)
	}
}

func TestRequest(t *testing.T) {
	d, _ := Parse(restart)
	values := func(instance string) Values {
		return Values{
			Label: func(n string) string { return map[string]string{"instance": instance}[n] }, Person: "jane",
			Incident: map[string]string{"title": `say "hi"` + "\n"}, Secrets: map[string]string{"deploy": "s3cr3t-token"},
		}
	}
	r, err := d.Steps[1].Action.Request(values(`n1"},{"x&y=1/../`))
	if err != nil {
		t.Fatal(err)
	}
	if r.URL != "https://deploy.example.org/restart?node=n1%22%7D%2C%7B%22x%26y%3D1%2F..%2F" || r.Header[0].Value != "Bearer s3cr3t-token" {
		t.Errorf("%+v", r)
	}
	if want := `{"node": "n1\"},{\"x\u0026y=1/../", "why": "say \"hi\"\n"}`; r.Body != want {
		t.Errorf("%s, want %s", r.Body, want)
	}
	if got := Redact("sent Bearer s3cr3t-token and s3cr3t-token", values("").Secrets); strings.Contains(got, "s3cr3t") {
		t.Error(got)
	}
	// A value takes no line of its own in a header, and leads nowhere else.
	a := &Action{Kind: HTTP, Method: "GET", URL: "https://a.example/{{label.x}}", Header: []Header{{"X", "{{label.x}}"}}}
	evil := Values{Label: func(string) string { return "../..//evil.example/\r\nHost: evil" }}
	if r, err = a.Request(evil); err != nil || strings.ContainsAny(r.Header[0].Value, "\r\n") || !strings.HasPrefix(r.URL, "https://a.example/..%2F") {
		t.Errorf("%+v %v", r, err)
	}
	if got := Text("Restart {{label.instance}} ({{label.none}})", values("<b>*n1*</b>")); got != `Restart \<b\>\*n1\*\</b\> ({{label.none}})` {
		t.Error(got)
	}
}

func TestCompile(t *testing.T) {
	_, err := Compile(Runbook{ID: "x", Text: "no", Match: []string{`a="b"`, `a=~"("`, ""}, Verify: -1, Expires: "soon", Secrets: map[string]string{"a b": "x", "c": "x\ny"}})
	for _, want := range []string{"text: there is no step", "match[1]:", "match[2]:", "verify:", "expires:", `secrets: "a b"`, "secrets: c"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	had := Runbook{Secrets: map[string]string{"a": "1", "b": "2"}, Text: "## s\n```http\nGET https://a.example/x\nX: {{secret.a}}\n```"}
	keep := func(r Runbook) (string, error) {
		got, err := KeepSecrets(r, had)
		return fmt.Sprint(got.Secrets), err
	}
	if got, err := keep(Runbook{Text: had.Text}); got != "map[a:1 b:2]" || err != nil {
		t.Errorf("nothing was said of them: %v %v", got, err)
	}
	if got, err := keep(Runbook{Secrets: map[string]string{"a": "", "c": "3"}}); got != "map[a:1 c:3]" || err != nil {
		t.Error(got, err)
	}
	for _, text := range []string{strings.Replace(had.Text, "a.example", "b.example", 1), strings.Replace(had.Text, "https", "http", 1)} {
		if _, err := keep(Runbook{Text: text}); err == nil || !strings.Contains(err.Error(), "for the first time") {
			t.Errorf("a secret goes elsewhere: %v", err)
		}
		if got, err := keep(Runbook{Text: text, Secrets: map[string]string{"a": "9"}}); got != "map[a:9]" || err != nil {
			t.Error(got, err)
		}
	}
	if got := Shown(had).Secrets; fmt.Sprint(got) != "map[a: b:]" || had.Secrets["a"] != "1" {
		t.Error(got)
	}
}

func TestReview(t *testing.T) {
	var all []string
	for _, f := range Review(compiled(t, Runbook{ID: "x", Text: "## One\n" + strings.Repeat("word ", 500) + "\n## Two\n```http\nPOST https://a.b/\nX: {{secret.k}}\n```"})) {
		all = append(all, fmt.Sprint(f.Step, " ", f.Text))
	}
	got := strings.Join(all, "\n")
	for _, want := range []string{"0 it does not say when", "0 it is attached to nothing", "0 it has no owner", "0 510 words", "1 500 words", "2 the secret k", "2 it does not say what it changes"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if found := Review(compiled(t, Runbook{ID: "x", Owner: "jane", Match: []string{`service="a"`}, Text: Template})); len(found) != 0 {
		t.Errorf("the template itself: %v", found)
	}
}

func TestSuggest(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	in := incident.Incident{Service: "checkout", Severity: "SEV2", Title: "slow"}
	sign := func(title string, l map[string]string) Sign {
		return Sign{title, func(n string) string { return l[n] }}
	}
	signs := []Sign{sign("other", nil), sign("Checkout is slow", map[string]string{"alertname": "SlowCheckout", "service": "another word"})}
	var all []*Compiled
	for id, match := range map[string][]string{
		"general": {`service="checkout"`}, "particular": {`service="checkout"`, `alertname=~"Slow.*"`}, "other": {`service="db"`}, "none": nil,
		"past": {`service="checkout"`}, "not": {`service="checkout"`, `alertname!="SlowCheckout"`, `alertname!=""`},
	} {
		r := Runbook{ID: id, Match: match, Text: "## s"}
		if id == "past" {
			r.Expires = "2026-11-27"
		}
		all = append(all, compiled(t, r))
	}
	got := Suggest(all, in, signs, now)
	var ids []string
	for _, s := range got {
		ids = append(ids, s.ID)
	}
	if fmt.Sprint(ids) != "[particular general]" || got[0].Why != `service="checkout", alertname=~"Slow.*" (Checkout is slow)` || got[0].Label(in, signs)("alertname") != "SlowCheckout" {
		t.Errorf("%v %q", ids, got[0].Why)
	}
	if got := Suggest(all, in, nil, now); len(got) != 1 || got[0].Why != `service="checkout"` {
		t.Errorf("without an alert: %+v", got)
	}
	if got := compiled(t, Runbook{ID: "x", Match: []string{`service=~"check.*|db"`}, Text: "## s"}).Services([]string{"checkout", "db", "web"}); fmt.Sprint(got) != "[checkout db]" {
		t.Error(got)
	}
}

func TestStand(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	use := func(daysAgo int, failed int, verdict ...incident.RunbookVerdict) Use {
		u := Use{RunbookRun: incident.RunbookRun{At: days(daysAgo), How: incident.RunFinished, EndedAt: days(daysAgo), Verdicts: verdict}}
		for i := range 4 {
			st := incident.StepDone
			if i+1 == failed {
				st = incident.StepFailed
			}
			u.Steps = append(u.Steps, incident.RunbookStep{State: st, At: days(daysAgo)})
		}
		return u
	}
	said := func(daysAgo int, verdict string, step int) incident.RunbookVerdict {
		return incident.RunbookVerdict{By: "omar", At: days(daysAgo), Verdict: verdict, Step: step}
	}
	c := compiled(t, Runbook{ID: "x", Text: "## s"})
	gone := compiled(t, Runbook{ID: "x", Text: "## s", Expires: "2026-11-27"})
	for name, x := range map[string]struct {
		c       *Compiled
		written int
		mark    int
		uses    []Use
		changed []Changed
		says    string
		stale   []string
	}{
		"new":                    {c: c, written: 1, says: "never verified, not used yet", stale: []string{"unverified"}},
		"fresh":                  {c: c, written: 50, mark: 12, uses: []Use{use(20, 0)}, says: "verified 12 days ago, used 20 days ago"},
		"failed":                 {c: c, written: 50, mark: 12, uses: []Use{use(3, 3)}, says: "verified 12 days ago, step 3 failed last time", stale: []string{"failed"}},
		"mended":                 {c: c, written: 50, mark: 12, uses: []Use{use(20, 3)}, says: "verified 12 days ago, step 3 failed last time"},
		"by use":                 {c: c, written: 50, mark: 40, uses: []Use{use(3, 0, said(3, "worked", 0))}, says: "verified 3 days ago by use, worked last time"},
		"wrong":                  {c: c, written: 50, mark: 12, uses: []Use{use(3, 0, said(3, "wrong", 2))}, says: "verified 12 days ago, found wanting last time", stale: []string{"feedback"}},
		"worked after it failed": {c: c, written: 50, uses: []Use{use(3, 2, said(3, "worked", 0))}, says: "verified 3 days ago by use, worked last time"},
		"old":                    {c: c, written: 400, mark: 100, says: "verified 100 days ago, not used yet", stale: []string{"age"}},
		"rewritten":              {c: c, written: 2, mark: 12, says: "verified 12 days ago, not used yet", stale: []string{"text"}},
		"service":                {c: c, written: 50, mark: 12, changed: []Changed{{"checkout", days(2), "version 4"}, {"db", days(20), ""}}, says: "verified 12 days ago, not used yet", stale: []string{"service"}},
		"expired":                {c: gone, written: 50, mark: 12, says: "verified 12 days ago, not used yet", stale: []string{"expired"}},
	} {
		var mark Mark
		if x.mark > 0 {
			mark = Mark{At: days(x.mark), By: "jane"}
		}
		got := Stand(x.c, days(x.written), mark, x.uses, x.changed, now)
		var kinds []string
		for _, r := range got.Stale {
			kinds = append(kinds, r.Kind)
		}
		if got.Says != x.says || !slices.Equal(kinds, x.stale) {
			t.Errorf("%s: %q %+v", name, got.Says, got.Stale)
		}
	}
}

// A room of one incident, for the verbs.
type room struct {
	*testing.T
	in incident.Incident
}

func (r *room) do(by string, facts []incident.Fact, err error) *room {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	for _, f := range facts {
		r.in = r.in.After(incident.Entry{Seq: r.in.Seq + 1, At: time.Unix(int64(r.in.Seq), 0).UTC(), By: incident.Actor(by), Fact: f})
	}
	return r
}

func (r *room) no(want string, facts []incident.Fact, err error) {
	r.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		r.Errorf("%v %v, want %q", facts, err, want)
	}
}

func opened(t *testing.T) *room {
	return (&room{T: t}).do("engine", []incident.Fact{incident.Opened{Title: "slow", Service: "checkout"}}, nil)
}

func follow(r *room) func(verb string, by org.PersonID, step int, text string) ([]incident.Fact, error) {
	return func(verb string, by org.PersonID, step int, text string) ([]incident.Fact, error) {
		switch verb {
		case "ask":
			return Ask(r.in, 1, step)
		case "approve":
			return Approve(r.in, 1, step, by, "row")
		case "decline":
			return Decline(r.in, 1, step, text)
		case "run":
			return Run(r.in, 1, step, "row")
		}
		return Found(r.in, 1, step, incident.StepState(verb), text)
	}
}

func TestFollow(t *testing.T) {
	r := opened(t)
	c := compiled(t, Runbook{ID: "x", Text: restart})
	facts, err := Start(r.in, c, 4)
	r.do("person:jane", facts, err)
	facts, err = Start(r.in, c, 4)
	r.no("followed already", facts, err)
	say := follow(r)
	no := func(want, verb string, by org.PersonID, step int) {
		t.Helper()
		facts, err := say(verb, by, step, "")
		r.no(want, facts, err)
	}
	yes := func(verb string, by org.PersonID, step int) {
		t.Helper()
		facts, err := say(verb, by, step, "as it should")
		r.do("person:"+string(by), facts, err)
	}
	no("by hand", "run", "jane", 1)
	no("needs nobody's approval", "ask", "jane", 1)
	no("no step 9", "done", "jane", 9)
	no("done, failed or skipped", "begun", "jane", 1)
	yes("done", "jane", 1)
	no("approval first", "run", "jane", 2)
	no("approval first", "done", "jane", 2)
	no("nobody asks", "approve", "omar", 2)
	yes("ask", "jane", 2)
	no("a second person", "approve", "jane", 2)
	yes("decline", "omar", 2)
	yes("ask", "jane", 2)
	yes("approve", "omar", 2)
	no("at work", "done", "jane", 2)
	if facts, err := Stop(r.in, 1, ""); err == nil {
		t.Errorf("it stops what is at work: %v", facts)
	}
	if s := r.in.Room.Runbooks[0].Steps[1]; s.State != incident.StepRunning || s.Try != 1 || s.Approved != "person:omar" || s.Asked != "person:jane" {
		t.Errorf("%+v", s)
	}
	r.do("engine", Came(r.in, 1, 2, 1, incident.StepEnded{How: incident.StepFailed, Outcome: "502"}), nil)
	if got := Came(r.in, 1, 2, 1, incident.StepEnded{How: incident.StepDone}); got != nil {
		t.Errorf("it came twice: %v", got)
	}
	no("approval first", "run", "jane", 2) // anew for a second try
	yes("skipped", "jane", 2)
	yes("run", "jane", 3)
	r.do("engine", Came(r.in, 1, 3, 1, incident.StepEnded{How: incident.StepDone, Took: time.Second}), nil)
	run := r.in.Room.Runbooks[0]
	if run.How != incident.RunFinished || run.Version != 4 || run.Steps[0].Outcome != "as it should" || run.Steps[0].By != "person:jane" {
		t.Errorf("%+v", run)
	}
	no("followed no longer", "done", "jane", 1)

	for _, wrong := range []struct {
		verdict string
		step    int
	}{{"wrong", 0}, {"wrong", 4}, {"missing", 1}, {"fine", 0}} {
		if facts, err := Judge(r.in, 1, wrong.verdict, wrong.step, ""); err == nil {
			t.Errorf("%+v: %v", wrong, facts)
		}
	}
	for _, v := range []struct{ by, verdict string }{{"jane", "wrong"}, {"omar", "worked"}, {"jane", "worked"}} {
		facts, err := Judge(r.in, 1, v.verdict, 2, "502")
		r.do("person:"+v.by, facts, err)
	}
	if got := r.in.Room.Runbooks[0].Verdicts; len(got) != 2 || got[1].By != "jane" || got[1].Verdict != "worked" || got[1].Step != 0 {
		t.Errorf("%+v", got)
	}
}

func TestItEndsWithItsIncident(t *testing.T) {
	r := opened(t)
	facts, err := Start(r.in, compiled(t, Runbook{ID: "x", Text: "## s"}), 1)
	r.do("person:jane", facts, err)
	if got := next(r.in); got != nil {
		t.Error(got)
	}
	r.do("person:jane", []incident.Fact{incident.Ended{}}, nil)
	r.do("engine", next(r.in), nil)
	if run := r.in.Room.Runbooks[0]; run.How != incident.RunStopped || run.Why != "it is resolved" || next(r.in) != nil {
		t.Errorf("%+v", run)
	}
}

// By itself it does the steps that are for nobody, and stops at the first that is.
func TestOnward(t *testing.T) {
	auto := "## a\n```http\nGET https://a.b/\n```\n## b\n```http\nGET https://a.b/\n```\n"
	for name, x := range map[string]struct {
		text, how string
		over, ok  bool
		why       string
	}{
		"all":      {auto, "done", true, true, "2 steps"},
		"failed":   {auto, "failed", true, false, "step 1: said so"},
		"people":   {auto + "## look", "done", true, false, "step 3 is for people: look"},
		"approval": {auto + "## c [approval]\n```http\nGET https://a.b/\n```", "done", true, false, "step 3 is for people: c"},
	} {
		r := opened(t)
		facts, why := Begin(r.in, compiled(t, Runbook{ID: "x", Text: x.text}), 1, "run", "row")
		if why != "" {
			t.Fatal(why)
		}
		r.do("engine", facts, nil)
		for step := 1; ; step++ {
			r.do("engine", Came(r.in, 1, step, 1, incident.StepEnded{How: incident.StepState(x.how), Outcome: "said so"}), nil)
			more, over, ok, why := Onward(r.in.Room.Runbooks[0], "row")
			r.do("engine", more, nil)
			if over {
				if over != x.over || ok != x.ok || why != x.why {
					t.Errorf("%s: %v %v %q", name, over, ok, why)
				}
				break
			}
		}
	}
	if _, why := Begin(opened(t).in, compiled(t, Runbook{ID: "x", Text: "## look\n" + auto}), 1, "run", "row"); !strings.Contains(why, "for people") {
		t.Error(why)
	}
}

func TestTell(t *testing.T) {
	in := incident.Incident{Owner: "jane", Called: []org.PersonID{"jane", "omar"}, Room: &incident.Room{Present: []org.PersonID{"lena"}, Runbooks: []incident.RunbookRun{{Steps: []incident.RunbookStep{{Asked: "person:jane"}}}}}}
	names := func(in incident.Incident, by string, f incident.Fact) (out []string) {
		for _, n := range Tell(in, incident.Entry{By: incident.Actor(by), Fact: f}) {
			out = append(out, string(n.Person))
		}
		return out
	}
	if got := names(in, "person:jane", incident.StepAsked{Run: 1, Step: 1}); fmt.Sprint(got) != "[lena]" {
		t.Error(got)
	}
	if got := names(incident.Incident{Owner: "jane", Called: in.Called}, "person:jane", incident.StepAsked{Run: 1, Step: 1}); fmt.Sprint(got) != "[omar]" {
		t.Error(got)
	}
	if got := names(in, "person:lena", incident.StepApproved{Run: 1, Step: 1}); fmt.Sprint(got) != "[jane]" {
		t.Error(got)
	}
}

// Whatever stands in a text, reading it ends, and what it says of a request is a request
// to the host that stands in the text.
func FuzzParse(f *testing.F) {
	f.Add(restart, "n1")
	f.Add("## s\n```http\nGET https://a.b/{{label.x}}?q={{label.x}}\n\n[\"{{label.x}}\"]\n```", "\"]\r\n../")
	f.Add("# t\n## a\n~~~~\n```\n~~~~\n## b [approval]\n````webhook w\n```\n````", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		c, err := Compile(Runbook{ID: "x", Text: text})
		if err != nil {
			return
		}
		Review(c)
		for _, s := range c.Steps {
			Text(s.Text, Values{Label: func(string) string { return value }})
			if s.Action == nil {
				continue
			}
			r, err := s.Action.Request(Values{Label: func(string) string { return value }, Person: value, Secrets: map[string]string{"s": value}})
			if err != nil || s.Action.Kind == Webhook {
				continue
			}
			host, err := hostOf(s.Action.URL)
			if err != nil || !strings.HasPrefix(r.URL[strings.Index(r.URL, "://")+3:], host) {
				t.Errorf("%q leads to %q", s.Action.URL, r.URL)
			}
			for _, h := range r.Header {
				if strings.ContainsAny(h.Value, "\r\n") {
					t.Errorf("%q has a line of its own", h.Value)
				}
			}
		}
	})
}

// next is what happens by itself to a run, long before anything is overdue.
func next(in incident.Incident) []incident.Fact {
	facts, _ := Next(in, in.At)
	return facts
}

// TestAnApprovalThatNobodyGives: those who may are reminded, then the incident's own policy
// is climbed, as often as is of use; a word ends it, and when it is asked for anew it begins
// anew.
func TestAnApprovalThatNobodyGives(t *testing.T) {
	begin := func(t *testing.T, others ...org.PersonID) *room {
		r := opened(t)
		r.do("engine", []incident.Fact{
			incident.Asked{Run: 1, Policy: "p", Version: 3, Priority: org.High},
			incident.Called{Run: 1, Calls: []incident.Call{{Person: "jane"}}},
		}, nil)
		for _, p := range others {
			r.do("engine", []incident.Fact{incident.Called{Run: 1, Calls: []incident.Call{{Person: p}}, Extra: true}}, nil)
		}
		r.do("person:jane", []incident.Fact{incident.AcknowledgedBy{}}, nil)
		facts, err := Start(r.in, compiled(t, Runbook{ID: "x", Text: "# X\n## Fail over [approval]"}), 1)
		r.do("person:jane", facts, err)
		facts, err = Ask(r.in, 1, 1)
		return r.do("person:jane", facts, err)
	}
	// lives says what happens by itself until nothing is due, at most so often.
	lives := func(r *room, most int) (said []string) {
		for now := r.in.At; most > 0; most-- {
			facts, due := Next(r.in, now)
			for _, f := range facts {
				said = append(said, fmt.Sprintf("%s %s", now.Sub(r.in.Room.Runbooks[0].Steps[0].At), f))
				r.in = r.in.After(incident.Entry{Seq: r.in.Seq + 1, At: now, By: incident.Engine, Fact: f})
			}
			switch {
			case due.IsZero() && len(facts) == 0:
				return said
			case !due.IsZero():
				now = due
			}
		}
		return said
	}
	for name, tt := range map[string]struct {
		others []org.PersonID
		want   int // climbs until it is given up
		first  string
	}{
		"somebody is there": {[]org.PersonID{"omar"}, 1, "5m0s nobody has approved step 1 yet: Fail over; asked omar"},
		"nobody is":         {nil, 1, "0s nobody has approved step 1 yet: Fail over; others are called"},
	} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, tt.others...)
			said := lives(r, 50)
			climbs := 0
			for _, s := range said {
				if strings.Contains(s, "asked for policy p, version 3") {
					climbs++
				}
			}
			if len(said) == 0 || said[0] != tt.first || climbs != tt.want || r.in.Room.Runbooks[0].Steps[0].Nags != mostReminds {
				t.Errorf("%d climbs: %s", climbs, strings.Join(said, "\n"))
			}
			if !r.in.Wants(2, "jane") || r.in.Wants(2, "omar") || r.in.Wants(1, "jane") {
				t.Error("who asked is called to give it")
			}
			// What nobody reached is tried again, an hour later.
			again := begin(t, tt.others...)
			lives(again, 4)
			again.do("engine", []incident.Fact{incident.Settled{Run: 2, How: "exhausted"}}, nil)
			if later := lives(again, 3); !strings.Contains(strings.Join(later, "\n"), "asked for policy p") {
				t.Errorf("nobody is called again: %s", later)
			}
			facts, err := Decline(again.in, 1, 1, "not now")
			again.do("person:omar", facts, err)
			if got := lives(again, 9); len(got) != 1 || !strings.Contains(got[0], "nobody else is called") {
				t.Errorf("declined, and %v", got)
			}
			facts, err = Ask(again.in, 1, 1)
			again.do("person:omar", facts, err)
			if s := again.in.Room.Runbooks[0].Steps[0]; s.Nags != 0 || s.Asked != "person:omar" {
				t.Errorf("asked anew: %+v", s)
			}
		})
	}
	t.Run("it is quiet while the incident is", func(t *testing.T) {
		r := begin(t, "omar")
		r.do("person:jane", []incident.Fact{incident.SnoozedUntil{Until: r.in.At.Add(time.Hour)}}, nil)
		if said := lives(r, 9); said != nil {
			t.Error(said)
		}
	})
}
