-- +goose Up
CREATE TABLE association (
    id          TEXT NOT NULL PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    network_id  TEXT NOT NULL REFERENCES network (id),
    subnet_id   TEXT NOT NULL REFERENCES subnet (id),
    cidr        TEXT    NOT NULL,
    zone        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    added       INTEGER NOT NULL, -- generation
    removed     INTEGER NOT NULL  -- generation; 0: wanted
) STRICT;
CREATE UNIQUE INDEX association_live_subnet ON association (endpoint_id, subnet_id) WHERE removed = 0;
CREATE UNIQUE INDEX association_live_zone ON association (endpoint_id, zone) WHERE removed = 0;
CREATE INDEX association_by_zone ON association (endpoint_id, zone, id);
CREATE INDEX association_by_subnet ON association (subnet_id);
CREATE INDEX association_by_network ON association (network_id);

-- +goose Down
DROP TABLE association;
