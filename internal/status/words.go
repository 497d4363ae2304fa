package status

import (
	"fmt"
	"maps"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// Words are what pages and letters say in a language.
type Words struct {
	Lang   string
	text   map[string]string
	days   []string
	months []string
}

// T is a text by its name; with more, they are filled in.
func (w Words) T(name string, more ...any) string {
	text, ok := w.text[name]
	if !ok {
		return name
	}
	if len(more) > 0 {
		return fmt.Sprintf(text, more...)
	}
	return text
}

// With are the words with some more.
func (w Words) With(more map[string]string) Words {
	w.text = maps.Clone(w.text)
	maps.Copy(w.text, more)
	return w
}

// Moment is a time in words, with its zone.
func (w Words) Moment(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if w.Lang == "de" {
		return fmt.Sprintf("%s, %d. %s %s %s", w.days[t.Weekday()], t.Day(), w.months[t.Month()-1], t.Format("15:04"), t.Format("MST"))
	}
	return fmt.Sprintf("%s %d %s %s %s", w.days[t.Weekday()], t.Day(), w.months[t.Month()-1], t.Format("15:04"), t.Format("MST"))
}

// Day is a date in words.
func (w Words) Day(t time.Time) string {
	if w.Lang == "de" {
		return fmt.Sprintf("%d. %s %d", t.Day(), w.months[t.Month()-1], t.Year())
	}
	return fmt.Sprintf("%d %s %d", t.Day(), w.months[t.Month()-1], t.Year())
}

// State and Phase are what states and phases are called.
func (w Words) State(s org.ComponentState) string { return w.T("state." + string(s)) }
func (w Words) Phase(p incident.Phase) string     { return w.T("phase." + string(p)) }

// Speak is the language of a page.
func Speak(language string) Words {
	if language == "de" {
		return german
	}
	return english
}

var english = Words{
	Lang:   "en",
	days:   []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
	months: []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	text: map[string]string{
		"verdict.operational": "Everything works", "verdict.maintenance": "Planned work is going on", "verdict.degraded": "Some things are slow or limited",
		"verdict.partial": "Some things do not work for everybody", "verdict.major": "Something does not work at all",
		"state.operational": "Works", "state.maintenance": "Planned work", "state.degraded": "Limited", "state.partial": "Partly out", "state.major": "Out",
		"phase.investigating": "We are looking into it", "phase.identified": "We know what it is", "phase.monitoring": "Mended, and watched", "phase.resolved": "Over",
		"phase.notice": "For your information", "phase.planned": "Planned", "phase.working": "Work is going on", "told": "Good to know", "begun": "The work has begun.", "phase.off": "Called off", "off": "It does not take place.",
		"retro": "What happened, and what we do about it", "retro.at": "Published %s",
		"now": "What is wrong now", "work": "Planned work", "components": "How things are", "past": "The last two weeks", "nothing": "Nothing was reported.",
		"condition": "How it is", "actions": "What is done", "needs": "What is needed", "next": "Next update by %s",
		"on": "now", "from": "%s to %s", "affects": "Affects: %s", "days": "The last 90 days", "uptime": "%s %% without an outage", "unknown": "not known",
		"day.out": "%s: %s, %s out", "day.bad": "%s: %s", "follow": "Have updates sent to you", "help": "Get help", "feed": "Atom feed",
		"made": "As of %s", "subscribe.title": "Have updates sent to you", "subscribe.lead": "You get what is written here about %s, and nothing else. We ask the address first whether it wants this.",
		"by.email": "E-mail", "by.sms": "SMS", "by.webhook": "Webhook", "address": "Address", "address.hint": "a mail address, a telephone number such as +4915112345678, or an https: address",
		"how": "How", "subscribe": "Send me a link", "back": "Back to the page",
		"subscribed":    "If the address is right, a link is on its way to it. Open it within two days; nothing is sent before.",
		"confirm.title": "Do you want updates about %s?", "confirm.lead": "They go to %s.", "confirm": "Yes, send them", "confirmed": "You will hear of it. Each message has a link that ends it.",
		"leave.title": "No more updates about %s?", "leave.lead": "They go to %s.", "leave": "End it", "left": "Done: nothing more is sent to you.",
		"again": "That address is not right: %s.", "slow": "That was very quick. Please press once more.", "busy": "Too many asked just now. Please try again in a few minutes.",
		"letter.confirm": "Do you want updates about %s?", "letter.confirm.body": "Somebody asked for updates about %s to be sent here. If that was you, open the link; if not, do nothing and nothing more comes.",
		"letter.confirm.link": "Yes, send them", "letter.update": "%s: %s", "letter.open": "Open the page",
		"trap": "Leave this empty", "gone": "There is nothing here any more.",
		"over": "It is over.", "all": "What was said before: %d", "skip": "Skip to what is wrong", "times": "Times are %s.", "none": "No planned work.",
		"reply": "An answer to what you reported", "reply.open": "See it and answer", "reply.body": "There is news about what you reported.", "report": "Your report",
		"atom.all": "What you follow", "atom.of": "Updates about %s", "atom.secure": "There is news", "atom.secure.text": "It is not written here: open it and sign in.",
	},
}

var german = Words{
	Lang:   "de",
	days:   []string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
	months: []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	text: map[string]string{
		"verdict.operational": "Alles läuft", "verdict.maintenance": "Geplante Arbeiten sind im Gange", "verdict.degraded": "Manches ist langsam oder eingeschränkt",
		"verdict.partial": "Manches geht nicht für alle", "verdict.major": "Etwas geht gar nicht",
		"state.operational": "Läuft", "state.maintenance": "Geplante Arbeiten", "state.degraded": "Eingeschränkt", "state.partial": "Teilweise gestört", "state.major": "Gestört",
		"phase.investigating": "Wir sehen es uns an", "phase.identified": "Wir wissen, was es ist", "phase.monitoring": "Behoben und beobachtet", "phase.resolved": "Vorbei",
		"phase.notice": "Zur Kenntnis", "phase.planned": "Geplant", "phase.working": "Arbeiten laufen", "told": "Gut zu wissen", "begun": "Die Arbeiten haben begonnen.", "phase.off": "Abgesagt", "off": "Sie finden nicht statt.",
		"retro": "Was geschehen ist, und was wir tun", "retro.at": "Veröffentlicht %s",
		"now": "Was jetzt nicht geht", "work": "Geplante Arbeiten", "components": "Wie es steht", "past": "Die letzten zwei Wochen", "nothing": "Es wurde nichts gemeldet.",
		"condition": "Wie es ist", "actions": "Was getan wird", "needs": "Was gebraucht wird", "next": "Nächste Meldung bis %s",
		"on": "jetzt", "from": "%s bis %s", "affects": "Betrifft: %s", "days": "Die letzten 90 Tage", "uptime": "%s %% ohne Ausfall", "unknown": "nicht bekannt",
		"day.out": "%s: %s, %s gestört", "day.bad": "%s: %s", "follow": "Meldungen zuschicken lassen", "help": "Hilfe", "feed": "Atom-Feed",
		"made": "Stand %s", "subscribe.title": "Meldungen zuschicken lassen", "subscribe.lead": "Geschickt wird, was hier über %s geschrieben wird, und sonst nichts. Die Adresse wird vorher gefragt, ob sie das möchte.",
		"by.email": "E-Mail", "by.sms": "SMS", "by.webhook": "Webhook", "address": "Adresse", "address.hint": "eine Mailadresse, eine Telefonnummer wie +4915112345678 oder eine https:-Adresse",
		"how": "Wie", "subscribe": "Link schicken", "back": "Zurück zur Seite",
		"subscribed":    "Wenn die Adresse stimmt, ist ein Link dorthin unterwegs. Öffnen Sie ihn innerhalb von zwei Tagen; vorher wird nichts geschickt.",
		"confirm.title": "Möchten Sie Meldungen über %s?", "confirm.lead": "Sie gehen an %s.", "confirm": "Ja, bitte schicken", "confirmed": "Sie hören davon. In jeder Nachricht steht ein Link, der das beendet.",
		"leave.title": "Keine Meldungen mehr über %s?", "leave.lead": "Sie gehen an %s.", "leave": "Beenden", "left": "Erledigt: Sie bekommen nichts mehr.",
		"again": "Diese Adresse stimmt nicht: %s.", "slow": "Das war sehr schnell. Bitte noch einmal drücken.", "busy": "Gerade fragen zu viele. Bitte in ein paar Minuten noch einmal.",
		"letter.confirm": "Möchten Sie Meldungen über %s?", "letter.confirm.body": "Jemand möchte Meldungen über %s hierher geschickt bekommen. Waren Sie das, öffnen Sie den Link; wenn nicht, tun Sie nichts, dann kommt auch nichts mehr.",
		"letter.confirm.link": "Ja, bitte schicken", "letter.update": "%s: %s", "letter.open": "Seite öffnen",
		"trap": "Dieses Feld leer lassen", "gone": "Hier ist nichts mehr.",
		"over": "Es ist vorbei.", "all": "Was davor gesagt wurde: %d", "skip": "Zu dem, was nicht geht", "times": "Zeiten sind %s.", "none": "Keine geplanten Arbeiten.",
		"reply": "Eine Antwort auf Ihre Meldung", "reply.open": "Ansehen und antworten", "reply.body": "Es gibt Neues zu Ihrer Meldung.", "report": "Ihre Meldung",
		"atom.all": "Was Sie verfolgen", "atom.of": "Meldungen über %s", "atom.secure": "Es gibt Neues", "atom.secure.text": "Es steht nicht hier: öffnen Sie es und melden Sie sich an.",
	},
}
