-- +goose Up
-- Attempts of one source with one common name and one reason are one row that counts.
ALTER TABLE attempt ADD COLUMN source TEXT COLLATE "C" NOT NULL DEFAULT ''; -- '': hosts without the endpoint's key
ALTER TABLE attempt ADD COLUMN unauthenticated BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE attempt ADD COLUMN attempts BIGINT NOT NULL DEFAULT 1;
ALTER TABLE attempt ADD COLUMN first_at BIGINT NOT NULL DEFAULT 0;
UPDATE attempt SET source = split_part(device, ':', 1), first_at = at;
CREATE INDEX attempt_by_source ON attempt (endpoint_id, source, at, number);

-- +goose Down
DROP INDEX attempt_by_source;
ALTER TABLE attempt DROP COLUMN first_at;
ALTER TABLE attempt DROP COLUMN attempts;
ALTER TABLE attempt DROP COLUMN unauthenticated;
ALTER TABLE attempt DROP COLUMN source;
