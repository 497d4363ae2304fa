package engine

import "testing"

// A group is as its members are once all of them fail, and well while one of them is.
func TestGroupFailsWithTheLastOfIts(t *testing.T) {
	for _, c := range []struct {
		name    string
		members map[string]*Standing
		firing  int
		under   string
	}{
		{"one is well", map[string]*Standing{"a": {Firing: 2}, "b": {}}, 0, ""},
		{"one is not there", map[string]*Standing{"a": {Firing: 2}}, 0, ""},
		{"both fail", map[string]*Standing{"a": {Firing: 2}, "b": {Firing: 1}}, 3, ""},
		{"both are symptoms of one", map[string]*Standing{"a": {Firing: 1, Under: "rack"}, "b": {Firing: 1, Under: "rack"}}, 2, "rack"},
		{"of two", map[string]*Standing{"a": {Firing: 1, Under: "rack"}, "b": {Firing: 1, Under: "hall"}}, 2, ""},
	} {
		g := &Standing{ID: "pair", Members: []string{"a", "b"}}
		if g.fails(c.members); g.Firing != c.firing || g.Under != c.under {
			t.Errorf("%s: %d fire, under %q", c.name, g.Firing, g.Under)
		}
	}
}
