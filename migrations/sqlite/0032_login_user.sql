-- +goose Up
-- Who a login proved: the directory and its key of the user, '' where a certificate proved it.
ALTER TABLE vpn_session ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN user_key TEXT NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN user_groups TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE vpn_session ADD COLUMN more_groups INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vpn_session ADD COLUMN login_name TEXT NOT NULL DEFAULT ''; -- as typed
CREATE INDEX vpn_session_by_user ON vpn_session (provider, user_key);
ALTER TABLE connection ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE connection ADD COLUMN user_key TEXT NOT NULL DEFAULT '';
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
