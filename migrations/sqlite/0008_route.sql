-- +goose Up
CREATE TABLE route (
    id                TEXT NOT NULL PRIMARY KEY,
    endpoint_id       TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    association_id    TEXT REFERENCES association (id) ON DELETE CASCADE, -- NULL: the local route
    subnet_id         TEXT REFERENCES subnet (id), -- NULL: the local route
    destination       TEXT    NOT NULL,
    destination_first INTEGER NOT NULL,
    destination_bits  INTEGER NOT NULL,
    origin            TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    added             INTEGER NOT NULL,
    removed           INTEGER NOT NULL,
    search            TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX route_live ON route (endpoint_id, destination, COALESCE(association_id, '')) WHERE removed = 0;
CREATE INDEX route_by_destination ON route (endpoint_id, destination_first, destination_bits, id);
CREATE INDEX route_by_origin ON route (endpoint_id, origin, destination_first, destination_bits, id);
CREATE INDEX route_by_created ON route (endpoint_id, created_at, id);
CREATE INDEX route_by_association ON route (association_id);
CREATE INDEX route_by_subnet ON route (subnet_id);

-- +goose Down
DROP TABLE route;
