-- What the reports count: a small record of each incident, made of its log and its pages
-- by a follower of the feed. Nothing stands here that cannot be made anew.

-- +goose Up
-- Records that were written of late. They go before those in figure_days.
CREATE TABLE figures (
    subject TEXT PRIMARY KEY,
    day     BIGINT NOT NULL, -- on which it was opened, in UTC, since 1970
    at      BIGINT NOT NULL, -- when it was written
    body    BYTEA NOT NULL
);
CREATE INDEX figures_day ON figures (day);
CREATE INDEX figures_at ON figures (at);

-- The records of each day, packed.
CREATE TABLE figure_days (
    day  BIGINT PRIMARY KEY,
    body BYTEA NOT NULL
);
