-- +goose Up
-- Alerts of senders that never say the end of what they stopped watching: until when
-- each holds unless it is heard again. It stands apart from the alert, so that hearing
-- it again costs two small columns.
CREATE TABLE expiring (
    integration TEXT NOT NULL,
    key         TEXT NOT NULL,
    until       BIGINT NOT NULL,
    PRIMARY KEY (integration, key)
);
CREATE INDEX expiring_until ON expiring (integration, until);

CREATE TABLE silences (
    id          TEXT PRIMARY KEY,
    integration TEXT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    over        BOOLEAN NOT NULL, -- it has let go: whatever the clock says later, it holds nothing again
    body        TEXT NOT NULL
);
CREATE INDEX silences_end ON silences (ends_at);
CREATE INDEX subjects_held ON subjects (id) WHERE open AND held <> '';
