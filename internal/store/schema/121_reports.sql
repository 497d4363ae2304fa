-- What people outside reported by a form, and what was written about it since. Both are
-- sealed: who wrote it, what, and where they are reached.

-- +goose Up
CREATE TABLE reports (
    id        TEXT PRIMARY KEY,
    form      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    at        BIGINT NOT NULL,
    emergency BOOLEAN NOT NULL,
    same      BOOLEAN NOT NULL, -- it was known, and is their problem too
    body      TEXT NOT NULL
);
CREATE INDEX reports_subject ON reports (subject, id);
CREATE INDEX reports_form ON reports (form, id);

CREATE TABLE report_messages (
    id     TEXT PRIMARY KEY,
    report TEXT NOT NULL,
    at     BIGINT NOT NULL,
    person TEXT NOT NULL, -- '': who reported it
    body   TEXT NOT NULL
);
CREATE INDEX report_messages_report ON report_messages (report, id);
