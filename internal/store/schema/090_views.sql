-- What a person keeps the list of incidents narrowed to, under names of their own.

-- +goose Up
CREATE TABLE views (
    person TEXT PRIMARY KEY,
    body   TEXT NOT NULL, -- all of them, as JSON
    at     BIGINT NOT NULL
);
