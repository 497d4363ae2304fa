-- Atom feeds of what somebody follows, by the keyed hash of their address.

-- +goose Up
CREATE TABLE update_feeds (
    id       TEXT PRIMARY KEY,
    hash     TEXT NOT NULL,
    service  TEXT NOT NULL,   -- '': all that its owner follows
    owner    TEXT NOT NULL,
    language TEXT NOT NULL,
    made_at  BIGINT NOT NULL,
    new_at   BIGINT NOT NULL, -- since when it has the address that it has
    used_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX update_feeds_hash ON update_feeds (hash);
CREATE INDEX update_feeds_owner ON update_feeds (owner);
