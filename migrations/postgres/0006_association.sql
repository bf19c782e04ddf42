-- +goose Up
CREATE TABLE association (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    endpoint_id TEXT COLLATE "C" NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    network_id  TEXT COLLATE "C" NOT NULL REFERENCES network (id),
    subnet_id   TEXT COLLATE "C" NOT NULL REFERENCES subnet (id),
    cidr        TEXT    NOT NULL,
    zone        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT  NOT NULL,
    added       BIGINT  NOT NULL, -- generation
    removed     BIGINT  NOT NULL  -- generation; 0: wanted
);
CREATE UNIQUE INDEX association_live_subnet ON association (endpoint_id, subnet_id) WHERE removed = 0;
CREATE UNIQUE INDEX association_live_zone ON association (endpoint_id, zone) WHERE removed = 0;
CREATE INDEX association_by_zone ON association (endpoint_id, zone, id);
CREATE INDEX association_by_subnet ON association (subnet_id);
CREATE INDEX association_by_network ON association (network_id);

-- +goose Down
DROP TABLE association;
