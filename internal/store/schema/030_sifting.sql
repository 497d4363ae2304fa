-- +goose Up
-- What sifting has made of an alert, and when it is looked at anew (0: not by itself).
ALTER TABLE alerts ADD COLUMN sifted TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alerts_look ON alerts (look_at, id) WHERE look_at > 0;

-- Groups of alerts that say the same: one per key, the newest.
CREATE TABLE gatherings (
    key      TEXT PRIMARY KEY,
    subject  TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    alerts   BIGINT NOT NULL
);
CREATE INDEX gatherings_last ON gatherings (last_at);

-- How many incidents a team got lately, and the storm it is in.
CREATE TABLE weather (
    team TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- Alerts that were changed beside triage: it looks at them before it decides anything.
CREATE TABLE stirred (
    alert TEXT PRIMARY KEY
);

-- Corrections by hand: which alert is the symptom of which, and which is not.
CREATE TABLE pairs (
    symptom  TEXT NOT NULL,
    cause    TEXT NOT NULL,
    together BOOLEAN NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    PRIMARY KEY (symptom, cause)
);
