package channel

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"tocsin/escalate"
	"tocsin/org"
)

// A texter is a vendor that carries short messages. Beyond that it knows nothing of
// pages.
type texter interface {
	// text sends one text to a number in E.164, and says the vendor's id of it. page is
	// the id by which the vendor is to call back about it.
	text(ctx context.Context, to, text, page string) (id string, err error)
}

// SMS sends pages as short messages. Whoever gets one answers by replying with the
// incident's code, where the vendor brings replies back.
type SMS struct {
	vendor texter
	// replies says that the vendor brings replies to our door.
	replies bool
	// region is where numbers without a country code are.
	region string
}

func (*SMS) Name() string { return "sms" }

// Send writes the page as one short text.
func (s *SMS) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to, err := Number(m.To, s.region)
	if err != nil {
		return Receipt{}, failed(Permanent, err)
	}
	if !s.replies {
		m.Code = ""
	}
	id, err := s.vendor.text(ctx, to, Short(m), m.ID)
	return Receipt{Provider: oneLine(id, 200), State: escalate.Sent}, err
}

// Number is a telephone number in E.164. One without a country code is of the region
// (DE); "" takes none such.
func Number(text, region string) (string, error) {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		why := "is no telephone number such as +4915112345678"
		if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
			why = "has no country code: write it such as +4915112345678"
		}
		return "", fmt.Errorf("%q %s", oneLine(text, 40), why)
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// Canonical is how addresses of a channel are compared.
func Canonical(channel, address string) string {
	switch channel {
	case "sms", "voice":
		if n, err := Number(address, ""); err == nil {
			return n
		}
	case "email":
		return strings.ToLower(strings.TrimSpace(address))
	}
	return strings.TrimSpace(address)
}

const (
	shortGSM   = 306 // two parts, in the alphabet of telephones
	shortOther = 134 // two parts in any other
)

// Short is the page as a text of two parts at most: what is wrong, how to answer, where
// to look. What is too long shortens the first and nothing else.
func Short(m Message) string {
	head := Headline(m)
	var tail []string
	if m.Purpose.Alarms() {
		if m.Severity.Valid() {
			head = marked(m, string(m.Severity)+" ")
		}
		if m.Service != "" && !strings.Contains(head, m.Service) {
			head += " (" + oneLine(m.Service, 40) + ")"
		}
		switch {
		case m.Code != "" && len(m.Choices) > 0:
			tail = append(tail, "Reply "+m.Code+" and "+choices(m.Choices)+".")
		case m.Code != "":
			tail = append(tail, "Reply "+m.Code+" to acknowledge, "+m.Code+" e to escalate, "+m.Code+" r to resolve.")
		}
		if u := webURL(m.AckURL); u != "" {
			tail = append(tail, u)
		}
	}
	rest := strings.Join(tail, " ")
	most := shortGSM
	if !gsm(head + rest) {
		most = shortOther
	}
	if rest == "" {
		return cutUnits(head, most)
	}
	return cutUnits(head, max(most-units(rest)-2, 30)) + ". " + rest
}

// choices says which number stands for which answer.
func choices(all []string) string {
	s := make([]string, len(all))
	for i, c := range all {
		s[i] = fmt.Sprintf("%d for %s", i+1, oneLine(c, 30))
	}
	return strings.Join(s, ", ")
}

// gsmSet is the alphabet of GSM 03.38; those of its second table count twice.
const (
	gsmSet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo = "^{}\\[~]|€"
)

func gsm(s string) bool {
	return strings.Trim(s, gsmSet+gsmTwo) == "" || !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(gsmSet+gsmTwo, r) })
}

// units is how much room a text takes in a short message.
func units(s string) (n int) {
	wide := !gsm(s)
	for _, r := range s {
		switch {
		case wide && r > 0xffff, !wide && strings.ContainsRune(gsmTwo, r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// cutUnits shortens a text to so much room, with a mark that every telephone has.
func cutUnits(s string, most int) string {
	if units(s) <= most {
		return s
	}
	out := []rune(s)
	for len(out) > 0 && units(string(out)) > most-3 {
		out = out[:len(out)-1]
	}
	return strings.TrimRight(string(out), " ") + "..."
}

// lowKey says whether a page is to make no noise where the channel can tell.
func lowKey(m Message) bool { return !m.Purpose.Alarms() || m.Priority == org.Low }
