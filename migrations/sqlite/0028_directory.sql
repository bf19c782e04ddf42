-- +goose Up
CREATE TABLE directory (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    name_key      TEXT NOT NULL,
    options       TEXT    NOT NULL, -- JSON: vpn.DirectoryOptions
    bind_password BLOB    NOT NULL, -- sealed
    created_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    search        TEXT    NOT NULL
) STRICT;
CREATE INDEX directory_by_name ON directory (name_key, id);

-- +goose Down
DROP TABLE directory;
