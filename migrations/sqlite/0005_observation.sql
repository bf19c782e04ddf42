-- +goose Up
-- What dataplanes reported; what is wanted is in other tables.
CREATE TABLE observation (
    endpoint_id TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    node        TEXT NOT NULL,
    applied     INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    faults      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (endpoint_id, node)
) STRICT;

-- +goose Down
DROP TABLE observation;
