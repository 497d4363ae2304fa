package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tocsin/org"
)

// People are persons as a spreadsheet lists them: CSV with a line of names above.
// Columns are id and name, email, ntfy, zone, role, teams (several with semicolons), in
// any order; an empty cell says nothing, so that a person who is there already keeps
// what they have.
type People struct {
	File string
	rows []personRow
	at   places
}

// A personRow is one line.
type personRow struct {
	person org.Person
	teams  []org.TeamID
	at     map[string]place
}

var columns = []string{"id", "name", "email", "ntfy", "zone", "role", "teams"}

// ParsePeople reads such a file. Its error is *Problems: each with the line, and the
// column's name as its path.
func ParsePeople(name string, data []byte) (People, error) {
	p := People{File: name}
	found := Problems{File: name}
	bad := func(at place, path, format string, args ...any) {
		found.List = append(found.List, Problem{at.line, at.column, path, fmt.Sprintf(format, args...)})
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > maxFile:
		bad(place{}, "", "%d bytes are too many, at most %d", len(data), maxFile)
		return p, found.err()
	case !utf8.Valid(data):
		bad(place{}, "", "this is not UTF-8 text: save it as \"CSV UTF-8\"")
		return p, found.err()
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if head, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';' // what spreadsheets write where the comma is the decimal mark
	}
	var head []string
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			bad(place{wrong.Line, wrong.Column}, "", "%v", wrong.Err)
			return p, found.err()
		}
		if err != nil {
			return p, err
		}
		at := func(i int) place { line, column := r.FieldPos(i); return place{line, column} }
		if head == nil {
			if head = header(cells, at, bad); len(found.List) > 0 {
				return p, found.err()
			}
			continue
		}
		if len(cells) > len(head) {
			bad(at(len(head)), "", "%d cells under %d names", len(cells), len(head))
			continue
		}
		p.rows = append(p.rows, readPerson(head, cells, at))
	}
	if head == nil {
		bad(place{1, 1}, "", "is empty: the first line names the columns, such as id,name,email,role,teams")
	}
	return p, found.err()
}

type complaint = func(at place, path, format string, args ...any)

func header(cells []string, at func(int) place, bad complaint) []string {
	head := []string{}
	for i, c := range cells {
		c = strings.ToLower(strings.TrimSpace(c))
		switch {
		case !slices.Contains(columns, c):
			bad(at(i), "", "there is no column %q: want some of %s", c, strings.Join(columns, ", "))
		case slices.Contains(head, c):
			bad(at(i), c, "stands here twice")
		}
		head = append(head, c)
	}
	if !slices.Contains(head, "id") {
		bad(at(0), "id", "the column is missing")
	}
	return head
}

func readPerson(head, cells []string, at func(int) place) personRow {
	row := personRow{at: map[string]place{"": at(0)}}
	p := &row.person
	for i, c := range cells {
		c = strings.TrimSpace(c)
		row.at[head[i]] = at(i)
		switch {
		case c == "":
		case head[i] == "id":
			p.ID = org.PersonID(c)
		case head[i] == "name":
			p.Name = c
		case head[i] == "zone":
			p.Zone = c
		case head[i] == "role":
			p.Role = org.Role(strings.ToLower(c))
		case head[i] == "teams":
			for t := range strings.FieldsFuncSeq(c, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
				row.teams = append(row.teams, org.TeamID(t))
			}
		default:
			p.Methods = append(p.Methods, org.Method{ID: org.MethodID(head[i]), Channel: head[i], Address: c, Verified: true})
		}
	}
	return row
}

// Setup is the set-up that brings these people in, beside what is configured: who is
// there keeps what their line does not say, and teams gain members and lose none. Its
// error is *Problems.
func (p People) Setup(existing Setup) (Setup, error) {
	s := Setup{File: p.File, at: places{}}
	found := Problems{File: p.File}
	teams := map[org.TeamID]*org.Team{}
	for _, t := range existing.Teams {
		t.Members = slices.Clone(t.Members)
		teams[t.ID] = &t
	}
	touched := map[org.TeamID]bool{}
	for n, row := range p.rows {
		s.People = append(s.People, row.onto(existing.People))
		for column, at := range row.at {
			s.at[strings.TrimRight(fmt.Sprintf("people[%d].%s", n, column), ".")] = at
		}
		for i, m := range s.People[n].Methods {
			if at, ok := row.at[m.Channel]; ok {
				s.at[fmt.Sprintf("people[%d].methods[%d]", n, i)] = at
			}
		}
		for _, id := range row.teams {
			t := teams[id]
			if t == nil {
				at := row.at["teams"]
				found.List = append(found.List, Problem{at.line, at.column, "teams", fmt.Sprintf("there is no team %q", id)})
				continue
			}
			touched[id] = true
			if !slices.Contains(t.Members, row.person.ID) {
				t.Members = append(t.Members, row.person.ID)
			}
		}
	}
	for _, t := range existing.Teams {
		if touched[t.ID] {
			s.Teams = append(s.Teams, *teams[t.ID])
		}
	}
	s.Complete()
	return s, found.err()
}

// onto is the person of a line over the one who is there, if any.
func (row personRow) onto(existing []org.Person) org.Person {
	n := slices.IndexFunc(existing, func(p org.Person) bool { return p.ID == row.person.ID })
	if n < 0 {
		return withRules(row.person)
	}
	p := existing[n]
	if row.person.Name != "" {
		p.Name = row.person.Name
	}
	if row.person.Zone != "" {
		p.Zone = row.person.Zone
	}
	if row.person.Role != "" {
		p.Role = row.person.Role
	}
	p.Methods = slices.Clone(p.Methods)
	for _, m := range row.person.Methods {
		if i := slices.IndexFunc(p.Methods, func(o org.Method) bool { return o.ID == m.ID }); i >= 0 {
			p.Methods[i] = m
		} else {
			p.Methods = append(p.Methods, m)
		}
	}
	if len(p.Rules) == 0 {
		return withRules(p)
	}
	return p
}

// withRules gives a person without rules one a method, all at once: who is listed with
// an address is to be reached there.
func withRules(p org.Person) org.Person {
	for _, m := range p.Methods {
		p.Rules = append(p.Rules, org.NotificationRule{Method: m.ID})
	}
	return p
}
