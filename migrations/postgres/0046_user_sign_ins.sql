-- +goose Up
-- What users of the self-service portal see of themselves: sign-ins and refusals, and what they report as not theirs.
ALTER TABLE attempt ADD COLUMN user_provider TEXT COLLATE "C" NOT NULL DEFAULT ''; -- who was refused; '': not known, or a client certificate alone
ALTER TABLE attempt ADD COLUMN user_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN portal BOOLEAN NOT NULL DEFAULT FALSE; -- at the self-service portal
CREATE INDEX attempt_by_user ON attempt (user_provider, user_key, at, number) WHERE user_provider <> '';

-- Sessions of the portal are kept for a while after their end. Those that are under way sign in again.
DELETE FROM portal_session;
ALTER TABLE portal_session ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE portal_session ADD COLUMN endpoint_id TEXT COLLATE "C" NOT NULL DEFAULT ''; -- whose sign-in it was
ALTER TABLE portal_session ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0; -- 0: it was not ended before its time
ALTER TABLE portal_session ADD COLUMN end_reason TEXT NOT NULL DEFAULT '';
DROP INDEX portal_session_by_use;
CREATE UNIQUE INDEX portal_session_id ON portal_session (id);
CREATE INDEX portal_session_by_user ON portal_session (provider, user_key, created_at, id);

-- VPN sessions are kept for two weeks after their maximum duration: they are the sign-ins of their users.
DROP INDEX vpn_session_by_user;
CREATE INDEX vpn_session_by_user ON vpn_session (provider, user_key, started_at, id);

CREATE TABLE user_report (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    provider        TEXT COLLATE "C" NOT NULL,
    user_key        TEXT COLLATE "C" NOT NULL,
    name            TEXT NOT NULL,
    subject         TEXT COLLATE "C" NOT NULL, -- the session or the refused attempt
    text            TEXT NOT NULL,
    source          TEXT NOT NULL, -- from where it was reported
    at              BIGINT NOT NULL,
    acknowledged_at BIGINT NOT NULL, -- 0: no administrator has
    acknowledged_by TEXT NOT NULL
);
CREATE INDEX user_report_by_user ON user_report (provider, user_key, at);
CREATE INDEX user_report_open ON user_report (at) WHERE acknowledged_at = 0;
CREATE INDEX user_report_acknowledged ON user_report (acknowledged_at) WHERE acknowledged_at <> 0;

-- +goose Down
DROP TABLE user_report;
DROP INDEX vpn_session_by_user;
CREATE INDEX vpn_session_by_user ON vpn_session (provider, user_key);
DROP INDEX portal_session_by_user;
DROP INDEX portal_session_id;
DELETE FROM portal_session;
ALTER TABLE portal_session DROP COLUMN end_reason;
ALTER TABLE portal_session DROP COLUMN ended_at;
ALTER TABLE portal_session DROP COLUMN endpoint_id;
ALTER TABLE portal_session DROP COLUMN id;
CREATE INDEX portal_session_by_use ON portal_session (seen_at);
DROP INDEX attempt_by_user;
ALTER TABLE attempt DROP COLUMN portal;
ALTER TABLE attempt DROP COLUMN user_key;
ALTER TABLE attempt DROP COLUMN user_provider;
