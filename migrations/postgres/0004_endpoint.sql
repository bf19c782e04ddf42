-- +goose Up
CREATE TABLE endpoint (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    name_key          TEXT COLLATE "C" NOT NULL,
    description       TEXT    NOT NULL,
    client_cidr       TEXT    NOT NULL,
    client_cidr_first BIGINT  NOT NULL,
    client_cidr_bits  BIGINT  NOT NULL,
    listen_addr       TEXT    NOT NULL,
    transport         TEXT    NOT NULL,
    port              BIGINT  NOT NULL,
    certificate_id    TEXT COLLATE "C" NOT NULL REFERENCES certificate (id),
    client_ca_id      TEXT COLLATE "C" NOT NULL REFERENCES certificate (id),
    split_tunnel      BOOLEAN NOT NULL,
    source_nat        BOOLEAN NOT NULL,
    session_timeout   BIGINT  NOT NULL, -- nanoseconds
    network_id        TEXT COLLATE "C" REFERENCES network (id), -- NULL: no target network yet
    tags              TEXT    NOT NULL, -- JSON
    generation        BIGINT  NOT NULL,
    deleting          BOOLEAN NOT NULL,
    created_at        BIGINT  NOT NULL,
    version           BIGINT  NOT NULL,
    search            TEXT    NOT NULL,
    tls_crypt         BYTEA, -- sealed
    token_secret      BYTEA  -- sealed
);
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
