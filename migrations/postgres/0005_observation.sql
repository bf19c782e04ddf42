-- +goose Up
-- What dataplanes reported; what is wanted is in other tables.
CREATE TABLE observation (
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    node        TEXT COLLATE "C" NOT NULL,
    applied     BIGINT  NOT NULL,
    seen_at     BIGINT  NOT NULL,
    faults      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (endpoint_id, node)
);

-- +goose Down
DROP TABLE observation;
