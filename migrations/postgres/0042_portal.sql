-- +goose Up
-- The self-service portal: who is signed in, what it offers, and who has fetched what.
ALTER TABLE endpoint ADD COLUMN self_service_portal BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE portal_session (
    digest     TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- of the cookie
    provider   TEXT COLLATE "C" NOT NULL,
    user_key   TEXT COLLATE "C" NOT NULL,
    name       TEXT NOT NULL,
    user_groups TEXT NOT NULL, -- JSON, as of the sign-in
    source     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX portal_session_by_use ON portal_session (seen_at);
CREATE INDEX portal_session_by_end ON portal_session (ends_at);
CREATE TABLE profile_offer (
    endpoint_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES endpoint (id) ON DELETE CASCADE,
    revision    TEXT COLLATE "C" NOT NULL,
    since       BIGINT NOT NULL,
    handed_out  BIGINT NOT NULL
);
ALTER TABLE profile_download ADD COLUMN user_provider TEXT COLLATE "C" NOT NULL DEFAULT ''; -- empty: an administrator
ALTER TABLE profile_download ADD COLUMN user_key TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX profile_download_by_user ON profile_download (user_provider, user_key, endpoint_id, number);

-- +goose Down
DROP INDEX profile_download_by_user;
ALTER TABLE profile_download DROP COLUMN user_key;
ALTER TABLE profile_download DROP COLUMN user_provider;
DROP TABLE profile_offer;
DROP TABLE portal_session;
ALTER TABLE endpoint DROP COLUMN self_service_portal;
