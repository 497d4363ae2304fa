-- Readers of the feed, and what they owe to the programs of others.

-- +goose Up
-- A follower has read the feed up to (tx, row). Whoever holds its lease reads on; gen
-- fences off whoever held it before. failing is since when nothing but failures came of
-- it, failures how many.
CREATE TABLE followers (
    id       TEXT PRIMARY KEY,
    tx       BIGINT NOT NULL,
    row      TEXT NOT NULL,
    lease    BIGINT NOT NULL,
    gen      BIGINT NOT NULL,
    failing  BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    quiet    BIGINT NOT NULL -- until when the other side asked to be left alone
);

-- One line of one log for one webhook. What is sent is made from the log each time; here
-- stands only what became of it. status, ms, err and digest are of the last try.
CREATE TABLE deliveries (
    id       TEXT PRIMARY KEY,
    hook     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    at       BIGINT NOT NULL, -- of the fact
    state    TEXT NOT NULL,
    wake_at  BIGINT NOT NULL,
    tries    BIGINT NOT NULL,
    tried_at BIGINT NOT NULL,
    status   BIGINT NOT NULL,
    ms       BIGINT NOT NULL,
    err      TEXT NOT NULL,
    digest   TEXT NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (hook, subject, seq) WHERE state = 'waiting';
CREATE INDEX deliveries_hook ON deliveries (hook, at, subject, seq);
