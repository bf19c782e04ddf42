-- +goose Up
-- The entries of an authority's list that are in force are those of the list's generation. An import writes another generation in short
-- transactions, and is in force when the list has its number.
ALTER TABLE revocation ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revocation_list ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
DROP INDEX revocation_by_serial;
CREATE UNIQUE INDEX revocation_by_serial ON revocation (serial, issuer_key, generation);
DROP INDEX revocation_by_issuer;
CREATE INDEX revocation_by_issuer ON revocation (issuer_key, generation, at, number);

-- +goose Down
DELETE FROM revocation WHERE NOT EXISTS (SELECT 1 FROM revocation_list l WHERE l.issuer_key = revocation.issuer_key AND l.generation = revocation.generation);
DROP INDEX revocation_by_issuer;
CREATE INDEX revocation_by_issuer ON revocation (issuer_key, at, number);
DROP INDEX revocation_by_serial;
CREATE UNIQUE INDEX revocation_by_serial ON revocation (serial, issuer_key);
ALTER TABLE revocation_list DROP COLUMN generation;
ALTER TABLE revocation DROP COLUMN generation;
