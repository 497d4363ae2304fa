package v1_test

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	v1 "tocsin/internal/api/v1"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

// attached is a file that somebody said something with in the room of an incident.
func (h *home) attached(as, room, name, text string) (id string) {
	h.t.Helper()
	id = h.must(201, as, "POST", "/attachments?name="+name, text, "Content-Type", "application/octet-stream").field("id").(string)
	h.must(201, as, "POST", "/incidents/"+room+"/messages", fmt.Sprintf(`{"text":"see this","files":[%q]}`, id))
	return id
}

func numbersOf(r reply) (out []int) {
	list, _ := r.field("items").([]any)
	for _, one := range list {
		out = append(out, int(one.(map[string]any)["number"].(float64)))
	}
	return out
}

// Two people speak in a room, one of them twice by accident; a third, of another team,
// reads, and writes once she is called.
func TestRoom(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		id := string(h.opened("db", "Disk full"))
		at := "/incidents/" + id
		if n := h.must(200, "rita", "GET", at+"/messages", "").items(); n != 0 {
			t.Errorf("%d messages before anybody spoke", n)
		}
		h.must(204, "max", "POST", at+"/read", `{"message":3}`) // nothing to read yet
		first := h.must(201, "rita", "POST", at+"/messages", `{"text":"**restarting** db-1","nonce":"n1"}`)
		again := h.must(201, "rita", "POST", at+"/messages", `{"text":"**restarting** db-1","nonce":"n1"}`)
		if first.body != again.body || first.field("number") != 1.0 || !strings.Contains(first.body, "<strong>") || first.field("by_name") != "Rita" {
			t.Errorf("%s\n%s", first.body, again.body)
		}
		if other := h.must(201, "max", "POST", at+"/messages", `{"text":"what of db-2?","nonce":"n1","reply":1}`); other.field("number") != 2.0 {
			t.Errorf("the nonce of somebody else: %s", other.body)
		}
		h.refused(422, "it says nothing", "rita", "POST", at+"/messages", `{"text":" "}`)
		h.refused(422, "there is no message 9", "rita", "POST", at+"/messages", `{"text":"x","reply":9}`)
		h.refused(422, "not there", "rita", "POST", at+"/messages", `{"text":"x","files":["nowhere"]}`)
		h.refused(403, "responder of team dba", "otto", "POST", at+"/messages", `{"text":"may I?"}`)
		if _, err := h.engine.Do(context.Background(), incident.ID(id), "person:otto", h.engine.Now(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
			return []incident.Fact{incident.Came{}}, nil
		}); err != nil {
			t.Fatal(err)
		}
		h.must(201, "otto", "POST", at+"/messages", `{"text":"now I may"}`)
		h.must(201, "key", "POST", at+"/messages", `{"text":"deploy 41 is out"}`)

		for ask, want := range map[string]string{"": "[1 2 3 4]", "?limit=2": "[3 4]", "?limit=2&before=3": "[1 2]", "?after=2": "[3 4]", "?after=1&limit=1": "[2]", "?after=4": "[]"} {
			if got := fmt.Sprint(numbersOf(h.must(200, "stine", "GET", at+"/messages"+ask, ""))); got != want {
				t.Errorf("%q: %s, want %s", ask, got, want)
			}
		}
		if name := h.must(200, "rita", "GET", at+"/messages?limit=1", "").field("items.0.by_name"); name != "All" {
			t.Errorf("a program is called %v", name)
		}
		marks := h.must(200, "rita", "GET", at+"/marks", "")
		if marks.items() != 3 || !strings.Contains(marks.body, `{"person":"rita","name":"Rita","delivered":1`) {
			t.Errorf("marks: %s", marks.body)
		}
	})
}

// What is changed can be seen as it was; what is redacted is gone from everywhere, and its
// trace stays.
func TestEditAndRedact(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		id := string(h.opened("db", "Disk full"))
		at := "/incidents/" + id + "/messages"
		file := h.attached("rita", id, "ward.txt", "Marguerite Oduya")
		edited := h.must(200, "rita", "PATCH", at+"/1", `{"text":"patient Oduya, bed 4"}`)
		if edited.field("changed") != 1.0 || edited.field("text") != "patient Oduya, bed 4" {
			t.Errorf("changed: %s", edited.body)
		}
		if was := h.must(200, "olaf", "GET", at+"/1/versions", "").field("items.0.text"); was != "see this" {
			t.Errorf("it said %v before", was)
		}
		h.refused(409, "only who wrote it", "max", "PATCH", at+"/1", `{"text":"mine"}`)
		h.must(201, "max", "POST", at, `{"text":"thank you"}`)
		h.refused(403, "manager of team dba", "rita", "POST", at+"/2/redact", `{}`)
		h.must(200, "olaf", "GET", "/attachments/"+file, "")
		if n := h.must(200, "olaf", "GET", "/messages?q=oduya", "").items(); n != 1 {
			t.Errorf("%d were found", n)
		}
		gone := h.must(200, "max", "POST", at+"/1/redact", `{"why":"a patient's name"}`)
		for _, r := range []reply{gone, h.must(200, "rita", "GET", at, ""), h.must(200, "rita", "GET", at+"/1/versions", "")} {
			if strings.Contains(r.body, "Oduya") || strings.Contains(r.body, "see this") || strings.Contains(r.body, "ward.txt") {
				t.Errorf("it is still there: %s", r.body)
			}
		}
		if gone.field("redactor") != "Max" || gone.field("why") != "a patient's name" || gone.field("by_name") != "Rita" {
			t.Errorf("its trace: %s", gone.body)
		}
		h.refused(404, "nothing here", "rita", "GET", "/attachments/"+file, "")
		h.refused(409, "redacted", "rita", "PATCH", at+"/1", `{"text":"back"}`)
		if n := h.must(200, "olaf", "GET", "/messages?q=oduya", "").items(); n != 0 {
			t.Errorf("%d were found after", n)
		}
		if line := h.must(200, "olaf", "GET", "/incidents/"+id+"/timeline", "").body; !strings.Contains(line, "message 1 of rita was redacted") {
			t.Errorf("the log does not say it: %s", line)
		}
		if err := h.files.Sweep(t.Context(), h.engine.Now()); err != nil {
			t.Fatal(err)
		}
		h.written(func(tx *store.Tx) error {
			if _, err := tx.Blob(file); err == nil {
				t.Error("its bytes are still there")
			}
			return tx.VerifyLog(incident.ID(id))
		})
	})
}

// What two say to each other, and what a group says, is for them alone.
func TestDirectAndGroups(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		made := h.must(201, "rita", "POST", "/conversations", `{"people":["max"]}`)
		id := made.field("id").(string)
		at := "/conversations/" + id
		if made.field("kind") != "direct" || made.field("title") != "Max" || made.head.Get("Location") != v1.Prefix+at {
			t.Errorf("%s %s", made.body, made.head.Get("Location"))
		}
		if same := h.must(201, "max", "POST", "/conversations", `{"people":["rita","rita"]}`); same.field("id") != id || same.field("title") != "Rita" {
			t.Errorf("two have two: %s", same.body)
		}
		h.refused(422, "there is no person", "rita", "POST", "/conversations", `{"people":["nobody"]}`)
		h.refused(422, "name somebody else", "rita", "POST", "/conversations", `{"people":["rita"]}`)
		h.must(201, "rita", "POST", at+"/messages", `{"text":"can you take tonight?"}`)
		h.must(201, "rita", "POST", at+"/messages", `{"text":"please"}`)
		for _, as := range []string{"ada", "key", "olaf"} {
			h.refused(404, "nothing here", as, "GET", at+"/messages", "")
			if n := h.must(200, as, "GET", "/conversations", "").items(); n != 0 {
				t.Errorf("%s has %d conversations", as, n)
			}
			if n := h.must(200, as, "GET", "/messages?q=tonight", "").items(); n != 0 {
				t.Errorf("%s finds it", as)
			}
		}
		list := h.must(200, "max", "GET", "/conversations?unread=true", "")
		if list.field("items.0.unread") != 2.0 || list.field("items.0.last_text") != "please" {
			t.Errorf("%s", list.body)
		}
		h.must(204, "max", "POST", at+"/read", `{"message":2}`)
		h.must(204, "max", "POST", at+"/read", `{"message":1}`) // marks only climb
		if n := h.must(200, "max", "GET", "/conversations?unread=true", "").items(); n != 0 {
			t.Errorf("%d are unread", n)
		}
		if marks := h.must(200, "rita", "GET", at+"/marks", ""); !strings.Contains(marks.body, `"name":"Max","delivered":2`) || !strings.Contains(marks.body, `"read":2`) {
			t.Errorf("rita does not see that it was read: %s", marks.body)
		}
		h.refused(409, "cannot leave", "max", "POST", at+"/leave", "")
		h.refused(409, "begin a group", "max", "POST", at+"/people", `{"people":["olaf"]}`)
		h.refused(403, "who wrote it", "max", "POST", at+"/messages/1/redact", `{}`)

		group := h.must(201, "stine", "POST", "/conversations", `{"people":["rita","max"],"title":"Move of the lab"}`).field("id").(string)
		at = "/conversations/" + group
		h.must(201, "stine", "POST", at+"/messages", `{"text":"Monday at 8"}`)
		h.must(200, "rita", "POST", at+"/people", `{"people":["olaf"]}`)
		if got := h.must(200, "olaf", "GET", "/messages?q=mond", ""); got.field("items.0.conversation.title") != "Move of the lab" {
			t.Errorf("who comes later reads what was said: %s", got.body)
		}
		h.must(200, "olaf", "PATCH", at, `{"title":"The lab moves"}`)
		h.must(204, "max", "POST", at+"/leave", "")
		h.refused(404, "nothing here", "max", "POST", at+"/messages", `{"text":"one more thing"}`)
		if n := h.must(200, "max", "GET", "/messages?q=monday", "").items(); n != 0 {
			t.Error("who has left still finds it")
		}
	})
}

// A picture is shown, and says nothing of where it is from; all else is only saved.
func TestAttachments(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	var p bytes.Buffer
	if err := png.Encode(&p, image.NewGray(image.Rect(0, 0, 4, 2))); err != nil {
		t.Fatal(err)
	}
	raw := []string{"Content-Type", "application/octet-stream"}
	picture := h.must(201, "rita", "POST", "/attachments?name=../a.html", p.String()+"<script>", raw...)
	page := h.must(201, "rita", "POST", "/attachments?name=a.png", "<html><script>alert(1)</script>", raw...)
	if picture.field("image") != true || picture.field("name") != "a.html" || picture.field("width") != 4.0 || page.field("image") != nil || page.field("type") != "text/html" {
		t.Errorf("%s\n%s", picture.body, page.body)
	}
	h.refused(404, "nothing here", "max", "GET", "/attachments/"+page.field("id").(string), "") // not sent yet
	h.must(201, "rita", "POST", "/incidents/"+id+"/messages", fmt.Sprintf(`{"files":[%q,%q]}`, picture.field("id"), page.field("id")))
	shown := h.must(200, "stine", "GET", "/attachments/"+picture.field("id").(string), "")
	saved := h.must(200, "stine", "GET", "/attachments/"+page.field("id").(string), "")
	if shown.head.Get("Content-Type") != "image/png" || !strings.HasPrefix(shown.head.Get("Content-Disposition"), "inline") || strings.Contains(shown.body, "script") {
		t.Errorf("shown as %v", shown.head)
	}
	if saved.head.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(saved.head.Get("Content-Disposition"), "attachment; filename=a.png") || saved.body != "<html><script>alert(1)</script>" {
		t.Errorf("saved as %v", saved.head)
	}
	for _, r := range []reply{shown, saved} {
		if r.head.Get("X-Content-Type-Options") != "nosniff" || r.head.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || r.head.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%v", r.head)
		}
	}
	if r := h.do("stine", "GET", "/attachments/"+picture.field("id").(string), "", "If-None-Match", shown.head.Get("ETag")); r.status != 304 || r.body != "" {
		t.Errorf("asked again: %d", r.status)
	}
	h.refused(400, "body is required", "rita", "POST", "/attachments?name=x", "", raw...)
	h.refused(413, "larger than", "rita", "POST", "/attachments?name=x", strings.Repeat("x", 25<<20+2), raw...)
}

func TestExport(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("db", "Disk full"))
	file := h.attached("rita", id, "df.txt", "98 %")
	h.must(200, "rita", "PATCH", "/incidents/"+id+"/messages/1", `{"text":"see that"}`)
	h.must(201, "max", "POST", "/incidents/"+id+"/messages", `{"text":"secret"}`)
	h.must(200, "max", "POST", "/incidents/"+id+"/messages/2/redact", `{}`)
	h.refused(422, "no zone", "olaf", "GET", "/incidents/"+id+"/export?zone=Mars/Olympus", "")
	got := h.must(200, "olaf", "GET", "/incidents/"+id+"/export?zone=Europe/Prague", "")
	if got.head.Get("Content-Type") != "application/zip" || !strings.Contains(got.head.Get("Content-Disposition"), "conversation-"+id) {
		t.Errorf("%v", got.head)
	}
	z, err := zip.NewReader(strings.NewReader(got.body), int64(len(got.body)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(text)
	}
	var whole v1.ExportedTalk
	if err := json.Unmarshal([]byte(all["conversation.json"]), &whole); err != nil || len(whole.Messages) != 2 || whole.Versions[1][0].Text != "see this" {
		t.Errorf("%v: %+v", err, whole)
	}
	if text := all["conversation.md"]; !strings.Contains(text, "> see that") || !strings.Contains(text, "redacted by Max") || strings.Contains(text, "secret") || !strings.Contains(text, "# Disk full") {
		t.Errorf("%s", text)
	}
	if all[whole.Files[file]] != "98 %" {
		t.Errorf("the file is not in it: %v", whole.Files)
	}
}

// Whoever is named hears of it over their own channel, unless they have read it by then,
// and nobody who may not see the room does.
func TestMentionsAreTold(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		steps := func() {
			t.Helper()
			if _, err := h.engine.Step(t.Context(), h.engine.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		told := func(p string) (lines []string) {
			for _, m := range h.sent {
				if m.Purpose == "mention" && m.PersonName == p {
					lines = append(lines, strings.Join(append([]string{m.Text}, m.Body...), " | "))
				}
			}
			return lines
		}
		db, hr := string(h.opened("db", "Disk full")), string(h.opened("hr", "Salaries"))
		h.must(201, "max", "POST", "/incidents/"+db+"/messages", `{"text":"@rita look at db-1, @ada too"}`)
		h.must(204, "ada", "POST", "/incidents/"+db+"/read", `{"message":1}`)
		h.must(201, "max", "POST", "/incidents/"+hr+"/messages", `{"text":"@otto @rita read this"}`)
		steps()
		if got := told("Rita"); len(got) != 2 || got[0] != "Max mentioned you: Disk full | @rita look at db-1, @ada too" || got[1] != "Max mentioned you" {
			t.Errorf("rita hears %q", got)
		}
		if got := told("Ada"); got != nil {
			t.Errorf("ada has read it, and hears %q", got)
		}
		if got := told("Otto"); got != nil {
			t.Errorf("otto may not see it, and hears %q", got)
		}
		// Directly: once, until it is read; never what it says.
		c := h.must(201, "max", "POST", "/conversations", `{"people":["rita"]}`).field("id").(string)
		h.must(201, "max", "POST", "/conversations/"+c+"/messages", `{"text":"the salary list"}`)
		h.must(201, "max", "POST", "/conversations/"+c+"/messages", `{"text":"hello?"}`)
		steps()
		if got := told("Rita"); len(got) != 3 || got[2] != "Max wrote to you" {
			t.Errorf("rita hears %q", got)
		}
		h.must(204, "rita", "POST", "/conversations/"+c+"/read", `{"message":2}`)
		h.must(201, "max", "POST", "/conversations/"+c+"/messages", `{"text":"and now?"}`)
		h.must(204, "rita", "POST", "/conversations/"+c+"/mute", `{"muted":true}`)
		steps()
		if got := told("Rita"); len(got) != 3 {
			t.Errorf("muted, rita hears %q", got)
		}
	})
}

// A message is heard on the stream in well under a second, by those who may, and then
// counts as delivered to them.
func TestMessagesAreLive(t *testing.T) {
	h := open(t, "")
	id := string(h.opened("hr", "Salaries"))
	direct := h.must(201, "rita", "POST", "/conversations", `{"people":["max"]}`).field("id").(string)
	h.must(201, "max", "POST", "/incidents/"+id+"/messages", `{"text":"first"}`) // so that he follows it
	s := h.server(t)
	max, olaf := listen(t, s, "max", ""), listen(t, s, "olaf", "")
	wait := func(topic, of string) v1.Event {
		t.Helper()
		for {
			if e := max.next(t); e.data.Topic == topic && e.data.ID == of || e.event == "" {
				return e.data
			}
		}
	}
	began := time.Now()
	h.must(201, "rita", "POST", "/incidents/"+id+"/messages", `{"text":"second"}`)
	h.must(201, "rita", "POST", "/conversations/"+direct+"/messages", `{"text":"third"}`)
	e := wait("messages", id)
	if took := time.Since(began); took > 3*time.Second || len(e.Messages) != 1 || e.Messages[0].Text != "second" || e.Last != 2 {
		t.Errorf("after %s: %+v", took, e)
	}
	if e := wait("messages", direct); len(e.Messages) != 1 || e.Messages[0].Text != "third" {
		t.Errorf("%+v", e)
	}
	h.must(200, "rita", "PATCH", "/incidents/"+id+"/messages/2", `{"text":"second, better"}`)
	if e := wait("messages", id); len(e.Messages) != 1 || e.Messages[0].Text != "second, better" || e.Last != 2 {
		t.Errorf("%+v", e)
	}
	for {
		e := wait("marks", id)
		if slices.ContainsFunc(e.Marks, func(m v1.MarkOf) bool { return m.Person == "max" && m.Delivered == 2 }) {
			break // what reached a device of his counts as delivered
		}
		if t.Failed() {
			t.Fatal("it does not")
		}
	}
	plain := h.opened("db", "Disk full")
	if e := olaf.next(t); e.data.ID != string(plain) {
		t.Errorf("olaf hears what is none of his: %+v", e.data)
	}
}

// A dump of the database shows nothing of what people said, attached or are called at.
func TestDumpShowsNothing(t *testing.T) {
	both(t, func(t *testing.T, h *home) {
		h.configure(map[string]any{"person/rita": org.Person{ID: "rita", Name: "Rita", Methods: []org.Method{{ID: "log", Channel: "log", Address: "+4915155501234", Verified: true}}}})
		id := string(h.opened("db", "Disk full"))
		h.attached("rita", id, "Krankenblatt.txt", "Blutgruppe AB negativ")
		h.must(200, "rita", "PATCH", "/incidents/"+id+"/messages/1", `{"text":"Zwerchfellhochstand @ada"}`)
		h.must(201, "rita", "POST", "/incidents/"+id+"/messages", `{"text":"Rippenfellreizung"}`)
		h.must(200, "rita", "POST", "/incidents/"+id+"/messages/2/redact", `{"why":"Verwechslung"}`)
		c := h.must(201, "rita", "POST", "/conversations", `{"people":["max","olaf"],"title":"Geburtstagsrunde"}`).field("id").(string)
		h.must(201, "rita", "POST", "/conversations/"+c+"/messages", `{"text":"Marzipantorte"}`)
		// An answer that is kept for whoever asks twice, and what people outside leave.
		h.must(201, "rita", "POST", "/conversations/"+c+"/messages", `{"text":"Nusskuchen"}`, "Idempotency-Key", "dump-1")
		h.must(201, "ada", "POST", "/services/db/followers", `{"channel":"sms","address":"+4915155509876"}`)
		h.must(201, "ada", "POST", "/services/db/followers", `{"channel":"email","address":"station7@klinik.example"}`)
		now := h.engine.Now()
		if _, err := h.engine.Complain(t.Context(), engine.Complaint{Joins: incident.ID(id), Report: store.Report{
			ID: h.engine.NewID(now), Form: "desk", Name: "Frau Sonderbar", Contact: "+4915155501111", Answers: []store.Answered{{Ask: "Where?", Answer: "Bettenhaus"}},
		}}, now); err != nil {
			t.Fatal(err)
		}
		updates := "/incidents/" + id + "/updates"
		h.must(200, "max", "POST", updates, `{"phase":"investigating","condition":"Zugangswort","to":["followers"],"affected":[]}`)
		h.must(200, "max", "POST", updates+"/1/withdraw", "")
		if _, err := h.engine.Step(t.Context(), h.engine.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		dump := h.dump()
		if !strings.Contains(dump, "Disk full") || len(dump) < 10_000 {
			t.Fatalf("that is no dump: %d bytes", len(dump))
		}
		for _, word := range []string{"Zwerchfell", "see this", "Rippenfell", "Verwechslung", "Krankenblatt", "Blutgruppe", "Geburtstag", "Marzipan", "Nusskuchen", "4915155501234", "5155509876", "station7", "Sonderbar", "5155501111", "Bettenhaus", "Zugangswort"} {
			if i := strings.Index(strings.ToLower(dump), strings.ToLower(word)); i >= 0 {
				t.Errorf("%s stands in it: ...%.80q", word, dump[max(0, i-40):])
			}
		}
	})
}

// dump is every value of every table.
func (h *home) dump() string {
	h.t.Helper()
	driver, url, list := "pgx", h.url, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	if h.store.Dialect() == "sqlite" {
		driver, url, list = "sqlite", "file:"+h.url, `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, row := range h.everything(db, list) {
		table := fmt.Sprint(row[0])
		for _, row := range h.everything(db, `SELECT * FROM "`+table+`"`) {
			for _, v := range row {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintln(&b, v)
			}
		}
	}
	return b.String()
}

func (h *home) everything(db *sql.DB, query string) (all [][]any) {
	h.t.Helper()
	rows, err := db.QueryContext(h.t.Context(), query)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		h.t.Fatal(err)
	}
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			h.t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return all
}
