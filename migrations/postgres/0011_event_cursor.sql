-- +goose Up
CREATE TABLE event_cursor (
    node  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch TEXT    NOT NULL,
    seq   BIGINT  NOT NULL
);

-- +goose Down
DROP TABLE event_cursor;
