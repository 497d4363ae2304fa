package store

// talkTexts are the statements about what people say to each other and attach: a part of
// the one table (sql.go).
type talkTexts struct {
	TalkPut, Talk, TalkPair, TalkNext, TalkTitle string
	TalksOf, TalkFloor, TalksAfter               string
	MemberPut, MemberLeft, MemberMute            string
	Members, Member, MemberMark, MemberTold      string
	MessageAdd, Message, MessageLock             string
	MessageByNonce, Messages, MessagesAfter      string
	MessagesOlder, MessageSave                   string
	VersionAdd, Versions, VersionsDrop           string
	StemsOf, StemsIn, StemsDrop                  string
	MessagesForget, VersionsForget, StemsForget  string
	AttachmentAdd, AttachmentKept, Attachment    string
	AttachmentTake, AttachmentsDoom              string
	AttachmentsLoose, AttachmentsDoomed          string
	AttachmentDrop                               string
	BlobPut, Blob, BlobDrop                      string
}

const (
	talkColumns       = `c.id, c.kind, c.title, c.made_at, c.made_by, c.seq, c.at`
	memberColumns     = `m.conversation, m.person, m.joined_at, m.left_at, m.muted, m.delivered, m.delivered_at, m.has_read, m.read_at, m.told`
	messageColumns    = `conversation, seq, at, author, nonce, key, body, version, edited_at, redacted_at, redacted_by, why`
	attachmentColumns = `id, part_of, author, at, state, size, key, body`
)

var talkStatements = talkTexts{
	TalkPut:  `INSERT INTO conversations (id, kind, pair, seq, at, made_at, made_by, title, floor) VALUES ($1, $2, $3, 0, $4, $4, $5, $6, 0) ON CONFLICT DO NOTHING`,
	Talk:     `SELECT ` + talkColumns + ` FROM conversations c WHERE c.id = $1`,
	TalkPair: `SELECT ` + talkColumns + ` FROM conversations c WHERE c.pair = $1 AND c.pair <> ''`,
	// Whoever takes a number holds the conversation until the end of the transaction.
	TalkNext:  `UPDATE conversations SET seq = seq + 1, at = $2 WHERE id = $1 RETURNING seq`,
	TalkTitle: `UPDATE conversations SET title = $2 WHERE id = $1`,
	TalksOf: `SELECT ` + talkColumns + `, ` + memberColumns + ` FROM members m JOIN conversations c ON c.id = m.conversation
 WHERE m.person = $1 AND m.left_at = 0 ORDER BY c.at DESC, c.id LIMIT $2`,
	TalkFloor:  `UPDATE conversations SET floor = $2 WHERE id = $1 AND floor < $2`,
	TalksAfter: `SELECT c.id, c.floor, c.seq FROM conversations c WHERE c.kind = $1 AND c.id > $2 ORDER BY c.id LIMIT $3`,

	MemberPut: `INSERT INTO members (conversation, person, joined_at, left_at, muted, delivered, delivered_at, has_read, read_at, told) VALUES ($1, $2, $3, 0, FALSE, $4, 0, $4, 0, 0)
 ON CONFLICT (conversation, person) DO UPDATE SET left_at = 0`,
	MemberLeft: `UPDATE members SET left_at = $3 WHERE conversation = $1 AND person = $2 AND left_at = 0`,
	MemberMute: `UPDATE members SET muted = $3 WHERE conversation = $1 AND person = $2`,
	Members:    `SELECT ` + memberColumns + ` FROM members m WHERE m.conversation = $1 ORDER BY m.person`,
	Member:     `SELECT ` + memberColumns + ` FROM members m WHERE m.conversation = $1 AND m.person = $2`,
	MemberMark: `UPDATE members SET delivered = CASE WHEN $3 > delivered THEN $3 ELSE delivered END, delivered_at = CASE WHEN $3 > delivered THEN $5 ELSE delivered_at END,
 has_read = CASE WHEN $4 > has_read THEN $4 ELSE has_read END, read_at = CASE WHEN $4 > has_read THEN $5 ELSE read_at END
 WHERE conversation = $1 AND person = $2 AND ($3 > delivered OR $4 > has_read)`,
	MemberTold: `UPDATE members SET told = $3 WHERE conversation = $1 AND person = $2 AND told < $3`,

	MessageAdd:     `INSERT INTO messages (` + messageColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, '', '')`,
	Message:        `SELECT ` + messageColumns + ` FROM messages WHERE conversation = $1 AND seq = $2`,
	MessageLock:    `SELECT ` + messageColumns + ` FROM messages WHERE conversation = $1 AND seq = $2{lock}`,
	MessageByNonce: `SELECT ` + messageColumns + ` FROM messages WHERE conversation = $1 AND author = $2 AND nonce = $3 AND nonce <> ''`,
	// Each list is along the key.
	Messages:      `SELECT ` + messageColumns + ` FROM messages WHERE conversation = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`,
	MessagesAfter: `SELECT ` + messageColumns + ` FROM messages WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
	MessagesOlder: `SELECT seq, at FROM messages WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
	MessageSave:   `UPDATE messages SET key = $3, body = $4, version = $5, edited_at = $6, redacted_at = $7, redacted_by = $8, why = $9 WHERE conversation = $1 AND seq = $2`,

	VersionAdd:   `INSERT INTO message_versions (conversation, seq, version, at, body) VALUES ($1, $2, $3, $4, $5)`,
	Versions:     `SELECT version, at, body FROM message_versions WHERE conversation = $1 AND seq = $2 ORDER BY version`,
	VersionsDrop: `DELETE FROM message_versions WHERE conversation = $1 AND seq = $2`,

	// Along the key; in one conversation along an index of its own.
	StemsOf:   `SELECT at, conversation, seq FROM message_words WHERE word = $1 AND at >= $5 AND (at, conversation, seq) < ($2, $3, $4) ORDER BY at DESC, conversation DESC, seq DESC LIMIT $6`,
	StemsIn:   `SELECT at, conversation, seq FROM message_words WHERE conversation = $7 AND word = $1 AND at >= $5 AND (at, conversation, seq) < ($2, $3, $4) ORDER BY at DESC, seq DESC LIMIT $6`,
	StemsDrop: `DELETE FROM message_words WHERE conversation = $1 AND seq = $2`,

	MessagesForget: `DELETE FROM messages WHERE conversation = $1 AND seq <= $2`,
	VersionsForget: `DELETE FROM message_versions WHERE conversation = $1 AND seq <= $2`,
	StemsForget:    `DELETE FROM message_words WHERE conversation = $1 AND seq <= $2`,

	AttachmentAdd:     `INSERT INTO attachments (` + attachmentColumns + `) VALUES ($1, '', $2, $3, 'coming', $4, $5, $6)`,
	AttachmentKept:    `UPDATE attachments SET state = 'kept' WHERE id = $1 AND state = 'coming'`,
	Attachment:        `SELECT ` + attachmentColumns + ` FROM attachments WHERE id = $1 AND state = 'kept'`,
	AttachmentTake:    `UPDATE attachments SET part_of = $2 WHERE id = $1 AND part_of = '' AND state = 'kept'`,
	AttachmentsDoom:   `UPDATE attachments SET state = 'doomed', key = '' WHERE part_of = $1`,
	AttachmentsLoose:  `UPDATE attachments SET state = 'doomed', key = '' WHERE part_of = '' AND state <> 'doomed' AND at < $1`,
	AttachmentsDoomed: `SELECT id FROM attachments WHERE state = 'doomed' ORDER BY id LIMIT $1`,
	AttachmentDrop:    `DELETE FROM attachments WHERE id = $1 AND state = 'doomed'`,

	BlobPut:  `INSERT INTO blobs (name, body) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET body = excluded.body`,
	Blob:     `SELECT body FROM blobs WHERE name = $1`,
	BlobDrop: `DELETE FROM blobs WHERE name = $1`,
}
