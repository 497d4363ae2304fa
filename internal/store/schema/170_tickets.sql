-- Tickets that others have of incidents, and what was said there. What is owed to a ticket
-- system are deliveries (014), under the name "ticket/ID".

-- +goose Up
-- mark is that by which a ticket is found again; ref is '' until it is known to be there.
-- state and word are how it stood when anybody looked last. A row is there from the moment
-- when the ticket is wanted.
CREATE TABLE tickets (
    system  TEXT NOT NULL,
    sort    TEXT NOT NULL, -- incident
    subject TEXT NOT NULL,
    mark    TEXT NOT NULL,
    rule    TEXT NOT NULL, -- that wanted it; '': a person
    ref     TEXT NOT NULL, -- by which it is spoken to
    key     TEXT NOT NULL, -- as people call it
    url     TEXT NOT NULL,
    state   TEXT NOT NULL,
    word    TEXT NOT NULL,
    at      BIGINT NOT NULL, -- since when it is wanted
    made_at BIGINT NOT NULL, -- since when it is there; what was said before is not ours
    seen_at BIGINT NOT NULL, -- when it was looked at last
    PRIMARY KEY (system, sort, subject)
);
CREATE INDEX tickets_subject ON tickets (sort, subject);
CREATE UNIQUE INDEX tickets_ref ON tickets (system, ref) WHERE ref <> '';
CREATE INDEX tickets_seen ON tickets (system, seen_at) WHERE ref <> '' AND state = 'open';

-- Comments that are known: ours, and those that were taken in.
CREATE TABLE ticket_comments (
    system TEXT NOT NULL,
    ref    TEXT NOT NULL,
    id     TEXT NOT NULL,
    ours   BOOLEAN NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (system, ref, id)
);
