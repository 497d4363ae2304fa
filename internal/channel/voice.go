package channel

import (
	"context"
	"strings"

	"tocsin/escalate"
)

// A Prompt is what a telephone call says, and which keys it takes. It knows no vendor:
// a SIP trunk will speak it as well.
type Prompt struct {
	Say  []string // sentences, spoken one after another
	Keys []Key    // none: it hangs up after the last sentence
	// Times is how often it is said before it gives up.
	Times int
}

// A Key is one that may be pressed.
type Key struct {
	Digit string
	Verb  Verb
	Text  string // of Choose: the number of the answer
	Help  string // "to acknowledge"
}

// A placer is a vendor that places calls. What is pressed comes back as a Said.
type placer interface {
	// place calls a number in E.164 and says the vendor's id of the call.
	place(ctx context.Context, to, page string, p Prompt) (id string, err error)
}

// Voice reads pages out over the telephone. Keys acknowledge, escalate and resolve.
type Voice struct {
	vendor placer
	region string
}

func (*Voice) Name() string { return "voice" }

// Send places the call. It is delivered when somebody takes it.
func (v *Voice) Send(ctx context.Context, m Message) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	to, err := Number(m.To, v.region)
	if err != nil {
		return Receipt{}, failed(Permanent, err)
	}
	id, err := v.vendor.place(ctx, to, m.ID, PromptOf(m))
	return Receipt{Provider: oneLine(id, 200), State: escalate.Sent}, err
}

// The keys of an alarm, as many services have them.
var alarmKeys = []Key{
	{"4", Acknowledge, "", "to acknowledge"},
	{"5", Escalate, "", "to escalate"},
	{"6", Resolve, "", "to resolve"},
}

const maxSpoken = 300 // bytes of a sentence

// PromptOf is the page as a call says it.
func PromptOf(m Message) Prompt {
	p := Prompt{Times: 1, Say: []string{"This is Tocsin."}}
	badge := ""
	if m.Purpose.Alarms() && m.Severity.Valid() {
		badge = "Severity " + strings.TrimPrefix(string(m.Severity), "SEV") + ": "
	}
	if m.Drill {
		p.Say[0] = "This is a drill. " + p.Say[0]
	}
	line := oneLine(marked(m, badge), maxSpoken)
	p.Say = append(p.Say, line+".")
	if !m.Purpose.Alarms() {
		return p
	}
	if m.Service != "" && !strings.Contains(line, m.Service) {
		p.Say = append(p.Say, "Service: "+oneLine(m.Service, 80)+".")
	}
	p.Times, p.Keys = 3, alarmKeys
	if len(m.Choices) > 0 {
		p.Keys = nil
		for i, c := range m.Choices[:min(len(m.Choices), 9)] {
			n := string(rune('1' + i))
			p.Keys = append(p.Keys, Key{n, Choose, n, "for " + oneLine(c, 60)})
		}
	}
	return p
}

// Help is the sentence that names the keys.
func (p Prompt) Help() string {
	var s []string
	for _, k := range p.Keys {
		s = append(s, "press "+k.Digit+" "+k.Help)
	}
	text := strings.Join(s, ", ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
