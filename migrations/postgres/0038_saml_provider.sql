-- +goose Up
CREATE TABLE saml_provider (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    name_key    TEXT COLLATE "C" NOT NULL,
    options     TEXT    NOT NULL, -- JSON: vpn.SAMLProviderOptions
    document    TEXT    NOT NULL, -- the metadata of the IdP, XML
    metadata    TEXT    NOT NULL, -- JSON: vpn.SAMLMetadata, what the document says
    look        TEXT    NOT NULL, -- JSON: vpn.SAMLLook
    signing_key BYTEA, -- sealed; NULL: requests were never signed
    created_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    search      TEXT    NOT NULL
);
CREATE INDEX saml_provider_by_name ON saml_provider (name_key, id);

-- +goose Down
DROP TABLE saml_provider;
