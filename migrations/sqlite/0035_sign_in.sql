-- +goose Up
-- The failed sign-ins of an account or from a source, since the last one that succeeded.
CREATE TABLE sign_in_failure (
    subject  TEXT NOT NULL PRIMARY KEY, -- SHA-256 of what failed
    kind     INTEGER NOT NULL, -- vpn.SignInSubject
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_by_kind ON sign_in_failure (kind, last_at);
CREATE INDEX sign_in_failure_by_time ON sign_in_failure (last_at);

-- From where users of directories signed in.
CREATE TABLE sign_in_place (
    account      TEXT NOT NULL,
    place        TEXT NOT NULL,
    directory_id TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    at           INTEGER NOT NULL,
    PRIMARY KEY (account, place)
) STRICT;
CREATE INDEX sign_in_place_by_place ON sign_in_place (directory_id, place);
CREATE INDEX sign_in_place_by_time ON sign_in_place (at);

CREATE TABLE mfa_device (
    id           TEXT NOT NULL PRIMARY KEY,
    directory_id TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    user_key     TEXT NOT NULL,
    name         TEXT NOT NULL,
    name_key     TEXT NOT NULL,
    secret       BLOB NOT NULL, -- sealed
    used_step    INTEGER NOT NULL, -- of the last code that was used; 0: none
    confirmed_at INTEGER NOT NULL, -- 0: no code was entered yet
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    search       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX mfa_device_by_user ON mfa_device (directory_id, user_key);
CREATE INDEX mfa_device_by_name ON mfa_device (directory_id, name_key, id);

-- +goose Down
DROP TABLE mfa_device;
DROP TABLE sign_in_place;
DROP TABLE sign_in_failure;
