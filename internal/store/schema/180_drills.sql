-- What people practise on is a subject like any other, and is found beside all others.

-- +goose Up
CREATE INDEX subjects_drills ON subjects (id) WHERE integration = 'drill:';
