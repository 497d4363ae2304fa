-- What those outside are told: which update stands on which status page, who follows
-- what, and what is sent to them.

-- +goose Up
CREATE TABLE publications (
    page    TEXT NOT NULL,
    subject TEXT NOT NULL,
    seq     BIGINT NOT NULL, -- of the line that says it
    at      BIGINT NOT NULL,
    PRIMARY KEY (page, subject, seq)
);
CREATE INDEX publications_at ON publications (page, at);

-- Somebody who follows a status page or a service. hash is that of scope, channel and
-- address, so that nobody follows the same twice. body is sealed: it has the address.
CREATE TABLE subscribers (
    id      TEXT PRIMARY KEY,
    scope   TEXT NOT NULL,     -- "status:public", "service:db", "report:01k.."
    person  TEXT NOT NULL,     -- '': somebody outside
    channel TEXT NOT NULL,
    hash    TEXT NOT NULL,
    active  BOOLEAN NOT NULL,  -- the address said that it wants this
    at      BIGINT NOT NULL,
    body    TEXT NOT NULL
);
CREATE UNIQUE INDEX subscribers_hash ON subscribers (hash);
CREATE INDEX subscribers_scope ON subscribers (scope, id);
CREATE INDEX subscribers_person ON subscribers (person, id) WHERE person <> '';

-- What is sent to one of them. wake_at is NULL once it is over.
CREATE TABLE letters (
    id         TEXT PRIMARY KEY,
    subscriber TEXT NOT NULL,
    kind       TEXT NOT NULL,  -- update, confirm, reply
    subject    TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT NOT NULL,  -- waiting, sent, failed, dropped
    wake_at    BIGINT,
    tries      BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    via        TEXT NOT NULL,
    err        TEXT NOT NULL
);
CREATE INDEX letters_wake ON letters (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX letters_subscriber ON letters (subscriber, at);
CREATE INDEX letters_subject ON letters (subject, seq);
