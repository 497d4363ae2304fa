package store

// runbookTexts are the statements about runbooks: a part of the one table (sql.go).
type runbookTexts struct {
	RunbookRunPut, RunbookRunsOf, RunbookRunsLast string
	StepPut, StepsDue, StepClaim, StepDone        string
	StepOne                                       string
	MarkPut, Marks                                string
}

const stepColumns = `id, subject, run, step, try, runbook, version, person, at, gen, done`

var runbookStatements = runbookTexts{
	RunbookRunPut: `INSERT INTO runbook_runs (subject, run, runbook, at, body) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (subject, run) DO UPDATE SET body = excluded.body`,
	RunbookRunsOf:   `SELECT subject, run, body FROM runbook_runs WHERE runbook = $1 ORDER BY at DESC LIMIT $2`,
	RunbookRunsLast: `SELECT subject, run, body FROM runbook_runs ORDER BY at DESC, subject, run LIMIT $1`,

	StepPut: `INSERT INTO runbook_steps (id, subject, run, step, try, runbook, version, person, at, wake_at, gen, done, output)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, FALSE, '')`,
	StepsDue:  `SELECT ` + stepColumns + ` FROM runbook_steps WHERE NOT done AND wake_at <= $1 ORDER BY wake_at LIMIT $2`,
	StepClaim: `UPDATE runbook_steps SET wake_at = $3, gen = gen + 1 WHERE id = $1 AND gen = $2 AND NOT done`,
	StepDone:  `UPDATE runbook_steps SET done = TRUE, output = $3, gen = gen + 1 WHERE id = $1 AND gen = $2 AND NOT done`,
	StepOne:   `SELECT ` + stepColumns + `, output FROM runbook_steps WHERE id = $1`,

	MarkPut: `INSERT INTO runbook_marks (runbook, at, person, note) VALUES ($1, $2, $3, $4)
 ON CONFLICT (runbook) DO UPDATE SET at = excluded.at, person = excluded.person, note = excluded.note`,
	Marks: `SELECT runbook, at, person, note FROM runbook_marks ORDER BY runbook`,
}
