-- +goose Up
CREATE TABLE rule (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    endpoint_id       TEXT COLLATE "C" NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    destination       TEXT    NOT NULL,
    destination_first BIGINT  NOT NULL,
    destination_bits  BIGINT  NOT NULL,
    all_users         BOOLEAN NOT NULL,
    group_id          TEXT    NOT NULL, -- empty: all users
    group_key         TEXT COLLATE "C" NOT NULL,
    description       TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    added             BIGINT  NOT NULL,
    removed           BIGINT  NOT NULL,
    search            TEXT    NOT NULL
);
CREATE UNIQUE INDEX rule_live ON rule (endpoint_id, destination, group_id) WHERE removed = 0;
CREATE INDEX rule_by_destination ON rule (endpoint_id, destination_first, destination_bits, group_key, id);
CREATE INDEX rule_by_group ON rule (endpoint_id, group_key, destination_first, destination_bits, id);
CREATE INDEX rule_by_created ON rule (endpoint_id, created_at, id);

-- +goose Down
DROP TABLE rule;
