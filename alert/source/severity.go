package source

import (
	"strings"

	"tocsin/org"
)

// severities are the words of many senders. Warning is SEV3 and so still wakes people:
// a sender that has no finer words must not be silently demoted, and a rule can do it
// on purpose.
var severities = map[string]org.Severity{
	"critical": org.SEV1, "crit": org.SEV1, "page": org.SEV1, "emergency": org.SEV1, "emerg": org.SEV1,
	"fatal": org.SEV1, "panic": org.SEV1, "disaster": org.SEV1, "urgent": org.SEV1, "blocker": org.SEV1,
	"alert": org.SEV1, "highest": org.SEV1, "catastrophic": org.SEV1,

	"error": org.SEV2, "err": org.SEV2, "major": org.SEV2, "high": org.SEV2, "severe": org.SEV2,
	"serious": org.SEV2, "important": org.SEV2,

	"warning": org.SEV3, "warn": org.SEV3, "minor": org.SEV3, "medium": org.SEV3, "average": org.SEV3,
	"moderate": org.SEV3, "degraded": org.SEV3,

	"info": org.SEV4, "information": org.SEV4, "informational": org.SEV4, "notice": org.SEV4, "low": org.SEV4,
	"trivial": org.SEV4, "ticket": org.SEV4,

	"debug": org.SEV5, "none": org.SEV5, "trace": org.SEV5, "verbose": org.SEV5, "lowest": org.SEV5, "test": org.SEV5,
}

// Severity reads a severity in any dialect's words: ours (SEV1, sev-1), P1 to P5, and
// the usual words from critical to debug. "" when it means none of them; a bare number
// means something else to every sender, so it is none.
func Severity(word string) org.Severity {
	if len(word) > 32 {
		return ""
	}
	w := strings.ToLower(strings.TrimSpace(word))
	if s, ok := severities[w]; ok {
		return s
	}
	for _, prefix := range []string{"sev", "severity", "p", "priority"} {
		n, ok := strings.CutPrefix(w, prefix)
		if !ok {
			continue
		}
		n = strings.TrimLeft(n, " -_:")
		if n == "0" {
			return org.SEV1
		}
		if s := org.Severity("SEV" + n); s.Valid() {
			return s
		}
	}
	return ""
}
