-- Calendars of others that schedules take in by their address.

-- +goose Up
-- The address is often a secret, and so is what stands there: both are sealed. body is
-- the last that could be read; it stays when the address cannot be.
CREATE TABLE calendars (
    id       TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    body     TEXT NOT NULL,   -- what it is and how it stands, as JSON
    url      TEXT NOT NULL,   -- sealed
    content  TEXT NOT NULL,   -- sealed; '' nothing was read yet
    next_at  BIGINT NOT NULL  -- when it is read again
);
CREATE INDEX calendars_next ON calendars (next_at);
CREATE INDEX calendars_schedule ON calendars (schedule);
CREATE INDEX time_off_source ON time_off (source) WHERE source <> '';
