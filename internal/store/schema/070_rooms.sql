-- The thread of an incident in a room of a chat: its first message, by the chat's own id.

-- +goose Up
CREATE TABLE threads (
    subject TEXT NOT NULL,
    room    TEXT NOT NULL, -- "slack:C012AB3CD"
    message TEXT NOT NULL,
    via     TEXT NOT NULL, -- the provider that it went by
    PRIMARY KEY (subject, room)
);
CREATE INDEX threads_message ON threads (message);
