-- +goose Up
-- The self-service portal: who is signed in, what it offers, and who has fetched what.
ALTER TABLE endpoint ADD COLUMN self_service_portal INTEGER NOT NULL DEFAULT 0;
CREATE TABLE portal_session (
    digest     TEXT NOT NULL PRIMARY KEY, -- of the cookie
    provider   TEXT NOT NULL,
    user_key   TEXT NOT NULL,
    name       TEXT NOT NULL,
    user_groups TEXT NOT NULL, -- JSON, as of the sign-in
    source     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX portal_session_by_use ON portal_session (seen_at);
CREATE INDEX portal_session_by_end ON portal_session (ends_at);
CREATE TABLE profile_offer (
    endpoint_id TEXT NOT NULL PRIMARY KEY REFERENCES endpoint (id) ON DELETE CASCADE,
    revision    TEXT NOT NULL,
    since       INTEGER NOT NULL,
    handed_out  INTEGER NOT NULL
) STRICT;
ALTER TABLE profile_download ADD COLUMN user_provider TEXT NOT NULL DEFAULT ''; -- empty: an administrator
ALTER TABLE profile_download ADD COLUMN user_key TEXT NOT NULL DEFAULT '';
CREATE INDEX profile_download_by_user ON profile_download (user_provider, user_key, endpoint_id, number);

-- +goose Down
DROP INDEX profile_download_by_user;
ALTER TABLE profile_download DROP COLUMN user_key;
ALTER TABLE profile_download DROP COLUMN user_provider;
DROP TABLE profile_offer;
DROP TABLE portal_session;
ALTER TABLE endpoint DROP COLUMN self_service_portal;
