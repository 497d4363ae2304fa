-- What the lists of the API filter by, and the answers to requests that may come twice.

-- +goose Up
CREATE INDEX subjects_severity ON subjects (severity, id);
CREATE INDEX subjects_priority ON subjects (priority, id);
CREATE INDEX subjects_owner ON subjects (owner, id);

-- The words of titles, in lower case and in hexadecimal: so a range of words is the
-- same in every collation.
CREATE TABLE subject_words (
    word    TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (word, subject)
);
CREATE INDEX subject_words_subject ON subject_words (subject, word);

CREATE INDEX alerts_live ON alerts (id) WHERE open;
CREATE INDEX alerts_service ON alerts (service, id);
CREATE INDEX alerts_integration ON alerts (integration, id);

CREATE INDEX pages_person ON pages (person, id);
CREATE INDEX pages_state ON pages (state, id);

CREATE INDEX config_kind ON config (kind, seq);
CREATE INDEX config_thing ON config (kind, id, seq);
CREATE INDEX config_actor ON config (actor, seq);

-- A request that may be repeated: who asked what, and what was answered. status is 0
-- while the first of them is being worked on.
CREATE TABLE attempts (
    key    TEXT PRIMARY KEY, -- keyed hash of who asked and their Idempotency-Key
    digest TEXT NOT NULL,    -- keyed hash of what was asked
    at     BIGINT NOT NULL,
    status BIGINT NOT NULL,
    answer TEXT NOT NULL     -- sealed
);
CREATE INDEX attempts_at ON attempts (at);
