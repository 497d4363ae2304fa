-- What is written about incidents that are over. Each time a section is saved is a row of
-- its own: nothing that somebody wrote is lost. Texts are sealed.

-- +goose Up
CREATE TABLE retro_sections (
    subject TEXT NOT NULL,
    section TEXT NOT NULL,
    version BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (subject, section, version)
);

CREATE TABLE retro_comments (
    id      TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    section TEXT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    body    TEXT NOT NULL,
    over_at BIGINT NOT NULL, -- when somebody said that it is dealt with; 0: not yet
    over_by TEXT NOT NULL
);
CREATE INDEX retro_comments_subject ON retro_comments (subject, id);

-- The actions and lessons of all incidents, as their logs say them, to be found.
CREATE TABLE review_actions (
    subject  TEXT NOT NULL,
    action   BIGINT NOT NULL,
    name     TEXT NOT NULL,   -- the title of the incident
    title    TEXT NOT NULL,
    service  TEXT NOT NULL,
    team     TEXT NOT NULL,
    category TEXT NOT NULL,
    severity TEXT NOT NULL,
    owner    TEXT NOT NULL,
    priority TEXT NOT NULL,
    state    TEXT NOT NULL,
    due      BIGINT NOT NULL, -- far away: at no time
    at       BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    again    BIGINT NOT NULL, -- how often it came again meanwhile
    PRIMARY KEY (subject, action)
);
CREATE INDEX review_actions_state ON review_actions (state, due, subject, action);
CREATE INDEX review_actions_due ON review_actions (due, subject, action);

CREATE TABLE review_lessons (
    id       TEXT PRIMARY KEY, -- of the incident, and the number of the lesson
    subject  TEXT NOT NULL,
    lesson   BIGINT NOT NULL,
    name     TEXT NOT NULL,
    service  TEXT NOT NULL,
    team     TEXT NOT NULL,
    category TEXT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    text     TEXT NOT NULL,
    tags     TEXT NOT NULL,   -- JSON
    words    TEXT NOT NULL    -- by which it is found: each with a space before it
);
