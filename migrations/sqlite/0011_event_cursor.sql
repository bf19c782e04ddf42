-- +goose Up
CREATE TABLE event_cursor (
    node  TEXT NOT NULL PRIMARY KEY,
    epoch TEXT    NOT NULL,
    seq   INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE event_cursor;
