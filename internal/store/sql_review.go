package store

// reviewTexts are the statements about closure: a part of the one table (sql.go).
type reviewTexts struct {
	RetroPut, RetroNow, RetroOne, RetroAll           string
	CommentPut, CommentOver, Comments                string
	ReviewActionPut, ReviewActionOpen, ReviewAnyOpen string
	LessonPut, LessonDrop                            string
}

const (
	retroColumns        = `section, version, at, actor, body`
	reviewActionColumns = `subject, action, name, title, service, team, category, severity, owner, priority, state, due, at, ended_at, again`
	lessonColumns       = `id, subject, lesson, name, service, team, category, at, actor, text, tags`
)

var reviewStatements = reviewTexts{
	RetroPut: `INSERT INTO retro_sections (subject, section, version, at, actor, body) VALUES ($1, $2, $3, $4, $5, $6)`,
	RetroNow: `SELECT ` + retroColumns + ` FROM retro_sections r WHERE subject = $1
 AND version = (SELECT max(n.version) FROM retro_sections n WHERE n.subject = r.subject AND n.section = r.section) ORDER BY section`,
	RetroOne: `SELECT ` + retroColumns + ` FROM retro_sections WHERE subject = $1 AND section = $2 ORDER BY version DESC LIMIT 1`,
	RetroAll: `SELECT ` + retroColumns + ` FROM retro_sections WHERE subject = $1 AND section = $2 ORDER BY version DESC LIMIT $3`,

	CommentPut:  `INSERT INTO retro_comments (id, subject, section, at, actor, body, over_at, over_by) VALUES ($1, $2, $3, $4, $5, $6, 0, '')`,
	CommentOver: `UPDATE retro_comments SET over_at = $3, over_by = $4 WHERE subject = $1 AND id = $2`,
	Comments:    `SELECT id, section, at, actor, body, over_at, over_by FROM retro_comments WHERE subject = $1 ORDER BY id LIMIT $2`,

	ReviewActionPut: `INSERT INTO review_actions (` + reviewActionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
 ON CONFLICT (subject, action) DO UPDATE SET name = excluded.name, title = excluded.title, service = excluded.service, team = excluded.team, category = excluded.category,
 severity = excluded.severity, owner = excluded.owner, priority = excluded.priority, state = excluded.state, due = excluded.due, ended_at = excluded.ended_at, again = excluded.again`,
	ReviewActionOpen: `SELECT ` + reviewActionColumns + ` FROM review_actions a WHERE a.state = 'open' AND a.subject < $1 ORDER BY a.subject DESC, a.action LIMIT $2`,
	ReviewAnyOpen:    `SELECT 1 FROM review_actions WHERE state = 'open' LIMIT 1`,

	LessonPut:  `INSERT INTO review_lessons (` + lessonColumns + `, words) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
	LessonDrop: `DELETE FROM review_lessons WHERE id = $1`,
}

// The lists of what came of incidents.
var (
	listActions = filter{
		text: `SELECT ` + reviewActionColumns + ` FROM review_actions a WHERE TRUE`,
		tail: ` ORDER BY a.due, a.subject, a.action LIMIT `,
		parts: map[string]string{
			"state": ` AND a.state = `, "owner": ` AND a.owner = `, "team": ` AND a.team = `, "service": ` AND a.service = `, "priority": ` AND a.priority = `,
			"subject": ` AND a.subject = `, "over": ` AND a.due < `, "again": ` AND a.again > 0`, "after": ` AND (a.due, a.subject, a.action) > (?, ?, ?)`, "hidden": ` AND a.service NOT IN (`,
		},
	}
	listLessons = filter{
		text: `SELECT ` + lessonColumns + ` FROM review_lessons l WHERE TRUE`,
		tail: ` ORDER BY l.id DESC LIMIT `,
		parts: map[string]string{
			"service": ` AND l.service = `, "team": ` AND l.team = `, "category": ` AND l.category = `, "subject": ` AND l.subject = `,
			"before": ` AND l.id < `, "hidden": ` AND l.service NOT IN (`, "word": ` AND l.words LIKE ?`,
		},
	}
)
