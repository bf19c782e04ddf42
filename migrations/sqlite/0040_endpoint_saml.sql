-- +goose Up
-- Where users of an endpoint sign in in the browser, and those of its self-service portal if elsewhere.
ALTER TABLE endpoint ADD COLUMN saml_provider_id TEXT REFERENCES saml_provider (id);
ALTER TABLE endpoint ADD COLUMN portal_saml_provider_id TEXT REFERENCES saml_provider (id);
CREATE INDEX endpoint_by_saml_provider ON endpoint (saml_provider_id);
CREATE INDEX endpoint_by_portal_saml_provider ON endpoint (portal_saml_provider_id);

-- +goose Down
DELETE FROM endpoint WHERE saml_provider_id IS NOT NULL;
DROP INDEX endpoint_by_portal_saml_provider;
DROP INDEX endpoint_by_saml_provider;
ALTER TABLE endpoint DROP COLUMN portal_saml_provider_id;
ALTER TABLE endpoint DROP COLUMN saml_provider_id;
