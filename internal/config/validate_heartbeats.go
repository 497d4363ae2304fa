package config

import (
	"slices"
	"strings"
	"time"
)

// longestBeat is the longest interval of a heartbeat.
const longestBeat = 366 * 24 * time.Hour

func (c *checker) heartbeats() {
	at := within("heartbeats")
	c.ids(Heartbeat, len(c.Heartbeats), at, func(i int) string { return string(c.Heartbeats[i].ID) })
	for i, b := range c.Heartbeats {
		other := c.beats[[2]string{string(b.Integration), b.Name}]
		c.check(other == string(b.ID), at(i)+".name", "heartbeat %s of this integration has the name %q too", other, b.Name)
		c.check(len(b.Name) <= 200 && !strings.ContainsAny(b.Name, "/\x00"), at(i)+".name", "at most 200 characters, and no slash")
		c.check(b.Every > 0 && b.Every.D() <= longestBeat, at(i)+".every", "how long it may be silent: more than nothing, at most a year")
		c.check(b.Integration != "", at(i)+".integration", "is missing: its key is the one that pings come with")
		c.refers(at(i)+".integration", Integrating, string(b.Integration))
		c.refers(at(i)+".service", Service, string(b.Service))
		c.refers(at(i)+".team", Team, string(b.Team))
		c.check(b.Severity == "" || b.Severity.Valid(), at(i)+".severity", "%q is none of SEV1 to SEV5", b.Severity)
		c.check(!slices.ContainsFunc(b.Tags, func(tag string) bool { return strings.TrimSpace(tag) == "" || strings.Contains(tag, ",") }),
			at(i)+".tags", "a tag is not empty and has no comma")
	}
}
