-- A page's key is a hash: among all keys a new one stands anywhere, and each page that was
-- written touched a part of the index of its own. Among those of its subject and person it
-- stands near what was written just before. What is asked for by subject and person is
-- found there, too.

-- +goose Up
DROP INDEX pages_key;
DROP INDEX pages_subject;
CREATE UNIQUE INDEX pages_key ON pages (subject, person, key);
-- The alerts of an integration are listed in the order of their ids, which is that of the
-- moments at which they were opened.
DROP INDEX alerts_listed;
