-- +goose Up
CREATE TABLE endpoint (
    id                TEXT NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    name_key          TEXT NOT NULL,
    description       TEXT    NOT NULL,
    client_cidr       TEXT    NOT NULL,
    client_cidr_first INTEGER NOT NULL,
    client_cidr_bits  INTEGER NOT NULL,
    listen_addr       TEXT    NOT NULL,
    transport         TEXT    NOT NULL,
    port              INTEGER NOT NULL,
    certificate_id    TEXT NOT NULL REFERENCES certificate (id),
    client_ca_id      TEXT NOT NULL REFERENCES certificate (id),
    split_tunnel      INTEGER NOT NULL,
    source_nat        INTEGER NOT NULL,
    session_timeout   INTEGER NOT NULL, -- nanoseconds
    network_id        TEXT REFERENCES network (id), -- NULL: no target network yet
    tags              TEXT    NOT NULL, -- JSON
    generation        INTEGER NOT NULL,
    deleting          INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    search            TEXT    NOT NULL,
    tls_crypt         BLOB, -- sealed
    token_secret      BLOB  -- sealed
) STRICT;
CREATE UNIQUE INDEX endpoint_client_cidr ON endpoint (client_cidr);
CREATE UNIQUE INDEX endpoint_listen ON endpoint (transport, port, listen_addr);
CREATE INDEX endpoint_by_name ON endpoint (name_key, id);
CREATE INDEX endpoint_by_client_cidr ON endpoint (client_cidr_first, client_cidr_bits, id);
CREATE INDEX endpoint_by_created ON endpoint (created_at, id);
CREATE INDEX endpoint_by_certificate ON endpoint (certificate_id);
CREATE INDEX endpoint_by_client_ca ON endpoint (client_ca_id);
CREATE INDEX endpoint_by_network ON endpoint (network_id);

-- +goose Down
DROP TABLE endpoint;
