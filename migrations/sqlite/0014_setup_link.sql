-- +goose Up
CREATE TABLE setup_link (
    hash       TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE setup_link;
