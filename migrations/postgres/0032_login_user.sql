-- +goose Up
-- Who a login proved: the directory and its key of the user, '' where a certificate proved it.
ALTER TABLE vpn_session ADD COLUMN provider TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN user_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN user_groups TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE vpn_session ADD COLUMN more_groups BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE vpn_session ADD COLUMN login_name TEXT COLLATE "C" NOT NULL DEFAULT ''; -- as typed
CREATE INDEX vpn_session_by_user ON vpn_session (provider, user_key);
ALTER TABLE connection ADD COLUMN provider TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE connection ADD COLUMN user_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN username TEXT NOT NULL DEFAULT ''; -- as typed

-- +goose Down
ALTER TABLE attempt DROP COLUMN username;
ALTER TABLE connection DROP COLUMN user_key;
ALTER TABLE connection DROP COLUMN provider;
DROP INDEX vpn_session_by_user;
ALTER TABLE vpn_session DROP COLUMN login_name;
ALTER TABLE vpn_session DROP COLUMN more_groups;
ALTER TABLE vpn_session DROP COLUMN user_groups;
ALTER TABLE vpn_session DROP COLUMN user_key;
ALTER TABLE vpn_session DROP COLUMN provider;
