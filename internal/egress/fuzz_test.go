package egress

import (
	"net/netip"
	"testing"
)

// Whatever is taken for an address, a network or a host is let through when it is asked for.
func FuzzParseAllow(f *testing.F) {
	for _, text := range []string{
		"10.0.0.1", " 10.0.0.0/8 ", "10.1.2.3/8", "0.0.0.0/0", "::1", "fe80::1%eth0", "2001:db8::/32", "::/0", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "::/95",
		"10.0.0.1:80", "[::1]:443", "[::ffff:10.0.0.1]:80", "host:80", "Host.Example.:80", "host:0", "host", "", ":80", "*.example.org:80", "a b:80",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAllow(text)
		if err != nil {
			return
		}
		if len(a.prefixes)+len(a.addrs)+len(a.hosts) != 1 {
			t.Fatalf("%q is %d networks, %d addresses, %d hosts", text, len(a.prefixes), len(a.addrs), len(a.hosts))
		}
		for _, p := range a.prefixes {
			if !p.IsValid() || !a.ip(netip.AddrPortFrom(p.Addr().Unmap(), 80)) {
				t.Errorf("%q is taken for the network %s and not let through", text, p)
			}
		}
		for ap := range a.addrs {
			if !a.ip(netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())) {
				t.Errorf("%q is taken for the address %s and not let through", text, ap)
			}
		}
		for h := range a.hosts {
			if !a.host(h) {
				t.Errorf("%q is taken for the host %s and not let through", text, h)
			}
		}
	})
}
