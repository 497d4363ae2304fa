package org

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestIDsSortByTime(t *testing.T) {
	r := rand.NewChaCha8([32]byte{7})
	var ids []string
	at := time.Date(2026, 11, 23, 2, 13, 0, 0, time.UTC)
	for i := range 1000 {
		ids = append(ids, NewID(at.Add(time.Duration(i)*time.Millisecond), r))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) || len(ids[0]) != 26 {
		t.Error("ids do not sort by time, or repeat")
	}
	if NewID(at, bytes.NewReader(make([]byte, 10)))[:10] != NewID(at, bytes.NewReader(bytes.Repeat([]byte{255}, 10)))[:10] {
		t.Error("the first 48 bits are not the time alone")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{`"5m"`: 5 * time.Minute, `"1h30m"`: 90 * time.Minute, `"30s"`: 30 * time.Second, `"2h"`: 2 * time.Hour, `"0s"`: 0} {
		var d Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil || d.D() != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		if b, _ := json.Marshal(d); string(b) != text {
			t.Errorf("%s went back as %s", text, b)
		}
	}
	for _, text := range []string{`300`, `"five"`, `"-5m"`, `"5"`, `null1`} {
		var d Duration
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s was taken as %s", text, d)
		}
	}
}

func TestTargets(t *testing.T) {
	for text, want := range map[string]Target{
		"jane": {"person", "jane"}, "person:jane": {"person", "jane"}, "schedule:p": {"schedule", "p"}, "email:a@b.c": {"email", "a@b.c"}, "": {},
	} {
		var got Target
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"person:", "planet:mars", ":x"} {
		var got Target
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken as %v", text, got)
		}
	}
}

func TestZones(t *testing.T) {
	z, err := Zone("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	if _, off := time.Date(2026, 1, 1, 0, 0, 0, 0, z).Zone(); off != 11*3600 {
		t.Errorf("Lord Howe in January is %d s from UTC", off)
	}
	if _, err := Zone("Mars/Olympus"); err == nil {
		t.Error("Mars has a zone")
	}
	if z, err := Zone(""); err != nil || z != time.UTC {
		t.Error("no name is not UTC")
	}
	if ZoneVersion == "" {
		t.Error("the zones have no version")
	}
}

func TestReachable(t *testing.T) {
	p := Person{ID: "jane", Methods: []Method{{ID: "m", Channel: "email", Address: "j@x", Verified: true}}}
	if !p.Reachable() {
		t.Error("a verified method does not reach her")
	}
	p.Methods[0].Disabled = true
	if p.Reachable() {
		t.Error("a disabled method reaches her")
	}
	p.Methods[0].Disabled, p.Retired = false, true
	if p.Reachable() {
		t.Error("she left and is still reached")
	}
}
