-- +goose Up
-- Clients need no certificate where users sign in at a directory alone. SQLite cannot take NOT NULL from a column: a new
-- column takes its place.
DROP INDEX endpoint_by_client_ca;
ALTER TABLE endpoint ADD COLUMN client_ca_or_null TEXT REFERENCES certificate (id);
UPDATE endpoint SET client_ca_or_null = client_ca_id;
ALTER TABLE endpoint DROP COLUMN client_ca_id;
ALTER TABLE endpoint RENAME COLUMN client_ca_or_null TO client_ca_id;
CREATE INDEX endpoint_by_client_ca ON endpoint (client_ca_id);
ALTER TABLE endpoint ADD COLUMN directory_id TEXT REFERENCES directory (id);
CREATE INDEX endpoint_by_directory ON endpoint (directory_id);

-- +goose Down
-- client_ca_id stays without NOT NULL.
DELETE FROM endpoint WHERE client_ca_id IS NULL;
DROP INDEX endpoint_by_directory;
ALTER TABLE endpoint DROP COLUMN directory_id;
