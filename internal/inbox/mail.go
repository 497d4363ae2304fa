package inbox

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Mail is what of a mail counts for a reply.
type Mail struct {
	From    string // the address alone
	ID      string // Message-ID
	Machine bool   // nobody typed it
	Text    string // what was written above what it answers
}

const (
	maxText  = 64 << 10 // bytes of the text that are looked at
	maxParts = 50
	maxDepth = 5
)

// Parse reads a mail. A form that cannot be read leaves its text empty; only without a
// head and a sender it is none.
func Parse(r io.Reader) (m Mail, err error) {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return m, err
	}
	from, err := (&mail.AddressParser{WordDecoder: &mime.WordDecoder{}}).ParseList(msg.Header.Get("From"))
	if err != nil {
		return m, err
	}
	if len(from) == 1 {
		m.From = from[0].Address // several are nobody's word
	}
	m.ID = strings.TrimSpace(msg.Header.Get("Message-Id"))
	m.Machine = machine(msg.Header)
	parts := 0
	plain, html := texts(textproto.MIMEHeader(msg.Header), msg.Body, 0, &parts)
	if strings.TrimSpace(plain) == "" {
		plain = fromHTML(html)
	}
	m.Text = above(plain)
	_, err = io.Copy(io.Discard, msg.Body) // to its end
	return m, err
}

// machine says whether a mail says of itself that nobody typed it (RFC 3834 and what was
// usual before).
func machine(h mail.Header) bool {
	has := func(name string) bool { return strings.TrimSpace(h.Get(name)) != "" }
	submitted := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted")))
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch precedence := strings.ToLower(strings.TrimSpace(h.Get("Precedence"))); {
	case submitted != "" && submitted != "no", kind == "multipart/report", strings.TrimSpace(h.Get("Return-Path")) == "<>":
		return true
	case precedence == "bulk", precedence == "junk", precedence == "list", precedence == "auto_reply":
		return true
	}
	return has("List-Id") || has("List-Unsubscribe") || has("X-Autoreply") || has("X-Autorespond") || has("X-Auto-Response-Suppress") && has("X-Tocsin-Page") ||
		strings.EqualFold(strings.TrimSpace(h.Get("X-Loop")), "tocsin")
}

// texts are the first plain and the first HTML text of a mail.
func texts(h textproto.MIMEHeader, body io.Reader, depth int, parts *int) (plain, html string) {
	if *parts++; *parts > maxParts || depth > maxDepth {
		return "", ""
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		all := multipart.NewReader(body, params["boundary"])
		for {
			part, err := all.NextRawPart()
			if err != nil {
				return plain, html
			}
			p, t := texts(part.Header, part, depth+1, parts)
			if plain == "" {
				plain = p
			}
			if html == "" {
				html = t
			}
		}
	}
	if disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition")); disposition == "attachment" || kind != "text/plain" && kind != "text/html" {
		return "", ""
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, _ := io.ReadAll(io.LimitReader(body, maxText)) // as much as can be read
	text := decode(b, params["charset"])
	if kind == "text/html" {
		return "", text
	}
	return text, ""
}

// decode reads bytes of a charset; those of one that we do not know are taken for Latin-1
// where they are no UTF-8: what a verb is written with is the same in nearly all.
func decode(b []byte, charset string) string {
	if utf8.Valid(b) && !strings.HasPrefix(strings.ToLower(charset), "iso-8859") {
		return string(b)
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

var (
	quoteHTML = regexp.MustCompile(`(?is)<blockquote.*|<div[^>]*class="?(gmail_quote|moz-cite-prefix|yahoo_quoted).*|<div[^>]*id="?(divRplyFwdMsg|appendonsend).*`)
	hidden    = regexp.MustCompile(`(?is)<(style|script|head|title)\b.*?</(style|script|head|title)>`)
	breaks    = regexp.MustCompile(`(?i)<(br|/p|/div|/li|/tr)\b[^>]*>`)
	tags      = regexp.MustCompile(`(?s)<[^>]*>`)
	entities  = strings.NewReplacer("&nbsp;", " ", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&amp;", "&")
	written   = regexp.MustCompile(`(?i)^(on|am|le|el|il|op|den|dne|w dniu|em)\b.*(wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|napsal\(a\)|napisał\(a\)|escreveu).*:\s*$`)
	headers   = regexp.MustCompile(`(?i)^\*?(from|von|de|da|od|van)\s*:\*?\s.*@`)
)

// fromHTML is HTML as text, without what it quotes.
func fromHTML(s string) string {
	s = hidden.ReplaceAllString(s, "")
	s = quoteHTML.ReplaceAllString(s, "")
	s = breaks.ReplaceAllString(strings.ReplaceAll(s, "\n", " "), "\n")
	return entities.Replace(tags.ReplaceAllString(s, ""))
}

// above is what somebody wrote above what they answer, without their signature.
func above(text string) string {
	var out []string
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		line = strings.TrimRight(strings.ReplaceAll(line, "\u00a0", " "), " \t\r")
		next := ""
		if i+1 < len(lines) {
			next = strings.TrimSpace(lines[i+1])
		}
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, ">"), line == "--", strings.HasPrefix(trimmed, "-----Original"), strings.HasPrefix(trimmed, "-----Urspr"),
			strings.HasPrefix(trimmed, "________"), written.MatchString(trimmed), written.MatchString(trimmed + " " + next), headers.MatchString(trimmed):
			return strings.TrimSpace(strings.Join(out, "\n"))
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// localPart is what of an address stands before its domain, in small letters.
func localPart(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		address = address[:i]
	}
	return strings.ToLower(strings.Trim(address, `"`))
}
