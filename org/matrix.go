package org

import (
	"regexp"
	"slices"
	"strings"
)

// A Matrix says how bad what is, by its category, impact and urgency, and what each
// severity asks for. Rules and the labels of the same names say what an event's are.
type Matrix struct {
	// Impacts and Urgencies are the words for them, the mildest first. Without them any
	// word will do, and nobody can say which is worse.
	Impacts   []string    `json:"impacts,omitempty" yaml:"impacts,omitempty"`
	Urgencies []string    `json:"urgencies,omitempty" yaml:"urgencies,omitempty"`
	Rows      []MatrixRow `json:"rows,omitempty" yaml:"rows,omitempty"`
	// Severities are what each asks for, where that is not the usual.
	Severities map[Severity]Response `json:"severities,omitempty" yaml:"severities,omitempty"`
}

// A MatrixRow is one line of it: what is left out is any. The first that fits decides.
type MatrixRow struct {
	Category string   `json:"category,omitempty" yaml:"category,omitempty"`
	Impact   string   `json:"impact,omitempty" yaml:"impact,omitempty"`
	Urgency  string   `json:"urgency,omitempty" yaml:"urgency,omitempty"`
	Severity Severity `json:"severity" yaml:"severity"`
}

// A Response is what a severity asks for: the priority of its pages, a policy instead of
// the service's, how often those concerned are told how it stands, who is needed, and
// within what time it is to be acknowledged and over: reports say how often that was so.
type Response struct {
	Priority    Priority `json:"priority,omitempty" yaml:"priority,omitempty"`
	Policy      PolicyID `json:"policy,omitempty" yaml:"policy,omitempty"`
	UpdateEvery Duration `json:"update_every,omitempty" yaml:"update_every,omitempty"`
	Roles       []string `json:"roles,omitempty" yaml:"roles,omitempty"`
	Acknowledge Duration `json:"acknowledge,omitempty" yaml:"acknowledge,omitempty"`
	Resolve     Duration `json:"resolve,omitempty" yaml:"resolve,omitempty"`
}

// Of is the row that an event belongs to; ok is false when none says anything of it.
func (m *Matrix) Of(category, impact, urgency string) (row MatrixRow, ok bool) {
	if m == nil {
		return row, false
	}
	fits := func(want, is string) bool { return want == "" || strings.EqualFold(want, is) }
	i := slices.IndexFunc(m.Rows, func(r MatrixRow) bool {
		return fits(r.Category, category) && fits(r.Impact, impact) && fits(r.Urgency, urgency)
	})
	if i < 0 {
		return row, false
	}
	return m.Rows[i], true
}

// Asks is what a severity asks for. Without a priority of its own people are woken for
// SEV1 to SEV3.
func (m *Matrix) Asks(s Severity) Response {
	var r Response
	if m != nil {
		r = m.Severities[s]
	}
	if r.Priority == "" {
		if r.Priority = High; s == SEV4 || s == SEV5 {
			r.Priority = Low
		}
	}
	return r
}

var roleName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// RoleName says whether a role in an incident may be called so.
func RoleName(s string) bool { return roleName.MatchString(s) }
