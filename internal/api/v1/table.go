package v1

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/blob"
	"tocsin/internal/config"
	"tocsin/org"
)

// A route is one line of the table.
type route struct {
	method, pattern string
	deed            org.Deed
	of              scope // how the team of the thing is found
	tag, summary    string
	add             func(*API, huma.Operation)
}

// table is every route below Prefix, but for the OpenAPI document, which is public.
var table = concat(
	[]route{
		{"GET", "/me", org.ReadIncidents, house, "me", "Who you are, what you may, and what waits for you", serve((*API).me)},
		{"GET", "/me/profile", org.KeepProfile, house, "me", "Read your contact methods, notification rules and zone", serve((*API).profile)},
		{"PATCH", "/me/profile", org.KeepProfile, house, "me", "Change your name or zone", serve((*API).changeProfile)},
		{"PUT", "/me/rules", org.KeepProfile, house, "me", "Replace your notification rules", serve((*API).changeRules)},
		{"PUT", "/me/reach", org.KeepProfile, house, "me", "Replace what limits what reaches you: quiet hours, vacations, caps", serve((*API).changeReach)},
		{"GET", "/me/views", org.KeepProfile, house, "me", "Read your views of the list of incidents", serve((*API).views)},
		{"PUT", "/me/views", org.KeepProfile, house, "me", "Replace your views of the list of incidents", serve((*API).changeViews)},
		{"POST", "/me/methods", org.KeepProfile, house, "me", "Add an address: a code is sent there", creates((*API).addMethod)},
		{"PATCH", "/me/methods/{id}", org.KeepProfile, house, "me", "Name a contact method, or switch it off or on", serve((*API).changeMethod)},
		{"DELETE", "/me/methods/{id}", org.KeepProfile, house, "me", "Remove a contact method, with the rules that name it", serve((*API).removeMethod)},
		{"POST", "/me/methods/{id}/verify", org.KeepProfile, house, "me", "Prove an address by its code", serve((*API).verifyMethod)},
		{"POST", "/me/methods/{id}/resend", org.KeepProfile, house, "me", "Have another code sent", serve((*API).resendCode)},
		{"POST", "/me/methods/{id}/test", org.KeepProfile, house, "me", "Send yourself a test page", creates((*API).testMethod)},
		{"GET", "/me/push", org.KeepProfile, house, "me", "What a browser needs to sign up for pages", serve((*API).pushOffer)},
		{"POST", "/me/devices", org.KeepProfile, house, "me", "Sign this device up for pages, or once more", creates((*API).addDevice)},
		{"GET", "/me/tests", org.KeepProfile, house, "me", "List your test pages", serve((*API).myTests)},
		{"GET", "/me/tests/{id}", org.KeepProfile, house, "me", "How far a test page came", serve((*API).myTest)},
		{"GET", "/me/follows", org.KeepProfile, house, "updates", "List the services that you follow", serve((*API).myFollows)},
		{"POST", "/me/follows", org.KeepProfile, house, "updates", "Follow a service: its updates are sent to you", creates((*API).followService)},
		{"DELETE", "/me/follows/{id}", org.KeepProfile, house, "updates", "Follow it no longer", serve((*API).unfollow)},
		{"GET", "/me/feeds", org.KeepProfile, house, "updates", "List your Atom feeds of what you follow", serve((*API).listUpdateFeeds)},
		{"POST", "/me/feeds", org.KeepProfile, house, "updates", "Make an Atom feed with a private address, which is shown once", creates((*API).addUpdateFeed)},
		{"POST", "/me/feeds/{id}/renew", org.KeepProfile, house, "updates", "Give it another address: the one before ends", serve((*API).renewUpdateFeed)},
		{"DELETE", "/me/feeds/{id}", org.KeepProfile, house, "updates", "End it at once", serve((*API).endUpdateFeed)},
		{"GET", "/me/shifts", org.ReadIncidents, house, "me", "List your own shifts", serve((*API).myShifts)},

		{"GET", "/incidents", org.ReadIncidents, house, "incidents", "List incidents", serve((*API).listIncidents)},
		{"GET", "/incidents/counts", org.ReadIncidents, house, "incidents", "Count open incidents", serve((*API).countIncidents)},
		{"POST", "/incidents", org.Respond, inBody, "incidents", "Open an incident by hand", creates((*API).openIncident)},
		{"POST", "/incidents/bulk", org.Respond, inBody, "incidents", "Do one thing to many incidents", serve((*API).bulk)},
		{"GET", "/incidents/{id}", org.ReadIncidents, ofIncident, "incidents", "Read an incident", serve((*API).readIncident)},
		{"GET", "/incidents/{id}/timeline", org.ReadIncidents, ofIncident, "incidents", "Read all that happened", serve((*API).timeline)},
		{"GET", "/incidents/{id}/alerts", org.ReadIncidents, ofIncident, "incidents", "List the alerts of an incident", serve((*API).alertsOf)},
		{"GET", "/incidents/{id}/pages", org.ReadIncidents, ofIncident, "incidents", "List the pages of an incident", serve((*API).pagesOf)},
		{"GET", "/incidents/{id}/people", org.ReadIncidents, ofIncident, "incidents", "Who was called, and how far that came", serve((*API).peopleOf)},
		{"GET", "/incidents/{id}/why", org.ReadIncidents, ofIncident, "incidents", "Why people were paged, or not, in words", serve((*API).why)},
		{"POST", "/incidents/{id}/acknowledge", org.Respond, ofIncident, "incidents", "Say that you have it", serve((*API).acknowledge)},
		{"POST", "/incidents/{id}/unacknowledge", org.Respond, ofIncident, "incidents", "Give it back: the climb starts over", serve((*API).unacknowledge)},
		{"POST", "/incidents/{id}/resolve", org.Respond, ofIncident, "incidents", "Say that it is over", serve((*API).resolve)},
		{"POST", "/incidents/{id}/reopen", org.Respond, ofIncident, "incidents", "Say that it was not over", serve((*API).reopen)},
		{"POST", "/incidents/{id}/snooze", org.Respond, ofIncident, "incidents", "Keep it quiet until a moment", serve((*API).snooze)},
		{"POST", "/incidents/{id}/escalate", org.Respond, ofIncident, "incidents", "Call the next level now", serve((*API).escalate)},
		{"POST", "/incidents/{id}/reassign", org.Respond, ofIncident, "incidents", "Give it to somebody else", serve((*API).reassign)},
		{"POST", "/incidents/{id}/responders", org.Respond, ofIncident, "incidents", "Call more people", serve((*API).addResponders)},
		{"POST", "/incidents/{id}/notes", org.Respond, ofIncident, "incidents", "Write a note", serve((*API).note)},
		{"POST", "/incidents/{id}/roles", org.Respond, ofIncident, "work", "Give a role to somebody, or to nobody", serve((*API).giveRole)},
		{"POST", "/incidents/{id}/join", org.Respond, ofIncident, "work", "Say that you take part", serve((*API).join)},
		{"POST", "/incidents/{id}/leave", org.Respond, ofIncident, "work", "Say that you do not any longer: your roles are free", serve((*API).leave)},
		{"POST", "/incidents/{id}/links", org.Respond, ofIncident, "work", "Add a place where the work goes on", serve((*API).linkRoom)},
		{"POST", "/incidents/{id}/tasks", org.Respond, ofIncident, "work", "Add something to be done", serve((*API).addTask)},
		{"POST", "/incidents/{id}/tasks/{task}", org.Respond, ofIncident, "work", "Change a task", serve((*API).changeTask)},
		{"POST", "/incidents/{id}/tasks/{task}/done", org.Respond, ofIncident, "work", "Say that a task is done", serve((*API).finishTask)},
		{"POST", "/incidents/{id}/tasks/{task}/drop", org.Respond, ofIncident, "work", "Say that a task need not be done", serve((*API).dropTask)},
		{"POST", "/incidents/{id}/tasks/{task}/reopen", org.Respond, ofIncident, "work", "Say that a task is not done", serve((*API).reopenTask)},
		{"GET", "/checklists", org.ReadIncidents, house, "work", "List the checklists that can be added to an incident", serve((*API).listChecklists)},
		{"POST", "/incidents/{id}/checklists", org.Respond, ofIncident, "work", "Add a checklist", serve((*API).addChecklist)},
		{"POST", "/incidents/{id}/stage", org.Respond, ofIncident, "recovery", "Say which stage the recovery is in", serve((*API).stage)},
		{"POST", "/incidents/{id}/confirm", org.Respond, ofIncident, "recovery", "Confirm that a stage has done what it should", serve((*API).confirm)},
		{"POST", "/incidents/{id}/cause", org.Respond, ofIncident, "recovery", "Say what it was", serve((*API).explain)},
		{"POST", "/incidents/{id}/handover", org.Respond, ofIncident, "work", "Hand it over: they have it once they answer", serve((*API).handOver)},
		{"POST", "/incidents/{id}/merge", org.Respond, ofIncident, "work", "Make it one with another incident, which goes on", serve((*API).merge)},
		{"POST", "/incidents/{id}/part", org.Respond, ofIncident, "work", "Make another incident of some of its alerts", serve((*API).part)},
		{"GET", "/incidents/{id}/related", org.ReadIncidents, ofIncident, "incidents", "Find open incidents that may be the same, and past ones like it with what ended them", serve((*API).related)},
		{"GET", "/incidents/{id}/updates", org.ReadIncidents, ofIncident, "updates", "What those concerned were told, and when the next update is due", serve((*API).updates)},
		{"GET", "/incidents/{id}/updates/draft", org.ReadIncidents, ofIncident, "updates", "An update as the log would have it", serve((*API).draftUpdate)},
		{"POST", "/incidents/{id}/updates", org.Respond, ofIncident, "updates", "Tell those concerned how it stands", serve((*API).publishUpdate)},
		{"POST", "/incidents/{id}/updates/{update}/withdraw", org.Respond, ofIncident, "updates", "Take back what those concerned were told: its text is gone for good", serve((*API).withdrawUpdate)},
		{"GET", "/incidents/{id}/reports", org.ReadIncidents, ofIncident, "reports", "What people outside reported by a form", serve((*API).reportsOf)},
		{"POST", "/incidents/{id}/reports/{report}/replies", org.Respond, ofIncident, "reports", "Answer who reported it", serve((*API).reply)},
		{"GET", "/incidents/{id}/runbooks", org.ReadIncidents, ofIncident, "runbooks", "Which runbooks fit an incident and why, and those that are followed", serve((*API).runbooksOf)},
		{"POST", "/incidents/{id}/runbooks", org.Respond, ofIncident, "runbooks", "Follow a runbook", serve((*API).followRunbook)},
		{"POST", "/incidents/{id}/runbooks/{run}/steps/{step}", org.Respond, ofIncident, "runbooks", "Say how a step went, let it be done, or ask for approval and give it", serve((*API).doStep)},
		{"GET", "/incidents/{id}/runbooks/{run}/steps/{step}/output", org.ReadIncidents, ofIncident, "runbooks", "What came back when a step was done", serve((*API).stepOutput)},
		{"POST", "/incidents/{id}/runbooks/{run}/end", org.Respond, ofIncident, "runbooks", "Say that a runbook is followed no longer", serve((*API).endRunbook)},
		{"POST", "/incidents/{id}/runbooks/{run}/feedback", org.Respond, ofIncident, "runbooks", "Say that it worked, that a step is wrong, or what is missing", serve((*API).judgeRunbook)},
		{"GET", "/incidents/{id}/symptoms", org.ReadIncidents, ofIncident, "incidents", "List the alerts beneath an incident, also those of incidents folded under it", serve((*API).symptoms)},
		{"POST", "/incidents/{id}/split", org.Respond, ofIncident, "incidents", "Say that an alert is not the symptom of what it is folded under", serve((*API).split)},
		{"POST", "/incidents/{id}/fold", org.Respond, ofIncident, "incidents", "Say that an alert is the symptom of another incident", serve((*API).foldUnder)},
		{"POST", "/incidents/{id}/worth", org.Respond, ofIncident, "incidents", "Say whether it was worth a page, once it is over", serve((*API).judge)},
		{"POST", "/incidents/{id}/severity", org.Respond, ofIncident, "incidents", "Change severity or priority, with a reason", serve((*API).raise)},

		{"GET", "/conversations", org.Talk, house, "conversations", "List the conversations that you are in, and the rooms that you follow", serve((*API).listTalks)},
		{"POST", "/conversations", org.Talk, house, "conversations", "Begin a conversation; with one other there is only one", creates((*API).beginTalk)},
		{"GET", "/conversations/{id}", org.Talk, amongUs, "conversations", "Read a conversation, without its messages", serve((*API).readTalk)},
		{"PATCH", "/conversations/{id}", org.Talk, amongUs, "conversations", "Give a group another title", serve((*API).nameTalk)},
		{"POST", "/conversations/{id}/people", org.Talk, amongUs, "conversations", "Let people into a group", serve((*API).inviteTo)},
		{"POST", "/conversations/{id}/leave", org.Talk, amongUs, "conversations", "Leave a group", serve((*API).leaveTalk)},
		{"GET", "/messages", org.ReadIncidents, house, "conversations", "Look for words in all that you may read, the newest first", serve((*API).searchMessages)},
		{"POST", "/attachments", org.Talk, house, "attachments", "Bring a file of at most 25 MB, for a message to come", creates((*API).upload)},
		{"GET", "/attachments/{id}", org.ReadIncidents, attached, "attachments", "Read a file", serve((*API).download)},

		{"GET", "/changes", org.ReadIncidents, house, "changes", "List changes, newest first", serve((*API).listChanges)},
		{"POST", "/changes", org.Respond, inBody, "changes", "Ask for a change", creates((*API).propose)},
		{"POST", "/changes/preview", org.ReadIncidents, house, "changes", "What a change would meet, and who would be asked", serve((*API).wantChange)},
		{"GET", "/changes/calendar", org.ReadIncidents, house, "changes", "What is changed when, and when nothing is", serve((*API).changeCalendar)},
		{"GET", "/changes/{id}", org.ReadIncidents, ofChange, "changes", "Read a change, with all that happened to it", serve((*API).readChange)},
		{"POST", "/changes/{id}", org.Respond, ofChange, "changes", "Change what is asked for, until it is begun: what others said of it does not hold any longer", serve((*API).amendChange)},
		{"POST", "/changes/{id}/approve", org.Respond, house, "changes", "Say that a change may be made: for those who were asked", serve((*API).approveChange)},
		{"POST", "/changes/{id}/deny", org.Respond, house, "changes", "Say that it may not: one is enough", serve((*API).denyChange)},
		{"POST", "/changes/{id}/start", org.Respond, ofChange, "changes", "Say that it is being made", serve((*API).startChange)},
		{"POST", "/changes/{id}/done", org.Respond, ofChange, "changes", "Say how it went", serve((*API).finishChange)},
		{"POST", "/changes/{id}/cancel", org.Respond, ofChange, "changes", "Say that it will not be made", serve((*API).cancelChange)},
		{"GET", "/change-events", org.ReadIncidents, house, "changes", "What pipelines said that they changed, newest first", serve((*API).changeEvents)},
		{"GET", "/incidents/{id}/suspects", org.ReadIncidents, ofIncident, "changes", "Changes that may have caused an incident, the likeliest first", serve((*API).suspects)},
		{"GET", "/incidents/{id}/overrides", org.ReadIncidents, ofIncident, "changes", "List the emergency overrides of an incident", serve((*API).incidentOverrides)},
		{"POST", "/incidents/{id}/overrides", org.Respond, ofIncident, "changes", "Go before approval and freezes in an emergency: the board is called, and another has to review it", serve((*API).overrideRules)},
		{"POST", "/incidents/{id}/overrides/{override}/end", org.Respond, ofIncident, "changes", "Give an emergency override back before its time", serve((*API).endOverride)},
		{"POST", "/incidents/{id}/overrides/{override}/review", org.Respond, house, "changes", "Say what you think of another's emergency override", serve((*API).reviewOverride)},
		{"GET", "/overrides", org.ReadIncidents, house, "changes", "List emergency overrides", serve((*API).allOverrides)},

		{"POST", "/markdown", org.ReadIncidents, house, "incidents", "Show what Markdown looks like", serve((*API).markdown)},
		{"GET", "/calls", org.Respond, house, "calls", "List pages by hand, newest first", serve((*API).listCalls)},
		{"POST", "/calls", org.Respond, house, "calls", "Send a page by hand", creates((*API).sendCall)},
		{"GET", "/calls/{id}", org.Respond, house, "calls", "Who received, read and answered a page by hand", serve((*API).readCall)},
		{"POST", "/calls/{id}/choose", org.Respond, house, "calls", "Answer it yourself", serve((*API).chooseCall)},
		{"POST", "/calls/{id}/end", org.Respond, house, "calls", "End it", serve((*API).endCall)},

		{"GET", "/alerts", org.ReadIncidents, house, "alerts", "List alerts", serve((*API).listAlerts)},
		{"GET", "/alerts/{id}", org.ReadIncidents, house, "alerts", "Read an alert", serve((*API).readAlert)},
		{"GET", "/pages", org.ReadIncidents, house, "pages", "List pages", serve((*API).listPages)},
		{"GET", "/silences", org.ReadIncidents, house, "silences", "List silences, what is active first", serve((*API).listSilences)},
		{"POST", "/silences", org.Respond, inBody, "silences", "Keep alerts from calling people for a while", creates((*API).addSilence)},
		{"POST", "/silences/preview", org.ReadSetup, house, "silences", "What a silence would keep quiet now, and would have last week", serve((*API).previewSilence)},
		{"GET", "/silences/{id}", org.ReadIncidents, house, "silences", "Read a silence", serve((*API).readSilence)},
		{"PUT", "/silences/{id}", org.Respond, ofSilence, "silences", "Change a silence", serve((*API).changeSilence)},
		{"DELETE", "/silences/{id}", org.Respond, ofSilence, "silences", "End a silence now", serve((*API).endSilence)},
		{"GET", "/events", org.ReadIncidents, house, "events", "Hear what changes, as server-sent events", serve((*API).events)},
		{"GET", "/oncall", org.ReadSetup, house, "schedules", "Who is on call at a moment, by schedule", serve((*API).oncall)},
		{"GET", "/setup/progress", org.ReadIncidents, house, "setup", "What is done of setting up", serve((*API).progress)},
		{"GET", "/audit", org.Administer, house, "audit", "List changes of the configuration", serve((*API).audit)},
	},
	reviewRoutes,
	talking("/incidents/{id}", "messages", org.ReadIncidents, org.Respond, ofIncident, inRoom),
	talking("/conversations/{id}", "conversations", org.Talk, org.Talk, amongUs, amongUs),
	things("people", config.Person, org.Administer, house),
	things("teams", config.Team, org.Configure, ofThing),
	things("services", config.Service, org.Configure, ofThing),
	things("policies", config.Policy, org.Configure, ofThing),
	things("schedules", config.Schedule, org.Configure, ofThing),
	things("integrations", config.Integrating, org.Configure, ofThing),
	things("heartbeats", config.Heartbeat, org.Configure, ofThing),
	things("webhooks", config.Webhook, org.Configure, ofThing),
	things("channels", config.Channel, org.Administer, house),
	things("status-pages", config.StatusPage, org.Configure, ofThing),
	things("forms", config.Form, org.Configure, ofThing),
	things("runbooks", config.Runbook, org.Configure, ofThing),
	things("ticket-systems", config.TicketSystem, org.Administer, house),
	things("scenarios", config.Scenario, org.Configure, ofThing),
	drillRoutes,
	ticketRoutes,
	[]route{
		{"GET", "/services/{id}/followers", org.ReadSetup, house, "updates", "List who follows a service", serve((*API).serviceFollowers)},
		{"POST", "/services/{id}/followers", org.Configure, ofThing, "updates", "Let an address follow a service: a room, a program, a mailing list", creates((*API).addFollower)},
		{"DELETE", "/services/{id}/followers/{follower}", org.Configure, ofThing, "updates", "End that an address follows a service", serve((*API).removeServiceFollower)},
		{"GET", "/status-pages/{id}/followers", org.Configure, ofThing, "updates", "List who follows a status page", serve((*API).pageFollowers)},
		{"DELETE", "/status-pages/{id}/followers/{follower}", org.Configure, ofThing, "updates", "End that an address follows a status page", serve((*API).removePageFollower)},
		{"GET", "/status-pages/{id}/notices", org.ReadSetup, house, "updates", "List the notices of a status page, newest first", serve((*API).listNotices)},
		{"POST", "/status-pages/{id}/notices", org.Respond, ofThing, "updates", "Post a notice: something to know, a disruption, planned work", creates((*API).postNotice)},
		{"GET", "/notices/{id}", org.ReadSetup, ofNotice, "updates", "Read a notice, with all that it said", serve((*API).readNotice)},
		{"POST", "/notices/{id}/updates", org.Respond, ofNotice, "updates", "Say more of a notice, or that it is over", serve((*API).followUp)},
		{"POST", "/notices/{id}/updates/{update}/withdraw", org.Respond, ofNotice, "updates", "Take back what a notice said: its text is gone for good", serve((*API).withdrawNotice)},
		{"POST", "/notices/{id}/times", org.Respond, ofNotice, "updates", "Give a notice other times", serve((*API).moveNotice)},
		{"POST", "/notices/{id}/end", org.Respond, ofNotice, "updates", "End a notice; one that nobody has seen yet is never shown", serve((*API).endNotice)},
		{"POST", "/channels/{id}/test", org.Administer, house, "channels", "Send a test through a provider, and hear what it says", serve((*API).testChannel)},
		{"GET", "/channel-kinds", org.ReadSetup, house, "channels", "Which kinds of channel there are, and what each must be told", serve((*API).channelKinds)},
		{"GET", "/channel-health", org.Administer, house, "channels", "How the providers do", serve((*API).channelHealth)},
		{"GET", "/sender-card", org.ReadIncidents, house, "channels", "A vCard of the numbers from which pages come", serve((*API).senderCard)},
		{"GET", "/teams/{id}/readiness", org.ReadSetup, house, "teams", "Whether its members can be reached now", serve((*API).readiness)},
		{"GET", "/sign-ins", org.Administer, house, "people", "How people can sign in", serve((*API).signIns)},
		{"POST", "/people/import", org.Administer, house, "people", "Bring people in from CSV, or say what that would change", serve((*API).importPeople)},
		{"POST", "/people/{id}/invite", org.Administer, house, "people", "Make a link with which somebody new sets a password", creates((*API).invite)},
		{"POST", "/people/{id}/reset", org.Administer, house, "people", "Make a link with which somebody sets a new password", creates((*API).reset)},
		{"GET", "/people/{id}/covers", org.Administer, house, "people", "What somebody is needed for", serve((*API).covers)},
		{"POST", "/people/{id}/deactivate", org.Administer, house, "people", "Let somebody go, and say who takes their place", serve((*API).deactivate)},
		{"GET", "/people/{id}/sessions", org.Administer, house, "people", "Where somebody is signed in", serve((*API).sessions)},
		{"DELETE", "/people/{id}/sessions", org.Administer, house, "people", "Sign somebody out everywhere", serve((*API).endSessions)},
		{"DELETE", "/people/{id}/sessions/{session}", org.Administer, house, "people", "End one session of somebody", serve((*API).endSession)},

		{"GET", "/keys", org.KeepKeys, house, "keys", "List API keys: one's own, or as an admin all", serve((*API).listKeys)},
		{"POST", "/keys", org.KeepKeys, house, "keys", "Make an API key, which is shown once", creates((*API).addKey)},
		{"GET", "/keys/{id}", org.KeepKeys, house, "keys", "Read an API key", serve((*API).readKey)},
		{"DELETE", "/keys/{id}", org.KeepKeys, house, "keys", "End an API key at once", serve((*API).revokeKey)},

		{"GET", "/runbook-states", org.ReadSetup, house, "runbooks", "All runbooks, and how far each is to be trusted", serve((*API).runbookStates)},
		{"GET", "/runbooks/{id}/state", org.ReadSetup, house, "runbooks", "A runbook as it is read: its steps, how far it is to be trusted, when it was followed", serve((*API).runbookState)},
		{"POST", "/runbooks/{id}/verify", org.Respond, ofThing, "runbooks", "Say that you looked at a runbook and that it is right", serve((*API).verifyRunbook)},
		{"POST", "/runbooks/check", org.ReadSetup, house, "runbooks", "How a runbook would be read that is not written yet, and what would be in the way at night", serve((*API).checkRunbook)},
		{"GET", "/heartbeats/{id}/state", org.ReadSetup, house, "heartbeats", "When it was heard, and when it is late", serve((*API).beat)},
		{"GET", "/heartbeat-states", org.ReadSetup, house, "heartbeats", "How all heartbeats are", serve((*API).beats)},
		{"POST", "/webhooks/{id}/rotate", org.Configure, ofThing, "webhooks", "Give it a new secret, which is shown once", of("webhooks", (*kind).rotate)},
		{"GET", "/webhooks/{id}/deliveries", org.Configure, ofThing, "webhooks", "List what it was told, newest first", serve((*API).deliveries)},
		{"POST", "/webhooks/{id}/replay", org.Configure, ofThing, "webhooks", "Tell it again", creates((*API).replay)},

		{"GET", "/integrations/{id}/state", org.ReadSetup, house, "integrations", "What it was sent last, and what became of it", serve((*API).sendingState)},
		{"POST", "/integrations/{id}/try", org.ReadSetup, house, "integrations", "What would be read in a body, and become of it", serve((*API).trySending)},
		{"GET", "/integrations/{id}/snippets", org.ReadSetup, house, "integrations", "What to paste into the programs that send to it", serve((*API).snippets)},
		{"POST", "/integrations/{id}/rotate", org.Configure, ofThing, "integrations", "Give it a new key, which is shown once", of("integrations", (*kind).rotate)},
		{"POST", "/policies/preview", org.ReadSetup, house, "policies", "Preview a policy that is not written yet", serve((*API).previewDraft)},
		{"GET", "/policies/{id}/open", org.ReadSetup, house, "policies", "List the open incidents that climb it", serve((*API).followers)},
		{"POST", "/policies/{id}/pin", org.Configure, ofThing, "policies", "Let open incidents follow its newest version", serve((*API).pin)},
		{"GET", "/policies/{id}/preview", org.ReadSetup, house, "policies", "Who would be paged when, if nobody answered", serve((*API).preview)},
		{"GET", "/schedules/{id}/shifts", org.ReadSetup, house, "schedules", "Who is on call when", serve((*API).shifts)},
		{"GET", "/schedules/{id}/view", org.ReadSetup, house, "schedules", "A schedule as a timeline draws it", serve((*API).view)},
		{"POST", "/schedules/preview", org.ReadSetup, house, "schedules", "View a schedule that is not written yet", serve((*API).drawDraft)},
		{"GET", "/schedules/{id}/gaps", org.ReadSetup, house, "schedules", "When nobody is on call", serve((*API).gaps)},
		{"GET", "/schedules/{id}/lint", org.ReadSetup, house, "schedules", "What is wrong with a schedule", serve((*API).lint)},
		{"POST", "/schedules/{id}/preview", org.ReadSetup, house, "schedules", "What a change would do", serve((*API).previewChange)},
		{"GET", "/schedules/{id}/load", org.ReadSetup, house, "fairness", "What being on call costs whom, line by line", serve((*API).load)},
		{"POST", "/schedules/{id}/disputes", org.Respond, ofThing, "fairness", "Say that a line of the ledger is wrong, or decide it", serve((*API).dispute)},
		{"GET", "/schedules/{id}/proposals", org.ReadSetup, house, "fairness", "What Tocsin proposes: rest after a heavy shift, and balance", serve((*API).proposals)},
		{"GET", "/oncall/hours", org.ReadSetup, house, "fairness", "Hours by month and person, as CSV", serve((*API).hours)},
		{"GET", "/calendars", org.KeepProfile, house, "calendars", "List one's own calendars", serve((*API).listCalendars)},
		{"POST", "/calendars", org.KeepProfile, house, "calendars", "Make a calendar with a private address, which is shown once", creates((*API).addCalendar)},
		{"DELETE", "/calendars/{id}", org.KeepProfile, house, "calendars", "End a calendar at once", serve((*API).revokeCalendar)},
		{"GET", "/time-off", org.ReadSetup, house, "time off", "List who is away when", serve((*API).listTimeOff)},
		{"POST", "/time-off", org.KeepProfile, house, "time off", "Be away, and see or publish who stands for you", creates((*API).addTimeOff)},
		{"DELETE", "/time-off/{id}", org.KeepProfile, house, "time off", "Be there after all", serve((*API).removeTimeOff)},
		{"POST", "/schedules/{id}/import", org.Configure, ofThing, "calendars", "Take an iCalendar in as layers, overrides or time off", serve((*API).importCalendar)},
		{"GET", "/schedules/{id}/calendars", org.ReadSetup, house, "calendars", "List the calendars of others that a schedule takes in by their address", serve((*API).listFollowed)},
		{"POST", "/schedules/{id}/calendars", org.Configure, ofThing, "calendars", "Take a calendar in by its address, again and again", creates((*API).followCalendar)},
		{"POST", "/schedules/{id}/calendars/{calendar}/poll", org.Configure, ofThing, "calendars", "Read it soon", serve((*API).pollCalendar)},
		{"DELETE", "/schedules/{id}/calendars/{calendar}", org.Configure, ofThing, "calendars", "End it, and take out what came of it", serve((*API).unfollowCalendar)},
		{"GET", "/schedules/{id}/notes", org.ReadSetup, house, "schedules", "What shifts left to those after them", serve((*API).listNotes)},
		{"POST", "/schedules/{id}/notes", org.Respond, ofThing, "schedules", "Leave a note to the next shift", creates((*API).leaveNote)},
		{"POST", "/schedules/{id}/take", org.Respond, ofThing, "schedules", "Take the shift that is running", creates((*API).takeShift)},
		{"GET", "/schedules/{id}/swaps", org.ReadSetup, house, "schedules", "List swaps and requests for cover", serve((*API).listSwaps)},
		{"POST", "/schedules/{id}/swaps", org.Respond, ofThing, "schedules", "Ask for somebody to take a stretch", creates((*API).askSwap)},
		{"POST", "/schedules/{id}/swaps/{swap}/accept", org.Respond, ofThing, "schedules", "Take the stretch: the first to accept has it", serve((*API).acceptSwap)},
		{"POST", "/schedules/{id}/swaps/{swap}/decline", org.Respond, ofThing, "schedules", "Say no to a swap", serve((*API).declineSwap)},
		{"POST", "/schedules/{id}/swaps/{swap}/cancel", org.Respond, ofThing, "schedules", "Take a swap back", serve((*API).cancelSwap)},
		{"GET", "/schedules/{id}/overrides", org.ReadSetup, house, "schedules", "List overrides", serve((*API).listOverrides)},
		{"POST", "/schedules/{id}/overrides", org.Respond, ofThing, "schedules", "Add an override", creates((*API).addOverride)},
		{"GET", "/schedules/{id}/overrides/{override}", org.ReadSetup, house, "schedules", "Read an override", serve((*API).readOverride)},
		{"PUT", "/schedules/{id}/overrides/{override}", org.Respond, ofThing, "schedules", "Replace an override", serve((*API).putOverride)},
		{"DELETE", "/schedules/{id}/overrides/{override}", org.Respond, ofThing, "schedules", "Remove an override", serve((*API).removeOverride)},

		{"GET", "/sifting", org.ReadSetup, house, "sifting", "Read what depends on what, and what holds alerts back", of("sifting", (*kind).readOnly)},
		{"PUT", "/sifting", org.Administer, house, "sifting", "Replace it", of("sifting", (*kind).replaceOnly)},
		{"GET", "/sifting/versions", org.ReadSetup, house, "sifting", "List its versions", of("sifting", (*kind).versionsOfOnly)},
		{"GET", "/sifting/windows", org.ReadSetup, house, "sifting", "List maintenance windows, and when they are on", serve((*API).windows)},
		{"GET", "/sifting/graph", org.ReadSetup, house, "sifting", "What depends on what, how it is now, and what is folded under what", serve((*API).graph)},
		{"POST", "/sifting/windows/preview", org.ReadSetup, house, "sifting", "What a maintenance window would keep quiet now, and would have last week", serve((*API).previewWindow)},
		{"GET", "/reports", org.ReadSetup, house, "figures", "What the incidents of a period came to, beside the period before", serve((*API).figures)},
		{"GET", "/reports/people", org.ReadSetup, house, "figures", "What being called came to for people and teams, by level and by hours of their week", serve((*API).loads)},
		{"GET", "/reports/people/burden", org.ReadSetup, house, "figures", "What people bear by the ledgers of all schedules, and which stale runbooks and overdue actions are theirs", serve((*API).burdens)},
		{"GET", "/reports/counted", org.ReadSetup, house, "figures", "The incidents that a number is made of", serve((*API).countedBy)},
		{"GET", "/reports/definitions", org.ReadSetup, house, "figures", "What each figure is", serve((*API).figureDefinitions)},
		{"GET", "/reports/file", org.ReadSetup, house, "figures", "A report as CSV", serve((*API).figureFile)},
		{"GET", "/reports/paper", org.ReadSetup, house, "figures", "A report as PDF", serve((*API).figurePaper)},
		{"GET", "/reports/people/file", org.ReadSetup, house, "figures", "What being called came to, as CSV", serve((*API).loadFile)},
		{"GET", "/reports/views", org.KeepProfile, house, "figures", "Read your own reports", serve((*API).reportViews)},
		{"PUT", "/reports/views", org.KeepProfile, house, "figures", "Replace your own reports", serve((*API).changeReportViews)},
		{"POST", "/reports/recount", org.Administer, house, "figures", "Have everything counted anew", serve((*API).recountFigures)},
		{"GET", "/noise", org.ReadSetup, house, "noise", "What alerts cost people, by rule, integration or service", serve((*API).noise)},
		{"GET", "/noise/digest", org.ReadSetup, house, "noise", "What was held back and proved real, and which rules match nothing", serve((*API).noiseDigest)},
		{"GET", "/rules", org.ReadSetup, house, "rules", "Read the rules of categorization", of("rules", (*kind).readOnly)},
		{"PUT", "/rules", org.Administer, house, "rules", "Replace the rules", of("rules", (*kind).replaceOnly)},
		{"POST", "/rules/replay", org.Administer, house, "rules", "What draft rules would have made of events that were kept", serve((*API).replayRules)},
		{"GET", "/rules/lint", org.ReadSetup, house, "rules", "What is odd about the rules and the matrix: a milder severity that is noisier than a worse one", serve((*API).lintRules)},
		{"POST", "/rules/lint", org.ReadSetup, house, "rules", "What would be odd about rules and a matrix that are not written yet", serve((*API).lintDraft)},
		{"GET", "/rules/versions", org.ReadSetup, house, "rules", "List versions of the rules", of("rules", (*kind).versionsOfOnly)},
		{"GET", "/settings", org.ReadSetup, house, "settings", "Read the settings", of("settings", (*kind).readOnly)},
		{"PUT", "/settings", org.Administer, house, "settings", "Replace the settings", of("settings", (*kind).replaceOnly)},
		{"PATCH", "/settings", org.Administer, house, "settings", "Change some settings", of("settings", (*kind).patchOnly)},
		{"GET", "/settings/versions", org.ReadSetup, house, "settings", "List versions of the settings", of("settings", (*kind).versionsOfOnly)},
		{"POST", "/replay", org.Administer, house, "setup", "What would have paged by a set-up file, over the events that were kept", serve((*API).replaySetup)},
		{"POST", "/apply", org.Administer, house, "setup", "Apply a set-up file, or say what it would change", serve((*API).apply)},
		{"GET", "/export", org.Administer, house, "setup", "Write the configuration as a set-up file", serve((*API).export)},
	},
)

// things are the routes that every kind of configuration has.
func things(plural, name string, change org.Deed, owned scope) []route {
	at, one := "/"+plural, name
	made := owned
	if owned.find != nil { // what is not there yet has its team in its body
		made = inBody
	}
	return []route{
		{"GET", at, org.ReadSetup, house, plural, "List " + plural, of(plural, (*kind).list)},
		{"POST", at, change, made, plural, "Create a " + one, of(plural, (*kind).create)},
		{"GET", at + "/{id}", org.ReadSetup, house, plural, "Read a " + one, of(plural, (*kind).read)},
		{"PUT", at + "/{id}", change, owned, plural, "Replace a " + one, of(plural, (*kind).replace)},
		{"PATCH", at + "/{id}", change, owned, plural, "Change some fields of a " + one + " (RFC 7396)", of(plural, (*kind).patch)},
		{"DELETE", at + "/{id}", change, owned, plural, "Retire a " + one, of(plural, (*kind).retire)},
		{"GET", at + "/{id}/versions", org.ReadSetup, house, plural, "List all versions of a " + one, of(plural, (*kind).versions)},
	}
}

func concat(parts ...[]route) (all []route) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// serve makes a method of the API a route.
func serve[I, O any](do func(*API, context.Context, *I) (*O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := do(a, ctx, in)
			if err != nil {
				return nil, a.fault(ctx, err)
			}
			return out, nil
		})
	}
}

// creates is serve for what answers 201.
func creates[I, O any](do func(*API, context.Context, *I) (*O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		op.DefaultStatus = 201
		serve(do)(a, op)
	}
}

// id names the operation: "get-incidents-id-timeline".
func (r route) id() string {
	path := strings.NewReplacer("/{", "-", "}", "", "/", "-").Replace(r.pattern)
	return strings.ToLower(r.method) + path
}

// faults are the statuses that the document names for every route.
func (r route) faults() []int {
	all := []int{401, 403}
	if strings.Contains(r.pattern, "{") {
		all = append(all, 404)
	}
	if r.method != "GET" {
		all = append(all, 400, 408, 409, 412, 413, 415)
	}
	return append(all, 422, 503)
}

// streams says whether the answer is not held back until it is whole.
func (r route) streams() bool {
	return r.pattern == "/events" || r.method == "GET" && (r.pattern == "/attachments/{id}" || strings.HasSuffix(r.pattern, "{id}/export"))
}

// most is how large a body may be, and how long it may take to come.
func (r route) most() (bytes int64, within time.Duration) {
	if r.method == "POST" && r.pattern == "/attachments" {
		return blob.MaxSize + 1, uploadWithin
	}
	return maxBody, readWithin
}

// says is the permission in words.
func (r route) says() string {
	least, inTeam := r.deed.Needs()
	where := ""
	if inTeam {
		where = ", in the team that it belongs to"
	}
	return "To " + string(r.deed) + " needs the role " + string(least) + where + "."
}
