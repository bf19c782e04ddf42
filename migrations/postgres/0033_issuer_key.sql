-- +goose Up
-- SHA-256 of the public key of a client certificate's issuer; '': not known.
ALTER TABLE blocked_certificate ADD COLUMN issuer_key TEXT NOT NULL DEFAULT '';
ALTER TABLE connection ADD COLUMN issuer_key TEXT NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN issuer_key TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE vpn_session DROP COLUMN issuer_key;
ALTER TABLE connection DROP COLUMN issuer_key;
ALTER TABLE blocked_certificate DROP COLUMN issuer_key;
