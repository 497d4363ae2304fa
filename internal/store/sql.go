package store

import "fmt"

// texts is every statement of the store but the multi-row ones (bulk.go) and the parts
// of filters. Fragments in braces are filled in by the dialect.
type texts struct {
	MetaRead, MetaWrite string

	Subject, LockSubject, SubjectTail     string
	Log, LogChain, LogLine, Blank         string
	AlertsOf, FiringLeft                  string
	Inbox, InInbox, SetAside, InboxStats  string
	Due, LockDue, TakeDue                 string
	ClaimDue, ClaimDueNewest              string
	Agenda                                string
	ClaimPages, ClaimPagesNewest          string
	WaitingChannels                       string
	Page, LockPage, PageByProvider        string
	SavePage, PagesOf, Unanswered         string
	SentSince, HeldFor                    string
	ConfigHead, ConfigHeadLock            string
	ConfigCurrent, ConfigOne, ConfigAt    string
	ConfigSupersede, ConfigAdd, ConfigAll string
	Turn                                  string
	Feed, FeedOldest, FeedDrop            string
	EventDay, EventDays, EventDayDrop     string
	EventDayLast                          string
	Untended, LateDue, LatePages, Limbo   string
	Left                                  string
	FreeDue, FreePages                    string
	WrittenLast                           string

	// Heartbeats, and Opsgenie's API.
	BeatPing, BeatLock, BeatPut, Beats string
	BeatsSince, BeatsLost              string
	RequestPut, Request, RequestsDrop  string
	WaitsAny, WaitsKey                 string
	Alert, AlertLock                   string
	AlertOpen, AlertOver               string
	AlertsBetween                      string

	// Access.
	Credential, LockCredential, PutCredential    string
	Credentials, HasCredential                   string
	TakeStep                                     string
	RecoveryAdd, RecoveryTake, RecoveryDrop      string
	RecoveryLeft                                 string
	Passkey, PasskeysOf, PasskeyAdd, PasskeySave string
	PasskeyName, PasskeyDrop                     string
	SessionByHash, SessionsOf, SessionAdd        string
	SessionSeen, SessionDrop, SessionsDrop       string
	SessionsEnd, TokensEnd                       string
	TokenAdd, TokenRead, TokenTake, TokensDrop   string
	KeyUses, KeyUsed                             string

	// Followers of the feed, and deliveries to webhooks.
	FeedEnd, FeedLast, FeedSince        string
	Follow, Unfollow, Followers         string
	ClaimFollower, LockFollower         string
	SaveFollower, Rewind                string
	ThreadsOf, ThreadAt, PutThread      string
	PutDelivery, SaveDelivery, Delivery string
	NextDeliveries, Deliveries          string
	DeliveriesDrop                      string
	DeliveriesOld, DeliveriesMany       string
	LogLines, LogUpdates, ConfigOf      string
	// The lists of the API, and answers to what may be asked twice.
	AlertOne, LogFrom         string
	WordCount, WordsDrop      string
	ConfigVersions            string
	ServiceOf, AlertAbout     string
	SubjectFloor, AlertFloor  string
	PageFloor                 string
	FewOwned, FewOfService    string
	FewOfTeam, FewSo          string
	FewAlertsOf, FewSaid      string
	FewPagesOf, FewPagesSo    string
	Attempt, AttemptBegin     string
	AttemptEnd, AttemptForget string
	AttemptsDrop              string

	// What people do about their own contact methods.
	Proofs, Proof, ProofLock, ProofPut string
	ProofDrop, ProofsDrop              string
	Views, ViewsPut                    string
	TrialPut, Trial, TrialLock, Trials string
	TrialsDrop, Worked                 string
	SelfTestPut, SelfTest              string
	PayloadAdd, Payload, Payloads      string
	PayloadsDrop, PayloadsOld          string

	// Silences, and alerts whose time runs out.
	ArmBy, Expired, NextExpiry, Respite   string
	PutSilence, Silence, LockSilence      string
	Silences, SilencesAt, DropSilences    string
	HeldSubjects, Firing, FiringOf        string
	LostTimers, SilenceOver, SilenceCount string

	// Who was on call, and what people ask of each other about it (sql_shift.go).
	shiftTexts
	// Runbooks that are followed (sql_runbook.go).
	runbookTexts

	// What those outside are told (sql_comms.go).
	commsTexts

	// What the reports count (sql_figures.go).
	figureTexts
	changeTexts

	// What people say to each other, and attach (sql_talk.go).
	talkTexts

	// Sifting (sql_sift.go).
	siftTexts

	// Closure (sql_review.go).
	reviewTexts
	// Tickets of others (sql_ticket.go).
	ticketTexts
}

const (
	subjectColumns = `id, seq, at, status, title, service, team, integration, severity, priority, owner, held, alerts, opened_at, resolved_at`
	alertColumns   = `a.id, a.integration, a.key, a.subject, a.service, a.severity, a.title, a.digest, a.counted, a.open, a.count, a.first_at, a.last_at, a.resolved_at, a.last, a.sifted`
	dueColumns     = `due.kind, due.subject, due.lane, due.at, due.gen, due.failures`
	pageColumns    = `pages.id, pages.subject, pages.run, pages.epoch, pages.round, pages.level, pages.person, pages.method, pages.channel, pages.address, pages.rule, pages.repeat,
 pages.purpose, pages.body, pages.priority, pages.at, pages.for_each, pages.every, pages.until, pages.zone, pages.hour, pages.state, pages.wake_at, pages.gen, pages.attempts,
 pages.first_at, pages.sent_at, pages.delivered_at, pages.read_at, pages.answered_at, pages.cancelled_at, pages.err, pages.provider, pages.unsure, pages.via, pages.held, pages.bundle, pages.unless`
	beatColumns   = `h.id, h.state, h.every, h.pinged_at, h.since`
	configColumns = `kind, id, version, at, actor, retired, body, digest`

	proofColumns = `person, method, channel, name, address, code, tries, sends, sent_at, until`
	trialColumns = `id, person, method, channel, purpose, state, at, sent_at, delivered_at, read_at, answered_at, err, provider`

	credentialColumns = `person, password, totp, totp_next, totp_step, epoch`
	sessionColumns    = `id, person, made_at, seen_at, expires_at, device`
	followerColumns   = `id, tx, row, lease, gen, failing, failures, quiet`
	deliveryColumns   = `d.id, d.hook, d.subject, d.seq, d.kind, d.at, d.state, d.wake_at, d.tries, d.tried_at, d.status, d.ms, d.err, d.digest`
)

var statements = texts{
	shiftTexts:   shiftStatements,
	commsTexts:   commsStatements,
	figureTexts:  figureStatements,
	changeTexts:  changeStatements,
	siftTexts:    siftStatements,
	reviewTexts:  reviewStatements,
	runbookTexts: runbookStatements,
	talkTexts:    talkStatements,
	ticketTexts:  ticketStatements,

	MetaRead:  `SELECT value FROM meta WHERE key = $1`,
	MetaWrite: `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,

	Subject:     `SELECT state, fold, head FROM subjects WHERE id = $1`,
	LockSubject: `SELECT state, fold, head FROM subjects WHERE id = $1{lock}`,
	SubjectTail: `SELECT seq, head FROM subjects WHERE id = $1`,
	Log:         `SELECT seq, at, actor, kind, body FROM log WHERE subject = $1 ORDER BY seq`,
	LogChain:    `SELECT seq, at, actor, kind, body, hash, digest FROM log WHERE subject = $1 ORDER BY seq`,
	LogLine:     `SELECT body, digest FROM log WHERE subject = $1 AND seq = $2`,
	Blank:       `UPDATE log SET body = '{}', digest = $3 WHERE subject = $1 AND seq = $2`,

	AlertsOf:   `SELECT ` + alertColumns + ` FROM alerts a WHERE a.subject = $1 ORDER BY a.first_at, a.id`,
	FiringLeft: `SELECT count(*) FROM alerts WHERE subject = $1 AND open`,

	Inbox:      `SELECT tx, n, at, integration, digest, event, raw FROM inbox WHERE aside <= '' ORDER BY tx, n LIMIT $1`,
	InInbox:    `SELECT count(*) FROM inbox WHERE tx = $1 AND n = $2 AND aside = ''`,
	SetAside:   `UPDATE inbox SET aside = $3 WHERE tx = $1 AND n = $2`,
	InboxStats: `SELECT count(*) FILTER (WHERE aside = ''), coalesce(min(at) FILTER (WHERE aside = ''), 0), count(*) FILTER (WHERE aside <> '') FROM inbox`,

	Due:     `SELECT ` + dueColumns + ` FROM due WHERE kind = $1 AND subject = $2`,
	LockDue: `SELECT gen FROM due WHERE kind = $1 AND subject = $2{lock}`,
	TakeDue: `SELECT gen FROM due WHERE kind = $1 AND subject = $2{skip}`,

	ClaimDue:       claimDue(`wake_at`),
	ClaimDueNewest: claimDue(`wake_at DESC`),

	// One look at everything that could be due. The lanes stand as numbers: SQLite plans
	// a statement anew whenever a value changes that its plan depends on. And what waits
	// is "at most ''": for "equals" PostgreSQL expects so few rows, as long as it has not
	// counted them, that it would rather sort them than walk along the key.
	//
	// Pages are found by their channels, as they are claimed: the first of each is found
	// by the one before it, along the index, however much waits.
	Agenda: `WITH RECURSIVE w (lane, channel, wake_at) AS (SELECT * FROM (SELECT lane, channel, wake_at FROM pages WHERE wake_at IS NOT NULL ORDER BY lane, channel, wake_at LIMIT 1) AS one
 UNION ALL SELECT p.lane, p.channel, p.wake_at FROM w JOIN pages p ON p.id = coalesce(
 (SELECT n.id FROM pages n WHERE n.wake_at IS NOT NULL AND n.lane = w.lane AND n.channel > w.channel ORDER BY n.channel, n.wake_at LIMIT 1),
 (SELECT n.id FROM pages n WHERE n.wake_at IS NOT NULL AND n.lane > w.lane ORDER BY n.lane, n.channel, n.wake_at LIMIT 1)))
 SELECT (SELECT at FROM inbox WHERE aside <= '' ORDER BY tx, n LIMIT 1),
 ` + firstDue(0) + `, ` + firstDue(1) + `, ` + firstDue(2) + `, ` + firstDue(3) + `,
 ` + firstPage(0) + `, ` + firstPage(1) + `, ` + firstPage(2) + `, ` + firstPage(3),

	ClaimPages:       claimPages(`wake_at`),
	ClaimPagesNewest: claimPages(`wake_at DESC`),
	// Each channel is found by the one before it, along the index, however much waits.
	WaitingChannels: `WITH RECURSIVE w (channel) AS (SELECT * FROM (SELECT channel FROM pages WHERE lane = $1 AND wake_at IS NOT NULL ORDER BY channel LIMIT 1) AS one
 UNION ALL SELECT (SELECT p.channel FROM pages p WHERE p.lane = $1 AND p.wake_at IS NOT NULL AND p.channel > w.channel ORDER BY p.channel LIMIT 1) FROM w WHERE w.channel IS NOT NULL)
 SELECT channel FROM w WHERE channel IS NOT NULL`,

	Page:           `SELECT ` + pageColumns + ` FROM pages WHERE id = $1`,
	LockPage:       `SELECT ` + pageColumns + ` FROM pages WHERE id = $1{lock}`,
	PageByProvider: `SELECT ` + pageColumns + ` FROM pages WHERE channel = $1 AND provider = $2 AND provider <> '' ORDER BY pages.id DESC LIMIT 1`,
	PagesOf:        `SELECT ` + pageColumns + ` FROM pages WHERE subject = $1 ORDER BY pages.at, pages.id`,
	Unanswered: `SELECT ` + pageColumns + ` FROM pages JOIN subjects s ON s.id = pages.subject WHERE pages.person = $1 AND pages.id >= $2
 AND pages.priority = 'high' AND pages.purpose IN ('alarm', 'fail_over') AND s.open AND s.status = 'triggered' ORDER BY pages.id DESC LIMIT $3`,
	SentSince: `SELECT ` + pageColumns + ` FROM pages WHERE person = $1 AND channel = $2 AND sent_at > 0 AND sent_at > $3 ORDER BY sent_at DESC LIMIT $4`,
	HeldFor:   `SELECT ` + pageColumns + ` FROM pages WHERE bundle = $1 AND bundle <> '' ORDER BY pages.id`,
	SavePage: `UPDATE pages SET state = $2, wake_at = $3, attempts = $4, first_at = $5, sent_at = $6, delivered_at = $7,
 read_at = $8, answered_at = $9, cancelled_at = $10, err = $11, provider = $12, unsure = $13, via = $14, held = $15, bundle = $16 WHERE id = $1`,

	ConfigHead:      `SELECT value FROM meta WHERE key = 'config'`,
	ConfigHeadLock:  `SELECT value FROM meta WHERE key = 'config'{lock}`,
	ConfigCurrent:   `SELECT ` + configColumns + ` FROM config WHERE current ORDER BY kind, id`,
	ConfigOne:       `SELECT ` + configColumns + ` FROM config WHERE kind = $1 AND id = $2 AND current`,
	ConfigAt:        `SELECT ` + configColumns + ` FROM config WHERE kind = $1 AND id = $2 AND version = $3`,
	ConfigSupersede: `UPDATE config SET current = FALSE WHERE kind = $1 AND id = $2 AND current`,
	ConfigAdd: `INSERT INTO config (seq, kind, id, version, at, actor, retired, current, body, digest, hash)
 VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, $8, $9, $10)`,
	ConfigAll: `SELECT seq, ` + configColumns + `, hash FROM config ORDER BY seq`,

	Turn: `INSERT INTO turns (policy, level, turn) VALUES ($1, $2, 1)
 ON CONFLICT (policy, level) DO UPDATE SET turn = turns.turn + 1 RETURNING turn - 1`,

	Feed:       `SELECT tx, id, at, topic, subject, first, seq FROM feed WHERE (tx, id) > ($1, $2){settled} ORDER BY tx, id LIMIT $3`,
	FeedOldest: `SELECT tx, at FROM feed WHERE at > 0 ORDER BY tx, id LIMIT 1 OFFSET $1`,
	FeedDrop:   `DELETE FROM feed WHERE tx < $1`,

	EventDay: `INSERT INTO event_days (day, events, bytes) VALUES ($1, $2, $3)
 ON CONFLICT (day) DO UPDATE SET events = event_days.events + excluded.events, bytes = event_days.bytes + excluded.bytes`,
	EventDayLast: `SELECT day FROM event_days ORDER BY day DESC LIMIT 1`,
	EventDays:    `SELECT day, bytes FROM event_days ORDER BY day`,
	EventDayDrop: `DELETE FROM event_days WHERE day = $1`,

	Untended: `SELECT s.id, EXISTS (SELECT 1 FROM due d WHERE d.subject = s.id) FROM subjects s
 WHERE s.open AND NOT EXISTS (SELECT 1 FROM due t WHERE t.kind = 'tend' AND t.subject = s.id) AND s.id > $2 ORDER BY s.id LIMIT $1`,
	Left: `SELECT owed.subject FROM (SELECT a.subject FROM review_actions a WHERE a.state = 'open' AND a.due < $3 UNION SELECT o.subject FROM overrides o WHERE NOT o.reviewed) AS owed
 WHERE owed.subject > $2 AND NOT EXISTS (SELECT 1 FROM due t WHERE t.kind = 'tend' AND t.subject = owed.subject)
 AND EXISTS (SELECT 1 FROM subjects s WHERE s.id = owed.subject AND NOT s.open) ORDER BY owed.subject LIMIT $1`,
	LateDue:   `SELECT ` + dueColumns + ` FROM due WHERE lane = $1 AND wake_at < $2 ORDER BY wake_at LIMIT $3`,
	LatePages: `SELECT ` + pageColumns + ` FROM pages WHERE lane = $1 AND wake_at < $2 ORDER BY wake_at LIMIT $3`,
	Limbo:     `SELECT ` + pageColumns + ` FROM pages WHERE wake_at IS NULL AND state IN ('planned', 'claimed') ORDER BY pages.id LIMIT $1`,
	// Whatever a transaction writes that is numbered, but for the kept events.
	WrittenLast: `SELECT coalesce(max(tx), 0) FROM (SELECT max(tx) AS tx FROM feed UNION ALL SELECT max(tx) FROM inbox) AS written`,

	// Leases that end later than any lease could: they were taken by a clock that was
	// ahead.
	FreeDue:   `UPDATE due SET wake_at = CASE WHEN at > $1 THEN at ELSE $1 END, gen = gen + 1 WHERE wake_at > $2 AND wake_at > at`,
	FreePages: `UPDATE pages SET wake_at = $1, gen = gen + 1 WHERE wake_at > $2 AND state = 'claimed'`,

	// Heartbeats, and Opsgenie's API. A ping that is older than one that came before it
	// leaves that standing.
	BeatPing: `UPDATE heartbeats SET pinged_at = CASE WHEN $3 > pinged_at THEN $3 ELSE pinged_at END WHERE id = $1 AND state = 'waiting' AND every = $2`,
	BeatLock: `SELECT ` + beatColumns + ` FROM heartbeats h WHERE h.id = $1{lock}`,
	BeatPut: `INSERT INTO heartbeats (id, state, every, pinged_at, since) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (id) DO UPDATE SET state = excluded.state, every = excluded.every, pinged_at = excluded.pinged_at, since = excluded.since`,
	Beats:      `SELECT ` + beatColumns + ` FROM heartbeats h`,
	BeatsSince: `UPDATE heartbeats SET since = $1 WHERE state = 'waiting'`,
	BeatsLost: `SELECT ` + beatColumns + ` FROM heartbeats h
 WHERE h.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = 'heartbeat' AND d.subject = h.id)`,
	RequestPut:   `INSERT INTO requests (id, integration, action, key, alert, at, decided, failure) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
	Request:      `SELECT integration, action, key, alert, at, decided, failure FROM requests WHERE id = $1`,
	RequestsDrop: `DELETE FROM requests WHERE at < $1`,
	WaitsAny:     `SELECT EXISTS (SELECT 1 FROM inbox WHERE integration = $1 AND aside = '' AND at <= $2)`,
	WaitsKey:     `SELECT EXISTS (SELECT 1 FROM inbox WHERE integration = $1 AND key = $2 AND aside = '' AND at <= $3)`,
	Alert:        `SELECT ` + alertColumns + ` FROM alerts a WHERE a.integration = $1 AND a.id = $2`,
	AlertLock:    `SELECT ` + alertColumns + ` FROM alerts a WHERE a.integration = $1 AND a.id = $2{lock a}`,
	AlertOpen:    `SELECT ` + alertColumns + ` FROM alerts a WHERE a.integration = $1 AND a.key = $2 AND a.open AND a.first_at <= $3`,
	AlertOver: `SELECT ` + alertColumns + ` FROM alerts a WHERE a.integration = $1 AND a.key = $2 AND NOT a.open AND a.first_at <= $3
 ORDER BY a.resolved_at DESC, a.id DESC LIMIT 1`,
	AlertsBetween: `SELECT ` + alertColumns + ` FROM alerts a WHERE a.integration = $1 AND a.id >= $2 AND a.id < $3 ORDER BY a.id`,

	// What people do about their own contact methods.
	Proofs:    `SELECT ` + proofColumns + ` FROM proofs WHERE person = $1 ORDER BY method`,
	Proof:     `SELECT ` + proofColumns + ` FROM proofs WHERE person = $1 AND method = $2`,
	ProofLock: `SELECT ` + proofColumns + ` FROM proofs WHERE person = $1 AND method = $2{lock}`,
	ProofPut: `INSERT INTO proofs (` + proofColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (person, method) DO UPDATE
 SET channel = excluded.channel, name = excluded.name, address = excluded.address, code = excluded.code, tries = excluded.tries, sends = excluded.sends, sent_at = excluded.sent_at, until = excluded.until`,
	ProofDrop:  `DELETE FROM proofs WHERE person = $1 AND method = $2`,
	ProofsDrop: `DELETE FROM proofs WHERE until < $1`,
	Views:      `SELECT body FROM views WHERE person = $1`,
	ViewsPut:   `INSERT INTO views (person, body, at) VALUES ($1, $2, $3) ON CONFLICT (person) DO UPDATE SET body = excluded.body, at = excluded.at`,
	TrialPut: `INSERT INTO trials (` + trialColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO UPDATE
 SET state = excluded.state, sent_at = excluded.sent_at, delivered_at = excluded.delivered_at, read_at = excluded.read_at, answered_at = excluded.answered_at, err = excluded.err, provider = excluded.provider`,
	Trial:     `SELECT ` + trialColumns + ` FROM trials WHERE id = $1`,
	TrialLock: `SELECT ` + trialColumns + ` FROM trials WHERE id = $1{lock}`,
	Trials:    `SELECT ` + trialColumns + ` FROM trials WHERE person = $1 AND id >= $2 ORDER BY id DESC LIMIT $3`,
	SelfTestPut: `INSERT INTO self_tests (person, subject, about, shift, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (person) DO UPDATE SET subject = excluded.subject, about = excluded.about, shift = excluded.shift, at = excluded.at`,
	SelfTest:   `SELECT person, subject, about, shift, at FROM self_tests WHERE person = $1`,
	TrialsDrop: `DELETE FROM trials WHERE id < $1`,
	Worked: `SELECT method, max(sent_at), max(delivered_at), max(read_at) FROM (SELECT method, sent_at, delivered_at, read_at FROM pages WHERE person = $1 AND id >= $2
 UNION ALL SELECT method, sent_at, delivered_at, read_at FROM trials WHERE person = $1 AND id >= $2) AS both_of_them GROUP BY method`,

	PayloadAdd:   `INSERT INTO payloads (id, integration, at, type, body) VALUES ($1, $2, $3, $4, $5)`,
	Payload:      `SELECT id, integration, at, type, body FROM payloads WHERE id = $1`,
	Payloads:     `SELECT id, integration, at, type, body FROM payloads WHERE integration = $1 ORDER BY id DESC LIMIT $2`,
	PayloadsDrop: `DELETE FROM payloads WHERE integration = $1 AND id < (SELECT id FROM payloads WHERE integration = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`,
	PayloadsOld:  `DELETE FROM payloads WHERE id < $1`,

	// Access.
	Credential:     `SELECT ` + credentialColumns + ` FROM credentials WHERE person = $1`,
	LockCredential: `SELECT ` + credentialColumns + ` FROM credentials WHERE person = $1{lock}`,
	Credentials:    `SELECT ` + credentialColumns + ` FROM credentials ORDER BY person`,
	HasCredential:  `SELECT 1 WHERE EXISTS (SELECT 1 FROM credentials WHERE password <> '') OR EXISTS (SELECT 1 FROM passkeys)`,
	PutCredential: `INSERT INTO credentials (person, password, totp, totp_next, totp_step, epoch) VALUES ($1, $2, $3, $4, $5, 1)
 ON CONFLICT (person) DO UPDATE SET password = excluded.password, totp = excluded.totp, totp_next = excluded.totp_next,
 totp_step = excluded.totp_step, epoch = credentials.epoch + 1`,
	TakeStep:     `UPDATE credentials SET totp_step = $2 WHERE person = $1 AND totp_step < $2`,
	RecoveryAdd:  `INSERT INTO recovery_codes (person, hash) VALUES ($1, $2)`,
	RecoveryTake: `DELETE FROM recovery_codes WHERE person = $1 AND hash = $2`,
	RecoveryDrop: `DELETE FROM recovery_codes WHERE person = $1`,
	RecoveryLeft: `SELECT count(*) FROM recovery_codes WHERE person = $1`,

	Passkey:    `SELECT id, person, name, made_at, used_at, body FROM passkeys WHERE id = $1{lock}`,
	PasskeysOf: `SELECT id, person, name, made_at, used_at, body FROM passkeys WHERE person = $1 ORDER BY made_at, id`,
	PasskeyAdd: `INSERT INTO passkeys (id, person, name, made_at, used_at, body) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (id) DO NOTHING`,
	PasskeySave: `UPDATE passkeys SET used_at = $3, body = $4 WHERE id = $1 AND person = $2`,
	PasskeyName: `UPDATE passkeys SET name = $3 WHERE id = $1 AND person = $2`,
	PasskeyDrop: `DELETE FROM passkeys WHERE person = $1 AND ($2 = '' OR id = $2)`,

	SessionByHash: `SELECT ` + sessionColumns + ` FROM sessions WHERE hash = $1`,
	SessionsOf:    `SELECT ` + sessionColumns + ` FROM sessions WHERE person = $1 ORDER BY id DESC`,
	SessionAdd: `INSERT INTO sessions (id, hash, person, made_at, seen_at, expires_at, device)
 VALUES ($1, $2, $3, $4, $5, $6, $7)`,
	SessionSeen:  `UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2`,
	SessionDrop:  `DELETE FROM sessions WHERE id = $1 AND person = $2`,
	SessionsDrop: `DELETE FROM sessions WHERE person = $1 AND id <> $2`,
	SessionsEnd:  `DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2`,

	TokenAdd:   `INSERT INTO tokens (hash, kind, person, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING`,
	TokenRead:  `SELECT person FROM tokens WHERE hash = $1 AND kind = $2 AND expires_at > $3`,
	TokenTake:  `DELETE FROM tokens WHERE hash = $1 AND kind = $2 AND expires_at > $3 RETURNING person`,
	TokensDrop: `DELETE FROM tokens WHERE person = $1 AND kind = $2`,
	TokensEnd:  `DELETE FROM tokens WHERE expires_at <= $1`,

	KeyUses: `SELECT id, used_at FROM key_uses`,
	KeyUsed: `INSERT INTO key_uses (id, used_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at`,

	// Followers of the feed, and deliveries to webhooks.
	FeedLast:  `SELECT tx, id FROM feed ORDER BY tx DESC, id DESC LIMIT 1`,
	FeedEnd:   `SELECT tx, id FROM feed WHERE TRUE{settled} ORDER BY tx DESC, id DESC LIMIT 1`,
	FeedSince: `SELECT tx FROM feed WHERE at >= $1 ORDER BY tx, id LIMIT 1`,
	Follow: `INSERT INTO followers (id, tx, row, lease, gen, failing, failures, quiet) VALUES ($1, $2, $3, 0, 0, 0, 0, 0)
 ON CONFLICT (id) DO NOTHING`,
	Unfollow:  `DELETE FROM followers WHERE id = $1`,
	Followers: `SELECT ` + followerColumns + ` FROM followers ORDER BY id`,
	ClaimFollower: `UPDATE followers SET lease = $3, gen = gen + 1 WHERE id = $1 AND (lease <= $2 OR lease > $4)
 RETURNING ` + followerColumns,
	LockFollower: `SELECT ` + followerColumns + ` FROM followers WHERE id = $1{lock}`,
	SaveFollower: `UPDATE followers SET tx = $2, row = $3, lease = $4, failing = $5, failures = $6, quiet = $7 WHERE id = $1 AND gen = $8`,
	Rewind:       `UPDATE followers SET tx = $2, row = '', quiet = 0 WHERE id = $1 AND tx >= $2`,

	ThreadsOf: `SELECT subject, room, message, via FROM threads WHERE subject = $1 ORDER BY room`,
	ThreadAt:  `SELECT subject, room, message, via FROM threads WHERE message = $1 ORDER BY subject LIMIT 1`,
	PutThread: `INSERT INTO threads (subject, room, message, via) VALUES ($1, $2, $3, $4)
 ON CONFLICT (subject, room) DO UPDATE SET message = excluded.message, via = excluded.via`,

	PutDelivery: `INSERT INTO deliveries (id, hook, subject, seq, kind, at, state, wake_at, tries, tried_at, status, ms, err, digest)
 VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, 0, 0, 0, 0, '', '')
 ON CONFLICT (id) DO UPDATE SET state = 'waiting', wake_at = excluded.wake_at, tries = 0`,
	SaveDelivery: `UPDATE deliveries SET state = $2, wake_at = $3, tries = $4, tried_at = $5, status = $6, ms = $7, err = $8, digest = $9 WHERE id = $1`,
	Delivery:     `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.id = $1`,
	NextDeliveries: `SELECT ` + deliveryColumns + ` FROM deliveries d
 JOIN (SELECT subject, min(seq) AS seq FROM deliveries WHERE hook = $1 AND state = 'waiting' GROUP BY subject) h ON h.subject = d.subject AND h.seq = d.seq
 WHERE d.hook = $1 AND d.state = 'waiting' ORDER BY d.wake_at, d.id LIMIT $2`,
	Deliveries:     `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.hook = $1 AND d.at < $2 ORDER BY d.at DESC, d.subject DESC, d.seq DESC LIMIT $3`,
	DeliveriesDrop: `UPDATE deliveries SET state = 'dropped', tried_at = $2, err = $3 WHERE hook = $1 AND state = 'waiting'`,
	DeliveriesOld:  `DELETE FROM deliveries WHERE hook = $1 AND at < $2 AND state <> 'waiting'`,
	DeliveriesMany: `DELETE FROM deliveries WHERE hook = $1 AND state <> 'waiting'
 AND at < (SELECT k.at FROM deliveries k WHERE k.hook = $1 ORDER BY k.at DESC LIMIT 1 OFFSET $2)`,
	LogLines:   `SELECT seq, at, kind FROM log WHERE subject = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq`,
	LogUpdates: `SELECT subject, seq FROM log WHERE kind = 'investigate.updated' AND at >= $1`,
	ConfigOf:   `SELECT ` + configColumns + ` FROM config WHERE kind = $1 AND current ORDER BY id`,

	// The lists of the API, and answers to what may be asked twice.
	AlertOne:     `SELECT ` + alertColumns + ` FROM alerts a WHERE a.id = $1`,
	LogFrom:      `SELECT seq, at, actor, kind, body FROM log WHERE subject = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq`,
	WordCount:    `SELECT count(*) FROM (SELECT 1 FROM subject_words WHERE word >= $1 AND word < $2 LIMIT $3) AS found`,
	WordsDrop:    `DELETE FROM subject_words WHERE subject = $1`,
	ServiceOf:    `SELECT service FROM subjects WHERE id = $1`,
	AlertAbout:   `SELECT service, subject FROM alerts WHERE id = $1`,
	SubjectFloor: floor("subjects"), AlertFloor: floor("alerts"), PageFloor: floor("pages"),
	FewOwned: few("subjects", "owner", "owner <> '' AND "), FewOfService: few("subjects", "service", "NOT open AND "), FewOfTeam: few("subjects", "team", "NOT open AND "), FewSo: few("subjects", "severity", "NOT open AND "),
	FewAlertsOf: few("alerts", "service", "NOT open AND "), FewSaid: few("alerts", "integration", "NOT open AND "),
	FewPagesOf: few("pages", "person", ""), FewPagesSo: few("pages", "state", "state NOT IN ('planned', 'claimed') AND "),
	ConfigVersions: `SELECT ` + configColumns + ` FROM config WHERE kind = $1 AND id = $2 ORDER BY version DESC`,
	Attempt:        `SELECT digest, status, answer FROM attempts WHERE key = $1`,
	AttemptBegin:   `INSERT INTO attempts (key, digest, at, status, answer) VALUES ($1, $2, $3, 0, '') ON CONFLICT (key) DO NOTHING`,
	AttemptEnd:     `UPDATE attempts SET status = $2, answer = $3 WHERE key = $1`,
	AttemptForget:  `DELETE FROM attempts WHERE key = $1`,
	AttemptsDrop:   `DELETE FROM attempts WHERE at < $1 OR at < $2 AND status = 0`,

	// Silences, and alerts whose time runs out.
	ArmBy: `INSERT INTO due (kind, subject, lane, at, wake_at, gen, failures) VALUES ($1, $2, $3, $4, $4, 1, 0)
 ON CONFLICT (kind, subject) DO UPDATE SET lane = excluded.lane, at = excluded.at, wake_at = excluded.wake_at, gen = due.gen + 1 WHERE excluded.wake_at < due.wake_at`,
	Expired:    `SELECT key, until FROM expiring WHERE integration = $1 AND until <= $2 ORDER BY until, key LIMIT $3`,
	NextExpiry: `SELECT coalesce(min(until), 0) FROM expiring WHERE integration = $1`,
	Respite:    `UPDATE expiring SET until = $1 WHERE until < $1`,
	PutSilence: `INSERT INTO silences (id, integration, starts_at, ends_at, over, body) VALUES ($1, $2, $3, $4, FALSE, $5)
 ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, over = FALSE, body = excluded.body`,
	Silence:      `SELECT body FROM silences WHERE id = $1`,
	LockSilence:  `SELECT body FROM silences WHERE id = $1{lock}`,
	Silences:     `SELECT body FROM silences ORDER BY id`,
	SilencesAt:   `SELECT body FROM silences WHERE ends_at > $1 AND starts_at <= $1 AND NOT over ORDER BY id`,
	DropSilences: `DELETE FROM silences WHERE ends_at < $1`,
	HeldSubjects: `SELECT id FROM subjects WHERE open AND held <> '' ORDER BY id`,
	Firing:       firing(`(a.integration, a.key) > ($1, $2)`),
	FiringOf:     firing(`a.integration = $1 AND a.key > $2`),
	SilenceOver:  `UPDATE silences SET over = TRUE WHERE id = $1`,
	SilenceCount: `SELECT count(*) FROM silences WHERE integration = $1 AND NOT over`,
	// Sifting.

	LostTimers: `SELECT 'silence', s.id, s.starts_at FROM silences s
 WHERE NOT s.over AND NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = 'silence' AND d.subject = s.id)
 UNION ALL SELECT 'expire', x.integration, min(x.until) FROM expiring x
 WHERE NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = 'expire' AND d.subject = x.integration) GROUP BY x.integration`,
}

// floor is what is a number of rows further on, from an id to older ones.
func floor(table string) string {
	return `SELECT id FROM ` + table + ` WHERE id < $1 ORDER BY id DESC LIMIT 1 OFFSET $2`
}

// few is a row exactly if more rows than a number have a value. The order is one that
// only the column's own index has, and a range, for which it matters.
func few(table, column, where string) string {
	return `SELECT id FROM ` + table + ` WHERE ` + where + column + ` >= $1 AND ` + column + ` <= $1 ORDER BY ` + column + ` DESC, id DESC LIMIT 1 OFFSET $2`
}

// firstDue and firstPage are when the first of a lane is due; w has the first page of each
// channel.
func firstDue(lane int) string {
	return fmt.Sprintf(`(SELECT wake_at FROM due WHERE lane = %d ORDER BY wake_at LIMIT 1)`, lane)
}

func firstPage(lane int) string {
	return fmt.Sprintf(`(SELECT min(wake_at) FROM w WHERE lane = %d)`, lane)
}

// claimDue and claimPages take what is due in a lane: wake_at moves to the end of the
// lease and gen fences off whoever held the row before. On PostgreSQL the rows are
// locked where they are chosen, past those that another node is just claiming; the
// word MATERIALIZED keeps the choice from being made twice.
func claimDue(order string) string {
	return `WITH c AS MATERIALIZED (SELECT kind, subject FROM due WHERE lane = $1 AND wake_at <= $2 ORDER BY ` + order + ` LIMIT $3{skip})
 UPDATE due SET wake_at = $4, gen = due.gen + 1 FROM c WHERE due.kind = c.kind AND due.subject = c.subject RETURNING ` + dueColumns
}

// claimPages takes what is due of one channel.
func claimPages(order string) string {
	return `WITH c AS MATERIALIZED (SELECT id FROM pages WHERE lane = $1 AND channel = $5 AND wake_at <= $2 ORDER BY ` + order + ` LIMIT $3{skip})
 UPDATE pages SET wake_at = $4, gen = pages.gen + 1, state = 'claimed' FROM c WHERE pages.id = c.id RETURNING ` + pageColumns
}

// firing lists open alerts along their index, with what is known of them elsewhere.
func firing(which string) string {
	return `SELECT ` + alertColumns + `, coalesce(x.until, 0), coalesce(s.held, ''), coalesce(s.status, 'triggered') FROM alerts a LEFT JOIN subjects s ON s.id = a.subject
 LEFT JOIN expiring x ON x.integration = a.integration AND x.key = a.key WHERE a.open AND ` + which + ` ORDER BY a.integration, a.key LIMIT $3`
}
