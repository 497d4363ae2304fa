-- What people say to each other, and what they attach. Each message has a key of its own,
-- sealed by the ring; its text and its earlier texts are sealed under that. A message
-- without a key is a redacted one.

-- +goose Up
CREATE TABLE conversations (
    id      TEXT PRIMARY KEY, -- of a room: the incident's
    kind    TEXT NOT NULL,
    pair    TEXT NOT NULL,    -- of two people: keyed hash of both
    seq     BIGINT NOT NULL,  -- of the last message
    at      BIGINT NOT NULL,  -- of the last message
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    title   TEXT NOT NULL,    -- sealed; '' is none
    floor   BIGINT NOT NULL   -- messages up to this number are forgotten
);
CREATE UNIQUE INDEX conversations_pair ON conversations (pair) WHERE pair <> '';
CREATE INDEX conversations_kind ON conversations (kind, id);

-- Marks only climb. told is the last message about which they were paged.
CREATE TABLE members (
    conversation TEXT NOT NULL,
    person       TEXT NOT NULL,
    joined_at    BIGINT NOT NULL,
    left_at      BIGINT NOT NULL,
    muted        BOOLEAN NOT NULL,
    delivered    BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    has_read     BIGINT NOT NULL,
    read_at      BIGINT NOT NULL,
    told         BIGINT NOT NULL,
    PRIMARY KEY (conversation, person)
);
CREATE INDEX members_person ON members (person, conversation) WHERE left_at = 0;

CREATE TABLE messages (
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    author       TEXT NOT NULL,
    nonce        TEXT NOT NULL,
    key          TEXT NOT NULL, -- sealed; '' when it is redacted
    body         BYTEA NOT NULL,
    version      BIGINT NOT NULL,
    edited_at    BIGINT NOT NULL,
    redacted_at  BIGINT NOT NULL,
    redacted_by  TEXT NOT NULL,
    why          TEXT NOT NULL, -- sealed
    PRIMARY KEY (conversation, seq)
);
CREATE UNIQUE INDEX messages_nonce ON messages (conversation, author, nonce) WHERE nonce <> '';

-- What messages said before they were changed.
CREATE TABLE message_versions (
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    body         BYTEA NOT NULL,
    PRIMARY KEY (conversation, seq, version)
);

-- word is a keyed hash of the first letters of one, cut short.
CREATE TABLE message_words (
    word         BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    PRIMARY KEY (word, at, conversation, seq)
);
CREATE INDEX message_words_message ON message_words (conversation, seq);

-- part_of is what it is attached to, "message/CONVERSATION/7"; '' is nothing yet. state is
-- coming, kept or doomed.
CREATE TABLE attachments (
    id      TEXT PRIMARY KEY,
    part_of TEXT NOT NULL,
    author  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    state   TEXT NOT NULL,
    size    BIGINT NOT NULL,
    key     TEXT NOT NULL, -- sealed
    body    TEXT NOT NULL  -- sealed: what it is called, what it is
);
CREATE INDEX attachments_part_of ON attachments (part_of) WHERE part_of <> '';
CREATE INDEX attachments_loose ON attachments (at) WHERE part_of = '' AND state <> 'doomed';
CREATE INDEX attachments_doomed ON attachments (id) WHERE state = 'doomed';

-- The bytes of attachments, sealed under their own keys, where there is no directory and
-- no other store for them.
CREATE TABLE blobs (
    name TEXT PRIMARY KEY,
    body BYTEA NOT NULL
);
