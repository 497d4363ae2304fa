-- How a page goes: by which provider, why it waits, with which other page it went, and
-- what makes it needless.

-- +goose Up
ALTER TABLE pages ADD COLUMN via TEXT NOT NULL DEFAULT '';     -- the provider that was tried last
ALTER TABLE pages ADD COLUMN held TEXT NOT NULL DEFAULT '';    -- why it was held up, in words
ALTER TABLE pages ADD COLUMN bundle TEXT NOT NULL DEFAULT '';  -- the page that said it along with its own
ALTER TABLE pages ADD COLUMN unless TEXT NOT NULL DEFAULT '';  -- delivered or read: the receipt that makes it needless
CREATE INDEX pages_sent ON pages (person, channel, sent_at) WHERE sent_at > 0;
CREATE INDEX pages_bundle ON pages (bundle) WHERE bundle <> '';
