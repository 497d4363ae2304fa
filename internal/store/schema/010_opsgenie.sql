-- Heartbeats, and what Opsgenie's clients may ask about. One text for SQLite and
-- PostgreSQL, as in 001.

-- +goose Up
-- A row for each heartbeat that was heard at least once. Its timer is the due row of
-- the same id.
CREATE TABLE heartbeats (
    id        TEXT PRIMARY KEY,
    state     TEXT NOT NULL,   -- waiting, missed or resting
    every     BIGINT NOT NULL, -- microseconds, as its timer was set
    pinged_at BIGINT NOT NULL,
    since     BIGINT NOT NULL  -- where that is later, silence counts from here: nobody listened before
);

-- What a client asked for, by the id that it was given for asking how it went.
CREATE TABLE requests (
    id          TEXT PRIMARY KEY,
    integration TEXT NOT NULL,
    action      TEXT NOT NULL,
    key         TEXT NOT NULL, -- of the alert
    alert       TEXT NOT NULL, -- its id, where it was known
    at          BIGINT NOT NULL,
    decided     BOOLEAN NOT NULL, -- false: the event tells
    failure     TEXT NOT NULL
);
CREATE INDEX requests_at ON requests (at);

CREATE INDEX alerts_listed ON alerts (integration, first_at, id);
