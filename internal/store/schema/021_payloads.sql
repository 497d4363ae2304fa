-- What senders sent, word by word: the last of each integration, to look at and to try
-- things out on. In a storm only some are kept.

-- +goose Up
CREATE TABLE payloads (
    id          TEXT PRIMARY KEY,
    integration TEXT NOT NULL,
    at          BIGINT NOT NULL,
    type        TEXT NOT NULL, -- Content-Type
    body        BYTEA NOT NULL -- compressed
);
CREATE INDEX payloads_integration ON payloads (integration, id);
