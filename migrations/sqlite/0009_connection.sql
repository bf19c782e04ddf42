-- +goose Up
-- No reference to the endpoint: connections stay when it goes.
CREATE TABLE connection (
    number           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL,
    endpoint_id      TEXT NOT NULL,
    association_id   TEXT    NOT NULL,
    session_id       TEXT    NOT NULL,
    node             TEXT NOT NULL,
    status           TEXT NOT NULL,
    username         TEXT    NOT NULL,
    username_key     TEXT NOT NULL,
    common_name      TEXT    NOT NULL,
    serial           TEXT    NOT NULL,
    client_ip        TEXT    NOT NULL,
    client_ip_number INTEGER NOT NULL,
    device           TEXT    NOT NULL,
    platform         TEXT    NOT NULL,
    client_version   TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    established_at   INTEGER NOT NULL, -- 0: not yet
    ended_at         INTEGER NOT NULL, -- 0: not yet
    end_reason       TEXT    NOT NULL,
    search           TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX connection_id ON connection (id);
-- status stands in them so that pages and counts come from the index alone.
CREATE INDEX connection_by_established ON connection (endpoint_id, established_at, number, status);
CREATE INDEX connection_by_username ON connection (endpoint_id, username_key, number, status, established_at);
CREATE INDEX connection_by_client_ip ON connection (endpoint_id, client_ip_number, number, status, established_at);
CREATE INDEX connection_by_status ON connection (endpoint_id, status, established_at, number);
CREATE INDEX connection_live ON connection (endpoint_id, status) WHERE status <> 'terminated';
CREATE INDEX connection_live_node ON connection (node, status) WHERE status <> 'terminated';
CREATE INDEX connection_by_end ON connection (status, ended_at);

-- Narrow and keyed by a number: a batch of counters rewrites these rows and no index.
CREATE TABLE connection_counter (
    number      INTEGER NOT NULL PRIMARY KEY REFERENCES connection (number) ON DELETE CASCADE,
    bytes_in    INTEGER NOT NULL,
    packets_in  INTEGER NOT NULL,
    bytes_out   INTEGER NOT NULL,
    packets_out INTEGER NOT NULL,
    counted_at  INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE connection_counter;
DROP TABLE connection;
