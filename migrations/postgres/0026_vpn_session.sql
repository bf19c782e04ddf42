-- +goose Up
CREATE TABLE vpn_session (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    endpoint_id   TEXT COLLATE "C" NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    username      TEXT NOT NULL,
    common_name   TEXT NOT NULL,
    serial        TEXT COLLATE "C" NOT NULL,
    fingerprint   TEXT COLLATE "C" NOT NULL,
    issuer        TEXT COLLATE "C" NOT NULL,
    token         TEXT COLLATE "C" NOT NULL,
    connection_id TEXT COLLATE "C" NOT NULL,
    connections   BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL, -- 0: it was not ended before its time
    end_reason    TEXT NOT NULL
);
-- Not unique: the answer to a login may be lost, and the login is then decided again.
CREATE INDEX vpn_session_by_token ON vpn_session (endpoint_id, token);
CREATE INDEX vpn_session_by_serial ON vpn_session (serial);
CREATE INDEX vpn_session_by_end ON vpn_session (ends_at);

-- +goose Down
DROP TABLE vpn_session;
