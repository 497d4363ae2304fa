package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"tocsin/alert"
	"tocsin/org"
)

// A verb is one kind of line of a script. In its form, words in capitals stand for
// something, what is in brackets may be left out, and a|b is the one or the other.
// The first verb whose form fits a line is played.
type verb struct {
	form string
	help string
	do   func(*player, context.Context, words) error
}

// verbs is every verb there is. docs/nights.md shows the same list.
var verbs = []verb{
	{"down KEY [SEVERITY] [from INTEGRATION] [with LABELS] [for DURATION] [saying TEXT]", "Monitoring reports that KEY is down. SEVERITY is SEV1 to SEV5, or low. LABELS are written host=db-1,env=test. Said for a DURATION, it is over then unless it is said again.", (*player).down},
	{"up KEY [from INTEGRATION]", "Monitoring reports that KEY is well again.", (*player).up},
	{"again KEY [from INTEGRATION]", "Monitoring repeats what it said of KEY, for as long again if it was for a while.", (*player).again},
	{"ping HEARTBEAT [from INTEGRATION]", "A sign of life arrives.", (*player).ping},
	{"PERSON answers [KEY]", "The button or link of the person's last page; what they hear stands below with <.", (*player).answers},
	{"PERSON acknowledges [KEY]", "The same in the app.", (*player).acknowledges},
	{"PERSON gives it back [KEY]", "Nobody has it any longer: the climb starts over.", (*player).givesBack},
	{"PERSON snoozes DURATION [KEY]", "Quiet for so long, then the climb starts over.", (*player).snoozes},
	{"PERSON resolves [KEY]", "It is over, says a person.", (*player).resolves},
	{"PERSON reopens [KEY]", "It was not over.", (*player).reopens},
	{"PERSON escalates [KEY]", "The next level now.", (*player).escalates},
	{"PERSON reassigns [KEY] to TARGET", "Somebody else is to have it: a person, or schedule:ID, team:ID, policy:ID.", (*player).reassigns},
	{"PERSON adds TARGET [to KEY]", "One more who is called, whoever has it.", (*player).adds},
	{"PERSON raises [KEY] to LEVEL", "Another severity (SEV1 to SEV5) or priority (high, low); it may be a milder one.", (*player).raises},
	{"PERSON asks TARGET TEXT", "A page by hand with the answers yes and no, of which one yes is enough, for an hour.", (*player).pagesByHand},
	{"PERSON chooses NUMBER", "Their answer to the last page by hand, by the provider of their last page.", (*player).chooses},
	{"PERSON makes OTHER ROLE [of KEY]", "OTHER has a role from here on, such as commander.", (*player).gives},
	{"PERSON wants TEXT done [by OTHER] [within DURATION] [for KEY]", "A task.", (*player).wants},
	{"PERSON did NUMBER [of KEY]", "The task of that number is done.", (*player).did},
	{"PERSON says it is at STAGE [for DURATION] [because TEXT]", "How far the recovery is: contain, fix, recover or watch, for half an hour or a DURATION.", (*player).stages},
	{"PERSON speaks TEXT [as NONCE] [about KEY]", "In the room of the incident. What is sent twice under one name is one message, of which the number is shown.", (*player).speaks},
	{"PERSON read up to NUMBER [about KEY]", "The messages of the room, in the app.", (*player).readsRoom},
	{"PERSON redacts NUMBER [about KEY] because TEXT", "The message of that number is gone, for everybody.", (*player).redacts},
	{"room [KEY]", "Shows what was said in the room of the incident.", (*player).showRoom},
	{"PERSON confirms [STAGE]", "The stage has done what it should.", (*player).confirms},
	{"PERSON hands over to OTHER [saying TEXT]", "OTHER is called, and has it once they answer.", (*player).handsOver},
	{"PERSON merges KEY into CAUSE", "The incident of KEY is the same trouble as that of CAUSE.", (*player).merges},
	{"PERSON parts KEY", "The alert is another trouble than the rest of its incident.", (*player).parts},
	{"PERSON tells CHANNELS PHASE CONDITION [doing ACTIONS] [needing NEEDS] [of KEY]", "An update. CHANNELS are followers, reporters and status:PAGE/COMPONENT=STATE, with commas between; PHASE is investigating, identified, monitoring or resolved.", (*player).tells},
	{"PERSON follows SERVICE", "Updates about the service are sent to them, over the first of their contact methods.", (*player).follows},
	{"PERSON takes back NUMBER [of KEY] [because TEXT]", "The update of that number: nobody is to read it.", (*player).takesBack},
	{"PERSON posts notice|disruption|work TITLE on PAGE [with STATES] saying CONDITION [in DURATION] [for WAIT]", "On a status page, without an incident, from now or so much later on. STATES are those of components, COMPONENT=STATE with commas between.", (*player).posts},
	{"PERSON says of the notice PHASE CONDITION [with STATES]", "More of it; resolved ends it.", (*player).followsUp},
	{"PERSON ends the notice", "It is over.", (*player).endsNotice},
	{"PERSON takes back NUMBER of the notice [because TEXT]", "What it said then: nobody is to read it.", (*player).takesBackNotice},
	{"notice", "Shows the log of the last notice.", (*player).showNotice},
	{"ADDRESS subscribes to PAGE", "What a status page says is sent there.", (*player).subscribes},
	{"feed of PERSON", "Shows what a feed reader sees of all that they follow, the newest first.", (*player).showFeed},
	{"somebody reports CATEGORY by FORM [answering ANSWERS]", "A report by a form; ANSWERS are those to its questions, in their order, with commas between.", (*player).reports},
	{"somebody has the same by FORM [KEY]", "The trouble is known and theirs too.", (*player).same},
	{"somebody cries for help by FORM TEXT", "An emergency, past all questions.", (*player).cries},
	{"the reporter writes TEXT", "Who reported last writes more, behind their private link.", (*player).reporterWrites},
	{"PERSON replies TEXT", "Who reported last is answered.", (*player).replies},
	{"PERSON drafts the retrospective [of KEY]", "From the log, by the template of its kind.", (*player).drafts},
	{"PERSON writes SECTION [of KEY] saying TEXT", "A section of the retrospective, such as summary.", (*player).writes},
	{"PERSON submits it to OTHER [of KEY]", "OTHER is to read the retrospective and to sign.", (*player).submits},
	{"PERSON signs it [of KEY]", "The retrospective is right.", (*player).signs},
	{"PERSON publishes it for AUDIENCE [on PAGE] [of KEY]", "A version of the retrospective, for administration, board or customers; theirs may stand on a status page.", (*player).publishes},
	{"PERSON promises TEXT [by OTHER] [within DURATION] [for KEY]", "An action, so that it does not come again.", (*player).promises},
	{"PERSON finished action NUMBER [of KEY]", "The action of that number is done.", (*player).finishesAction},
	{"PERSON said TEXT of action NUMBER [of KEY]", "A remark that stands in the timeline.", (*player).saysOfAction},
	{"PERSON learned TEXT", "A lesson of the incident that was opened last.", (*player).learns},
	{"PERSON closes [KEY]", "The incident is closed, if its gate lets it through.", (*player).closes},
	{"PERSON drills SCENARIO on SERVICE [with PEOPLE] [as real|announced]", "A drill by a scenario of the set-up or the house; PEOPLE with commas between are called, or whoever the policy calls; as real it may wake them. Its KEY is drill.", (*player).drills},
	{"PERSON drills CAUSE again [with PEOPLE] [as real|announced]", "A drill by an incident that was.", (*player).drillsAgain},
	{"PERSON stops the drill [because TEXT]", "It ends before its people are done.", (*player).stopsDrill},
	{"score", "Shows how the last drill went.", (*player).showScore},
	{"PERSON notes TEXT [KEY]", "Something written into the log.", (*player).notes},
	{"held [KEY] because TEXT", "A silence or a window: the timers stand still.", (*player).held},
	{"released [KEY]", "They go on.", (*player).released},
	{"silence NAME over MATCHERS for DURATION [from INTEGRATION] [after WAIT]", "A silence over alerts whose labels match (env=test,host=~db.*), all or those of one integration, from now or so much later on.", (*player).silence},
	{"silence NAME lasts DURATION", "It ends so long from now.", (*player).lasts},
	{"silence NAME ends", "It ends now.", (*player).endsSilence},
	{"action ACTION works|fails [saying TEXT]", "What came of the action that runs by itself.", (*player).finishes},
	{"PERSON begins RUNBOOK [for KEY]", "A runbook of the set-up, in the incident.", (*player).followsRunbook},
	{"PERSON runs|requests|approves|declines step NUMBER [of KEY] [because TEXT]", "A step of the runbook that is followed last: the house does it; a second person is asked; agrees; does not.", (*player).stepSays},
	{"PERSON approves|declines by their page [KEY]", "The step for whose approval they were called last.", (*player).saysByPage},
	{"PERSON finds step NUMBER done|failed|skipped [of KEY] [saying TEXT]", "How a step went by hand.", (*player).finds},
	{"step works|fails|vanishes [saying TEXT]", "What came of the step that the house does: the program answers, refuses, or nobody knows because the house stopped.", (*player).stepEnds},
	{"PERSON says it worked [for KEY]", "What they think of the runbook that was followed last.", (*player).saysWorked},
	{"PERSON says step NUMBER is wrong [for KEY] [because TEXT]", "A step of it is wrong.", (*player).saysWrong},
	{"standing of RUNBOOK", "Shows how far a runbook is to be trusted.", (*player).showStanding},
	{"PERSON proposes CLASS TITLE on SERVICES [in DURATION] [asking TARGETS] [made by OTHER] [past NUMBER of KEY]", "A standard, normal or emergency change of some services, with commas between, of an hour; asked of TARGETS in the place of the board, or past approval by the override of an incident.", (*player).proposes},
	{"PERSON changes its TITLE to TEXT", "What is asked for by the last change is otherwise: its title, plan or owner.", (*player).amends},
	{"PERSON approves|denies it [because TEXT]", "Their word on the last change.", (*player).decides},
	{"PERSON presses yes|no for it", "The same by the button of their page.", (*player).pressesFor},
	{"PERSON starts it", "The last change is being made.", (*player).startsChange},
	{"it worked|failed [saying TEXT]", "How the last change went.", (*player).changeEnds},
	{"it was undone because TEXT", "It did not work, and was backed out.", (*player).changeEnds},
	{"PERSON cancels it [because TEXT]", "The last change will not be made.", (*player).cancelsChange},
	{"PERSON overrides [KEY] for DURATION because TEXT", "An emergency override in an incident.", (*player).overrides},
	{"PERSON reviews NUMBER [of KEY] saying TEXT", "What another thinks of that override.", (*player).reviews},
	{"PERSON ends override NUMBER [of KEY]", "It is not needed any longer.", (*player).endsOverride},
	{"pipeline says TEXT [from INTEGRATION]", "A change event: something was deployed.", (*player).pipeline},
	{"change", "Shows the log of the last change.", (*player).showChange},
	{"suspects [KEY]", "Shows which changes may have caused an incident.", (*player).showSuspects},
	{"PERSON splits KEY", "The alert is not the symptom of what it is folded under, now and from here on.", (*player).splits},
	{"PERSON puts KEY under CAUSE", "The alert is the symptom of another, now and from here on.", (*player).puts},
	{"SCHEDULE handed from PERSON to OTHER [KEY]", "The shift changes while the incident is open.", (*player).handed},
	{"CHANNEL fails|refuses|hangs|recovers [for PERSON]", "The provider: try later; never; no answer (it may have arrived); well again.", (*player).mood},
	{"PROVIDER fails|refuses|locks|chokes|hangs|drops|loses|doubles|delays|recovers", "A provider of the set-up: 503; no such number; the account is closed; 429; no answer (it may have arrived); takes it and says nothing more; takes it and later says that it did not arrive; says everything twice; is late with what it says; well again.", (*player).behaves},
	{"PROVIDER catches up", "What it was late with comes in, the last first.", (*player).catchesUp},
	{"PERSON presses KEYS", "A key in the person's last call.", (*player).presses},
	{"PERSON texts PROVIDER TEXT", "A reply by SMS, to a number at Twilio. #db-1 is the code of that incident.", (*player).texts},
	{"in SYSTEM somebody closes|reopens|deletes NUMBER", "Others work on the ticket of that number in a ticket system of the set-up.", (*player).inTicket},
	{"in SYSTEM AUTHOR writes on NUMBER TEXT", "A comment of theirs.", (*player).writesTicket},
	{"PERSON opens a ticket in SYSTEM [of action NUMBER] [for KEY]", "By hand, whatever the rules say: of an incident, or of an action that it left.", (*player).opensTicket},
	{"tickets in SYSTEM", "Shows its tickets, with what was said there.", (*player).showTickets},
	{"nothing happens", "Time passes, and what waits for somebody outside is tried again.", (*player).nothingHappens},
	{"CHANNEL asks for DURATION [for PERSON]", "The provider refuses for now (429) and says for how long.", (*player).asks},
	{"POSSESSIVE CHANNEL is delivered|read", "A receipt for the person's last page over that channel.", (*player).receipt},
	{"crash for DURATION", "The house is off for so long; what was due meanwhile is late.", (*player).off},
	{"crash POINT", `The house drops dead when it next comes to the point ("after claim, before send") and starts again.`, (*player).crashAtPoint},
	{"crash", "The house drops dead and starts again at once.", (*player).crashNow},
	{"lose the timer of KEY", "The due row of the incident vanishes, as a bug would do it.", (*player).lose},
	{"apply", "Changes the set-up by the YAML that stands indented below.", (*player).apply},
	{"retire KIND NAME", "Retires a person, policy, schedule, team or service.", (*player).retire},
	{"policy POLICY applied to open", "What is open follows the policy's current version from here on.", (*player).pin},
	{"log [KEY]", "Shows the log of the incident.", (*player).showLog},
	{"pages [KEY]", "Shows the pages of the incident: how far each is, and why it waited.", (*player).showPages},
	{"status [KEY]", "Shows where the incident stands.", (*player).showStatus},
	{"page PAGE", "Shows what a status page says.", (*player).showPage},
	{"figures", "Shows what the night came to, as the reports count it.", (*player).showFigures},
	{"load of PERSON", "Shows what being called came to for somebody: by the level of the policy, and by the hours of their week.", (*player).showLoad},
	{"why KEY", "Shows why nobody is paged for an alert.", (*player).why},
	{"beneath [KEY]", "Shows the symptoms beneath an incident, with how many of them fire.", (*player).beneath},
	{"morning", "Ends the night here, whatever would come later.", (*player).morning},
}

// Verbs is the form of each verb with a line of help, for people who write scripts.
func Verbs() (lines [][2]string) {
	for _, v := range verbs {
		lines = append(lines, [2]string{v.form, v.help})
	}
	return lines
}

// words is what stands for the capitals of a form, and what was chosen of a|b ("").
type words map[string]string

// act plays one scene.
func (p *player) act(ctx context.Context, sc scene) error {
	said, err := split(sc.text)
	if err != nil {
		return err
	}
	var meant error
	for _, v := range verbs {
		for _, w := range fit(strings.Fields(v.form), said) {
			if err := p.mean(w); err != nil {
				meant = err
				continue
			}
			w["BLOCK"] = sc.block
			return v.do(p, ctx, w)
		}
	}
	if meant != nil {
		return meant
	}
	return fmt.Errorf("no verb reads like this (docs/nights.md lists them)")
}

// split cuts a line into words; what stands in quotes is one word.
func split(text string) (said []string, err error) {
	var word strings.Builder
	quoted, any := false, false
	end := func() {
		if any {
			said = append(said, word.String())
		}
		word.Reset()
		any = false
	}
	for _, r := range text {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case unicode.IsSpace(r) && !quoted:
			end()
		default:
			word.WriteRune(r)
			any = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quotation does not end")
	}
	end()
	return said, nil
}

// fit is every way in which a form reads as what was said.
func fit(form, said []string) []words {
	if len(form) == 0 {
		if len(said) == 0 {
			return []words{{}}
		}
		return nil
	}
	if strings.HasPrefix(form[0], "[") { // up to the word that closes it
		n := slices.IndexFunc(form, func(w string) bool { return strings.HasSuffix(w, "]") }) + 1
		inner := strings.Fields(strings.Trim(strings.Join(form[:n], " "), "[]"))
		return append(fit(append(inner, form[n:]...), said), fit(form[n:], said)...)
	}
	if len(said) == 0 {
		return nil
	}
	head, rest := form[0], 1
	if (head == "TEXT" || head == "POINT") && len(form) == 1 {
		rest = len(said) // to the end of the line, quoted or not
	}
	if strings.ToUpper(head) != head && !slices.Contains(strings.Split(head, "|"), said[0]) {
		return nil
	}
	ways := fit(form[1:], said[rest:])
	for _, w := range ways {
		switch {
		case strings.ToUpper(head) == head:
			w[head] = strings.Join(said[:rest], " ")
		case strings.Contains(head, "|"):
			w[""] = said[0]
		}
	}
	return ways
}

// mean checks what the words of a line stand for, so that a misspelt name is found out
// and does not quietly do something else.
func (p *player) mean(w words) error {
	for name, said := range w {
		switch name {
		case "PERSON", "OTHER":
			if _, ok := p.people[org.PersonID(said)]; !ok {
				return fmt.Errorf("nobody is called %q", said)
			}
		case "POSSESSIVE":
			who, ok := strings.CutSuffix(said, "'s")
			if _, there := p.people[org.PersonID(who)]; !ok || !there {
				return fmt.Errorf("%q is nobody's", said)
			}
		case "CHANNEL":
			if !slices.Contains(phoneNames, said) {
				return fmt.Errorf("%q is no channel: want one of %s", said, strings.Join(phoneNames, ", "))
			}
		case "PROVIDER":
			if !p.known["channel "+said] && !p.known["ticket_system "+said] {
				return fmt.Errorf("there is no provider %q", said)
			}
		case "INTEGRATION", "SCHEDULE", "POLICY", "RUNBOOK":
			if !p.known[strings.ToLower(name)+" "+said] {
				return fmt.Errorf("there is no %s %q", strings.ToLower(name), said)
			}
		case "SYSTEM":
			if !p.known["ticket_system "+said] {
				return fmt.Errorf("there is no ticket system %q", said)
			}
		case "HEARTBEAT":
			if !p.known["heartbeat "+said] {
				return fmt.Errorf("there is no heartbeat %q", said)
			}
		case "SEVERITY", "LEVEL":
			if !org.Severity(said).Valid() && said != "low" && (said != "high" || name == "SEVERITY") {
				return fmt.Errorf("%q is no severity", said)
			}
		case "LABELS", "MATCHERS":
			if _, err := alert.ParseMatchers(said); err != nil {
				return err
			}
		case "DURATION", "WAIT":
			if d, err := time.ParseDuration(said); err != nil || d <= 0 {
				return fmt.Errorf("%q is no duration", said)
			}
		case "TARGET":
			var t org.Target
			if err := t.UnmarshalText([]byte(said)); err != nil {
				return err
			}
		case "POINT":
			if !slices.Contains(points, said) {
				return fmt.Errorf("%q is no point to crash at: want one of %s", said, strings.Join(points, "; "))
			}
		}
	}
	return nil
}

// points are those at which the engine can crash.
var points = []string{
	"before accept", "after accept", "after triage", "after claim of due",
	"after claim, before send", "after send, before mark", "after do", "after say", afterMade,
}

func (w words) duration() time.Duration {
	d, _ := time.ParseDuration(w["DURATION"]) // mean has looked at it
	return d
}

func (w words) target() (t org.Target) {
	_ = t.UnmarshalText([]byte(w["TARGET"])) // mean has looked at it
	return t
}
