-- +goose Up
CREATE TABLE network (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    name_key   TEXT NOT NULL,
    cidrs      TEXT    NOT NULL, -- JSON array of prefixes, in the order of their entry
    tags       TEXT    NOT NULL, -- JSON
    created_at INTEGER NOT NULL, -- microseconds since 1970, UTC, as every time here
    version    INTEGER NOT NULL,
    search     TEXT    NOT NULL  -- what a search looks at, in lower case
) STRICT;
CREATE INDEX network_by_name ON network (name_key, id);
CREATE INDEX network_by_created ON network (created_at, id);

-- +goose Down
DROP TABLE network;
