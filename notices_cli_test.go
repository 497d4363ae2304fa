package main

import "strings"

// What is told without an incident, what is taken back, feeds, and the usual replies of a
// team, by command.
func (s *served) notices() {
	s.Helper()
	s.more["SETUP"] = write(s.T, "page.yaml", `
teams:
  - {id: shop, name: Shop, replies: [I am on it, "Failing over, @all stay away"]}
status_pages:
  - {id: public, name: Example, components: [{id: shop, name: Shop}]}
`)
	s.more["WRONG"] = write(s.T, "wrong.yaml", `teams: [{id: shop, replies: ["  "]}]`)
	s.try(
		try{args: "apply WRONG ADMIN", code: failed, errs: []string{"teams[0].replies[0]", "want a text of at most 300 characters"}},
		try{args: "apply SETUP ADMIN", out: []string{"+ team shop", "+ status_page public"}},
		try{args: "apply SETUP ADMIN", out: []string{"= 2 unchanged"}},
		try{args: "export ADMIN", out: []string{"replies:", "Failing over, @all stay away"}},
		try{args: "notice list public ADMIN"},
		try{args: "notice list none ADMIN", code: codeNotFound},
		try{args: "notice post public party T x ADMIN", code: misuse, errs: []string{"form"}},
		try{args: "notice post public disruption T x --part shop ADMIN", code: misuse, errs: []string{"PART=STATE"}},
		try{args: "notice post public disruption T x --part cellar=major ADMIN", code: failed, errs: []string{"no component", "cellar"}},
		try{args: "notice post public work Disks It is slow --part shop=maintenance --begins 1h --ends soon ADMIN", code: misuse, errs: []string{"--ends"}},
		try{args: "notice post public work Disks It is slow --part shop=maintenance --begins 1h --ends 2h LOOK", code: codeForbidden},
		try{args: "notice post public work Disks It is slow --part shop=maintenance --begins 1h --ends 2h ADMIN", keep: "NOTICE"},
	)
	s.more["NOTICE"] = strings.TrimSpace(s.more["NOTICE"])
	s.try(
		try{args: "notice show NOTICE LOOK", code: codeForbidden, errs: []string{"setup"}},
		try{args: "notice show NOTICE ADMIN", out: []string{"Disks  work, open", "1  ", "planned", "It is slow", "shop: maintenance"}},
		try{args: "notice move NOTICE --begins 2h --ends 3h ADMIN", out: []string{"begins"}},
		try{args: "notice say NOTICE hunter2 ADMIN", out: []string{"2  ", "hunter2"}},
		try{args: "notice withdraw NOTICE 2 --why secret ADMIN", out: []string{"taken back", "secret"}},
		try{args: "notice withdraw NOTICE 2 ADMIN", code: failed, errs: []string{"taken back already"}},
		try{args: "notice list public --open ADMIN", out: []string{"work", "open", "Disks"}},
		try{args: "notice end NOTICE ADMIN", out: []string{"Disks  work, over", "off"}},
		try{args: "incidents withdraw ONE 9 ADMIN", code: failed, errs: []string{"there is no update 9"}},
		try{args: "follow feed list ADMIN"},
		try{args: "follow feed new none ADMIN", code: failed, errs: []string{"there is no service"}},
		try{args: "follow feed new --language de ADMIN", out: []string{"/follow/feed/", ".atom"}},
		try{args: "follow feed list ADMIN", out: []string{"all that you follow", "never"}},
	)
}
