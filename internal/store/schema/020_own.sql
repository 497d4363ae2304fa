-- What people do about their own contact methods.

-- +goose Up
-- An address that somebody says is theirs, until they repeat the code that was sent to
-- it. tries are those that are left; sends are those of codes.
CREATE TABLE proofs (
    person  TEXT NOT NULL,
    method  TEXT NOT NULL,
    channel TEXT NOT NULL,
    name    TEXT NOT NULL,
    address TEXT NOT NULL, -- sealed
    code    TEXT NOT NULL, -- keyed hash
    tries   BIGINT NOT NULL,
    sends   BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    PRIMARY KEY (person, method)
);

-- A message to try a method out, or to prove it: a page of no subject.
CREATE TABLE trials (
    id           TEXT PRIMARY KEY,
    person       TEXT NOT NULL,
    method       TEXT NOT NULL,
    channel      TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    state        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    read_at      BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL,
    err          TEXT NOT NULL,
    provider     TEXT NOT NULL
);
CREATE INDEX trials_person ON trials (person, id);
