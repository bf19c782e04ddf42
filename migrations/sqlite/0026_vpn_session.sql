-- +goose Up
CREATE TABLE vpn_session (
    id            TEXT NOT NULL PRIMARY KEY,
    endpoint_id   TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    username      TEXT NOT NULL,
    common_name   TEXT NOT NULL,
    serial        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    issuer        TEXT NOT NULL,
    token         TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    connections   INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL, -- 0: it was not ended before its time
    end_reason    TEXT NOT NULL
) STRICT;
-- Not unique: the answer to a login may be lost, and the login is then decided again.
CREATE INDEX vpn_session_by_token ON vpn_session (endpoint_id, token);
CREATE INDEX vpn_session_by_serial ON vpn_session (serial);
CREATE INDEX vpn_session_by_end ON vpn_session (ends_at);

-- +goose Down
DROP TABLE vpn_session;
