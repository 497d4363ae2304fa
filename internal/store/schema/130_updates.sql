-- Updates to people outside are few among all that is logged: who is owed one is asked
-- for each stretch of the feed.

-- +goose Up
CREATE INDEX log_updates ON log (at) WHERE kind = 'investigate.updated';
