package channel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tocsin/escalate"
	"tocsin/internal/channel"
	"tocsin/org"
)

func TestHeadline(t *testing.T) {
	for _, c := range []struct {
		m    channel.Message
		want string
	}{
		{channel.Message{Purpose: escalate.Alarm, Title: "db-1 is down"}, "db-1 is down"},
		{channel.Message{Purpose: escalate.Alarm, Title: "db-1 is down", Text: "not said"}, "db-1 is down"},
		{channel.Message{Purpose: escalate.FailOver, Title: "db-1 is down"}, "FO: db-1 is down"},
		{channel.Message{Purpose: escalate.Told, Title: "db-1 is down", Text: "Omar has it"}, "Omar has it: db-1 is down"},
		{channel.Message{Purpose: escalate.Told, Title: "db-1 is down", Text: "Omar has it: db-1 is down"}, "Omar has it: db-1 is down"},
		{channel.Message{Purpose: escalate.Told, Title: "db-1 is down"}, "somebody has it: db-1 is down"},
		{channel.Message{Purpose: escalate.AllClear, Title: "db-1 is down"}, "resolved: db-1 is down"},
		{channel.Message{Purpose: escalate.AllClear, Title: "db-1 is down", Text: "resolved"}, "resolved: db-1 is down"},
		{channel.Message{Purpose: escalate.HandOver, Title: "db-1 is down", Text: "You take over from Jane"}, "You take over from Jane"},
		{channel.Message{Purpose: escalate.HandOver, Title: "db-1 is down"}, "handed over: db-1 is down"},
		{channel.Message{Purpose: escalate.Report, Title: "db-1 is down", Text: "Nobody answered"}, "Nobody answered"},
		{channel.Message{Purpose: escalate.Report, Title: "db-1 is down"}, "nobody answered: db-1 is down"},
		{channel.Message{Purpose: escalate.Alarm}, "something is wrong"},
		{channel.Message{Purpose: escalate.Alarm, Service: "postgres"}, "something is wrong with postgres"},
		{channel.Message{Title: " a\r\n\tb\x00\u2028c \xff "}, "a b c \uFFFD"},
		{channel.Message{Title: strings.Repeat("ab", 100)}, strings.Repeat("ab", 100)},
		{channel.Message{Title: strings.Repeat("a", 201)}, strings.Repeat("a", 197) + "…"},
		{channel.Message{Title: "x" + strings.Repeat("ž", 150)}, "x" + strings.Repeat("ž", 98) + "…"},
	} {
		if got := channel.Headline(c.m); got != c.want {
			t.Errorf("%s %q %q: %q, want %q", c.m.Purpose, c.m.Title, c.m.Text, got, c.want)
		}
	}
}

// The time in the text is the person's, also across a change of the clock.
func TestPlainZone(t *testing.T) {
	at := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	for zone, want := range map[*time.Location]string{
		nil:       "Began: Sun 29 Mar 2026 01:00:00 UTC\n",
		prague(t): "Began: Sun 29 Mar 2026 03:00:00 CEST\n",
	} {
		if got := channel.Plain(channel.Message{Title: "x", At: at, Zone: zone}); !strings.Contains(got, want) {
			t.Errorf("%s: %s", zone, got)
		}
	}
	low := channel.Message{Title: "x", Severity: org.SEV4, Priority: org.Low, Purpose: escalate.Alarm}
	if got, want := channel.Plain(low), "x\n\nSeverity: SEV4, low priority\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever an alert says, the text is bounded, valid and free of controls.
func FuzzText(f *testing.F) {
	f.Add("db-1 is down", "Omar has it", "told", "https://example.org/?a=b")
	f.Add("\xff\xfe\x00\r\n\u202e", strings.Repeat("ž", 300), "alarm", "javascript:alert(1)")
	f.Add("{{.}}{{end}}", "%s%n", "report", "http://[::1%25a]:x/")
	f.Fuzz(func(t *testing.T, title, text, purpose, link string) {
		m := channel.Message{Title: title, Text: text, Purpose: escalate.Purpose(purpose), Body: []string{text, title}, AckURL: link, URL: link, Service: text}
		head, plain := channel.Headline(m), channel.Plain(m)
		if head == "" || len(head) > 200 || !utf8.ValidString(head) || strings.ContainsAny(head, "\r\n\x00\x1b\u202e") {
			t.Errorf("headline %q", head)
		}
		if len(plain) > 16<<10 || !utf8.ValidString(plain) || strings.ContainsAny(plain, "\r\x00\x1b\u202e") || strings.Contains(plain, "Acknowledge: javascript:") {
			t.Errorf("plain %q", plain)
		}
	})
}

func TestClassify(t *testing.T) {
	temporary := &channel.Error{Outcome: channel.Temporary, RetryAfter: time.Minute, Err: errors.New("busy")}
	for _, c := range []struct {
		err   error
		want  channel.Outcome
		after time.Duration
	}{
		{nil, channel.Accepted, 0},
		{temporary, channel.Temporary, time.Minute},
		{fmt.Errorf("page 7: %w", temporary), channel.Temporary, time.Minute},
		{&channel.Error{Outcome: channel.Permanent, Err: errors.New("no such user")}, channel.Permanent, 0},
		{context.DeadlineExceeded, channel.Unknown, 0},
		{errors.New("a bug"), channel.Unknown, 0},
	} {
		if got := channel.Classify(c.err); got != c.want || channel.RetryAfter(c.err) != c.after {
			t.Errorf("%v: %s after %s", c.err, got, channel.RetryAfter(c.err))
		}
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	m := alarm(t)
	m.To, m.Title = "the wall\nlevel=ERROR", "db-1 is down\nlevel=ERROR msg=forged"
	got, err := channel.NewLog(slog.New(h)).Send(t.Context(), m)
	if err != nil || got != (channel.Receipt{Provider: "01page", State: escalate.Delivered}) {
		t.Fatalf("%+v, %v", got, err)
	}
	want := `level=INFO msg=page headline="db-1 is down level=ERROR msg=forged" purpose=alarm person=Jane to="the wall level=ERROR" subject=01incident service=postgres severity=SEV1 priority=high page=01page` + "\n"
	if out.String() != want {
		t.Errorf("%s, want %s", out.String(), want)
	}
	if strings.Contains(out.String(), "secret") {
		t.Error("the log tells how to answer")
	}
}
