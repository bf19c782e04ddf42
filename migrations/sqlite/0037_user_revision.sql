-- +goose Up
-- How often the directory changed the user of a session.
ALTER TABLE vpn_session ADD COLUMN user_revision INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE vpn_session DROP COLUMN user_revision;
