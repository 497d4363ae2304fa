-- One text for SQLite and PostgreSQL. Times are BIGINT, microseconds since 1970 in UTC,
-- 0 for never. There are no serial ids and no foreign keys: what belongs together is
-- written in one transaction, and the self-audit looks for what does not.

-- +goose Up
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO meta (key, value) VALUES ('config', '0 ');

-- The projection of a log: what Fold says, and the columns that lists read.
CREATE TABLE subjects (
    id          TEXT PRIMARY KEY,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    status      TEXT NOT NULL,
    open        BOOLEAN NOT NULL,
    title       TEXT NOT NULL,
    service     TEXT NOT NULL,
    team        TEXT NOT NULL,
    integration TEXT NOT NULL,
    severity    TEXT NOT NULL,
    priority    TEXT NOT NULL,
    owner       TEXT NOT NULL,
    held        TEXT NOT NULL,
    alerts      BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    resolved_at BIGINT NOT NULL,
    fold        BIGINT NOT NULL,
    head        BYTEA NOT NULL,
    state       TEXT NOT NULL
);
CREATE INDEX subjects_open ON subjects (id) WHERE open;
CREATE INDEX subjects_status ON subjects (status, id);
CREATE INDEX subjects_service ON subjects (service, id);
CREATE INDEX subjects_team ON subjects (team, id);

-- hash chains the lines of a subject. digest is NULL until the body is blanked; then
-- it is what the body's was, so that the chain still verifies.
CREATE TABLE log (
    subject TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    body    TEXT NOT NULL,
    hash    BYTEA NOT NULL,
    digest  BYTEA,
    PRIMARY KEY (subject, seq)
);

CREATE TABLE alerts (
    id          TEXT PRIMARY KEY,
    integration TEXT NOT NULL,
    key         TEXT NOT NULL,
    subject     TEXT NOT NULL,
    service     TEXT NOT NULL,
    severity    TEXT NOT NULL,
    title       TEXT NOT NULL,
    digest      TEXT NOT NULL,
    counted     BOOLEAN NOT NULL,
    open        BOOLEAN NOT NULL,
    count       BIGINT NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    resolved_at BIGINT NOT NULL,
    last        TEXT NOT NULL
);
CREATE UNIQUE INDEX alerts_open ON alerts (integration, key) WHERE open;
CREATE INDEX alerts_over ON alerts (integration, key, resolved_at) WHERE NOT open;
CREATE INDEX alerts_subject ON alerts (subject);

-- (tx, n) is the order in which events were accepted.
CREATE TABLE inbox (
    tx          BIGINT NOT NULL,
    n           BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    integration TEXT NOT NULL,
    key         TEXT NOT NULL,
    digest      TEXT NOT NULL,
    event       TEXT NOT NULL,
    raw         BYTEA,
    aside       TEXT NOT NULL,
    PRIMARY KEY (tx, n)
);
CREATE INDEX inbox_key ON inbox (integration, key) WHERE aside = '';

-- at is the nominal time; wake_at is it too, or the end of a claim's lease.
CREATE TABLE due (
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    lane     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    wake_at  BIGINT NOT NULL,
    gen      BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX due_wake ON due (lane, wake_at);

CREATE TABLE pages (
    id           TEXT PRIMARY KEY,
    key          TEXT NOT NULL, -- keyed hash of the page's key, which may name an address
    subject      TEXT NOT NULL,
    run          BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    round        BIGINT NOT NULL,
    level        BIGINT NOT NULL,
    person       TEXT NOT NULL,
    method       TEXT NOT NULL,
    channel      TEXT NOT NULL,
    address      TEXT NOT NULL, -- sealed
    rule         BIGINT NOT NULL,
    repeat       BIGINT NOT NULL,
    purpose      TEXT NOT NULL,
    body         TEXT NOT NULL,
    priority     TEXT NOT NULL,
    at           BIGINT NOT NULL,
    for_each     BOOLEAN NOT NULL,
    every        BIGINT NOT NULL, -- microseconds
    until        BIGINT NOT NULL,
    zone         TEXT NOT NULL,
    hour         BIGINT NOT NULL,
    lane         BIGINT NOT NULL,
    state        TEXT NOT NULL,
    wake_at      BIGINT,
    gen          BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    first_at     BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    read_at      BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL,
    cancelled_at BIGINT NOT NULL,
    err          TEXT NOT NULL,
    provider     TEXT NOT NULL,
    unsure       BOOLEAN NOT NULL -- a try ended without anybody knowing whether it arrived
);
CREATE UNIQUE INDEX pages_key ON pages (key);
CREATE INDEX pages_wake ON pages (lane, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX pages_channel ON pages (lane, channel, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX pages_subject ON pages (subject);
CREATE INDEX pages_provider ON pages (channel, provider) WHERE provider <> '';
CREATE INDEX pages_limbo ON pages (id) WHERE wake_at IS NULL AND state IN ('planned', 'claimed');

CREATE TABLE config (
    seq     BIGINT PRIMARY KEY,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    version BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    retired BOOLEAN NOT NULL,
    current BOOLEAN NOT NULL,
    body    TEXT NOT NULL, -- a person's is sealed
    digest  TEXT NOT NULL, -- keyed hash of the open body: sealing it anew leaves the chain whole
    hash    BYTEA NOT NULL
);
CREATE UNIQUE INDEX config_version ON config (kind, id, version);
CREATE UNIQUE INDEX config_current ON config (kind, id) WHERE current;

CREATE TABLE turns (
    policy TEXT NOT NULL,
    level  BIGINT NOT NULL,
    turn   BIGINT NOT NULL,
    PRIMARY KEY (policy, level)
);

CREATE TABLE feed (
    tx      BIGINT NOT NULL,
    id      TEXT NOT NULL,
    at      BIGINT NOT NULL,
    topic   TEXT NOT NULL,
    subject TEXT NOT NULL,
    first   BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (tx, id)
);

-- The tables events_YYYYMMDD that exist, and how much they hold.
CREATE TABLE event_days (
    day    TEXT PRIMARY KEY,
    events BIGINT NOT NULL,
    bytes  BIGINT NOT NULL
);
