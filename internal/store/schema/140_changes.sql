-- Changes: those that people ask for, beside their logs; what pipelines said that they
-- did; and overrides that somebody has to look at.

-- +goose Up
CREATE INDEX subjects_changes ON subjects (id) WHERE integration = 'change:';

-- starts and ends are those that are planned until there are better ones.
CREATE TABLE changes (
    subject TEXT PRIMARY KEY,
    state   TEXT NOT NULL,
    over    BOOLEAN NOT NULL,
    starts  BIGINT NOT NULL,
    ends    BIGINT NOT NULL
);
CREATE INDEX changes_state ON changes (state, subject);
CREATE INDEX changes_open ON changes (subject) WHERE NOT over;
CREATE INDEX changes_ends ON changes (ends);

CREATE TABLE change_services (
    service TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (service, subject)
);

CREATE TABLE change_events (
    id          TEXT PRIMARY KEY,
    service     TEXT NOT NULL,
    integration TEXT NOT NULL,
    event       TEXT NOT NULL,   -- its key with its sender, or its id where it has none
    at          BIGINT NOT NULL, -- when it happened
    body        TEXT NOT NULL,
    UNIQUE (integration, event)
);
CREATE INDEX change_events_service ON change_events (service, at);
CREATE INDEX change_events_at ON change_events (at);

CREATE TABLE overrides (
    subject  TEXT NOT NULL,
    override BIGINT NOT NULL,   -- within the subject
    at       BIGINT NOT NULL,
    reviewed BOOLEAN NOT NULL,
    PRIMARY KEY (subject, override)
);
CREATE INDEX overrides_open ON overrides (at) WHERE NOT reviewed;

-- When a service was changed last, which makes its runbooks stale.
CREATE TABLE service_changes (
    service TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    what    TEXT NOT NULL
);
