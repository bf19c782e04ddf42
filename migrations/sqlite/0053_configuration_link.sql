-- +goose Up
-- One-time links to client configuration files. No reference to the certificate or the maker: the link outlives both, and opens nothing then.
CREATE TABLE configuration_link (
    id             TEXT NOT NULL PRIMARY KEY,
    digest         TEXT NOT NULL, -- of the secret in the address
    endpoint_id    TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    certificate_id TEXT NOT NULL, -- empty: the file has no client certificate
    client         TEXT NOT NULL, -- common name of it
    maker_id       TEXT NOT NULL,
    made_by        TEXT NOT NULL,
    made_at        INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    used_at        INTEGER NOT NULL, -- 0: the file was not downloaded
    used_from      TEXT NOT NULL,
    withdrawn_at   INTEGER NOT NULL -- 0: it was not withdrawn
) STRICT;
CREATE INDEX configuration_link_by_endpoint ON configuration_link (endpoint_id, made_at);
CREATE UNIQUE INDEX configuration_link_by_digest ON configuration_link (digest);
CREATE INDEX configuration_link_by_end ON configuration_link (ends_at);

-- +goose Down
DROP TABLE configuration_link;
