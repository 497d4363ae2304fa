package org

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// ZoneVersion is the release of the IANA time-zone database that is embedded here.
// It is shown to people and stored with every published horizon of a schedule.
const ZoneVersion = "2025c"

//go:embed zoneinfo.zip
var zoneinfo []byte

var zones = func() map[string]*zip.File {
	r, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		panic("org: embedded zoneinfo.zip: " + err.Error())
	}
	m := make(map[string]*zip.File, len(r.File))
	for _, f := range r.File {
		m[f.Name] = f
	}
	return m
}()

// Zones are the names of all time zones, in order.
func Zones() []string { return slices.Sorted(maps.Keys(zones)) }

// Zone is the time zone of an IANA name, from the embedded database and never from
// the machine's. "" and "UTC" are UTC. It costs some microseconds: keep the result.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	f, ok := zones[name]
	if !ok {
		return nil, fmt.Errorf("unknown time zone %q: write an IANA name such as Europe/Prague", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", name, err)
	}
	return time.LoadLocationFromTZData(name, data)
}
