-- +goose Up
CREATE TABLE saml_provider (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    name_key    TEXT NOT NULL,
    options     TEXT    NOT NULL, -- JSON: vpn.SAMLProviderOptions
    document    TEXT    NOT NULL, -- the metadata of the IdP, XML
    metadata    TEXT    NOT NULL, -- JSON: vpn.SAMLMetadata, what the document says
    look        TEXT    NOT NULL, -- JSON: vpn.SAMLLook
    signing_key BLOB, -- sealed; NULL: requests were never signed
    created_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    search      TEXT    NOT NULL
) STRICT;
CREATE INDEX saml_provider_by_name ON saml_provider (name_key, id);

-- +goose Down
DROP TABLE saml_provider;
