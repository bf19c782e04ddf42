-- +goose Up
-- Whether the login of a sign-in was told how it was decided: the others are looked for each second.
ALTER TABLE browser_sign_in ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
DROP INDEX browser_sign_in_by_state;
CREATE INDEX browser_sign_in_by_state ON browser_sign_in (node, told, state, expires_at);

-- +goose Down
DROP INDEX browser_sign_in_by_state;
CREATE INDEX browser_sign_in_by_state ON browser_sign_in (node, state, expires_at);
ALTER TABLE browser_sign_in DROP COLUMN told;
