-- +goose Up
-- Users set up their authenticators in the self-service portal.
ALTER TABLE mfa_device ADD COLUMN self_enrolled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE portal_session ADD COLUMN purpose TEXT NOT NULL DEFAULT ''; -- vpn.PortalPurpose
CREATE TABLE mfa_enrolment (
    session_digest TEXT NOT NULL PRIMARY KEY REFERENCES portal_session (digest) ON DELETE CASCADE,
    directory_id   TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    user_key       TEXT NOT NULL,
    name           TEXT NOT NULL,
    secret         BLOB NOT NULL, -- sealed
    replaces       TEXT NOT NULL, -- the MFA device; empty: none
    code           TEXT NOT NULL, -- digest of the enrolment code; empty: none
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX mfa_enrolment_by_user ON mfa_enrolment (directory_id, user_key);
CREATE INDEX mfa_enrolment_by_time ON mfa_enrolment (created_at);
CREATE TABLE recovery_code (
    device_id  TEXT NOT NULL REFERENCES mfa_device (id) ON DELETE CASCADE,
    digest     TEXT NOT NULL, -- keyed with the key of the device
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL, -- 0: it was not used
    PRIMARY KEY (device_id, digest)
) STRICT;
CREATE TABLE enrolment_code (
    directory_id TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    user_key     TEXT NOT NULL,
    name         TEXT NOT NULL,
    digest       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    ends_at      INTEGER NOT NULL,
    PRIMARY KEY (directory_id, user_key)
) STRICT;
CREATE INDEX enrolment_code_by_end ON enrolment_code (ends_at);

-- +goose Down
DROP TABLE enrolment_code;
DROP TABLE recovery_code;
DROP TABLE mfa_enrolment;
ALTER TABLE portal_session DROP COLUMN purpose;
ALTER TABLE mfa_device DROP COLUMN self_enrolled;
