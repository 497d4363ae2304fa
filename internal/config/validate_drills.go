package config

import (
	"fmt"

	"tocsin/review/drill"
)

// scenarios checks what people practise on, and that what it names is there.
func (c *checker) scenarios() {
	at := within("scenarios")
	c.ids("scenario", len(c.Scenarios), at, func(i int) string { return c.Scenarios[i].ID })
	for i, s := range c.Scenarios {
		for _, f := range drill.Faults(s) {
			c.bad(at(i)+"."+f.Path, "%s", f.Text)
		}
		c.refers(at(i)+".team", Team, string(s.Team))
		c.refers(at(i)+".service", Service, string(s.Service))
		if s.Expect.Runbook != drill.AnyRunbook {
			c.refers(at(i)+".expect.runbook", Runbook, s.Expect.Runbook)
		}
		for n, t := range s.Expect.Join {
			where := fmt.Sprintf("%s.expect.join[%d]", at(i), n)
			switch t.Kind {
			case Person, Team:
				c.refers(where, t.Kind, t.ID)
			case Schedule:
				id, _ := t.Place()
				c.refers(where, Schedule, id)
			}
		}
	}
}
