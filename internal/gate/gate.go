// Package gate is what a request passes before anything of ours looks at it: TLS, the
// proxies in front, the path below which we stand.
//
//   - Certificates come from two files, read again when they change (files.go), or from
//     an ACME directory such as Let's Encrypt's (acme.go), kept sealed in the database so
//     that all nodes have the same.
//   - A second listener may answer http: with a redirect to the public URL.
//   - Who speaks to us is the address of the connection. Only what a trusted proxy says
//     in X-Forwarded-For is believed, from the right, up to the first address that is not
//     a trusted proxy's; and only its X-Forwarded-Proto.
//   - The path of the public URL is taken off, whether a proxy in front did it already
//     or not, and put before redirects.
//   - Over https: browsers are told to stay with it (HSTS).
package gate

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// hsts is a year: long enough to matter, and without other hosts of the domain, which are
// not ours to decide about.
const hsts = "max-age=31536000"

// Options are what a gate is made of.
type Options struct {
	Public  string         // the public URL
	Trusted []netip.Prefix // proxies
}

// A Gate stands before a handler.
type Gate struct {
	next    http.Handler
	base    string // path of the public URL, without a slash at its end
	https   bool   // the public URL is
	trusted []netip.Prefix
}

// New is a gate before a handler.
func New(next http.Handler, o Options) *Gate {
	g := &Gate{next: next, trusted: o.Trusted}
	if u, err := url.Parse(o.Public); err == nil {
		g.base, g.https = strings.TrimRight(u.Path, "/"), u.Scheme == "https"
	}
	return g
}

// ParseTrusted reads proxies: addresses and networks.
func ParseTrusted(all []string) (out []netip.Prefix, err error) {
	for _, text := range all {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		if p.Addr().Is4In6() {
			return nil, fmt.Errorf("%q: write the IPv4 network itself, such as 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (g *Gate) trusts(a netip.Addr) bool {
	for _, p := range g.trusted {
		if p.Contains(a.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// ServeHTTP lets a request in.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure := r.TLS != nil
	if from, ok := peer(r.RemoteAddr); ok && g.trusts(from) {
		r = r.WithContext(r.Context()) // ours to change
		r.RemoteAddr = net.JoinHostPort(g.client(from, r.Header.Values("X-Forwarded-For")).String(), "0")
		if said := list(r.Header.Values("X-Forwarded-Proto")); len(said) > 0 {
			secure = strings.EqualFold(said[len(said)-1], "https")
		}
	}
	if secure && g.https {
		w.Header().Set("Strict-Transport-Security", hsts)
	}
	if g.base != "" {
		if r.URL.Path == g.base {
			http.Redirect(w, r, g.base+"/", http.StatusPermanentRedirect)
			return
		}
		if below, ok := strings.CutPrefix(r.URL.Path, g.base+"/"); ok {
			r = r.Clone(r.Context())
			r.URL.Path = "/" + below
			if raw, ok := strings.CutPrefix(r.URL.RawPath, g.base+"/"); ok {
				r.URL.RawPath = "/" + raw
			} else {
				r.URL.RawPath = ""
			}
		}
		w = &located{w, g.base}
	}
	g.next.ServeHTTP(w, r)
}

// peer is the address of a connection.
func peer(remote string) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return a.Unmap(), err == nil
}

// client is who spoke to the first trusted proxy. What stands left of somebody who is not
// trusted may be anything; what is no address ends the looking.
func (g *Gate) client(from netip.Addr, forwarded []string) netip.Addr {
	chain := list(forwarded)
	for i := len(chain) - 1; i >= 0; i-- {
		a, ok := peer(strings.Trim(chain[i], `"`))
		if !ok {
			return from
		}
		if from = a; !g.trusts(a) {
			return from
		}
	}
	return from
}

// list are the parts of a header that is a list, however many lines it has.
func list(values []string) (all []string) {
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// located puts the base path before where an answer sends somebody.
type located struct {
	http.ResponseWriter
	base string
}

func (l *located) WriteHeader(status int) {
	if to := l.Header().Get("Location"); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, l.base+"/") {
		l.Header().Set("Location", l.base+to)
	}
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap is how http.ResponseController reaches the connection.
func (l *located) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// Redirect answers http: with the same address below the public URL. What is no reading
// is refused: whoever sends a key over http: has told it to everybody on the way, and must
// hear of it.
func Redirect(public string) http.Handler {
	public = strings.TrimRight(public, "/")
	base := ""
	if u, err := url.Parse(public); err == nil {
		base = u.Path
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "use "+public, http.StatusForbidden)
			return
		}
		to := r.URL.EscapedPath()
		if rest, ok := strings.CutPrefix(to, base+"/"); ok {
			to = "/" + rest
		} else if to == base {
			to = "/"
		}
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, public+to, http.StatusMovedPermanently)
	})
}
