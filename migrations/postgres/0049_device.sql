-- +goose Up
-- Devices of users with certificates that the self-service portal issued. No reference to the endpoint or the authority: a certificate
-- outlives both, and is refused as long as it is valid. The private key is nowhere.
CREATE TABLE device (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- and the common name of the certificate
    user_provider TEXT COLLATE "C" NOT NULL,
    user_key      TEXT COLLATE "C" NOT NULL,
    user_name     TEXT NOT NULL,
    user_name_key TEXT COLLATE "C" NOT NULL,
    endpoint_id   TEXT COLLATE "C" NOT NULL,
    name          TEXT NOT NULL,
    name_key      TEXT COLLATE "C" NOT NULL,
    authority_id  TEXT COLLATE "C" NOT NULL,
    serial        TEXT COLLATE "C" NOT NULL,
    fingerprint   TEXT COLLATE "C" NOT NULL,
    issuer_key    TEXT COLLATE "C" NOT NULL,
    not_before    BIGINT NOT NULL,
    not_after     BIGINT NOT NULL,
    revision      TEXT COLLATE "C" NOT NULL,
    replaces      TEXT COLLATE "C" NOT NULL, -- empty: none
    created_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL, -- 0: never
    revoked_at    BIGINT NOT NULL, -- 0: not revoked
    revoked_by    TEXT NOT NULL,
    revoked_why   TEXT NOT NULL,
    search        TEXT NOT NULL
);
CREATE INDEX device_by_user ON device (user_provider, user_key, created_at);
CREATE INDEX device_by_creation ON device (created_at, id);
CREATE INDEX device_by_endpoint ON device (endpoint_id, created_at, id);
CREATE INDEX device_by_authority ON device (authority_id, created_at, id);
CREATE INDEX device_by_name ON device (name_key, id);
CREATE INDEX device_by_user_name ON device (user_name_key, id);
CREATE INDEX device_by_end ON device (not_after, id);
CREATE INDEX device_by_use ON device (used_at, id);
CREATE INDEX device_by_revocation ON device (revoked_at);

-- +goose Down
DROP TABLE device;
