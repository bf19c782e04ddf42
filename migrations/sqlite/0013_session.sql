-- +goose Up
CREATE TABLE session (
    hash             TEXT NOT NULL PRIMARY KEY,
    audience         TEXT    NOT NULL,
    administrator_id TEXT NOT NULL REFERENCES administrator (id) ON DELETE CASCADE,
    created_at       INTEGER NOT NULL,
    seen_at          INTEGER NOT NULL,
    source           TEXT    NOT NULL,
    flash            TEXT    NOT NULL
) STRICT;
CREATE INDEX session_by_administrator ON session (administrator_id);
CREATE INDEX session_by_seen ON session (seen_at);
CREATE INDEX session_by_created ON session (created_at);

-- +goose Down
DROP TABLE session;
