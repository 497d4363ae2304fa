-- Pages by hand. A call has no sender; the mark of its kind stands there instead, which
-- no integration can be called.

-- +goose Up
CREATE INDEX subjects_calls ON subjects (id) WHERE integration = 'call:';
