package config

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/alert/sift"
	"tocsin/org"
)

// sifting looks at what depends on what, together with the services, and at what holds
// alerts back.
func (c *checker) sifting(existing Setup) {
	for i, v := range c.Services {
		if err := sift.CheckSift(v.Sift); err != nil {
			c.bad(fmt.Sprintf("services[%d].sift", i), "%v", err)
		}
	}
	if c.Settings != nil {
		if err := sift.CheckSift(c.Settings.Sift); err != nil {
			c.bad("settings.sift", "%v", err)
		}
	}
	path, in := "sifting.", c.Sifting
	if in == nil {
		if path, in = "", existing.Sifting; in == nil {
			return
		}
	}
	services := map[org.ServiceID]org.Service{}
	for _, list := range [][]org.Service{existing.Services, c.Services} {
		for _, v := range list {
			v.Sift = org.Sift{} // looked at above
			if c.circle(v.ID) == nil {
				services[v.ID] = v
			}
		}
	}
	_, faults := sift.Compile(*in, services, org.Settings{})
	for _, f := range faults {
		if path == "" && f.Field == "nodes" { // a service that depends on something anew
			c.bad("services", "with the nodes of sifting: %v", f.Err)
		} else if path != "" {
			c.bad(path+f.Field, "%v", f.Err)
		}
	}
	if path == "" {
		return
	}
	nodes := map[string]bool{}
	for _, n := range in.Nodes {
		nodes[n.ID] = true
	}
	known := func(id string) bool { return nodes[id] || c.known[reference{Service, id}] }
	for i, n := range in.Nodes {
		for j, d := range n.DependsOn {
			c.check(known(d), fmt.Sprintf("sifting.nodes[%d].depends_on[%d]", i, j), "there is no node and no service %q", d)
		}
	}
	for i, a := range in.AnyOf {
		c.check(known(a.Child), fmt.Sprintf("sifting.any_of[%d].child", i), "there is no node and no service %q", a.Child)
		for j, m := range a.Members {
			group := slices.ContainsFunc(in.AnyOf, func(b sift.AnyOf) bool { return b.ID == m })
			c.check(group || known(m), fmt.Sprintf("sifting.any_of[%d].members[%d]", i, j), "there is no node, service or group %q", m)
		}
	}
	for i, r := range in.About {
		if r.Node != "" && !strings.Contains(r.Node, "{") {
			c.check(known(r.Node), fmt.Sprintf("sifting.about[%d].node", i), "there is no node and no service %q", r.Node)
		}
	}
	for i, a := range in.Actions {
		c.refers(fmt.Sprintf("sifting.actions[%d].webhook", i), Webhook, string(a.Webhook))
		c.refers(fmt.Sprintf("sifting.actions[%d].runbook", i), Runbook, a.Runbook)
		for j, v := range a.Services {
			c.refers(fmt.Sprintf("sifting.actions[%d].services[%d]", i, j), Service, string(v))
		}
	}
	for i, w := range in.Windows {
		for j, v := range w.Services {
			c.refers(fmt.Sprintf("sifting.windows[%d].services[%d]", i, j), Service, string(v))
		}
		tell := fmt.Sprintf("sifting.windows[%d].tell", i)
		c.targets(tell, w.Tell)
		for j, who := range w.Tell {
			c.check(who.Kind != "email" && who.Kind != Policy, fmt.Sprintf("%s[%d]", tell, j), "is told to people, schedules and teams")
		}
	}
}
