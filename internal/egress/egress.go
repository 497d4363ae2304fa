// Package egress is the only way out: whatever connects to the world, connects through
// its Dialer.
//
// Addresses that people type (a webhook, an ntfy server, a link to check) must not
// lead back into the network that this server stands in: to its own ports, to the
// neighbours, to a cloud's metadata. Names and spellings cannot be trusted for that,
// because a name may resolve to anything, and to something else a moment later. So the
// Dialer looks at the IP address that the socket is about to connect to, after all
// resolving, and refuses what is not public unless the administrator allowed it.
//
// What the administrator configures himself, such as a mail relay on a private
// network, he allows: a prefix ("10.0.0.0/8"), an address ("192.0.2.7"), or one port
// of a host ("relay.internal:25"). An allowed host is trusted with whatever it resolves
// to.
//
// Client makes HTTP clients on top: http and https only, no user name in the URL, no
// redirects (a redirect is returned as the answer that it is), no proxy from the
// environment, and at most MaxBody of an answer.
package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Refusal is an address that the house does not connect to.
type Refusal struct {
	To  string // what was asked for: an address or a URL's host, never its path
	Why string
}

func (r *Refusal) Error() string { return "egress: " + r.To + ": " + r.Why }

// Refused says whether an error, however wrapped, is a Refusal: trying again later will
// not help.
func Refused(err error) bool {
	_, ok := errors.AsType[*Refusal](err)
	return ok
}

// A Dialer connects to public addresses and to what is allowed. Its zero value allows
// nothing else.
type Dialer struct {
	Allow Allow
	// Resolver looks up names; nil is the system's.
	Resolver *net.Resolver
}

// DialContext connects like net.Dialer's; it fits http.Transport and mail clients.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &Refusal{addr, "only TCP goes out"}
	}
	n := net.Dialer{Resolver: d.Resolver, KeepAlive: 15 * time.Second}
	if !d.Allow.host(addr) {
		n.ControlContext = func(_ context.Context, _, connected string, _ syscall.RawConn) error {
			return d.check(connected)
		}
	}
	return n.DialContext(ctx, network, addr)
}

// check is asked about the address of each socket before it connects.
func (d *Dialer) check(connected string) error {
	ap, err := netip.ParseAddrPort(connected)
	if err != nil {
		return &Refusal{connected, "not an IP address"}
	}
	ip := ap.Addr().Unmap().WithZone("")
	if d.Allow.ip(netip.AddrPortFrom(ip, ap.Port())) {
		return nil
	}
	if !Public(ip) {
		return &Refusal{connected, "not a public address; the administrator can allow it"}
	}
	return nil
}

// Public says whether an address belongs to the public Internet. It errs on the side
// of no: in IPv6 only global unicast counts, and of that nothing which carries an
// IPv4 address inside.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.Is6() && !globalUnicast.Contains(ip.WithZone("")) {
		return false
	}
	for _, p := range reserved {
		if p.Contains(ip.WithZone("")) {
			return false
		}
	}
	return ip.IsValid()
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

// reserved is what the IANA registries of special-purpose addresses keep apart.
var reserved = prefixes(
	"0.0.0.0/8",       // this network, unspecified
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, clouds' metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, Teredo, ORCHID
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4
	"3fff::/20",       // documentation
)

func prefixes(text ...string) (ps []netip.Prefix) {
	for _, s := range text {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return ps
}

// Allow is what an administrator allows beside the public Internet.
type Allow struct {
	prefixes []netip.Prefix
	hosts    map[string]bool // "name:port"
	addrs    map[netip.AddrPort]bool
}

// ParseAllow reads a list of prefixes, addresses, and hosts or addresses with a port.
func ParseAllow(items ...string) (Allow, error) {
	a := Allow{hosts: map[string]bool{}, addrs: map[netip.AddrPort]bool{}}
	for _, item := range items {
		item = strings.TrimSpace(item)
		if p, err := netip.ParsePrefix(item); err == nil {
			if p.Addr().Is4In6() {
				return Allow{}, fmt.Errorf("egress: allow %q: write the IPv4 prefix itself", item)
			}
			a.prefixes = append(a.prefixes, p.Masked())
		} else if ip, err := netip.ParseAddr(item); err == nil {
			ip = ip.Unmap().WithZone("")
			a.prefixes = append(a.prefixes, netip.PrefixFrom(ip, ip.BitLen()))
		} else if ap, err := netip.ParseAddrPort(item); err == nil {
			a.addrs[netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())] = true
		} else if key, ok := hostPort(item); ok {
			a.hosts[key] = true
		} else {
			return Allow{}, fmt.Errorf("egress: allow %q: want a prefix such as 10.0.0.0/8, an address, or host:port", item)
		}
	}
	return a, nil
}

func (a Allow) host(addr string) bool {
	key, ok := hostPort(addr)
	return ok && a.hosts[key]
}

func (a Allow) ip(ap netip.AddrPort) bool {
	if a.addrs[ap] {
		return true
	}
	for _, p := range a.prefixes {
		if p.Contains(ap.Addr()) {
			return true
		}
	}
	return false
}

// hostPort writes "Name.:port" in the one way that it is compared.
func hostPort(s string) (string, bool) {
	host, port, err := net.SplitHostPort(s)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 {
		return "", false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || strings.ContainsAny(host, " /@*") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

// Client is an HTTP client whose every request is over after timeout.
func (d *Dialer) Client(timeout time.Duration) *http.Client { return d.ClientTrusting(nil, timeout) }

// ClientTrusting is Client for servers whose certificates are signed by roots of one's
// own; nil are the system's.
func (d *Dialer) ClientTrusting(roots *x509.CertPool, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: guard{&http.Transport{
			DialContext:            d.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        60 * time.Second,
		}},
	}
}
