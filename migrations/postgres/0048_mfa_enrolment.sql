-- +goose Up
-- Users set up their authenticators in the self-service portal.
ALTER TABLE mfa_device ADD COLUMN self_enrolled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE portal_session ADD COLUMN purpose TEXT COLLATE "C" NOT NULL DEFAULT ''; -- vpn.PortalPurpose
CREATE TABLE mfa_enrolment (
    session_digest TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES portal_session (digest) ON DELETE CASCADE,
    directory_id   TEXT COLLATE "C" NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    user_key       TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    secret         BYTEA NOT NULL, -- sealed
    replaces       TEXT COLLATE "C" NOT NULL, -- the MFA device; empty: none
    code           TEXT COLLATE "C" NOT NULL, -- digest of the enrolment code; empty: none
    created_at     BIGINT NOT NULL
);
CREATE INDEX mfa_enrolment_by_user ON mfa_enrolment (directory_id, user_key);
CREATE INDEX mfa_enrolment_by_time ON mfa_enrolment (created_at);
CREATE TABLE recovery_code (
    device_id  TEXT COLLATE "C" NOT NULL REFERENCES mfa_device (id) ON DELETE CASCADE,
    digest     TEXT COLLATE "C" NOT NULL, -- keyed with the key of the device
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL, -- 0: it was not used
    PRIMARY KEY (device_id, digest)
);
CREATE TABLE enrolment_code (
    directory_id TEXT COLLATE "C" NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    user_key     TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    digest       TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    ends_at      BIGINT NOT NULL,
    PRIMARY KEY (directory_id, user_key)
);
CREATE INDEX enrolment_code_by_end ON enrolment_code (ends_at);

-- +goose Down
DROP TABLE enrolment_code;
DROP TABLE recovery_code;
DROP TABLE mfa_enrolment;
ALTER TABLE portal_session DROP COLUMN purpose;
ALTER TABLE mfa_device DROP COLUMN self_enrolled;
