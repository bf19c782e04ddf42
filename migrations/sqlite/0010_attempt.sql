-- +goose Up
CREATE TABLE attempt (
    number      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_id TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    device      TEXT    NOT NULL,
    common_name TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_by_time ON attempt (endpoint_id, at, number);

-- +goose Down
DROP TABLE attempt;
