-- +goose Up
CREATE TABLE route (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    endpoint_id       TEXT COLLATE "C" NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    association_id    TEXT COLLATE "C" REFERENCES association (id) ON DELETE CASCADE, -- NULL: the local route
    subnet_id         TEXT COLLATE "C" REFERENCES subnet (id), -- NULL: the local route
    destination       TEXT    NOT NULL,
    destination_first BIGINT  NOT NULL,
    destination_bits  BIGINT  NOT NULL,
    origin            TEXT    NOT NULL,
    description       TEXT    NOT NULL,
    created_at        BIGINT  NOT NULL,
    added             BIGINT  NOT NULL,
    removed           BIGINT  NOT NULL,
    search            TEXT    NOT NULL
);
CREATE UNIQUE INDEX route_live ON route (endpoint_id, destination, COALESCE(association_id, '')) WHERE removed = 0;
CREATE INDEX route_by_destination ON route (endpoint_id, destination_first, destination_bits, id);
CREATE INDEX route_by_origin ON route (endpoint_id, origin, destination_first, destination_bits, id);
CREATE INDEX route_by_created ON route (endpoint_id, created_at, id);
CREATE INDEX route_by_association ON route (association_id);
CREATE INDEX route_by_subnet ON route (subnet_id);

-- +goose Down
DROP TABLE route;
