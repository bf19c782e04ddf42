-- +goose Up
-- The base of the public pages with which the provider is known to have our entity ID and ACS URL. Empty: not known.
ALTER TABLE saml_provider ADD COLUMN known_url TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE saml_provider DROP COLUMN known_url;
