-- +goose Up
-- Devices of users with certificates that the self-service portal issued. No reference to the endpoint or the authority: a certificate
-- outlives both, and is refused as long as it is valid. The private key is nowhere.
CREATE TABLE device (
    id            TEXT NOT NULL PRIMARY KEY, -- and the common name of the certificate
    user_provider TEXT NOT NULL,
    user_key      TEXT NOT NULL,
    user_name     TEXT NOT NULL,
    user_name_key TEXT NOT NULL,
    endpoint_id   TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    authority_id  TEXT NOT NULL,
    serial        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    issuer_key    TEXT NOT NULL,
    not_before    INTEGER NOT NULL,
    not_after     INTEGER NOT NULL,
    revision      TEXT NOT NULL,
    replaces      TEXT NOT NULL, -- empty: none
    created_at    INTEGER NOT NULL,
    used_at       INTEGER NOT NULL, -- 0: never
    revoked_at    INTEGER NOT NULL, -- 0: not revoked
    revoked_by    TEXT NOT NULL,
    revoked_why   TEXT NOT NULL,
    search        TEXT NOT NULL
) STRICT;
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
