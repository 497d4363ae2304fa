-- Who was on call, and what people ask of each other about it.

-- +goose Up
-- The on-call log: a row for each change of who stands in a schedule, written when it
-- came and never changed afterwards but for its end. What is past is read here, whatever
-- becomes of the schedule. handing is how far incidents that were open have been told:
-- '' nobody yet, the id of the last, or 'all'. call is what was opened because nobody
-- was there.
CREATE TABLE shifts (
    schedule TEXT NOT NULL,
    at       BIGINT NOT NULL,
    until    BIGINT NOT NULL, -- 0: it goes on
    roles    TEXT NOT NULL,
    why      TEXT NOT NULL,
    version  BIGINT NOT NULL, -- of the schedule
    handing  TEXT NOT NULL,
    call     TEXT NOT NULL,
    PRIMARY KEY (schedule, at)
);

-- Swaps and requests for cover.
CREATE TABLE swaps (
    id       TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    state    TEXT NOT NULL,
    begins   BIGINT NOT NULL, -- of the first shift it is about
    body     TEXT NOT NULL
);
CREATE INDEX swaps_schedule ON swaps (schedule, begins);
CREATE INDEX swaps_open ON swaps (begins) WHERE state = 'open';

CREATE TABLE time_off (
    id      TEXT PRIMARY KEY,
    person  TEXT NOT NULL,
    starts  BIGINT NOT NULL,
    ends    BIGINT NOT NULL,
    soft    BOOLEAN NOT NULL, -- they would rather not
    source  TEXT NOT NULL,    -- '' by hand, or the feed that it came from
    made_by TEXT NOT NULL,
    why     TEXT NOT NULL     -- sealed
);
CREATE INDEX time_off_person ON time_off (person, starts);
CREATE INDEX time_off_ends ON time_off (ends);

-- Lines of the ledger that weigh nothing any more, or of which somebody says so.
CREATE TABLE disputes (
    line    TEXT PRIMARY KEY,
    person  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    why     TEXT NOT NULL, -- sealed
    decided TEXT NOT NULL, -- '' not yet, struck or kept
    made_by TEXT NOT NULL  -- who decided
);
CREATE INDEX disputes_person ON disputes (person);

-- What one shift leaves to the next.
CREATE TABLE shift_notes (
    id       TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    at       BIGINT NOT NULL,
    person   TEXT NOT NULL,
    body     TEXT NOT NULL -- sealed
);
CREATE INDEX shift_notes_schedule ON shift_notes (schedule, at);

-- Calendars that others read, by the keyed hash of their address.
CREATE TABLE feeds (
    id      TEXT PRIMARY KEY,
    hash    TEXT NOT NULL,
    kind    TEXT NOT NULL, -- person, team or schedule
    subject TEXT NOT NULL,
    owner   TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX feeds_hash ON feeds (hash);
CREATE INDEX feeds_owner ON feeds (owner);

CREATE INDEX pages_reached ON pages (person, sent_at) WHERE sent_at > 0 AND purpose IN ('alarm', 'fail_over');
