-- What was published of each schedule's future, and by which zone database: when a newer
-- one moves shifts, those are told whose they are.

-- +goose Up
CREATE TABLE horizons (
    schedule TEXT PRIMARY KEY,
    version  BIGINT NOT NULL, -- of the schedule
    zones    TEXT NOT NULL,   -- release of the zone database
    at       BIGINT NOT NULL,
    shifts   TEXT NOT NULL,   -- as they were reckoned then
    moved    TEXT NOT NULL    -- what the last change of the database did, as JSON
);
