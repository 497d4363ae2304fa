package engine

import (
	"bytes"
	"context"
	"testing"
	"time"

	"tocsin/internal/channel"
	"tocsin/org"
)

// A report that is told by itself goes as a PDF with a mail, and with nothing else.
func TestAReportGoesAsPDFByMail(t *testing.T) {
	mail := &told{name: "email"}
	h := newHouse(t, t.TempDir()+"/house.db", mail)
	h.configure("person", "ines", org.Person{ID: "ines", Name: "Ines", Methods: []org.Method{{ID: "m", Channel: "email", Address: "ines@example.org", Verified: true}}})
	h.configure("settings", "settings", org.Settings{CatchAll: "rest", Reports: []org.ScheduledReport{
		{ID: "daily", Name: "Yesterday", Every: "day", Tell: []org.Target{{Kind: "person", ID: "ines"}, {Kind: "person", ID: "jane"}}},
	}})
	if err := h.Begin(context.Background(), h.now); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		h.pass(time.Hour)
	}
	find := func(all []channel.Message) channel.Message {
		for _, m := range all {
			if m.Title == "Yesterday: 0 incidents (0 before)" {
				return m
			}
		}
		t.Fatalf("nobody told of it: %+v", all)
		return channel.Message{}
	}
	if f := find(mail.got).Files; len(f) != 1 || f[0].Name != "report-daily-2026-11-23.pdf" || !bytes.HasPrefix(f[0].Body, []byte("%PDF-")) || len(f[0].Body) < 5000 {
		t.Errorf("by mail: %d files", len(f))
	}
	if f := find(h.push.got).Files; len(f) != 0 {
		t.Errorf("by push: %d files", len(f))
	}
}
