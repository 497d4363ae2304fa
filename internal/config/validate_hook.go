package config

import (
	"fmt"
	"net/url"
	"path"
	"regexp"

	"tocsin/internal/egress"
)

// secretForm leaves out what would have to be quoted somewhere.
var secretForm = regexp.MustCompile(`^[!-~]{16,128}$`)

func (c *checker) webhooks() {
	at := within("webhooks")
	c.ids(Webhook, len(c.Webhooks), at, func(i int) string { return string(c.Webhooks[i].ID) })
	for i, h := range c.Webhooks {
		c.hookURL(at(i)+".url", h.URL)
		c.check(h.Secret == "" || secretForm.MatchString(h.Secret), at(i)+".secret", "a secret is 16 to 128 characters without spaces")
		c.refers(at(i)+".team", Team, string(h.Team))
		c.refers(at(i)+".service", Service, string(h.Service))
		for n, kind := range h.Kinds {
			_, err := path.Match(kind, "")
			c.check(err == nil && kind != "", fmt.Sprintf("%s.kinds[%d]", at(i), n), "%q is no kind of fact such as alert.opened or escalate.*", kind)
		}
	}
}

// hookURL checks the form of an address; whether it may be connected to is seen when it
// is. The address is not repeated, because a secret may stand in it.
func (c *checker) hookURL(path, address string) {
	if address == "" {
		c.bad(path, "is missing")
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		c.bad(path, "is no URL such as https://example.org/hook")
		return
	}
	if err := egress.CheckURL(u); err != nil {
		c.bad(path, "%v", err)
	}
}
