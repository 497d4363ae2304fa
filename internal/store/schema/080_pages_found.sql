-- SQLite takes any index of one column for as good as another: a person's pages of one
-- subject must not be looked for among all that the person ever got. And one index of
-- what a person was sent serves the caps and the ledger.

-- +goose Up
DROP INDEX pages_subject;
CREATE INDEX pages_subject ON pages (subject, person);
DROP INDEX pages_sent;
DROP INDEX pages_reached;
CREATE INDEX pages_sent ON pages (person, sent_at) WHERE sent_at > 0;
