package store

import (
	"strconv"
	"strings"
)

// sizes are how many rows one multi-row statement may have. A few sizes keep the
// number of prepared statements small.
var sizes = []int{256, 64, 16, 4, 1}

// A bulk is a statement over many rows: head, one row after the other, tail. A ? in
// the row stands for the next value.
type bulk struct {
	head, row, tail string
	args            int      // values of one row
	text            []string // by size, numbered and for one dialect
}

// The bulks. The number of each is its place in a Tx's pending rows; they are written
// in this order.
const (
	putSubjects = iota
	moveSubjects
	putLog
	putAlerts
	putDue
	putPages
	putFeed
	putInbox
	dropInbox
	putWords
	bump
	openAlerts
	lockOpenAlerts
	lastResolved
	putExpiring
	dropExpiring
	readSubjects
	lockSubjects
	alertsOfMany
	ourPages
	putStems
	putMarks
	logsOfMany
	alarmsOfMany
	putFigures
	bulkCount
)

const (
	subjectHead = `INSERT INTO subjects (id, seq, at, status, open, title, service, team, integration, severity, priority, owner, held, alerts, opened_at, resolved_at, fold, head, state) VALUES `
	subjectRow  = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

var bulks = [bulkCount]bulk{
	putSubjects: {
		head: subjectHead,
		row:  subjectRow,
		tail: ` ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at, status = excluded.status, open = excluded.open, title = excluded.title,
 service = excluded.service, team = excluded.team, integration = excluded.integration, severity = excluded.severity, priority = excluded.priority,
 owner = excluded.owner, held = excluded.held, alerts = excluded.alerts, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at,
 fold = excluded.fold, head = excluded.head, state = excluded.state`,
	},
	// moveSubjects is for those in whose row nothing changed that a list filters by, so
	// that the entries of their indexes stay as they are.
	moveSubjects: {
		head: subjectHead,
		row:  subjectRow,
		tail: ` ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at, title = excluded.title, integration = excluded.integration,
 held = excluded.held, alerts = excluded.alerts, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at, fold = excluded.fold, head = excluded.head, state = excluded.state`,
	},
	putLog: {
		head: `INSERT INTO log (subject, seq, at, actor, kind, body, hash) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?)`,
	},
	putAlerts: {
		head: `INSERT INTO alerts (id, integration, key, subject, service, severity, title, digest, counted, open, count, first_at, last_at, resolved_at, last, sifted, look_at) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		tail: ` ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, service = excluded.service, severity = excluded.severity, title = excluded.title,
 digest = excluded.digest, counted = excluded.counted, open = excluded.open, count = excluded.count, first_at = excluded.first_at,
 last_at = excluded.last_at, resolved_at = excluded.resolved_at, last = excluded.last, sifted = excluded.sifted, look_at = excluded.look_at`,
	},
	putDue: {
		head: `INSERT INTO due (kind, subject, lane, at, wake_at, gen, failures) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?)`,
		tail: ` ON CONFLICT (kind, subject) DO UPDATE SET lane = excluded.lane, at = excluded.at, wake_at = excluded.wake_at, gen = due.gen + 1, failures = excluded.failures`,
	},
	putPages: {
		head: `INSERT INTO pages (id, key, subject, run, epoch, round, level, person, method, channel, address, rule, repeat, purpose, body, priority, at, for_each,
 every, until, zone, hour, lane, unless, state, wake_at, gen, attempts, first_at, sent_at, delivered_at, read_at, answered_at, cancelled_at, err, provider, unsure) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', ?, 0, 0, 0, 0, 0, 0, 0, 0, '', '', FALSE)`,
		tail: ` ON CONFLICT (key) DO NOTHING`,
	},
	putFeed: {
		head: `INSERT INTO feed (tx, id, at, topic, subject, first, seq) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?)`,
	},
	putInbox: {
		head: `INSERT INTO inbox (tx, n, at, integration, key, digest, event, raw, aside) VALUES `,
		row:  `(?, ?, ?, ?, ?, ?, ?, ?, '')`,
	},
	dropInbox: {
		head: `DELETE FROM inbox WHERE (tx, n) IN (VALUES `,
		row:  `(CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		tail: `)`,
	},
	putWords: {
		head: `INSERT INTO subject_words (word, subject) VALUES `,
		row:  `(?, ?)`,
		tail: ` ON CONFLICT DO NOTHING`,
	},
	// bump counts events that say nothing new. A key with anything waiting in the inbox
	// is passed over: what waits may be its end. The rows are locked in the order of
	// their keys, so that two of these never wait for each other.
	bump: {
		head: `WITH v (integration, key, digest, n, at) AS (VALUES `,
		row:  `(?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		tail: `), l (id, n, at) AS (SELECT a.id, v.n, v.at FROM v JOIN alerts a ON a.integration = v.integration AND a.key = v.key
 WHERE a.open AND NOT a.counted AND a.digest = v.digest
 AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.integration = v.integration AND i.key = v.key AND i.aside = '') ORDER BY a.integration, a.key{lock a})
 UPDATE alerts SET count = alerts.count + l.n, last_at = CASE WHEN l.at > alerts.last_at THEN l.at ELSE alerts.last_at END
 FROM l WHERE alerts.id = l.id RETURNING alerts.integration, alerts.key`,
	},
	openAlerts:     alertsByKey(`a.open`, ``),
	lockOpenAlerts: alertsByKey(`a.open`, ` ORDER BY a.integration, a.key{lock a}`),
	lastResolved: alertsByKey(`NOT a.open AND a.id = (SELECT r.id FROM alerts r
 WHERE r.integration = v.integration AND r.key = v.key AND NOT r.open ORDER BY r.resolved_at DESC, r.id DESC LIMIT 1)`, ``),
	putExpiring: {
		head: `INSERT INTO expiring (integration, key, until) VALUES `,
		row:  `(?, ?, ?)`,
		tail: ` ON CONFLICT (integration, key) DO UPDATE SET until = excluded.until WHERE excluded.until > expiring.until`,
	},
	dropExpiring: {
		head: `DELETE FROM expiring WHERE (integration, key) IN (VALUES `,
		row:  `(?, ?)`,
		tail: `)`,
	},
	readSubjects: {head: `SELECT id, state, fold, head FROM subjects WHERE id IN (`, row: `?`, tail: `)`},
	lockSubjects: {head: `SELECT id, state, fold, head FROM subjects WHERE id IN (`, row: `?`, tail: `) ORDER BY id{lock}`},
	alertsOfMany: {
		head: `SELECT ` + alertColumns + ` FROM alerts a WHERE a.subject IN (`,
		row:  `?`,
		tail: `) ORDER BY a.first_at, a.id`,
	},
	putStems: {
		head: `INSERT INTO message_words (word, at, conversation, seq) VALUES `,
		row:  `(?, ?, ?, ?)`,
		tail: ` ON CONFLICT DO NOTHING`,
	},
	// putMarks says how far messages were delivered to people. Marks only climb.
	putMarks: {
		head: `WITH v (conversation, person, seq, at) AS (VALUES `,
		row:  `(?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		tail: `) UPDATE members SET delivered = v.seq, delivered_at = v.at FROM v
 WHERE members.conversation = v.conversation AND members.person = v.person AND members.delivered < v.seq RETURNING members.conversation`,
	},
	logsOfMany: {head: `SELECT subject, seq, at, actor, kind, body FROM log WHERE subject IN (`, row: `?`, tail: `) ORDER BY subject, seq`},
	alarmsOfMany: {
		head: `SELECT subject, run, epoch, round, level, person, zone, sent_at FROM pages WHERE sent_at > 0 AND purpose IN ('alarm', 'fail_over') AND subject IN (`,
		row:  `?`,
		tail: `) ORDER BY sent_at, id`,
	},
	putFigures: {
		head: `INSERT INTO figures (subject, day, at, body) VALUES `,
		row:  `(?, ?, ?, ?)`,
		tail: ` ON CONFLICT (subject) DO UPDATE SET day = excluded.day, at = excluded.at, body = excluded.body`,
	},
	ourPages: {
		head: `WITH v (id, gen) AS (VALUES `,
		row:  `(?, CAST(? AS BIGINT))`,
		tail: `) SELECT p.id FROM v JOIN pages p ON p.id = v.id AND p.gen = v.gen WHERE p.state = 'claimed'`,
	},
}

func alertsByKey(which, tail string) bulk {
	return bulk{
		head: `WITH v (integration, key) AS (VALUES `,
		row:  `(?, ?)`,
		tail: `) SELECT ` + alertColumns + ` FROM v JOIN alerts a ON a.integration = v.integration AND a.key = v.key WHERE ` + which + tail,
	}
}

// numbered is the bulk with its texts for one dialect. SQLite takes a $1 for a name and
// looks each up in a list of all: with a thousand values that is most of the work, so
// that it gets the plain ? instead.
func (b bulk) numbered(d dialect) bulk {
	b.args = strings.Count(b.row, "?")
	for _, size := range sizes {
		var s strings.Builder
		s.WriteString(b.head)
		n := 0
		for i := range size {
			if i > 0 {
				s.WriteString(", ")
			}
			for _, c := range []byte(b.row) {
				if c == '?' && d.numbers {
					n++
					s.WriteString("$" + strconv.Itoa(n))
				} else {
					s.WriteByte(c)
				}
			}
		}
		s.WriteString(b.tail)
		b.text = append(b.text, d.fill(s.String()))
	}
	return b
}
