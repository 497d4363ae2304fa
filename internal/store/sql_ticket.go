package store

// ticketTexts are the statements about tickets of others: a part of the one table (sql.go).
type ticketTexts struct {
	TicketPut, Ticket, TicketByRef string
	TicketsOf, TicketsUnseen       string
	TicketCommentAdd               string
	TicketComments                 string
	DeliveriesWaiting              string
	DeliveriesWake                 string
	DeliveryCounts                 string
	Calm                           string
}

const ticketColumns = `system, sort, subject, mark, rule, ref, key, url, state, word, at, made_at, seen_at`

var ticketStatements = ticketTexts{
	TicketPut: `INSERT INTO tickets (` + ticketColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
 ON CONFLICT (system, sort, subject) DO UPDATE SET mark = excluded.mark, rule = excluded.rule, ref = excluded.ref, key = excluded.key, url = excluded.url,
 state = excluded.state, word = excluded.word, at = excluded.at, made_at = excluded.made_at, seen_at = excluded.seen_at`,
	Ticket:        `SELECT ` + ticketColumns + ` FROM tickets WHERE system = $1 AND sort = $2 AND subject = $3`,
	TicketByRef:   `SELECT ` + ticketColumns + ` FROM tickets WHERE system = $1 AND (ref = $2 OR key = $2) AND ref <> '' ORDER BY at DESC LIMIT 1`,
	TicketsOf:     `SELECT ` + ticketColumns + ` FROM tickets WHERE sort = $1 AND subject = $2 ORDER BY system`,
	TicketsUnseen: `SELECT ` + ticketColumns + ` FROM tickets WHERE system = $1 AND ref <> '' AND state = 'open' AND seen_at < $2 ORDER BY seen_at LIMIT $3`,

	TicketCommentAdd: `INSERT INTO ticket_comments (system, ref, id, ours, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (system, ref, id) DO NOTHING`,
	TicketComments:   `SELECT id FROM ticket_comments WHERE system = $1 AND ref = $2`,

	DeliveriesWaiting: `SELECT ` + deliveryColumns + ` FROM deliveries d WHERE d.hook = $1 AND d.subject = $2 AND d.state = 'waiting' ORDER BY d.seq`,
	DeliveriesWake:    `UPDATE deliveries SET wake_at = $2 WHERE hook = $1 AND state = 'waiting'`,
	Calm:              `UPDATE followers SET quiet = 0 WHERE id = $1`,
	DeliveryCounts:    `SELECT hook, count(*), min(at) FROM deliveries WHERE state = 'waiting' AND hook LIKE $1 GROUP BY hook`,
}
