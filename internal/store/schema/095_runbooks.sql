-- Runbooks: each time one was followed, the steps that the house does (owed from the
-- moment they are written down), and who found one right.

-- +goose Up
CREATE TABLE runbook_runs (
    subject TEXT NOT NULL,
    run     BIGINT NOT NULL,  -- within the subject
    runbook TEXT NOT NULL,
    at      BIGINT NOT NULL,
    body    TEXT NOT NULL,    -- the run as the log says it; sealed
    PRIMARY KEY (subject, run)
);
CREATE INDEX runbook_runs_runbook ON runbook_runs (runbook, at);

-- gen fences off whoever held a step before; one that was held may have been done.
CREATE TABLE runbook_steps (
    id      TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    run     BIGINT NOT NULL,
    step    BIGINT NOT NULL,
    try     BIGINT NOT NULL,
    runbook TEXT NOT NULL,
    version BIGINT NOT NULL,
    person  TEXT NOT NULL,    -- for whom it is done; '' by itself
    at      BIGINT NOT NULL,
    wake_at BIGINT NOT NULL,
    gen     BIGINT NOT NULL,
    done    BOOLEAN NOT NULL,
    output  TEXT NOT NULL     -- what came back, sealed; '' nothing
);
CREATE INDEX runbook_steps_wake ON runbook_steps (wake_at) WHERE NOT done;

CREATE TABLE runbook_marks (
    runbook TEXT PRIMARY KEY,
    at      BIGINT NOT NULL,
    person  TEXT NOT NULL,
    note    TEXT NOT NULL     -- sealed
);
