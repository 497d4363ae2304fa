package store

// texts is every statement of the store but the multi-row ones (bulk.go) and the parts
// of filters. Fragments in braces are filled in by the dialect.
type texts struct {
	MetaRead, MetaWrite string

	Subject, LockSubject, SubjectTail     string
	Log, LogChain, LogLine, Blank         string
	AlertsOf, FiringLeft                  string
	Inbox, SetAside, InboxStats           string
	Due, LockDue, Disarm                  string
	ClaimDue, ClaimDueNewest              string
	Agenda                                string
	Page, LockPage, PageByProvider        string
	SavePage, PagesOf                     string
	ConfigHead, ConfigHeadLock            string
	ConfigCurrent, ConfigOne, ConfigAt    string
	ConfigSupersede, ConfigAdd, ConfigAll string
	Turn                                  string
	Feed, FeedOldest, FeedDrop            string
	EventDay, EventDays, EventDayDrop     string
	EventDayLast                          string
	Untended, LateDue, LatePages, Limbo   string
	FreeDue, FreePages                    string
	WrittenLast                           string

	// Silences, and alerts whose time runs out.
	ArmBy, Expired, NextExpiry, Respite string
	PutSilence, Silence, LockSilence    string
	Silences, SilencesAt, DropSilences  string
	HeldSubjects, Firing, FiringOf      string
}

const (
	subjectColumns = `id, seq, at, status, title, service, team, integration, severity, priority, owner, held, alerts, opened_at, resolved_at`
	alertColumns   = `a.id, a.integration, a.key, a.subject, a.service, a.severity, a.title, a.digest, a.counted, a.open, a.count, a.first_at, a.last_at, a.resolved_at, a.last`
	dueColumns     = `due.kind, due.subject, due.lane, due.at, due.gen, due.failures`
	pageColumns    = `pages.id, pages.subject, pages.run, pages.epoch, pages.round, pages.level, pages.person, pages.method, pages.channel, pages.address, pages.rule, pages.repeat,
 pages.purpose, pages.body, pages.priority, pages.at, pages.for_each, pages.every, pages.until, pages.zone, pages.hour, pages.state, pages.wake_at, pages.gen, pages.attempts,
 pages.first_at, pages.sent_at, pages.delivered_at, pages.read_at, pages.answered_at, pages.cancelled_at, pages.err, pages.provider`
	configColumns = `kind, id, version, at, actor, retired, body, digest`
)

var statements = texts{
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

	Inbox:      `SELECT tx, n, at, integration, digest, event, raw FROM inbox WHERE aside = '' ORDER BY tx, n LIMIT $1`,
	SetAside:   `UPDATE inbox SET aside = $3 WHERE tx = $1 AND n = $2`,
	InboxStats: `SELECT count(*) FILTER (WHERE aside = ''), coalesce(min(at) FILTER (WHERE aside = ''), 0), count(*) FILTER (WHERE aside <> '') FROM inbox`,

	Due:     `SELECT ` + dueColumns + ` FROM due WHERE kind = $1 AND subject = $2`,
	LockDue: `SELECT gen FROM due WHERE kind = $1 AND subject = $2{lock}`,
	Disarm:  `DELETE FROM due WHERE kind = $1 AND subject = $2`,

	ClaimDue:       claimDue(`wake_at`),
	ClaimDueNewest: claimDue(`wake_at DESC`),

	// One look at everything that could be due. The lanes stand as numbers: SQLite plans
	// a statement anew whenever a value changes that its plan depends on.
	Agenda: `SELECT (SELECT at FROM inbox WHERE aside = '' ORDER BY tx, n LIMIT 1),
 (SELECT min(wake_at) FROM due WHERE lane = 0), (SELECT min(wake_at) FROM due WHERE lane = 1),
 (SELECT min(wake_at) FROM due WHERE lane = 2), (SELECT min(wake_at) FROM due WHERE lane = 3),
 (SELECT min(wake_at) FROM pages WHERE lane = 0 AND wake_at IS NOT NULL), (SELECT min(wake_at) FROM pages WHERE lane = 1 AND wake_at IS NOT NULL),
 (SELECT min(wake_at) FROM pages WHERE lane = 2 AND wake_at IS NOT NULL), (SELECT min(wake_at) FROM pages WHERE lane = 3 AND wake_at IS NOT NULL)`,

	Page:           `SELECT ` + pageColumns + ` FROM pages WHERE id = $1`,
	LockPage:       `SELECT ` + pageColumns + ` FROM pages WHERE id = $1{lock}`,
	PageByProvider: `SELECT ` + pageColumns + ` FROM pages WHERE channel = $1 AND provider = $2 AND provider <> '' ORDER BY pages.id DESC LIMIT 1`,
	PagesOf:        `SELECT ` + pageColumns + ` FROM pages WHERE subject = $1 ORDER BY pages.at, pages.id`,
	SavePage: `UPDATE pages SET state = $2, wake_at = $3, attempts = $4, first_at = $5, sent_at = $6, delivered_at = $7,
 read_at = $8, answered_at = $9, cancelled_at = $10, err = $11, provider = $12 WHERE id = $1`,

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
	LateDue:   `SELECT ` + dueColumns + ` FROM due WHERE lane = $1 AND wake_at < $2 ORDER BY wake_at LIMIT $3`,
	LatePages: `SELECT ` + pageColumns + ` FROM pages WHERE lane = $1 AND wake_at < $2 ORDER BY wake_at LIMIT $3`,
	Limbo:     `SELECT ` + pageColumns + ` FROM pages WHERE wake_at IS NULL AND state IN ('planned', 'claimed') ORDER BY pages.id LIMIT $1`,
	// Whatever a transaction writes that is numbered, but for the kept events.
	WrittenLast: `SELECT coalesce(max(tx), 0) FROM (SELECT max(tx) AS tx FROM feed UNION ALL SELECT max(tx) FROM inbox) AS written`,

	// Leases that end later than any lease could: they were taken by a clock that was
	// ahead.
	FreeDue:   `UPDATE due SET wake_at = CASE WHEN at > $1 THEN at ELSE $1 END, gen = gen + 1 WHERE wake_at > $2 AND wake_at > at`,
	FreePages: `UPDATE pages SET wake_at = $1, gen = gen + 1 WHERE wake_at > $2 AND state = 'claimed'`,

	// Silences, and alerts whose time runs out.
	ArmBy: `INSERT INTO due (kind, subject, lane, at, wake_at, gen, failures) VALUES ($1, $2, $3, $4, $4, 1, 0)
 ON CONFLICT (kind, subject) DO UPDATE SET lane = excluded.lane, at = excluded.at, wake_at = excluded.wake_at, gen = due.gen + 1 WHERE excluded.wake_at < due.wake_at`,
	Expired:    `SELECT key, until FROM expiring WHERE integration = $1 AND until <= $2 ORDER BY until, key LIMIT $3`,
	NextExpiry: `SELECT coalesce(min(until), 0) FROM expiring WHERE integration = $1`,
	Respite:    `UPDATE expiring SET until = $1 WHERE until < $1`,
	PutSilence: `INSERT INTO silences (id, integration, starts_at, ends_at, body) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, body = excluded.body`,
	Silence:      `SELECT body FROM silences WHERE id = $1`,
	LockSilence:  `SELECT body FROM silences WHERE id = $1{lock}`,
	Silences:     `SELECT body FROM silences ORDER BY id`,
	SilencesAt:   `SELECT body FROM silences WHERE ends_at > $1 AND starts_at <= $1 ORDER BY id`,
	DropSilences: `DELETE FROM silences WHERE ends_at < $1`,
	HeldSubjects: `SELECT id FROM subjects WHERE open AND held <> '' ORDER BY id`,
	Firing:       firing(`(a.integration, a.key) > ($1, $2)`),
	FiringOf:     firing(`a.integration = $1 AND a.key > $2`),
}

// claimDue and claimPages (below) take what is due in a lane: wake_at moves to the end of the
// lease and gen fences off whoever held the row before. On PostgreSQL the rows are
// locked where they are chosen, past those that another node is just claiming; the
// word MATERIALIZED keeps the choice from being made twice.
func claimDue(order string) string {
	return `WITH c AS MATERIALIZED (SELECT kind, subject FROM due WHERE lane = $1 AND wake_at <= $2 ORDER BY ` + order + ` LIMIT $3{skip})
 UPDATE due SET wake_at = $4, gen = due.gen + 1 FROM c WHERE due.kind = c.kind AND due.subject = c.subject RETURNING ` + dueColumns
}

// firing lists open alerts along their index, with what is known of them elsewhere.
func firing(which string) string {
	return `SELECT ` + alertColumns + `, coalesce(x.until, 0), s.held, s.status FROM alerts a JOIN subjects s ON s.id = a.subject
 LEFT JOIN expiring x ON x.integration = a.integration AND x.key = a.key WHERE a.open AND ` + which + ` ORDER BY a.integration, a.key LIMIT $3`
}

// The parts of which filters are built. A part with a value ends in its placeholder.
var (
	listSubjects = filter{
		text: `SELECT ` + subjectColumns + ` FROM subjects WHERE TRUE`,
		tail: ` ORDER BY id DESC LIMIT `,
		parts: map[string]string{
			"open": ` AND open`, "service": ` AND service = `, "team": ` AND team = `,
			"priority": ` AND priority = `, "before": ` AND id < `,
			"status": ` AND status IN (`, // closed by the list itself
		},
	}
	claimPages       = claimPagesBy(`wake_at`)
	claimPagesNewest = claimPagesBy(`wake_at DESC`)
	cancelPages      = filter{
		text: `UPDATE pages SET state = 'cancelled', wake_at = NULL, gen = gen + 1, err = $1, cancelled_at = $2 WHERE subject = $3 AND state IN ('planned', 'claimed')`,
		parts: map[string]string{
			"run": ` AND run = `, "person": ` AND person = `, "not each": ` AND NOT for_each`,
			"repeats": ` AND repeat > 0`, "alarms": ` AND purpose IN ('alarm', 'fail_over')`,
		},
	}
)

// claimPagesBy: "past" passes over a channel that can take no more.
func claimPagesBy(order string) filter {
	return filter{
		text:  `WITH c AS MATERIALIZED (SELECT id FROM pages WHERE lane = $1 AND wake_at <= $2`,
		parts: map[string]string{"past": ` AND channel <> `},
		tail: ` ORDER BY ` + order + ` LIMIT $3{skip})
 UPDATE pages SET wake_at = $4, gen = pages.gen + 1, state = 'claimed' FROM c WHERE pages.id = c.id RETURNING ` + pageColumns,
	}
}

type filter struct {
	text, tail string
	parts      map[string]string
}
