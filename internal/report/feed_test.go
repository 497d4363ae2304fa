package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/status"
	"tocsin/internal/store"
	"tocsin/investigate"
	"tocsin/org"
)

const atomSpace = "http://www.w3.org/2005/Atom"

// valid holds a feed against RFC 4287: what must be there is there once, what may be is of
// the right form, and nothing else is. It gives its entries by their ids.
func valid(t *testing.T, body string) (ids []string, updated map[string]string) {
	t.Helper()
	updated = map[string]string{}
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict = true
	var path []string
	count := map[string]int{}
	text, id, stamp := "", "", ""
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, body)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			path, text = append(path, x.Name.Local), ""
			at := strings.Join(path, "/")
			if x.Name.Space != atomSpace {
				t.Errorf("%s is in %q", at, x.Name.Space)
			}
			if at == "feed/entry" {
				count = map[string]int{"entries": count["entries"] + 1, "feed/id": count["feed/id"], "feed/title": count["feed/title"], "feed/updated": count["feed/updated"], "feed/author/name": count["feed/author/name"], "self": count["self"]}
			}
			count[at]++
			attr := map[string]string{}
			for _, a := range x.Attr {
				attr[a.Name.Local] = a.Value
			}
			switch x.Name.Local {
			case "link":
				if u, err := url.Parse(attr["href"]); err != nil || !u.IsAbs() {
					t.Errorf("%s goes to %q", at, attr["href"])
				}
				if attr["rel"] == "self" {
					count["self"]++
				}
			case "content", "title":
				if k := attr["type"]; k != "" && k != "text" && k != "html" {
					t.Errorf("%s is of type %q", at, k)
				}
			case "feed", "entry", "id", "updated", "author", "name", "generator":
			default:
				t.Errorf("%s is none of Atom's that we write", at)
			}
		case xml.CharData:
			text += string(x)
		case xml.EndElement:
			at := strings.Join(path, "/")
			path = path[:len(path)-1]
			switch x.Name.Local {
			case "id":
				if u, err := url.Parse(text); err != nil || !u.IsAbs() {
					t.Errorf("%s is %q", at, text)
				}
				if id = text; at == "feed/entry/id" {
					ids = append(ids, text)
				}
			case "updated":
				if _, err := time.Parse(time.RFC3339, text); err != nil {
					t.Errorf("%s: %v", at, err)
				}
				stamp = text
			case "title", "name":
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s is empty", at)
				}
			case "entry":
				for _, must := range []string{"id", "title", "updated", "content"} {
					if count["feed/entry/"+must] != 1 {
						t.Errorf("an entry has %d %s", count["feed/entry/"+must], must)
					}
				}
				if _, twice := updated[id]; twice {
					t.Errorf("%s stands there twice", id)
				}
				updated[id] = stamp
			}
		}
	}
	for _, must := range []string{"feed/id", "feed/title", "feed/updated", "feed/author/name", "self"} {
		if count[must] != 1 {
			t.Errorf("the feed has %d %s\n%s", count[must], must, body)
		}
	}
	return ids, updated
}

// Somebody reads what they follow by a private address: all of it and nothing that is not
// for them, under ids that stay, until the address is another or the right is gone.
func TestTheFeedOfAFollower(t *testing.T) {
	both(t, func(l *lobby) {
		token := "abcdefghijklmnopqrstuvwxyz"
		address := strings.TrimPrefix(status.FeedURL("", token), "")
		hash := func(s string) string { return l.ring.Hash(status.FeedTokens, s) }
		now := l.engine.Now()
		l.write(func(tx *store.Tx) error {
			return errors.Join(
				tx.AddUpdateFeed(store.UpdateFeed{ID: "f1", Owner: "jane", Language: "de", MadeAt: now}, hash(token)),
				tx.PutSubscriber(store.Subscriber{ID: "s1", Scope: "service:doors", Person: "jane", Channel: "email", Method: "m", Active: true, At: now}),
				tx.PutSubscriber(store.Subscriber{ID: "s2", Scope: "service:help", Person: "jane", Channel: "email", Method: "m", Active: true, At: now}),
			)
		})
		get := func(tag string) *httptest.ResponseRecorder {
			t.Helper()
			r := httptest.NewRequest("GET", address, nil)
			if tag != "" {
				r.Header.Set("If-None-Match", tag)
			}
			return l.asks(r)
		}
		empty := get("")
		if ids, _ := valid(t, empty.Body.String()); len(ids) != 0 || empty.Code != 200 {
			t.Fatalf("%d %v", empty.Code, ids)
		}
		evil := "Türen <b>&]]> zu \x01 😀"
		open := func(service org.ServiceID, to ...string) incident.ID {
			t.Helper()
			id, err := l.engine.Open(t.Context(), "person:jane", incident.Opened{Title: evil, Service: service, Severity: org.SEV3, Priority: org.Low}, l.engine.Now())
			if err != nil {
				t.Fatal(err)
			}
			_, err = l.engine.Do(t.Context(), id, "person:jane", l.engine.Now(), func(in incident.Incident, _ escalate.World) ([]incident.Fact, error) {
				return investigate.Publish(in, org.Guideline{}, investigate.Update{Phase: incident.PhaseInvestigating, Condition: evil, To: to}, l.engine.Now())
			})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		doors := open("doors", "followers")
		open("help", "followers")
		open("security", "followers")  // they do not follow it
		open("doors", "status:public") // it was not for followers
		w := get("")
		ids, first := valid(t, w.Body.String())
		if len(ids) != 2 || w.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" || !strings.Contains(w.Header().Get("Cache-Control"), "private") {
			t.Fatalf("%v %v\n%s", ids, w.Header(), w.Body)
		}
		l.is(w, 200, "Was Sie verfolgen", "Wir sehen es uns an", "Türen &lt;b&gt;&amp;]]&gt; zu")
		tag := w.Header().Get("ETag")
		for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			if got := get(known); got.Code != 304 || got.Body.Len() > 0 || got.Header().Get("ETag") != tag {
				t.Errorf("If-None-Match %s: %d", known, got.Code)
			}
		}
		l.tell(doors, incident.PhaseIdentified, org.Degraded, "only for the page")
		if got := get(tag); got.Code != 304 {
			t.Errorf("it changed without news: %d", got.Code)
		}
		// Another address: the old one is gone, the entries are the same.
		l.write(func(tx *store.Tx) error { return tx.RenewUpdateFeed("f1", hash("another"), now) })
		l.is(get(""), 404)
		address = status.FeedURL("", "another")
		if _, again := valid(t, get("").Body.String()); fmt.Sprint(again) != fmt.Sprint(first) {
			t.Errorf("the entries are others: %v, were %v", again, first)
		}
		if _, page := valid(t, l.feedOfPage()); len(page) != 2 {
			t.Errorf("the feed of the page has %v", page)
		}
		// What is taken back goes.
		if err := l.engine.WithdrawUpdate(t.Context(), doors, "person:jane", 1, "", l.engine.Now()); err != nil {
			t.Fatal(err)
		}
		if ids, _ := valid(t, get("").Body.String()); len(ids) != 1 {
			t.Errorf("taken back, and there are %v", ids)
		}
		// A secure service says that there is news and nothing else; of one that is not for
		// their eyes there is nothing.
		l.configure(map[string]any{"service/help": org.Service{ID: "help", Name: "Help desk", Policy: "p", Secure: true}})
		if body := get("").Body.String(); strings.Contains(body, "Türen") || !strings.Contains(body, "Es gibt Neues") {
			t.Errorf("a secure service: %s", body)
		}
		l.configure(map[string]any{"service/help": org.Service{ID: "help", Name: "Help desk", Policy: "p", Team: "hr", Sensitive: true}, "team/hr": org.Team{ID: "hr"}})
		if ids, _ := valid(t, get("").Body.String()); len(ids) != 0 {
			t.Errorf("what is not for them: %v", ids)
		}
		l.configure(map[string]any{"team/hr": org.Team{ID: "hr", Members: []org.PersonID{"jane"}}})
		if ids, _ := valid(t, get("").Body.String()); len(ids) != 1 {
			t.Errorf("of their own team: %v", ids)
		}
		l.write(func(tx *store.Tx) error {
			_, err := tx.PutConfig(l.engine.Now(), store.Change{Kind: "person", ID: "jane", By: "test"})
			return err
		})
		l.is(get(""), 404)
		l.sealed(token, "another")
	})
}

func (l *lobby) feedOfPage() string {
	l.step()
	return l.ask("GET", "/status/public/feed.atom", nil).Body.String()
}
