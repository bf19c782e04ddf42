-- +goose Up
-- Attempts of one source with one common name and one reason are one row that counts.
ALTER TABLE attempt ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- '': hosts without the endpoint's key
ALTER TABLE attempt ADD COLUMN unauthenticated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attempt ADD COLUMN first_at INTEGER NOT NULL DEFAULT 0;
UPDATE attempt SET source = substr(device, 1, instr(device, ':') - 1), first_at = at;
CREATE INDEX attempt_by_source ON attempt (endpoint_id, source, at, number);

-- +goose Down
DROP INDEX attempt_by_source;
ALTER TABLE attempt DROP COLUMN first_at;
ALTER TABLE attempt DROP COLUMN attempts;
ALTER TABLE attempt DROP COLUMN unauthenticated;
ALTER TABLE attempt DROP COLUMN source;
