-- +goose Up
CREATE TABLE rule (
    id                TEXT NOT NULL PRIMARY KEY,
    endpoint_id       TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    destination       TEXT    NOT NULL,
    destination_first INTEGER NOT NULL,
    destination_bits  INTEGER NOT NULL,
    all_users         INTEGER NOT NULL,
    group_id          TEXT    NOT NULL, -- empty: all users
    group_key         TEXT NOT NULL,
    description       TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    added             INTEGER NOT NULL,
    removed           INTEGER NOT NULL,
    search            TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX rule_live ON rule (endpoint_id, destination, group_id) WHERE removed = 0;
CREATE INDEX rule_by_destination ON rule (endpoint_id, destination_first, destination_bits, group_key, id);
CREATE INDEX rule_by_group ON rule (endpoint_id, group_key, destination_first, destination_bits, id);
CREATE INDEX rule_by_created ON rule (endpoint_id, created_at, id);

-- +goose Down
DROP TABLE rule;
