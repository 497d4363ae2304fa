package auth

import (
	"crypto/hmac"
	"crypto/sha1" // what RFC 6238 and every authenticator app take
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TOTP as RFC 6238 has it and as all apps understand it: SHA-1, six digits, half a
// minute. A code is good for its own step and the ones beside it, and once.
const (
	totpStep   = 30 // seconds
	totpDigits = 6
	totpSecret = 20 // bytes
	totpSkew   = 1  // steps
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// hotp is the code of a counter (RFC 4226), in so many digits.
func hotp(secret []byte, counter uint64, digits int) string {
	h := hmac.New(sha1.New, secret)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], counter)
	h.Write(b[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// totpAt is the step for which a code is good now, if any.
func totpAt(secret []byte, code string, now time.Time) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	for n := now.Unix()/totpStep - totpSkew; n <= now.Unix()/totpStep+totpSkew; n++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, uint64(n), totpDigits)), []byte(code)) == 1 {
			step, ok = n, true
		}
	}
	return step, ok
}

// totpURI is what the picture says that an app scans.
func totpURI(secret []byte, host, name string) string {
	issuer := "Tocsin"
	if host != "" {
		issuer += " " + host
	}
	q := url.Values{"secret": {base32Text.EncodeToString(secret)}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+name) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}
