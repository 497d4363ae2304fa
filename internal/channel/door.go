package channel

import (
	"context"
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"tocsin/escalate"
)

// ErrSignature is a request at our door that its vendor did not sign.
var ErrSignature = errors.New("the signature is missing or wrong")

// A Door is a provider that calls us back: about pages, or because somebody answered.
// It reads what came and says how to answer; it decides nothing.
type Door interface {
	// Open reads a request. ErrSignature says that the vendor did not send it.
	Open(Request) (Call, error)
}

// A Request is one that came to our door.
type Request struct {
	Method string
	URL    string // as the vendor was told it, with its query
	Path   string // below the door
	Query  url.Values
	Header http.Header
	Body   []byte
}

// form is the body as a form.
func (r Request) form() (url.Values, error) { return url.ParseQuery(string(r.Body)) }

// A Call is what a request says, and how to answer it: texts are what each Said is to
// be told, in their order; "" is nothing.
type Call struct {
	Said   []Said
	Answer func(texts []string) Response
	// After is what is left to say where the answer cannot; nil is nothing.
	After func(ctx context.Context, texts []string) error
}

// A Listener asks its vendor for what people say, instead of being told at a door.
type Listener interface {
	// Listen hears until ctx ends or something is wrong; then it is to be asked again.
	Listen(ctx context.Context, hear func(context.Context, Said) (string, error)) error
}

// A Response is what the vendor gets.
type Response struct {
	Status int
	Type   string // the content type
	Body   string
}

// empty answers a vendor that wants no more than to be heard.
func empty([]string) Response { return Response{Status: http.StatusNoContent} }

// A Said is one thing that somebody or something told us.
type Said struct {
	// Page is the one that it is about, or Provider the vendor's id of its message.
	// Neither is needed when somebody names an incident by its code.
	Page, Provider string
	// Subject is the incident itself, where a button of a room names it.
	Subject string
	// State is a receipt: Sent, Delivered, Read or Failed, and Why it failed. A failure
	// counts only while the message with this Provider is the page's last.
	State escalate.State
	Why   string
	// Verb is what somebody wants. From is who they are: the address of a contact
	// method of theirs; "" is the person whom the page was sent to, over a line that is
	// theirs alone.
	Verb Verb
	From string
	Code string // of the incident; "" is the only one they were paged about
	Text string // of a note, or as they wrote it
}

// A Verb is what somebody wants who answers a page.
type Verb string

const (
	Acknowledge Verb = "acknowledge"
	Escalate    Verb = "escalate"
	Resolve     Verb = "resolve"
	Note        Verb = "note"
	Choose      Verb = "choose" // one of the answers of a call by hand: Text is its number
	List        Verb = "list"   // what is open for whoever asks
	Unclear     Verb = "unclear"
)

// verbWords are how people say it.
var verbWords = map[string]Verb{
	"a": Acknowledge, "ack": Acknowledge, "acknowledge": Acknowledge, "ok": Acknowledge, "yes": Acknowledge, "y": Acknowledge,
	"e": Escalate, "esc": Escalate, "escalate": Escalate,
	"r": Resolve, "res": Resolve, "resolve": Resolve, "resolved": Resolve, "done": Resolve,
}

// ParseReply reads what somebody wrote: a code of four digits, a verb, or both in any
// order. A code alone acknowledges. What follows the two is a note, unless it is more
// than a word on a line of its own; what cannot be read is Unclear.
func ParseReply(text string) (code string, verb Verb, rest string) {
	text = oneLine(text, 500)
	words := strings.Fields(text)
	for len(words) > 0 {
		word := strings.ToLower(strings.Trim(words[0], ".,:;!#\"'()"))
		if code == "" && len(word) == codeDigits && strings.Trim(word, "0123456789") == "" {
			code = word
		} else if v, ok := verbWords[word]; ok && verb == "" {
			verb = v
		} else if word != "" {
			break
		}
		words = words[1:]
	}
	rest = strings.Join(words, " ")
	switch {
	case verb == "" && code == "":
		return "", Unclear, text
	case verb == "" && rest == "":
		verb = Acknowledge
	case verb == "":
		verb = Note
	}
	return code, verb, rest
}

// RoomPage begins the ID of a message that is nobody's page, but stands in a room for its
// incident.
const RoomPage = "incident:"

// Noted is what whoever wrote a note is told.
const Noted = "Noted."

// codeDigits is the length of the code by which people name an incident.
const codeDigits = 4

// Same compares secrets, in the same time whatever they are.
func Same(a, b string) bool { return same(a, b) }

// same compares secrets.
func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
