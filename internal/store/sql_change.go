package store

// changeTexts are the statements about changes: a part of the one table (sql.go).
type changeTexts struct {
	ChangePut, ChangeServicePut               string
	ChangeServicesDrop                        string
	ChangesLast, ChangesOpen, ChangesIn       string
	ChangesOf, ChangesOfOpen, ChangesOfIn     string
	ChangesSpan                               string
	ChangeEventPut, ChangeEvents              string
	ChangeEventsOf, ChangeEventsDrop          string
	ServiceChanged, ServicesChanged           string
	OverridePut, OverridesLast, OverridesOpen string
}

const changeEventColumns = `id, service, integration, at, body`

var changeStatements = changeTexts{
	ChangePut: `INSERT INTO changes (subject, state, over, starts, ends) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (subject) DO UPDATE SET state = excluded.state, over = excluded.over, starts = excluded.starts, ends = excluded.ends`,
	ChangeServicePut:   `INSERT INTO change_services (service, subject) VALUES ($1, $2) ON CONFLICT (service, subject) DO NOTHING`,
	ChangeServicesDrop: `DELETE FROM change_services WHERE subject = $1`,
	ChangesLast:        `SELECT subject FROM changes WHERE subject < $1 ORDER BY subject DESC LIMIT $2`,
	ChangesOpen:        `SELECT subject FROM changes WHERE NOT over AND subject < $1 ORDER BY subject DESC LIMIT $2`,
	ChangesIn:          `SELECT subject FROM changes WHERE state = $3 AND subject < $1 ORDER BY subject DESC LIMIT $2`,
	ChangesOf:          `SELECT subject FROM change_services WHERE service = $3 AND subject < $1 ORDER BY subject DESC LIMIT $2`,
	ChangesOfOpen: `SELECT s.subject FROM change_services s WHERE s.service = $3 AND s.subject < $1
 AND EXISTS (SELECT 1 FROM changes c WHERE c.subject = s.subject AND NOT c.over) ORDER BY s.subject DESC LIMIT $2`,
	ChangesOfIn: `SELECT s.subject FROM change_services s WHERE s.service = $3 AND s.subject < $1
 AND EXISTS (SELECT 1 FROM changes c WHERE c.subject = s.subject AND c.state = $4) ORDER BY s.subject DESC LIMIT $2`,
	ChangesSpan: `SELECT subject FROM changes WHERE ends > $1 AND ends < $3 AND starts < $2 ORDER BY ends LIMIT $4`,
	ServiceChanged: `INSERT INTO service_changes (service, at, what) VALUES ($1, $2, $3)
 ON CONFLICT (service) DO UPDATE SET at = excluded.at, what = excluded.what WHERE excluded.at >= service_changes.at`,
	ServicesChanged: `SELECT service, at, what FROM service_changes`,

	// A second word of one key is of the same: what was said to begin is done. It keeps its
	// id, and the time at which it is said to have happened last.
	ChangeEventPut: `INSERT INTO change_events (id, service, integration, event, at, body) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (integration, event) DO UPDATE SET service = excluded.service, at = excluded.at, body = excluded.body`,
	ChangeEvents:     `SELECT ` + changeEventColumns + ` FROM change_events WHERE at >= $1 AND at < $2 ORDER BY at DESC, id DESC LIMIT $3`,
	ChangeEventsOf:   `SELECT ` + changeEventColumns + ` FROM change_events WHERE service = $4 AND at >= $1 AND at < $2 ORDER BY at DESC, id DESC LIMIT $3`,
	ChangeEventsDrop: `DELETE FROM change_events WHERE at < $1`,

	OverridePut: `INSERT INTO overrides (subject, override, at, reviewed) VALUES ($1, $2, $3, $4)
 ON CONFLICT (subject, override) DO UPDATE SET reviewed = excluded.reviewed`,
	OverridesLast: `SELECT subject, override FROM overrides WHERE at >= $1 ORDER BY at DESC LIMIT $2`,
	OverridesOpen: `SELECT subject, override FROM overrides WHERE NOT reviewed ORDER BY at LIMIT $1`,
}
