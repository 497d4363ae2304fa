package follow

import (
	"os"
	"strings"
	"testing"
	"time"
)

// The example of docs/webhooks.md, by which receivers in other languages are tested.
const (
	vectorSecret    = "an-example-secret-0123456789"
	vectorID        = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	vectorBody      = `{"id":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","type":"alert.opened"}`
	vectorSeconds   = 1795572780
	vectorSignature = "t=1795572780,v1=da639bcc6f03e63f6e2447ec165f102ca2b2c2dda8ef7d12c63c16e2149626f2"
)

func TestSignatureOfTheDocumentation(t *testing.T) {
	got := Sign(vectorSecret, vectorID, []byte(vectorBody), time.Unix(vectorSeconds, 0))
	if got != vectorSignature {
		t.Errorf("signed as %s", got)
	}
	page, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{vectorSecret, vectorID, vectorBody, vectorSignature} {
		if !strings.Contains(string(page), part) {
			t.Errorf("docs/webhooks.md does not have %s", part)
		}
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(vectorSeconds, 0).Add(time.Minute)
	_, v1, _ := strings.Cut(vectorSignature, ",")
	for name, c := range map[string]struct {
		secret, signature, id, body string
		after                       time.Duration
		want                        string
	}{
		"right":              {},
		"another secret":     {secret: "x", want: "wrong"},
		"another body":       {body: vectorBody + " ", want: "wrong"},
		"another delivery":   {id: "x", want: "wrong"},
		"another time":       {signature: "t=1795572781," + v1, want: "wrong"},
		"no time":            {signature: v1, want: "no time"},
		"nothing":            {signature: " ", want: "no time"},
		"no signature":       {signature: "t=1795572780", want: "wrong"},
		"no hex":             {signature: "t=1795572780,v1=zz", want: "wrong"},
		"one of two":         {signature: "t=1795572780,v1=00," + v1},
		"something new":      {signature: "t=1795572780, v0=00, " + v1 + ", v2=x"},
		"too old":            {after: Tolerance + time.Minute, want: "too old"},
		"from the future":    {after: -Tolerance - 2*time.Minute, want: "too old"},
		"nearly too old":     {after: Tolerance - 2*time.Minute},
		"an overflowing age": {signature: "t=99999999999999999999," + v1, want: "no time"},
	} {
		t.Run(name, func(t *testing.T) {
			or := func(s, other string) string {
				if s == "" {
					return other
				}
				return s
			}
			err := Verify(or(c.secret, vectorSecret), or(c.signature, vectorSignature), or(c.id, vectorID), []byte(or(c.body, vectorBody)), now.Add(c.after), Tolerance)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorSignature, vectorID, vectorBody)
	f.Add("t=,v1=", "", "")
	f.Fuzz(func(t *testing.T, signature, id, body string) {
		if Verify("a secret that nobody guesses", signature, id, []byte(body), time.Unix(vectorSeconds, 0), time.Hour) == nil {
			t.Errorf("%q passes", signature)
		}
		at := time.Unix(vectorSeconds, 0)
		if err := Verify("s", Sign("s", id, []byte(body), at), id, []byte(body), at, 0); err != nil {
			t.Error(err)
		}
	})
}
