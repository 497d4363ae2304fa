package follow

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how old a signature may be, for receivers that have no reason to choose
// another.
const Tolerance = 5 * time.Minute

// Sign is the X-Tocsin-Signature of a body that is sent as the delivery id at a time:
// "t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.id.body" in hex>".
func Sign(secret, id string, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, id, body))
}

func mac(secret, t, id string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t + "." + id + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify is what a receiver does: it says whether the body with these X-Tocsin-Signature
// and X-Tocsin-Delivery headers was signed with the secret, not longer ago than the
// tolerance (nor ahead of our clock by more). Several v1 may stand in a signature; one
// that is right is enough.
func Verify(secret, signature, id string, body []byte, now time.Time, tolerance time.Duration) error {
	var t string
	var macs [][]byte
	for part := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			t = value
		case "v1":
			if m, err := hex.DecodeString(value); err == nil {
				macs = append(macs, m)
			}
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return errors.New("the signature has no time")
	}
	want, good := mac(secret, t, id, body), false
	for _, m := range macs {
		good = good || hmac.Equal(m, want)
	}
	if !good {
		return errors.New("the signature is wrong")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the signature is too old, or a clock is wrong")
	}
	return nil
}
