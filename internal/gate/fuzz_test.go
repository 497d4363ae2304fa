package gate

import "testing"

// Whatever is taken for a proxy is trusted when it speaks.
func FuzzParseTrusted(f *testing.F) {
	for _, text := range []string{
		"10.0.0.1", " 10.0.0.0/8 ", "10.1.2.3/8", "0.0.0.0/0", "::1", "fe80::1%eth0", "2001:db8::/32", "::/0", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "10.0.0.0/33", "proxy", "", "10.0.0.1:80",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseTrusted([]string{text})
		if err != nil {
			return
		}
		if len(all) != 1 || !all[0].IsValid() || all[0] != all[0].Masked() {
			t.Fatalf("%q is %v", text, all)
		}
		if g := (&Gate{trusted: all}); !g.trusts(all[0].Addr()) {
			t.Errorf("%q is taken for a proxy and not trusted", text)
		}
	})
}
