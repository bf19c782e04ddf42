-- +goose Up
-- Clients need no certificate where users sign in at a directory alone.
ALTER TABLE endpoint ALTER COLUMN client_ca_id DROP NOT NULL;
ALTER TABLE endpoint ADD COLUMN directory_id TEXT COLLATE "C" REFERENCES directory (id);
CREATE INDEX endpoint_by_directory ON endpoint (directory_id);

-- +goose Down
DELETE FROM endpoint WHERE client_ca_id IS NULL;
DROP INDEX endpoint_by_directory;
ALTER TABLE endpoint DROP COLUMN directory_id;
ALTER TABLE endpoint ALTER COLUMN client_ca_id SET NOT NULL;
