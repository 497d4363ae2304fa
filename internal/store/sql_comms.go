package store

// commsTexts are the statements about what those outside are told: a part of the one
// table (sql.go).
type commsTexts struct {
	PublicationAdd, Publications    string
	SubscriberPut, Subscriber       string
	SubscriberByHash, SubscribersOf string
	SubscribersBy, SubscriberDrop   string
	SubscribersStale                string
	SubscriberCount                 string
	LetterAdd, LettersDue           string
	LetterSave, LettersOf           string
	LettersDrop, LettersOld         string
	LetterCount                     string
	UpdateFeedAdd, UpdateFeedRenew  string
	UpdateFeedByHash, UpdateFeedOne string
	UpdateFeedsOf, UpdateFeedDrop   string
	UpdateFeedUsed, ToldSince       string
	NoticePut, NoticesOf            string
	NoticesOpen                     string
	EverySubject, EveryOpen         string
	ReportAdd, Report               string
	ReportsOf, ReportsOfForm        string
	ReportMessageAdd                string
	ReportMessages                  string
}

const (
	subscriberColumns = `id, scope, person, channel, active, at, body`
	reportColumns     = `id, form, subject, at, emergency, same, body`
	updateFeedColumns = `id, service, owner, language, made_at, new_at, used_at`
	letterColumns     = `id, subscriber, kind, subject, seq, at, state, coalesce(wake_at, 0), tries, ended_at, via, err`
)

var commsStatements = commsTexts{
	PublicationAdd: `INSERT INTO publications (page, subject, seq, at) VALUES ($1, $2, $3, $4) ON CONFLICT (page, subject, seq) DO NOTHING`,
	Publications:   `SELECT subject, seq, at FROM publications WHERE page = $1 AND at >= $2 ORDER BY at, subject, seq LIMIT $3`,

	SubscriberPut: `INSERT INTO subscribers (id, scope, person, channel, hash, active, at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
 ON CONFLICT (id) DO UPDATE SET active = excluded.active, at = excluded.at, channel = excluded.channel, hash = excluded.hash, body = excluded.body`,
	Subscriber:       `SELECT ` + subscriberColumns + ` FROM subscribers WHERE id = $1`,
	SubscriberByHash: `SELECT ` + subscriberColumns + ` FROM subscribers WHERE hash = $1`,
	SubscribersOf:    `SELECT ` + subscriberColumns + ` FROM subscribers WHERE scope = $1 AND id > $2 ORDER BY id LIMIT $3`,
	SubscribersBy:    `SELECT ` + subscriberColumns + ` FROM subscribers WHERE person = $1 AND person <> '' ORDER BY id`,
	SubscriberDrop:   `DELETE FROM subscribers WHERE id = $1`,
	SubscribersStale: `DELETE FROM subscribers WHERE NOT active AND at < $1`,
	SubscriberCount:  `SELECT count(*) FROM subscribers WHERE scope = $1 AND active`,

	LetterAdd: `INSERT INTO letters (id, subscriber, kind, subject, seq, at, state, wake_at, tries, ended_at, via, err)
 VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, 0, 0, '', '') ON CONFLICT (id) DO NOTHING`,
	LettersDue:       `SELECT ` + letterColumns + ` FROM letters WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2`,
	LetterSave:       `UPDATE letters SET state = $2, wake_at = $3, tries = $4, ended_at = $5, via = $6, err = $7 WHERE id = $1`,
	LettersOf:        `SELECT ` + letterColumns + ` FROM letters WHERE subscriber = $1 AND at >= $2 ORDER BY at DESC LIMIT 200`,
	LettersDrop:      `DELETE FROM letters WHERE subscriber = $1`,
	LettersOld:       `DELETE FROM letters WHERE wake_at IS NULL AND at < $1`,
	ReportAdd:        `INSERT INTO reports (id, form, subject, at, emergency, same, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
	Report:           `SELECT ` + reportColumns + ` FROM reports WHERE id = $1`,
	ReportsOf:        `SELECT ` + reportColumns + ` FROM reports WHERE subject = $1 ORDER BY id LIMIT $2`,
	ReportsOfForm:    `SELECT ` + reportColumns + ` FROM reports WHERE form = $1 AND id > $2 ORDER BY id DESC LIMIT $3`,
	ReportMessageAdd: `INSERT INTO report_messages (id, report, at, person, body) VALUES ($1, $2, $3, $4, $5)`,
	ReportMessages:   `SELECT id, report, at, person, body FROM report_messages WHERE report = $1 ORDER BY id LIMIT $2`,

	UpdateFeedAdd:    `INSERT INTO update_feeds (id, hash, service, owner, language, made_at, new_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $6, 0)`,
	UpdateFeedRenew:  `UPDATE update_feeds SET hash = $2, new_at = $3 WHERE id = $1`,
	UpdateFeedByHash: `SELECT ` + updateFeedColumns + ` FROM update_feeds WHERE hash = $1`,
	UpdateFeedOne:    `SELECT ` + updateFeedColumns + ` FROM update_feeds WHERE id = $1`,
	UpdateFeedsOf:    `SELECT ` + updateFeedColumns + ` FROM update_feeds WHERE owner = $1 ORDER BY id`,
	UpdateFeedDrop:   `DELETE FROM update_feeds WHERE id = $1`,
	UpdateFeedUsed:   `UPDATE update_feeds SET used_at = $2 WHERE id = $1 AND used_at < $3`,
	ToldSince:        `SELECT l.subject, l.seq, s.service FROM log l JOIN subjects s ON s.id = l.subject WHERE l.kind = 'investigate.updated' AND l.at >= $1 AND s.integration <> 'drill:' ORDER BY l.at DESC LIMIT $2`,

	EveryOpen:    `SELECT id FROM subjects WHERE open ORDER BY id DESC LIMIT $1`,
	EverySubject: `SELECT id FROM subjects WHERE id < $1 ORDER BY id DESC LIMIT $2`,
	NoticePut: `INSERT INTO notices (subject, page, over) VALUES ($1, $2, $3)
 ON CONFLICT (subject) DO UPDATE SET page = excluded.page, over = excluded.over`,
	NoticesOf:   `SELECT subject FROM notices WHERE page = $1 AND subject < $2 ORDER BY subject DESC LIMIT $3`,
	NoticesOpen: `SELECT subject FROM notices WHERE page = $1 AND subject < $2 AND NOT over ORDER BY subject DESC LIMIT $3`,

	LetterCount: `SELECT state, count(*) FROM letters WHERE subject = $1 AND seq = $2 GROUP BY state`,
}
