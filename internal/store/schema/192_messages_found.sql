-- Words are looked for in one conversation as fast as in all of them.

-- +goose Up
CREATE INDEX message_words_within ON message_words (conversation, word, at, seq);
