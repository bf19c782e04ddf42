-- +goose Up
CREATE TABLE subnet (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    network_id TEXT COLLATE "C" NOT NULL REFERENCES network (id),
    name       TEXT    NOT NULL,
    name_key   TEXT COLLATE "C" NOT NULL,
    cidr       TEXT    NOT NULL,
    cidr_first BIGINT  NOT NULL, -- first address as a number, so that 9.0.0.0 sorts before 10.0.0.0
    cidr_bits  BIGINT  NOT NULL,
    zone       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT  NOT NULL,
    search     TEXT    NOT NULL
);
CREATE UNIQUE INDEX subnet_cidr ON subnet (network_id, cidr);
CREATE INDEX subnet_by_cidr ON subnet (network_id, cidr_first, cidr_bits);
CREATE INDEX subnet_by_name ON subnet (network_id, name_key, id);
CREATE INDEX subnet_by_zone ON subnet (network_id, zone, cidr_first);

-- +goose Down
DROP TABLE subnet;
