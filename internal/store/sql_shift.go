package store

// shiftTexts are the statements about shifts: a part of the one table (sql.go).
type shiftTexts struct {
	ShiftAdd, ShiftEnd, ShiftSave string
	ShiftLast, ShiftsOf           string
	ShiftsLost, OpenAfter         string
	ShiftNoteAdd, ShiftNotes      string
	Reached                       string
	SwapPut, Swap, SwapLock       string
	SwapsOf, SwapsOpen            string
	TimeOffPut, TimeOffDrop       string
	TimeOffOne, TimeOff           string
	TimeOffOfFeed                 string
	DisputePut, Disputes          string
	FeedPut, FeedByHash, FeedsOf  string
	FeedOne, FeedRevoke, FeedUsed string
	CalendarPut, CalendarDrop     string
	CalendarClaim, CalendarOne    string
	CalendarsOf, CalendarsDue     string
	TimeOffOfSource               string
	HorizonPut, Horizon           string
}

const shiftColumns = `schedule, at, until, roles, why, version, handing, call`

var shiftStatements = shiftTexts{
	ShiftAdd: `INSERT INTO shifts (schedule, at, until, roles, why, version, handing, call) VALUES ($1, $2, 0, $3, $4, $5, $6, $7)
 ON CONFLICT (schedule, at) DO UPDATE SET until = 0, roles = excluded.roles, why = excluded.why, version = excluded.version, handing = excluded.handing`,
	ShiftEnd:     `UPDATE shifts SET until = $2 WHERE schedule = $1 AND until = 0 AND at < $2`,
	ShiftSave:    `UPDATE shifts SET handing = $3, call = $4 WHERE schedule = $1 AND at = $2`,
	ShiftLast:    `SELECT ` + shiftColumns + ` FROM shifts WHERE schedule = $1 ORDER BY at DESC LIMIT $2`,
	ShiftsOf:     `SELECT ` + shiftColumns + ` FROM shifts WHERE schedule = $1 AND at < $3 AND (until > $2 OR until = 0) ORDER BY at`,
	ShiftsLost:   `SELECT DISTINCT s.schedule FROM shifts s WHERE s.until = 0 AND NOT EXISTS (SELECT 1 FROM due d WHERE d.subject = s.schedule AND d.kind = 'shift') ORDER BY s.schedule`,
	OpenAfter:    `SELECT id FROM subjects WHERE open AND id > $1 ORDER BY id LIMIT $2`,
	ShiftNoteAdd: `INSERT INTO shift_notes (id, schedule, at, person, body) VALUES ($1, $2, $3, $4, $5)`,
	ShiftNotes:   `SELECT id, at, person, body FROM shift_notes WHERE schedule = $1 AND at >= $2 AND at < $3 ORDER BY at, id`,
	Reached: `SELECT p.sent_at, p.subject, p.answered_at, s.title, s.service, s.severity, s.resolved_at FROM pages p JOIN subjects s ON s.id = p.subject
 WHERE p.person = $1 AND p.sent_at > 0 AND p.purpose IN ('alarm', 'fail_over') AND p.sent_at >= $2 AND p.sent_at < $3 AND s.integration <> 'drill:' ORDER BY p.sent_at, p.id`,

	SwapPut: `INSERT INTO swaps (id, schedule, state, begins, body) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (id) DO UPDATE SET state = excluded.state, begins = excluded.begins, body = excluded.body`,
	Swap:      `SELECT body FROM swaps WHERE id = $1`,
	SwapLock:  `SELECT body FROM swaps WHERE id = $1{lock}`,
	SwapsOf:   `SELECT body FROM swaps WHERE schedule = $1 AND begins >= $2 ORDER BY begins, id LIMIT 1000`,
	SwapsOpen: `SELECT body FROM swaps WHERE state = 'open' AND begins < $1 ORDER BY begins, id LIMIT 1000`,

	TimeOffPut: `INSERT INTO time_off (id, person, starts, ends, soft, source, made_by, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
 ON CONFLICT (id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, soft = excluded.soft, why = excluded.why`,
	TimeOffDrop:   `DELETE FROM time_off WHERE id = $1`,
	TimeOffOne:    `SELECT id, person, starts, ends, soft, source, made_by, why FROM time_off WHERE id = $1`,
	TimeOff:       `SELECT id, person, starts, ends, soft, source, made_by, why FROM time_off WHERE ends > $1 AND starts < $2 ORDER BY starts, id LIMIT 5000`,
	TimeOffOfFeed: `DELETE FROM time_off WHERE person = $1 AND source = $2`,

	DisputePut: `INSERT INTO disputes (line, person, at, why, decided, made_by) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (line) DO UPDATE SET decided = excluded.decided, made_by = excluded.made_by, why = CASE WHEN excluded.decided = '' THEN excluded.why ELSE disputes.why END`,
	Disputes: `SELECT line, person, at, why, decided, made_by FROM disputes WHERE person = $1 ORDER BY at, line`,

	FeedPut:    `INSERT INTO feeds (id, hash, kind, subject, owner, made_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
	FeedByHash: `SELECT id, kind, subject, owner, made_at, used_at FROM feeds WHERE hash = $1`,
	FeedOne:    `SELECT id, kind, subject, owner, made_at, used_at FROM feeds WHERE id = $1`,
	FeedsOf:    `SELECT id, kind, subject, owner, made_at, used_at FROM feeds WHERE owner = $1 ORDER BY id`,
	FeedRevoke: `DELETE FROM feeds WHERE id = $1`,
	CalendarPut: `INSERT INTO calendars (id, schedule, body, url, content, next_at) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (id) DO UPDATE SET body = excluded.body, url = excluded.url, content = excluded.content, next_at = excluded.next_at`,
	CalendarDrop:    `DELETE FROM calendars WHERE id = $1`,
	CalendarClaim:   `UPDATE calendars SET next_at = $3 WHERE id = $1 AND next_at = $2`,
	CalendarOne:     `SELECT id, schedule, body, url, content, next_at FROM calendars WHERE id = $1`,
	CalendarsOf:     `SELECT id, schedule, body, url, content, next_at FROM calendars WHERE schedule = $1 ORDER BY id`,
	CalendarsDue:    `SELECT id, schedule, body, url, content, next_at FROM calendars WHERE next_at <= $1 ORDER BY next_at, id LIMIT 20`,
	TimeOffOfSource: `DELETE FROM time_off WHERE source = $1`,

	HorizonPut: `INSERT INTO horizons (schedule, version, zones, at, shifts, moved) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (schedule) DO UPDATE SET version = excluded.version, zones = excluded.zones, at = excluded.at, shifts = excluded.shifts, moved = excluded.moved`,
	Horizon: `SELECT version, zones, at, shifts, moved FROM horizons WHERE schedule = $1`,

	FeedUsed: `UPDATE feeds SET used_at = $2 WHERE id = $1 AND used_at < $3`,
}
