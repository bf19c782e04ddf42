-- +goose Up
-- The key identifier of an issuer whose certificate only the client sends, and those that certificates of a list's authority can have: hex,
-- separated by spaces. Empty: not known.
ALTER TABLE connection ADD COLUMN issuer_id TEXT NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN issuer_id TEXT NOT NULL DEFAULT '';
ALTER TABLE revocation_list ADD COLUMN key_ids TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE revocation_list DROP COLUMN key_ids;
ALTER TABLE vpn_session DROP COLUMN issuer_id;
ALTER TABLE connection DROP COLUMN issuer_id;
