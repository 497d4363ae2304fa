-- Actions that run by themselves before anybody is called: each run is written down with
-- the incident that it is for. gen fences off whoever held it before.

-- +goose Up
CREATE TABLE actions (
    id      TEXT PRIMARY KEY,
    action  TEXT NOT NULL,
    webhook TEXT NOT NULL,
    subject TEXT NOT NULL,
    alert   TEXT NOT NULL,
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    wake_at BIGINT NOT NULL,
    gen     BIGINT NOT NULL,
    done    BOOLEAN NOT NULL
);
CREATE INDEX actions_wake ON actions (wake_at) WHERE NOT done;
CREATE INDEX actions_action ON actions (action, at);
