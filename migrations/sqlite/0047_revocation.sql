-- +goose Up
-- Certificate revocation lists, by the key of the authority, and their entries. No reference to a certificate: an authority may be
-- known by the chain of a server certificate alone, and a revocation outlives a certificate that is deleted here.
CREATE TABLE revocation (
    number      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    issuer_key  TEXT NOT NULL,
    serial      TEXT NOT NULL, -- decimal
    reason      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    revoked_by  TEXT NOT NULL, -- empty: by an imported list
    common_name TEXT NOT NULL,
    not_after   INTEGER NOT NULL, -- of the certificate; 0: not known
    search      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX revocation_by_serial ON revocation (serial, issuer_key);
CREATE INDEX revocation_by_issuer ON revocation (issuer_key, at, number);
CREATE TABLE revocation_list (
    issuer_key  TEXT NOT NULL PRIMARY KEY,
    authority   TEXT NOT NULL, -- its name
    fingerprint TEXT NOT NULL,
    self_signed INTEGER NOT NULL,
    imported    INTEGER NOT NULL,
    list_number TEXT NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    entries     INTEGER NOT NULL,
    unsigned    INTEGER NOT NULL,
    saved_at    INTEGER NOT NULL,
    saved_by    TEXT NOT NULL
) STRICT;
CREATE INDEX revocation_list_by_end ON revocation_list (imported, next_update);
CREATE TABLE revocation_list_file (
    issuer_key TEXT NOT NULL PRIMARY KEY REFERENCES revocation_list (issuer_key) ON DELETE CASCADE,
    der        BLOB NOT NULL
) STRICT;
-- The authorities between a client's certificate and its root, as key:serial, separated by spaces.
ALTER TABLE connection ADD COLUMN above TEXT NOT NULL DEFAULT '';
ALTER TABLE vpn_session ADD COLUMN above TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE vpn_session DROP COLUMN above;
ALTER TABLE connection DROP COLUMN above;
DROP TABLE revocation_list_file;
DROP TABLE revocation_list;
DROP TABLE revocation;
