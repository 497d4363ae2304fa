-- Notices on status pages that belong to no incident. What they say stands in their logs.

-- +goose Up
CREATE INDEX subjects_notices ON subjects (id) WHERE integration = 'notice:';

CREATE TABLE notices (
    subject TEXT PRIMARY KEY,
    page    TEXT NOT NULL,
    over    BOOLEAN NOT NULL
);
CREATE INDEX notices_page ON notices (page, subject);
