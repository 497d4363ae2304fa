package store

import (
	"fmt"
	"strconv"
	"strings"
)

// sizes are how many rows one multi-row statement of SQLite may have. A few sizes keep
// the number of prepared statements small.
var sizes = []int{256, 64, 16, 4, 1}

// A bulk is a statement over many rows: head, one row after the other, tail. A ? in
// the row stands for the next value, whose kind is the next letter of kinds.
//
// SQLite gets each row as it stands. PostgreSQL gets a column at a time: it reads, binds
// and plans a few arrays in a fraction of the time that thousands of values take it.
type bulk struct {
	head, row, tail string
	kinds           string   // of the values of a row: Text, Int, Bool or bYtes
	text            []string // by size, or the one of PostgreSQL
}

// The bulks. The number of each is its place in a Tx's pending rows; they are written
// in this order.
const (
	putSubjects = iota
	moveSubjects
	addSubjects
	putLog
	putAlerts
	addAlerts
	putDue
	addDue
	dropDue
	putPages
	addPages
	putFeed
	putInbox
	dropInbox
	putWords
	bump
	openAlerts
	lockOpenAlerts
	lastResolved
	newestAlerts
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
	subjectHead  = `INSERT INTO subjects (id, seq, at, status, open, title, service, team, integration, severity, priority, owner, held, alerts, opened_at, resolved_at, fold, head, state) VALUES `
	subjectRow   = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	subjectKinds = "tiitbttttttttiiiiyt"

	alertHead  = `INSERT INTO alerts (id, integration, key, subject, service, severity, title, digest, counted, open, count, first_at, last_at, resolved_at, last, sifted, look_at) VALUES `
	alertRow   = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	alertKinds = "ttttttttbbiiiitti"

	dueHead  = `INSERT INTO due (kind, subject, lane, at, wake_at, gen, failures) VALUES `
	dueRow   = `(?, ?, ?, ?, ?, ?, ?)`
	dueKinds = "ttiiiii"

	pageHead = `INSERT INTO pages (id, key, subject, run, epoch, round, level, person, method, channel, address, rule, repeat, purpose, body, priority, at, for_each,
 every, until, zone, hour, lane, unless, state, wake_at, gen, attempts, first_at, sent_at, delivered_at, read_at, answered_at, cancelled_at, err, provider, unsure) VALUES `
	pageRow   = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', ?, 0, 0, 0, 0, 0, 0, 0, 0, '', '', FALSE)`
	pageKinds = "tttiiiittttiitttibiitiiti"
)

// What is counted, and counting it. A key with anything waiting in the inbox is passed
// over: what waits may be its end. The rows are locked in the order of their keys, so that
// two of these never wait for each other.
const (
	findRepeats = `), l (id, n, at) AS (SELECT a.id, v.n, v.at FROM v JOIN alerts a ON a.integration = v.integration AND a.key = v.key
 WHERE a.open AND NOT a.counted AND a.digest = v.digest
 AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.integration = v.integration AND i.key = v.key AND i.aside = '') ORDER BY a.integration, a.key{lock a})`
	countRepeats = `UPDATE alerts SET count = alerts.count + l.n, last_at = CASE WHEN l.at > alerts.last_at THEN l.at ELSE alerts.last_at END
 FROM l WHERE alerts.id = l.id RETURNING alerts.integration, alerts.key`
)

var bulks = [bulkCount]bulk{
	putSubjects: {
		head:  subjectHead,
		row:   subjectRow,
		kinds: subjectKinds,
		tail: ` ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at, status = excluded.status, open = excluded.open, title = excluded.title,
 service = excluded.service, team = excluded.team, integration = excluded.integration, severity = excluded.severity, priority = excluded.priority,
 owner = excluded.owner, held = excluded.held, alerts = excluded.alerts, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at,
 fold = excluded.fold, head = excluded.head, state = excluded.state`,
	},
	// moveSubjects is for those in whose row nothing changed that a list filters by, so
	// that the entries of their indexes stay as they are.
	moveSubjects: {
		head:  subjectHead,
		row:   subjectRow,
		kinds: subjectKinds,
		tail: ` ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at, title = excluded.title, integration = excluded.integration,
 held = excluded.held, alerts = excluded.alerts, opened_at = excluded.opened_at, resolved_at = excluded.resolved_at, fold = excluded.fold, head = excluded.head, state = excluded.state`,
	},
	// addSubjects, addAlerts, addDue and addPages are for what is new, which need not be
	// looked for first.
	addSubjects: {head: subjectHead, row: subjectRow, kinds: subjectKinds},
	putLog: {
		head:  `INSERT INTO log (subject, seq, at, actor, kind, body, hash) VALUES `,
		row:   `(?, ?, ?, ?, ?, ?, ?)`,
		kinds: "tiittty",
	},
	addAlerts: {head: alertHead, row: alertRow, kinds: alertKinds},
	putAlerts: {
		head:  alertHead,
		row:   alertRow,
		kinds: alertKinds,
		tail: ` ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, service = excluded.service, severity = excluded.severity, title = excluded.title,
 digest = excluded.digest, counted = excluded.counted, open = excluded.open, count = excluded.count, first_at = excluded.first_at,
 last_at = excluded.last_at, resolved_at = excluded.resolved_at, last = excluded.last, sifted = excluded.sifted, look_at = excluded.look_at`,
	},
	addDue: {head: dueHead, row: dueRow, kinds: dueKinds},
	putDue: {
		head:  dueHead,
		row:   dueRow,
		kinds: dueKinds,
		tail:  ` ON CONFLICT (kind, subject) DO UPDATE SET lane = excluded.lane, at = excluded.at, wake_at = excluded.wake_at, gen = due.gen + 1, failures = excluded.failures`,
	},
	dropDue: {
		head:  `DELETE FROM due WHERE (kind, subject) IN (VALUES `,
		row:   `(?, ?)`,
		kinds: "tt",
		tail:  `)`,
	},
	addPages: {head: pageHead, row: pageRow, kinds: pageKinds},
	putPages: {
		head:  pageHead,
		row:   pageRow,
		kinds: pageKinds,
		tail:  ` ON CONFLICT (subject, person, key) DO NOTHING`,
	},
	putFeed: {
		head:  `INSERT INTO feed (tx, id, at, topic, subject, first, seq) VALUES `,
		row:   `(?, ?, ?, ?, ?, ?, ?)`,
		kinds: "itittii",
	},
	putInbox: {
		head:  `INSERT INTO inbox (tx, n, at, integration, key, digest, event, raw, aside) VALUES `,
		row:   `(?, ?, ?, ?, ?, ?, ?, ?, '')`,
		kinds: "iiitttty",
	},
	dropInbox: {
		head:  `DELETE FROM inbox WHERE (tx, n) IN (VALUES `,
		row:   `(CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		kinds: "ii",
		tail:  `)`,
	},
	putWords: {
		head:  `INSERT INTO subject_words (word, subject) VALUES `,
		row:   `(?, ?)`,
		kinds: "tt",
		tail:  ` ON CONFLICT DO NOTHING`,
	},
	// bump counts events that say nothing new.
	bump: {
		head:  `WITH v (integration, key, digest, n, at) AS (VALUES `,
		row:   `(?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		kinds: "tttii",
		tail:  findRepeats + ` ` + countRepeats,
	},
	openAlerts:     alertsByKey(`a.open`, ``),
	lockOpenAlerts: alertsByKey(`a.open`, ` ORDER BY a.integration, a.key{lock a}`),
	lastResolved:   alertsByKey(`NOT a.open AND a.id = (`+lastOfKey+`)`, ``),
	// newestAlerts is both at once, for who need not lock what it reads.
	newestAlerts: alertsByKey(`a.id = coalesce((SELECT o.id FROM alerts o WHERE o.integration = v.integration AND o.key = v.key AND o.open), (`+lastOfKey+`))`, ``),
	putExpiring: {
		head:  `INSERT INTO expiring (integration, key, until) VALUES `,
		row:   `(?, ?, ?)`,
		kinds: "tti",
		tail:  ` ON CONFLICT (integration, key) DO UPDATE SET until = excluded.until WHERE excluded.until > expiring.until`,
	},
	dropExpiring: {
		head:  `DELETE FROM expiring WHERE (integration, key) IN (VALUES `,
		row:   `(?, ?)`,
		kinds: "tt",
		tail:  `)`,
	},
	readSubjects: {head: `SELECT id, state, fold, head FROM subjects WHERE id IN (`, row: `?`, kinds: "t", tail: `)`},
	lockSubjects: {head: `SELECT id, state, fold, head FROM subjects WHERE id IN (`, row: `?`, kinds: "t", tail: `) ORDER BY id{lock}`},
	alertsOfMany: {
		head:  `SELECT ` + alertColumns + ` FROM alerts a WHERE a.subject IN (`,
		row:   `?`,
		kinds: "t",
		tail:  `) ORDER BY a.first_at, a.id`,
	},
	putStems: {
		head:  `INSERT INTO message_words (word, at, conversation, seq) VALUES `,
		row:   `(?, ?, ?, ?)`,
		kinds: "iiti",
		tail:  ` ON CONFLICT DO NOTHING`,
	},
	// putMarks says how far messages were delivered to people. Marks only climb.
	putMarks: {
		head:  `WITH v (conversation, person, seq, at) AS (VALUES `,
		row:   `(?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT))`,
		kinds: "ttii",
		tail: `) UPDATE members SET delivered = v.seq, delivered_at = v.at FROM v
 WHERE members.conversation = v.conversation AND members.person = v.person AND members.delivered < v.seq RETURNING members.conversation`,
	},
	logsOfMany: {head: `SELECT subject, seq, at, actor, kind, body FROM log WHERE subject IN (`, row: `?`, kinds: "t", tail: `) ORDER BY subject, seq`},
	alarmsOfMany: {
		head:  `SELECT subject, run, epoch, round, level, person, zone, sent_at FROM pages WHERE sent_at > 0 AND purpose IN ('alarm', 'fail_over') AND subject IN (`,
		row:   `?`,
		kinds: "t",
		tail:  `) ORDER BY sent_at, id`,
	},
	putFigures: {
		head:  `INSERT INTO figures (subject, day, at, body) VALUES `,
		row:   `(?, ?, ?, ?)`,
		kinds: "tiiy",
		tail:  ` ON CONFLICT (subject) DO UPDATE SET day = excluded.day, at = excluded.at, body = excluded.body`,
	},
	ourPages: {
		head:  `WITH v (id, gen) AS (VALUES `,
		row:   `(?, CAST(? AS BIGINT))`,
		kinds: "ti",
		tail:  `) SELECT p.id FROM v JOIN pages p ON p.id = v.id AND p.gen = v.gen WHERE p.state = 'claimed'`,
	},
}

const lastOfKey = `SELECT r.id FROM alerts r
 WHERE r.integration = v.integration AND r.key = v.key AND NOT r.open ORDER BY r.resolved_at DESC, r.id DESC LIMIT 1`

func alertsByKey(which, tail string) bulk {
	return bulk{
		head:  `WITH v (integration, key) AS (VALUES `,
		row:   `(?, ?)`,
		kinds: "tt",
		tail:  `) SELECT ` + alertColumns + ` FROM v JOIN alerts a ON a.integration = v.integration AND a.key = v.key WHERE ` + which + tail,
	}
}

// numbered is the bulk with its texts for one dialect. SQLite takes a $1 for a name and
// looks each up in a list of all: with a thousand values that is most of the work, so
// that it gets the plain ? instead.
func (b bulk) numbered(d dialect) bulk {
	if d.arrays {
		b.text = []string{d.fill(b.fromArrays())}
		return b
	}
	for _, size := range sizes {
		rows := strings.TrimSuffix(strings.Repeat(b.row+", ", size), ", ")
		b.text = append(b.text, d.fill(b.head+rows+b.tail))
	}
	return b
}

// arrayOf is what PostgreSQL calls a column of a kind.
var arrayOf = map[byte]string{'t': "TEXT[]", 'i': "BIGINT[]", 'b': "BOOLEAN[]", 'y': "BYTEA[]"}

// arrayAt is the n-th placeholder, for a column of a kind.
func arrayAt(n int, kind byte) string { return fmt.Sprintf("CAST($%d AS %s)", n, arrayOf[kind]) }

// fromArrays is the statement with an array for each value of a row. What only writes
// takes them apart as it goes. What reads gets them by a question of their own, so that
// PostgreSQL does not see how long they are: it takes a plan that it has for that of any
// length, where it would make a new one each time for a few rows.
func (b bulk) fromArrays() string {
	writes := strings.HasPrefix(b.head, "INSERT ")
	var row strings.Builder
	arrays, names := make([]string, len(b.kinds)), make([]string, len(b.kinds))
	n := 0
	for _, c := range []byte(strings.TrimSuffix(strings.TrimPrefix(b.row, "("), ")")) {
		if c != '?' {
			row.WriteByte(c)
			continue
		}
		array := arrayAt(n+1, b.kinds[n])
		names[n], arrays[n] = "c"+strconv.Itoa(n+1), "(SELECT "+array+")"
		if writes {
			row.WriteString("unnest(" + array + ")")
		} else {
			row.WriteString("u." + names[n])
		}
		n++
	}
	text := strings.TrimSuffix(b.head, "VALUES ") + "SELECT " + row.String()
	if !writes {
		text += " FROM unnest(" + strings.Join(arrays, ", ") + ") AS u (" + strings.Join(names, ", ") + ")"
	}
	return text + b.tail
}

// statements are those that carry all rows of args, which stand there one after the
// other. Where a statement has more rows than are left, filler stands in the others, a
// row that changes nothing; nil is that there are none of those.
func (b *bulk) statements(args, filler []any) (all []statement) {
	if len(args) == 0 {
		return nil
	}
	if len(b.text) == 1 {
		return []statement{{text: b.text[0], args: columns(b.kinds, args)}}
	}
	for width := len(b.kinds); len(args) > 0; {
		i := len(sizes) - 1
		for i > 0 && sizes[i]*width < len(args) {
			i--
		}
		if filler == nil && sizes[i]*width > len(args) {
			i++
		}
		part := args[:min(len(args), sizes[i]*width):min(len(args), sizes[i]*width)]
		args = args[len(part):]
		for len(part) < sizes[i]*width {
			part = append(part, filler...)
		}
		all = append(all, statement{text: b.text[i], args: part})
	}
	return all
}

// columns are rows, a column at a time.
func columns(kinds string, args []any) []any {
	width := len(kinds)
	columns := make([]any, width)
	for i, kind := range []byte(kinds) {
		args := args[min(i, len(args)):]
		switch kind {
		case 't':
			columns[i] = valuesAt(args, width, func(v any) string { return v.(string) })
		case 'i':
			columns[i] = valuesAt(args, width, func(v any) int64 {
				if n, ok := v.(int); ok {
					return int64(n)
				}
				return v.(int64)
			})
		case 'b':
			columns[i] = valuesAt(args, width, func(v any) bool { return v.(bool) })
		case 'y':
			columns[i] = valuesAt(args, width, func(v any) []byte {
				if v == nil {
					return nil
				}
				return v.([]byte)
			})
		}
	}
	return columns
}

// valuesAt is every so-manieth value.
func valuesAt[T any](args []any, width int, of func(any) T) []T {
	all := make([]T, 0, (len(args)+width-1)/width)
	for i := 0; i < len(args); i += width {
		all = append(all, of(args[i]))
	}
	return all
}
