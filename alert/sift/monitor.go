package sift

import (
	"regexp"
	"slices"

	"tocsin/alert"
	"tocsin/org"
)

// Monitor tells the sieve where alerts can come from: whoever depends only on what no
// alert can be about need not wait for a cause. A service is watched when an integration,
// a heartbeat or a rule speaks of it; a node when a node rule names it, or has a template
// that could. A sieve that was not told waits for everything.
func (s *Sieve) Monitor(rules alert.Rules, integrations map[org.IntegrationID]org.Integration, heartbeats map[org.HeartbeatID]org.Heartbeat, settings org.Settings) {
	s.watched = map[string]bool{string(settings.CatchAll): true}
	for _, in := range integrations {
		if !in.Retired {
			s.watched[string(in.Service)] = true
		}
	}
	for _, b := range heartbeats {
		if !b.Retired {
			s.watched[string(b.Service)] = true
		}
	}
	for _, id := range rules.Services() {
		s.watched[string(id)] = true
	}
	var like []*regexp.Regexp
	for _, r := range s.about {
		if r.Node != "" {
			like = append(like, r.node.like())
		}
	}
	for _, n := range s.graph.Nodes() {
		if slices.ContainsFunc(like, func(re *regexp.Regexp) bool { return re.MatchString(n) }) {
			s.watched[n] = true
		}
	}
}

// causes are the nodes above one that an alert could be about, nearest first.
func (s *Sieve) causes(node string) []string {
	if !s.graph.Depends(node) {
		return nil
	}
	above := s.graph.Above(node)
	if s.watched == nil {
		return above
	}
	return slices.DeleteFunc(above, func(n string) bool { return !s.watched[n] })
}

// like is everything that the template could become.
func (t template) like() *regexp.Regexp {
	text := "^"
	for i, w := range t.words {
		if i%2 == 1 {
			text += ".*"
		} else {
			text += regexp.QuoteMeta(w)
		}
	}
	return regexp.MustCompile("(?s)" + text + "$")
}
