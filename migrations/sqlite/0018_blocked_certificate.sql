-- +goose Up
-- No reference to a certificate: those of an imported authority are not kept here.
CREATE TABLE blocked_certificate (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    serial      TEXT NOT NULL,
    issuer      TEXT NOT NULL, -- empty: not known
    common_name TEXT NOT NULL,
    blocked_by  TEXT NOT NULL,
    at          INTEGER NOT NULL,
    search      TEXT NOT NULL
) STRICT;
CREATE INDEX blocked_certificate_by_serial ON blocked_certificate (serial);
ALTER TABLE connection ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE connection ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
CREATE INDEX certificate_by_serial ON certificate (serial);

-- +goose Down
DROP INDEX certificate_by_serial;
ALTER TABLE connection DROP COLUMN issuer;
ALTER TABLE connection DROP COLUMN fingerprint;
DROP TABLE blocked_certificate;
