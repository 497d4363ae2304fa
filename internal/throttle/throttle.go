// Package throttle slows down what comes too often: guesses at passwords, and forms that
// anybody may send. It counts in memory: each node for itself, and a new start forgives.
package throttle

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// A Limit is how many tries there are at once, and how long until there is one more.
type Limit struct {
	Burst int
	Every time.Duration
}

// mostTries bounds what a flood of names costs.
const mostTries = 1 << 16

// A Throttle counts tries.
type Throttle struct {
	mu      sync.Mutex
	buckets map[string]*tries
	swept   time.Time
}

// tries is how many are left at a moment.
type tries struct {
	limit Limit
	left  float64
	at    time.Time
}

// New is a throttle that has counted nothing yet.
func New() *Throttle { return &Throttle{buckets: map[string]*tries{}} }

// A Claim is a try that counts against a limit.
type Claim struct {
	Key   string
	Limit Limit
}

// Take counts a try against all claims, or against none and says how long to wait. It
// counts before anything is checked, so that a thousand at once are no better off than
// a thousand in a row. The try is given back by calling back.
func (t *Throttle) Take(now time.Time, claims ...Claim) (back func(), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	for _, c := range claims {
		b := t.bucket(c, now)
		if b.left < 1 {
			wait = max(wait, time.Duration((1-b.left)*float64(c.Limit.Every)))
		}
	}
	if wait > 0 {
		return func() {}, wait.Round(time.Second) + time.Second
	}
	for _, c := range claims {
		t.bucket(c, now).left--
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, c := range claims {
			b := t.bucket(c, now)
			b.left = min(b.left+1, float64(c.Limit.Burst))
		}
	}, 0
}

func (t *Throttle) bucket(c Claim, now time.Time) *tries {
	b := t.buckets[c.Key]
	if b == nil {
		b = &tries{limit: c.Limit, left: float64(c.Limit.Burst), at: now}
		for key := range t.buckets { // room, if need be: some other is forgiven
			if len(t.buckets) < mostTries {
				break
			}
			delete(t.buckets, key)
		}
		t.buckets[c.Key] = b
	}
	b.fill(now)
	return b
}

func (b *tries) fill(now time.Time) {
	if now.After(b.at) {
		b.left = min(b.left+float64(now.Sub(b.at))/float64(b.limit.Every), float64(b.limit.Burst))
		b.at = now
	}
}

// sweep forgets, once a minute, what is as if it had never been.
func (t *Throttle) sweep(now time.Time) {
	if now.Sub(t.swept) < time.Minute {
		return
	}
	t.swept = now
	for key, b := range t.buckets {
		if b.fill(now); b.left >= float64(b.limit.Burst) {
			delete(t.buckets, key)
		}
	}
}

// Address is where a request comes from; whom proxies speak for, the gate has settled.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	return a.Unmap().WithZone("").String()
}

// Network is the address as it is counted: of IPv6 somebody usually has a whole /64.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err == nil && a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return address
}
