-- Who may come in, and how. Passwords are hashed and sealed, TOTP secrets and passkeys
-- sealed, tokens of sessions and links kept as keyed hashes. API keys stand in the
-- configuration, whose chain covers their rights; here is only when they were used.

-- +goose Up
CREATE TABLE credentials (
    person    TEXT PRIMARY KEY,
    password  TEXT NOT NULL,   -- sealed; '' is none
    totp      TEXT NOT NULL,   -- sealed secret; '' is none
    totp_next TEXT NOT NULL,   -- sealed secret that waits to be confirmed
    totp_step BIGINT NOT NULL, -- the last step whose code was taken: none is taken twice
    epoch     BIGINT NOT NULL  -- how often it was changed
);

CREATE TABLE recovery_codes (
    person TEXT NOT NULL,
    hash   TEXT NOT NULL,
    PRIMARY KEY (person, hash)
);

CREATE TABLE passkeys (
    id      TEXT PRIMARY KEY, -- the credential's own, in base64url
    person  TEXT NOT NULL,
    name    TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    body    TEXT NOT NULL     -- sealed
);
CREATE INDEX passkeys_person ON passkeys (person);

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    hash       TEXT NOT NULL,
    person     TEXT NOT NULL,
    made_at    BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    device     TEXT NOT NULL -- sealed: browser and address
);
CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_person ON sessions (person);

-- Links that work once: kind is setup or password. Of kind spent are the challenges
-- that were answered.
CREATE TABLE tokens (
    hash       TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    person     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_person ON tokens (person);

CREATE TABLE key_uses (
    id      TEXT PRIMARY KEY,
    used_at BIGINT NOT NULL
);
