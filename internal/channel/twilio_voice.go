package channel

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"tocsin/escalate"
)

var twilioVoiceKind = Kind{
	Name: "twilio-voice", Channel: "voice", Title: "Twilio calls", Proved: twilioProved,
	Settings: append(slices.Clone(twilioSettings), Setting{Name: "machine", Help: `"detect" hangs up on answering machines, which costs people some seconds of silence`}),
	Make: func(s Setup) (Channel, error) {
		t, err := newTwilio(s)
		if err != nil {
			return nil, err
		}
		v := &twilioVoice{twilio: t, detect: s.Settings["machine"] == "detect"}
		v.Voice = Voice{v, s.Settings["region"]}
		return v, nil
	},
}

// A twilioVoice is the account's calls, with their door.
type twilioVoice struct {
	Voice
	*twilio
	detect bool
}

// place calls. What becomes of it comes to call/PAGE; what is pressed to key/PAGE, or to
// choose/PAGE where the keys are answers of a page by hand.
func (t *twilioVoice) place(ctx context.Context, to, page string, p Prompt) (string, error) {
	form := url.Values{
		"To": {to}, "From": {t.from}, "Twiml": {t.script(p, page)}, "Timeout": {"40"},
		"StatusCallback": {t.setup.door("call/" + page)}, "StatusCallbackEvent": {"ringing", "answered", "completed"},
	}
	if t.detect {
		form.Set("MachineDetection", "Enable")
	}
	return t.post(ctx, "Calls.json", form)
}

const maxTwiml = 4000 // characters

// script is a prompt as TwiML. It is said as often as there is room for.
func (t *twilioVoice) script(p Prompt, page string) string {
	var out twiml
	if len(p.Keys) == 0 {
		out.Say = p.Say
		return out.String()
	}
	action := "key/"
	if p.Keys[0].Verb == Choose {
		action = "choose/"
	}
	g := gather{Input: "dtmf", Digits: 1, Timeout: 5, Action: t.setup.door(action + page), Method: "POST", Say: append(slices.Clone(p.Say), p.Help())}
	out.Say = []string{"Nobody pressed a key. Goodbye."}
	for range max(p.Times, 1) {
		longer := out
		longer.Gathers = append(slices.Clone(out.Gathers), g)
		if len(longer.String()) > maxTwiml {
			break
		}
		out = longer
	}
	return out.String()
}

// twilioCalls are what Twilio says of calls.
var twilioCalls = map[string]escalate.State{
	"ringing": escalate.Sent, "in-progress": escalate.Delivered, "completed": escalate.Delivered,
	"busy": escalate.Failed, "no-answer": escalate.Failed, "failed": escalate.Failed, "canceled": escalate.Failed,
}

// Open reads what became of a call (call/PAGE) and which key was pressed (key/PAGE).
func (t *twilioVoice) Open(r Request) (Call, error) {
	form, err := t.read(r)
	if err != nil {
		return Call{}, err
	}
	what, page, _ := strings.Cut(r.Path, "/")
	s := Said{Page: page, Provider: form.Get("CallSid")}
	if what == "key" || what == "choose" {
		s.Verb, s.Text = Unclear, oneLine(form.Get("Digits"), 20)
		if what == "choose" {
			s.Verb = Choose
		} else if i := slices.IndexFunc(alarmKeys, func(k Key) bool { return k.Digit == s.Text }); i >= 0 {
			s.Verb = alarmKeys[i].Verb
		}
		return Call{Said: []Said{s}, Answer: func(texts []string) Response {
			hang := ""
			out := twiml{Hangup: &hang}
			for _, text := range texts {
				out.Say = append(out.Say, oneLine(text, maxSpoken))
			}
			return out.response()
		}}, nil
	}
	s.State = twilioCalls[form.Get("CallStatus")]
	if strings.HasPrefix(form.Get("AnsweredBy"), "machine") || form.Get("AnsweredBy") == "fax" {
		s.State, s.Why = escalate.Failed, "twilio: an answering machine took the call"
	}
	if s.State == "" {
		return Call{Answer: empty}, nil
	}
	if s.State == escalate.Failed && s.Why == "" {
		s.Why = "twilio: " + oneLine(form.Get("CallStatus"), 40)
	}
	return Call{Said: []Said{s}, Answer: empty}, nil
}
