-- The last test page that somebody was sent before a shift: a page by hand, of the house.

-- +goose Up
CREATE TABLE self_tests (
    person  TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    about   BIGINT NOT NULL, -- the moment of the notice that it came with
    shift   BIGINT NOT NULL, -- when the shift begins
    at      BIGINT NOT NULL
);
