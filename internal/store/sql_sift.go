package store

// siftTexts are the statements about sifting: a part of the one table (sql.go).
type siftTexts struct {
	AlertByID, AlertLook, NextLook, FiringAfter string
	OpenIDs, AlertCount                         string
	Gathering, PutGathering, DropGatherings     string
	Weather, PutWeather                         string
	AlertsBegun, SubjectsBetween                string
	DeedsBetween, AlarmsBetween                 string
	PutAction, DueActions, ActionsSince         string
	ClaimAction, ActionDone, DropActions        string
	ActionOne                                   string
	Stir, Stirred                               string
	Pairs, PutPair                              string
}

const actionColumns = `id, action, webhook, subject, alert, at, until, gen, done`

var siftStatements = siftTexts{
	AlertByID:   `SELECT ` + alertColumns + ` FROM alerts a WHERE a.id = $1{lock a}`,
	AlertLook:   `SELECT ` + alertColumns + ` FROM alerts a WHERE a.look_at > 0 AND a.look_at <= $1 ORDER BY a.look_at, a.id LIMIT $2{lock a}`,
	NextLook:    `SELECT a.look_at FROM alerts a WHERE a.look_at > 0 ORDER BY a.look_at, a.id LIMIT 1`,
	FiringAfter: `SELECT ` + alertColumns + ` FROM alerts a WHERE a.open AND (a.integration, a.key) > ($1, $2) ORDER BY a.integration, a.key LIMIT $3`,
	OpenIDs:     `SELECT id FROM alerts WHERE subject = $1 AND open`,
	AlertCount:  `SELECT count(*) FROM alerts WHERE subject = $1`,
	Gathering:   `SELECT subject, first_at, last_at, alerts FROM gatherings WHERE key = $1`,
	PutGathering: `INSERT INTO gatherings (key, subject, first_at, last_at, alerts) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (key) DO UPDATE SET subject = excluded.subject, first_at = excluded.first_at, last_at = excluded.last_at, alerts = excluded.alerts`,
	DropGatherings:  `DELETE FROM gatherings WHERE last_at < $1`,
	Weather:         `SELECT body FROM weather WHERE team = $1`,
	PutWeather:      `INSERT INTO weather (team, body) VALUES ($1, $2) ON CONFLICT (team) DO UPDATE SET body = excluded.body`,
	AlertsBegun:     `SELECT ` + alertColumns + ` FROM alerts a WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`,
	SubjectsBetween: `SELECT id FROM subjects WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`,
	DeedsBetween:    `SELECT subject, actor, kind FROM log WHERE subject >= $1 AND subject <= $2 ORDER BY subject, seq`,
	AlarmsBetween:   `SELECT subject, hour FROM pages WHERE subject >= $1 AND subject <= $2 AND sent_at > 0 AND purpose IN ('alarm', 'fail_over')`,
	PutAction:       `INSERT INTO actions (id, action, webhook, subject, alert, at, until, wake_at, gen, done) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, FALSE)`,
	DueActions:      `SELECT ` + actionColumns + ` FROM actions WHERE NOT done AND wake_at <= $1 ORDER BY wake_at LIMIT $2`,
	ActionsSince:    `SELECT ` + actionColumns + ` FROM actions WHERE action = $1 AND at >= $2 ORDER BY at DESC LIMIT $3`,
	ActionOne:       `SELECT ` + actionColumns + ` FROM actions WHERE id = $1`,
	ClaimAction:     `UPDATE actions SET wake_at = $3, gen = gen + 1 WHERE id = $1 AND gen = $2 AND NOT done`,
	ActionDone:      `UPDATE actions SET done = TRUE, gen = gen + 1 WHERE id = $1 AND gen = $2 AND NOT done`,
	DropActions:     `DELETE FROM actions WHERE at < $1`,
	Stir:            `INSERT INTO stirred (alert) VALUES ($1) ON CONFLICT (alert) DO NOTHING`,
	Stirred:         `DELETE FROM stirred RETURNING alert`,
	Pairs:           `SELECT symptom, cause, together FROM pairs ORDER BY symptom, cause`,
	PutPair: `INSERT INTO pairs (symptom, cause, together, at, actor) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (symptom, cause) DO UPDATE SET together = excluded.together, at = excluded.at, actor = excluded.actor`,
}
