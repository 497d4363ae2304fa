package store

// The parts of which filters are built. A part with a value ends in its placeholder.
var (
	listSubjects = filter{
		text:  `SELECT ` + subjectColumns + ` FROM subjects WHERE integration NOT IN ('call:', 'change:', 'notice:', 'drill:')`,
		tail:  ` ORDER BY id DESC LIMIT `,
		parts: ofSubjects,
	}
	// listWithDrills has what people practise on as well, listDrills nothing else.
	listWithDrills = filter{
		text:  `SELECT ` + subjectColumns + ` FROM subjects WHERE integration NOT IN ('call:', 'change:', 'notice:')`,
		tail:  ` ORDER BY id DESC LIMIT `,
		parts: ofSubjects,
	}
	listDrills = filter{
		text:  `SELECT ` + subjectColumns + ` FROM subjects WHERE integration = 'drill:'`,
		tail:  ` ORDER BY id DESC LIMIT `,
		parts: ofSubjects,
	}
	// countSubjects hides the status from its index: SQLite would rather go through all of
	// that, in the order it groups by, than through the few open ones.
	countSubjects = filter{
		text:  `SELECT status || '', held <> '', count(*) FROM subjects WHERE integration NOT IN ('call:', 'change:', 'notice:', 'drill:')`,
		tail:  ` GROUP BY status || '', held <> ''`,
		parts: ofSubjects,
	}
	ofSubjects = map[string]string{
		"open": ` AND open`, "over": ` AND NOT open`, "service": ` AND service = `, "team": ` AND team = `,
		"priority": ` AND priority = `, "severity": ` AND severity = `, "owner": ` AND owner <> '' AND owner = `,
		"before": ` AND id < `, "after": ` AND id >= `,
		"status": ` AND status IN (`, "hidden": ` AND service NOT IN (`, // closed by the list itself
		"rare service": fewOf("subjects", "service", "NOT open AND ") + ` subjects`, "rare team": fewOf("subjects", "team", "NOT open AND ") + ` subjects`, "rare severity": fewOf("subjects", "severity", "NOT open AND ") + ` subjects`,
		"rare owner": fewOf("subjects", "owner", "owner <> '' AND ") + ` subjects`,
		// By subject and person together (pages_key): nobody looks through all that
		// somebody was ever paged for, once for each subject.
		"paged":    ` AND EXISTS (SELECT 1 FROM pages WHERE pages.subject = subjects.id AND pages.purpose IN ('alarm', 'fail_over') AND pages.person = ?)`,
		"word":     ` AND id IN (SELECT subject FROM subject_words WHERE word >= ? AND word < ?)`,
		"and word": ` AND EXISTS (SELECT 1 FROM subject_words w WHERE w.subject = subjects.id AND w.word >= ? AND w.word < ?)`,
	}
	listCalls = filter{
		text:  `SELECT ` + subjectColumns + ` FROM subjects WHERE integration = 'call:'`,
		tail:  ` ORDER BY id DESC LIMIT `,
		parts: map[string]string{"before": ` AND id < `},
	}
	titlesOf = filter{
		text:  `SELECT id, title FROM subjects WHERE TRUE`,
		parts: map[string]string{"ids": ` AND id IN (`},
	}
	listAlerts = filter{
		text: `SELECT ` + alertColumns + ` FROM alerts a WHERE TRUE`,
		tail: ` ORDER BY a.id DESC LIMIT `,
		parts: map[string]string{
			"open": ` AND a.open`, "over": ` AND NOT a.open`, "waiting": ` AND a.subject = ''`, "service": ` AND a.service = `, "integration": ` AND a.integration = `,
			"subject": ` AND a.subject = `, "before": ` AND a.id < `, "after": ` AND a.id >= `, "hidden": ` AND a.service NOT IN (`,
			"rare service": fewOf("alerts", "service", "NOT open AND ") + ` a`, "rare integration": fewOf("alerts", "integration", "NOT open AND ") + ` a`,
			"hidden subject": ` AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.id = a.subject AND s.service IN (`, "end": `)`,
		},
	}
	listPages = filter{
		text: `SELECT ` + pageColumns + ` FROM pages WHERE TRUE`,
		tail: ` ORDER BY pages.id DESC LIMIT `,
		parts: map[string]string{
			"subject": ` AND pages.subject = `, "person": ` AND pages.person = `, "before": ` AND pages.id < `, "after": ` AND pages.id >= `,
			"rare person": fewOf("pages", "person", "") + ` pages`, "rare state": fewOf("pages", "state", "state NOT IN ('planned', 'claimed') AND ") + ` pages`,
			"waits": ` AND pages.wake_at IS NOT NULL AND pages.state = `, "state": ` AND pages.state NOT IN ('planned', 'claimed') AND pages.state = `,
			"hidden": ` AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.id = pages.subject AND s.service IN (`, "end": `)`,
		},
	}
	listChanges = filter{
		text: `SELECT seq, kind, id, version, at, actor, retired FROM config WHERE TRUE`,
		tail: ` ORDER BY seq DESC LIMIT `,
		parts: map[string]string{
			"kind": ` AND kind = `, "id": ` AND id = `, "by": ` AND actor = `,
			"after": ` AND at >= `, "until": ` AND at < `, "before": ` AND seq < `,
		},
	}
	cancelPages = filter{
		text: `UPDATE pages SET state = 'cancelled', wake_at = NULL, gen = gen + 1, err = $1, cancelled_at = $2 WHERE subject = $3 AND state IN ('planned', 'claimed')`,
		parts: map[string]string{
			"run": ` AND run = `, "person": ` AND person = `, "not each": ` AND NOT for_each`,
			"repeats": ` AND repeat > 0`, "unless": ` AND unless IN (`, "alarms": ` AND purpose IN ('alarm', 'fail_over')`,
		},
	}
)

type filter struct {
	text, tail string
	parts      map[string]string
}

// fewOf stands where a list has its table, when few rows have a value: those rows. The
// limit is one that they do not reach; it keeps a plan from beginning with anything else.
func fewOf(table, column, where string) string {
	return `(SELECT * FROM ` + table + ` WHERE ` + where + column + ` >= ? AND ` + column + ` <= ? ORDER BY ` + column + ` DESC, id DESC LIMIT 100000)`
}
