package drill

import (
	"slices"
	"time"

	"tocsin/incident"
	"tocsin/org"
)

// First is the scenario of somebody's first drill.
const First = "first"

// BuiltIn are the scenarios that come with the house, in a language (de; else English).
func BuiltIn(language string) []Scenario {
	say := func(en, de string) string {
		if language == "de" {
			return de
		}
		return en
	}
	after := func(minutes int) org.Duration { return org.Duration(time.Duration(minutes) * time.Minute) }
	return []Scenario{
		{
			ID: First, Name: say("Your first drill", "Ihre erste Übung"),
			Title:    say("The kettle on the second floor is cold", "Der Wasserkocher im zweiten Stock bleibt kalt"),
			Text:     say("Nobody can make tea. This is how a page looks when something is really wrong.", "Niemand kann Tee kochen. So sieht ein Ruf aus, wenn wirklich etwas ist."),
			Severity: org.SEV3,
			Expect:   incident.Expectation{Acknowledge: after(5), Come: true, Speak: true, Roles: []string{"commander"}, Update: after(30), Resolve: after(60)},
		},
		{
			ID: "web-shop", Name: say("A web shop is down", "Ein Webshop steht"),
			Title:    say("Checkout answers with errors", "Die Kasse antwortet mit Fehlern"),
			Text:     say("92 % of the requests to /checkout end with 502 since three minutes.", "92 % der Anfragen an /checkout enden seit drei Minuten mit 502."),
			Severity: org.SEV1,
			Expect:   incident.Expectation{Acknowledge: after(5), Speak: true, Roles: []string{"commander", "communications"}, Update: after(20), Resolve: after(60)},
			Script: []incident.Inject{
				{After: after(5), Do: incident.InjectAlert, Title: say("Orders per minute are at zero", "Bestellungen je Minute: null")},
				{After: after(10), Do: incident.InjectMessage, From: say("A customer", "Eine Kundin"), Text: say("My card was charged and there is no order. What now?", "Meine Karte ist belastet, aber es gibt keine Bestellung. Was nun?")},
				{After: after(15), Do: incident.InjectMessage, From: say("The head of sales", "Die Vertriebsleitung"), Text: say("The campaign starts in half an hour. Do we stop it?", "In einer halben Stunde beginnt die Aktion. Halten wir sie an?")},
				{After: after(25), Do: incident.InjectClear, Title: say("Orders per minute are at zero", "Bestellungen je Minute: null")},
			},
		},
		{
			ID: "lab-system", Name: say("A hospital's laboratory system does not answer", "Das Laborsystem eines Krankenhauses antwortet nicht"),
			Title:    say("The laboratory system returns no results", "Das Laborsystem liefert keine Befunde"),
			Text:     say("No result has come back to the wards for ten minutes; the queue holds 140 orders.", "Seit zehn Minuten kommt kein Befund auf den Stationen an; 140 Aufträge warten."),
			Severity: org.SEV1,
			Expect:   incident.Expectation{Acknowledge: after(3), Speak: true, Roles: []string{"commander", "communications", "scribe"}, Runbook: AnyRunbook, Update: after(15), Resolve: after(60)},
			Script: []incident.Inject{
				{After: after(4), Do: incident.InjectMessage, From: say("The emergency ward", "Die Notaufnahme"), Text: say("We need two potassium values now. How do we get them?", "Wir brauchen jetzt zwei Kaliumwerte. Wie bekommen wir sie?")},
				{After: after(8), Do: incident.InjectAlert, Title: say("The interface to the analysers has stopped", "Die Schnittstelle zu den Analysegeräten steht")},
				{After: after(14), Do: incident.InjectMessage, From: say("The laboratory", "Das Labor"), Text: say("We print on paper and send runners. For how long?", "Wir drucken auf Papier und schicken Boten. Wie lange noch?")},
				{After: after(30), Do: incident.InjectClear, Title: say("The interface to the analysers has stopped", "Die Schnittstelle zu den Analysegeräten steht")},
			},
		},
		{
			ID: "clinic-phone", Name: say("The telephones of a clinic are dead", "Die Telefone einer Praxis sind tot"),
			Title:    say("Nobody can reach the clinic by telephone", "Niemand erreicht die Praxis am Telefon"),
			Text:     say("All lines are busy for whoever calls; inside, the telephones show no service.", "Wer anruft, hört besetzt; drinnen zeigen die Telefone kein Netz."),
			Severity: org.SEV2,
			Expect:   incident.Expectation{Acknowledge: after(5), Speak: true, Roles: []string{"commander"}, Update: after(20), Resolve: after(60)},
			Script: []incident.Inject{
				{After: after(5), Do: incident.InjectMessage, From: say("The reception", "Der Empfang"), Text: say("A patient stands here who has called for an hour. Is there another number we can give?", "Hier steht ein Patient, der seit einer Stunde anruft. Welche andere Nummer können wir nennen?")},
				{After: after(12), Do: incident.InjectWorse, Severity: org.SEV1, Text: say("the emergency line is dead as well", "auch die Notfallnummer ist tot")},
			},
		},
		{
			ID: "payments", Name: say("Card payments are declined", "Kartenzahlungen werden abgelehnt"),
			Title:    say("Every second card payment is declined", "Jede zweite Kartenzahlung wird abgelehnt"),
			Text:     say("Declines rose from 3 % to 51 %. The bank's status page says that all is well.", "Die Ablehnungen stiegen von 3 % auf 51 %. Die Statusseite der Bank meldet keine Störung."),
			Severity: org.SEV2,
			Expect:   incident.Expectation{Acknowledge: after(5), Speak: true, Roles: []string{"commander", "liaison"}, Runbook: AnyRunbook, Update: after(20), Resolve: after(60)},
			Script: []incident.Inject{
				{After: after(6), Do: incident.InjectAlert, Title: say("The queue of refunds grows", "Die Warteschlange der Rückzahlungen wächst")},
				{After: after(10), Do: incident.InjectMessage, From: say("The bank", "Die Bank"), Text: say("We see nothing wrong. Send us three examples with their times.", "Wir sehen nichts. Schicken Sie uns drei Beispiele mit Uhrzeit.")},
				{After: after(20), Do: incident.InjectWorse, Severity: org.SEV1, Text: say("now every payment is declined", "jetzt wird jede Zahlung abgelehnt")},
			},
		},
		{
			ID: "reception", Name: say("A receptionist's report", "Eine Meldung vom Empfang"),
			Title:    say("The check-in terminal shows nothing", "Das Anmeldeterminal zeigt nichts an"),
			Text:     say("Reported at the desk: \"The screen is black, and people queue up to the door.\"", "Am Empfang gemeldet: „Der Bildschirm ist schwarz, die Leute stehen bis zur Tür.“"),
			Severity: org.SEV3,
			Expect:   incident.Expectation{Acknowledge: after(10), Speak: true, Update: after(30), Resolve: after(60)},
			Script: []incident.Inject{
				{After: after(5), Do: incident.InjectMessage, From: say("The receptionist", "Der Empfang"), Text: say("I have switched it off and on again. Is that all right?", "Ich habe es aus- und wieder eingeschaltet. War das richtig?")},
				{After: after(15), Do: incident.InjectMessage, From: say("The receptionist", "Der Empfang"), Text: say("It is back. Do I have to do anything?", "Es geht wieder. Muss ich noch etwas tun?")},
			},
		},
	}
}

// BuiltInNamed is one of them.
func BuiltInNamed(id, language string) (Scenario, bool) {
	all := BuiltIn(language)
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.ID == id })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}
