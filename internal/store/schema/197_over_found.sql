-- An incident is written again and again while it is open, and once more when it is over.
-- What lists are narrowed by has indexes of what is over only: of those that are open
-- there are few, and they have an index together. A new incident has two index entries
-- instead of seven, and so has each change of one.

-- +goose Up
DROP INDEX subjects_status;
DROP INDEX subjects_service;
DROP INDEX subjects_team;
DROP INDEX subjects_severity;
DROP INDEX subjects_priority;
CREATE INDEX subjects_status ON subjects (status, id) WHERE NOT open;
CREATE INDEX subjects_service ON subjects (service, id) WHERE NOT open;
CREATE INDEX subjects_team ON subjects (team, id) WHERE NOT open;
CREATE INDEX subjects_severity ON subjects (severity, id) WHERE NOT open;
CREATE INDEX subjects_priority ON subjects (priority, id) WHERE NOT open;

DROP INDEX alerts_service;
DROP INDEX alerts_integration;
CREATE INDEX alerts_service ON alerts (service, id) WHERE NOT open;
CREATE INDEX alerts_integration ON alerts (integration, id) WHERE NOT open;

-- Pages that wait are claimed by their channel, and the first of a lane is the first of the
-- channels' firsts.
DROP INDEX pages_wake;
