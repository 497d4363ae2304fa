package report

import "tocsin/internal/status"

// speak are the words of a form's language.
func speak(language string) status.Words {
	if language == "de" {
		return status.Speak(language).With(german)
	}
	return status.Speak(language).With(english)
}

var english = map[string]string{
	"what": "What is it about?", "known": "Is it this?", "known.lead": "This is known already. If it is your trouble too, say so: then you need not describe it again.",
	"others": "Others have reported trouble of this sort", "since": "since %s", "times": "reported %d times", "once": "reported once", "same": "That is my trouble too",
	"work": "Planned work", "work.lead": "This may be the reason:", "other": "No, it is something else", "questions": "Tell us",
	"choose": "choose one of these", "long": "at most %d characters", "missing": "please answer this",
	"name": "Your name", "contact": "How do we reach you?", "contact.hint": "a mail address or a telephone number", "contact.why": "so that we can ask, and tell you when it is mended",
	"contact.wrong": "is neither a mail address nor a telephone number with its country code, such as +49",
	"optional":      "if you like", "send": "Send", "photo": "A photo", "photo.hint": "of what is broken, or of the screen; at most 25 MB", "photo.wrong": "The photo could not be taken: %s.", "photo.read": "it could not be read", "photo.kind": "it is no picture that we know (JPEG, PNG, GIF)",
	"emergency": "Is it an emergency?", "emergency.go": "Yes, it is an emergency", "emergency.title": "An emergency", "emergency.lead": "Whoever is on call is called at once, day or night.",
	"emergency.where": "Where?", "emergency.what": "What happened?", "emergency.send": "Call for help now",
	"slow": "That was very quick. Please look once more and send it again.", "old": "This page was open for long. Please send it again.",
	"busy": "Too many reports come from your network just now. Please try again in a few minutes.", "check": "Something is missing. Look at what is marked.",
	"sent": "Thank you. We have it.", "sent.lead": "Keep this page: it says how it stands, and here you can write to us.",
	"yours": "What you reported", "how": "How it stands", "answers": "What was written", "you": "You", "we": "We", "write": "Write to us", "write.send": "Send",
	"updates": "What we know", "same.note": "It joined what was known already.",
	"is.triggered": "It has come in. Nobody has taken it on yet.", "is.acknowledged": "Somebody is working on it.", "is.snoozed": "It is known, and waits for its time.",
	"is.resolved": "It is over.", "is.closed": "It is over.", "wrote": "Sent.", "status.ask": "We have asked your address whether it wants to hear of this: please open the link there.",
	"practice": "This is practice.", "practice.lead": "Go through it as if something were wrong. Nobody is called, and nothing is counted.",
	"practice.among": "Go through it as if something were wrong. Only those who practise with you read it.", "practice.was": "Nobody outside the drill was called, and nothing is counted.",
	"practice.real": "Is something really wrong? Report it here.", "practice.try": "Try it out first: nobody is called",
	"practice.sent":   "Well done. In earnest you would have been heard now, and this page would be yours.",
	"practice.status": "Nobody was called, because you practise. In earnest you would read here whether somebody works on it.",
	"copy":            "Address of this page", "reported": "Reported %s",
}

var german = map[string]string{
	"what": "Worum geht es?", "known": "Ist es das?", "known.lead": "Das ist schon bekannt. Wenn es auch Ihr Problem ist, sagen Sie es: dann müssen Sie es nicht noch einmal beschreiben.",
	"others": "Andere haben schon ein Problem dieser Art gemeldet", "since": "seit %s", "times": "%d-mal gemeldet", "once": "einmal gemeldet", "same": "Das ist auch mein Problem",
	"work": "Geplante Arbeiten", "work.lead": "Das kann der Grund sein:", "other": "Nein, es ist etwas anderes", "questions": "Beschreiben Sie es",
	"choose": "bitte eines davon wählen", "long": "höchstens %d Zeichen", "missing": "bitte beantworten",
	"name": "Ihr Name", "contact": "Wie erreichen wir Sie?", "contact.hint": "eine Mailadresse oder Telefonnummer", "contact.why": "damit wir nachfragen und Bescheid geben können",
	"contact.wrong": "ist weder eine Mailadresse noch eine Telefonnummer mit Landesvorwahl wie +49",
	"optional":      "wenn Sie mögen", "send": "Abschicken", "photo": "Ein Foto", "photo.hint": "von dem, was kaputt ist, oder vom Bildschirm; höchstens 25 MB", "photo.wrong": "Das Foto konnte nicht angenommen werden: %s.", "photo.read": "es war nicht lesbar", "photo.kind": "es ist kein Bild, das wir kennen (JPEG, PNG, GIF)",
	"emergency": "Ist es ein Notfall?", "emergency.go": "Ja, es ist ein Notfall", "emergency.title": "Ein Notfall", "emergency.lead": "Wer Bereitschaft hat, wird sofort gerufen, Tag und Nacht.",
	"emergency.where": "Wo?", "emergency.what": "Was ist passiert?", "emergency.send": "Jetzt Hilfe rufen",
	"slow": "Das war sehr schnell. Bitte noch einmal ansehen und abschicken.", "old": "Diese Seite war lange offen. Bitte noch einmal abschicken.",
	"busy": "Aus Ihrem Netz kommen gerade zu viele Meldungen. Bitte in ein paar Minuten noch einmal.", "check": "Es fehlt noch etwas. Bitte sehen Sie nach, was markiert ist.",
	"sent": "Danke. Wir haben es.", "sent.lead": "Behalten Sie diese Seite: hier steht, wie weit es ist, und hier können Sie uns schreiben.",
	"yours": "Was Sie gemeldet haben", "how": "Wie es steht", "answers": "Was geschrieben wurde", "you": "Sie", "we": "Wir", "write": "Schreiben Sie uns", "write.send": "Senden",
	"updates": "Was wir wissen", "same.note": "Es gehört zu dem, was schon bekannt war.",
	"is.triggered": "Es ist eingegangen. Noch hat es niemand übernommen.", "is.acknowledged": "Jemand arbeitet daran.", "is.snoozed": "Es ist bekannt und wartet auf seine Zeit.",
	"is.resolved": "Es ist vorbei.", "is.closed": "Es ist vorbei.", "wrote": "Gesendet.", "status.ask": "Wir haben Ihre Adresse gefragt, ob sie davon hören möchte: bitte öffnen Sie den Link dort.",
	"practice": "Das ist eine Übung.", "practice.lead": "Gehen Sie alles durch, als wäre wirklich etwas. Niemand wird gerufen, nichts wird gezählt.",
	"practice.among": "Gehen Sie alles durch, als wäre wirklich etwas. Nur wer mit Ihnen übt, liest es.", "practice.was": "Außerhalb der Übung wurde niemand gerufen, und nichts wird gezählt.",
	"practice.real": "Ist wirklich etwas? Hier melden Sie es.", "practice.try": "Erst ausprobieren: niemand wird gerufen",
	"practice.sent":   "Gut gemacht. Im Ernstfall wären Sie jetzt gehört worden, und diese Seite gehörte Ihnen.",
	"practice.status": "Niemand wurde gerufen, denn Sie üben. Im Ernstfall läsen Sie hier, ob jemand daran arbeitet.",
	"copy":            "Adresse dieser Seite", "reported": "Gemeldet %s",
}
